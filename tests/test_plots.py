"""The plots page is complete in a browser that has no internet."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TEMPLATE, Project, user_environment

CHROMIUM = shutil.which("chromium")
TITLES = (
    "ROC curve (validation)",
    "Precision and recall (validation)",
    "Calibration (validation)",
    "Confusion matrix (validation)",
    "Most important columns (validation)",
)


def rendered(page: Path, profile: Path) -> str:
    """Return the page's HTML as it stands when its scripts have run, with no host in reach."""
    if not CHROMIUM:
        assert "CI" not in os.environ, "CI installs Debian's package chromium"
        pytest.skip("Debian's package chromium is not installed")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    command = [CHROMIUM, *flags, offline, f"--user-data-dir={profile}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=10000", "--dump-dom", page.as_uri()],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return done.stdout


def test_the_page_opens_complete_and_overlays_commits(clone: Project, tmp_path: Path) -> None:
    params = clone.path / "params.yaml"
    params.write_text(params.read_text().replace("max_iter: 100", "max_iter: 10"))
    clone.uv("dvc", "repro")
    clone.uv("dvc", "plots", "diff", "main")
    page = clone.path / "dvc_plots/index.html"
    source = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?https?:""", source)
    shown = rendered(page, tmp_path)
    assert len(re.findall(r"<(?:svg|canvas)[^>]*marks", shown)) == len(TITLES)
    for title in TITLES:
        assert title in shown
    assert "could not be drawn" not in re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)
    assert "main" in shown
    assert "workspace" in shown


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_the_page_is_what_its_program_builds() -> None:
    command = [sys.executable, str(TEMPLATE / "tools/build_plots_page.py"), "--check"]
    subprocess.run(command, check=True)


def test_the_sample_is_what_its_program_derives() -> None:
    script = str(TEMPLATE / "tools/derive_sample.py")
    subprocess.run(["uv", "run", "--quiet", script, "--check"], env=user_environment(), check=True)

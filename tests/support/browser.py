"""A real browser, without a network."""

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")


def rendered(page: Path, profile: Path) -> str:
    """Return the page's HTML as it stands when its scripts have run, with no host in reach."""
    if not CHROMIUM:
        pytest.fail("Chromium is not installed; on Debian: apt-get install chromium")
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

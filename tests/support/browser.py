"""A real browser, without a network."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 60_000  # a busy machine takes its time
# What `.ci/run` installs by tests/browser/package-lock.json.
AXE = Path(__file__).parents[1] / "browser/node_modules/axe-core/axe.min.js"


def rendered(page: Path, profile: Path) -> str:
    """Return the page's HTML as it stands when its scripts have run, with no host in reach."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    command = [_chromium(), *flags, offline, f"--user-data-dir={profile}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=10000", "--dump-dom", page.as_uri()],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return done.stdout


@contextmanager
def browsing(address: str) -> Iterator[Page]:
    """Open a page in a browser that must have nothing to complain about."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        opened = browser.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("requestfailed", lambda request: complaints.append(request.url))
        opened.goto(address)
        yield opened
        browser.close()
    assert complaints == []


def barriers(page: Page) -> list[str]:
    """Return what axe-core finds on a page against WCAG 2.2, levels A and AA, and good practice."""
    if not AXE.exists():
        pytest.fail("axe-core is not installed; run: npm ci --prefix tests/browser")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert found["passes"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def _chromium() -> str:
    """Return the browser's program."""
    if not CHROMIUM:
        pytest.fail("Chromium is not installed; on Debian: apt-get install chromium")
    return CHROMIUM

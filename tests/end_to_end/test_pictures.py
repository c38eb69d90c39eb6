"""The pictures of README.md are those of today's pages, as far as fonts and versions allow."""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.browser import browsing
from support.projects import TEMPLATE, Project

sys.path.append(str(TEMPLATE / "tools"))  # as where the program is run
try:
    import pictures
finally:
    sys.path.remove(str(TEMPLATE / "tools"))

pytestmark = [pytest.mark.slow, pytest.mark.ci("it needs Chromium, and Mermaid of npm")]
CLOSE = 6.0  # of 255, on average of all pixels: other fonts differ by less
DIFFERENCE = """async ([one, other]) => {
  const pixels = async data => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"),
      {width: image.width, height: image.height});
    canvas.getContext("2d").drawImage(image, 0, 0);
    const {width, height} = image;
    return {width, height, data: canvas.getContext("2d").getImageData(0, 0, width, height).data};
  };
  const [a, b] = [await pixels(one), await pixels(other)];
  if (a.width !== b.width || a.height !== b.height) return Infinity;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / (a.data.length * 3 / 4);
}"""


@pytest.fixture(scope="module")
def taken(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pictures as they are today, by name."""
    clone = finished.clone_with_data("clone-pictures")
    files = pictures.take(clone.path, tmp_path_factory.mktemp("pictures"))
    return {file.name: file for file in files}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A page in which pixels are compared."""
    empty = tmp_path / "empty.html"
    empty.write_text("<!doctype html><link rel=icon href=data:,>", encoding="utf-8")
    with browsing(empty.as_uri()) as opened:
        yield opened


def difference(page: Page, one: Path, other: Path) -> float:
    """Return the mean difference of two pictures' pixels; infinity if their sizes differ."""
    files = [base64.b64encode(file.read_bytes()).decode() for file in (one, other)]
    found: float = page.evaluate(DIFFERENCE, files)
    return found


def test_the_pictures_show_the_pages_of_today(taken: dict[str, Path], page: Page) -> None:
    assert set(taken) == {file.name for file in pictures.PICTURES.iterdir()}
    apart = {name: difference(page, file, pictures.PICTURES / name) for name, file in taken.items()}
    assert {name: by for name, by in apart.items() if by > CLOSE} == {}


def test_another_page_would_be_noticed(page: Page) -> None:
    for scheme in pictures.SCHEMES:
        shown = pictures.PICTURES / f"serving-{scheme}.png"
        for other in (f"report-{scheme}", f"monitoring-{scheme}"):
            assert difference(page, shown, pictures.PICTURES / f"{other}.png") > CLOSE
    light, dark = (pictures.PICTURES / f"serving-{scheme}.png" for scheme in pictures.SCHEMES)
    assert difference(page, light, dark) > CLOSE
    assert difference(page, light, light) == 0

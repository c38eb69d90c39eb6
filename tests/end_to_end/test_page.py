"""The server's pages in a real browser: what is seen, by whom, and the command that they show."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.browser import barriers, browsing
from support.projects import Project
from support.served import Served, serving

needs_chromium = pytest.mark.ci("it needs Chromium, and axe-core of npm")
SIZES = [(1200, 700), (390, 844), (320, 568)]
KEY = "a key"


@pytest.fixture(scope="module")
def served(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The finished project's server."""
    with serving(finished, tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def page(served: Served) -> Iterator[Page]:
    """The page for people."""
    with browsing(served.address) as opened:
        yield opened


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def is_seen(page: Page, selector: str) -> bool:
    """Return whether all of an element is in the window, and nothing is over its middle."""
    seen: bool = page.evaluate(
        """selector => {
          const one = document.querySelector(selector), box = one.getBoundingClientRect();
          const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
          return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight
            && box.right <= innerWidth && one.contains(top);
        }""",
        selector,
    )
    return seen


@needs_chromium
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_prediction_is_seen_where_the_button_is(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    assert sideways(page) <= 0
    assert is_seen(page, "#row button")  # before anything is scrolled
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#prediction")).to_be_focused()
    expect(page.locator("#prediction")).to_have_text(re.compile("late: (yes|no)"))
    assert is_seen(page, "#prediction")
    assert is_seen(page, "#row button")
    assert sideways(page) <= 0
    page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
    assert sideways(page) <= 0


@needs_chromium
def test_the_words_of_a_prediction(page: Page) -> None:
    for name in ("Row", "Prediction"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.get_by_role("button", name="Predict").click()
    said = re.compile(r"^\d+\.\d% probability of yes \(threshold \d+(\.\d+)?%\)$")
    expect(page.locator("#result p").nth(1)).to_have_text(said)


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_barrier_is_found(page: Page, path: str, scheme: Any, served: Served) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(served.address + path)
    assert barriers(page) == []
    if path == "/":
        page.get_by_label("hour").fill("99")
        page.get_by_role("button", name="Predict").click()
        expect(page.get_by_label("hour")).to_be_focused()
        assert barriers(page) == []
        page.get_by_label("hour").fill("20")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#prediction")).to_be_focused()
        page.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
        expect(page.locator("#waiting [role=status], #waiting li").first).to_be_attached()
        assert barriers(page) == []


@needs_chromium
def test_a_barrier_would_be_found(page: Page) -> None:
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.querySelector('#row label').removeAttribute('for')")
    found = {one.partition(":")[0] for one in barriers(page)}
    assert "color-contrast" in found


@needs_chromium
def test_every_control_is_reached_by_keyboard_and_shows_it(page: Page) -> None:
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, input, select, textarea, button, summary')]"
        ".filter(one => one.checkVisibility()).length"
    )
    reached = set()
    for _ in range(3 * wanted):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
              const one = document.activeElement, style = getComputedStyle(one);
              const box = one.getBoundingClientRect();
              const seen = box.top >= 0 && box.bottom <= innerHeight;
              return [one.tagName, one.id || one.textContent.slice(0, 30),
                      style.outlineStyle !== "none" && seen];
            }"""
        )
        if here[0] == "BODY":
            break
        assert here[2], here
        if here[0] not in ("PRE", "SECTION"):
            reached.add((here[0], here[1]))
    assert len(reached) == wanted


def answered(command: str, served: Served, **extra: str) -> dict[str, Any]:
    """Run a command of a page as it is there, for the server's port, and return the answer."""
    command = re.sub(r"http://127\.0\.0\.1:\d+", served.address, command)
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=extra or None,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def command_in(text: str) -> str:
    """Return the command that the HTML of a page has."""
    from html import unescape

    (found,) = re.findall(r'<code id="command">(.*?)</code>', text, re.DOTALL)
    return unescape(found)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_command_of_a_page_asks_for_a_prediction(path: str, served: Served) -> None:
    (prediction,) = answered(command_in(served.text("GET", path)[1]), served)["predictions"]
    assert 0 < prediction["probability"] < 1


@needs_chromium
def test_the_page_names_the_address_that_it_is_read_at(page: Page, served: Served) -> None:
    command = page.locator("#command").text_content() or ""
    assert f"curl -sS {served.address}/predict " in command
    assert answered(command, served)["predictions"]


def test_the_command_of_a_closed_server_takes_the_key(finished: Project, tmp_path: Any) -> None:
    with serving(finished, tmp_path, API_KEY=KEY) as closed:
        for path in ("/", "/docs"):
            command = command_in(closed.text("GET", path)[1])
            assert answered(command, closed, API_KEY=KEY)["predictions"]
            assert KEY not in command


def test_the_command_of_the_readme_asks_for_a_prediction(finished: Project, served: Served) -> None:
    assert answered(in_readme(finished), served)["predictions"]


def test_so_does_that_of_an_own_table(own: Project, tmp_path: Any) -> None:
    command = in_readme(own)
    assert '"area"' in command
    with serving(own, tmp_path) as its:
        assert answered(command, its)["predictions"]


def in_readme(project: Project) -> str:
    """Return the command in the README of a project."""
    readme = project.read("README.md")
    command: str
    (command,) = re.findall(r"^curl .*/predict .*$", readme, re.MULTILINE)
    assert shlex.split(command)[0] == "curl"
    return command

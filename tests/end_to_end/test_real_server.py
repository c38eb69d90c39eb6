"""The real model is served: to programs of any manners, to eight clients at once, and to people."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.browser import browsing
from support.projects import Project
from support.served import Client, Served, serving

needs_chromium = pytest.mark.ci("it needs Chromium")
CLIENTS = 8
ANSWERS = 300  # for each of them


@pytest.fixture(scope="module")
def served(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The finished project's server."""
    with serving(finished, tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def row(served: Served) -> dict[str, Any]:
    """A row that the server takes: the example of its own description."""
    status, described = served.ask("GET", "/openapi.json")
    assert status == 200
    (example,) = described["components"]["schemas"]["Row"]["examples"]
    return dict(example)


@pytest.mark.ci("it asks for half a minute")
def test_the_description_holds(served: Served, tmp_path: Path) -> None:
    schemathesis = str(Path(sys.executable).with_name("schemathesis"))
    command = [schemathesis, "run", f"{served.address}/openapi.json", "--checks=all"]
    command += ["--max-examples=40", "--seed=1", "--no-color"]
    # How many rows it has to throw away before one fits says nothing of the server.
    command += ["--suppress-health-check=filter_too_much"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert served.ask("GET", "/ready")[0] == 200


def test_eight_clients_at_once(served: Served, row: dict[str, Any]) -> None:
    clients = [Client(served.port, row, ANSWERS) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [failure for client in clients for failure in client.failed] == []
    answered = [one for client in clients for one in client.answered]
    assert len(answered) == len(set(answered)) == CLIENTS * ANSWERS
    assert set(answered) <= served.logged()


def test_a_full_disk_fails_no_answer(
    finished: Project, tmp_path: Path, row: dict[str, Any]
) -> None:
    kilobytes = 2_000
    full = ("bash", "-c", f'ulimit -f {kilobytes} && exec "$@"', "bash")
    with serving(finished, tmp_path, before=full) as server:
        for _ in range(20):
            status, answer = server.ask("POST", "/predict", {"rows": [row] * 500})
            assert (status, len(answer["predictions"])) == (200, 500)
        counted = server.text("GET", "/metrics")[1]
        failed = re.search(r'^log_entries_total{fate="failed"} (\S+)$', counted, re.MULTILINE)
        assert failed
        assert float(failed[1]) > 0
        assert server.ask("GET", "/ready")[0] == 200
    assert server.log.stat().st_size <= kilobytes * 1024
    assert len(server.logged()) > 0  # what was there before is whole


def test_what_came_true_is_kept_beside_a_prediction(served: Served, row: dict[str, Any]) -> None:
    _, answer = served.ask("POST", "/predict", {"rows": [row, row]})
    first, second = (one["id"] for one in answer["predictions"])
    values = {first: "yes", second: "no", "0" * 32: "yes"}
    status, recorded = served.ask("POST", "/outcomes", {"values": values})
    assert (status, recorded) == (200, {"recorded": 2, "unknown": ["0" * 32]})


@pytest.fixture
def page(served: Served) -> Iterator[Page]:
    """The page for people, in a real browser that complains about nothing."""
    with browsing(served.address) as opened:
        yield opened


@needs_chromium
def test_a_person_asks_by_keyboard_alone(page: Page) -> None:
    expect(page).to_have_title("Flight Delays")
    page.keyboard.press("Tab")  # the link to the description
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "date"
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "hour"
    page.keyboard.press("Control+A")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.locator("#prediction")).to_have_text("late: yes")
    expect(page.locator("#result table")).to_contain_text("hour2013+")
    expect(page.locator("#prediction")).to_be_focused()
    page.get_by_label("hour").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    hour = page.get_by_label("hour")
    expect(hour).to_have_attribute("aria-invalid", "true")
    expect(hour).to_be_focused()
    expect(page.locator("#result")).to_contain_text("hour: ")
    expect(page.locator("#result")).to_contain_text("23")


@needs_chromium
def test_a_close_call_is_decided_on_the_page(
    page: Page, served: Served, row: dict[str, Any]
) -> None:
    tried = [row | {"hour": hour, "temp": temp} for hour in range(24) for temp in range(0, 120, 5)]
    _, answer = served.ask("POST", "/predict", {"rows": tried})
    close = next(
        one for one, said in zip(tried, answer["predictions"], strict=True) if said["review"]
    )
    page.get_by_label("hour").fill(str(close["hour"]))
    page.get_by_label("temp").fill(str(close["temp"]))
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#result")).to_contain_text("It waits for a person")
    before = [one["id"] for one in served.ask("GET", "/reviews?most=1000")[1]["waiting"]]
    page.get_by_text("Predictions that wait for a person").click()
    expect(page.locator("#waiting li")).to_have_count(min(50, len(before)))
    page.locator("#waiting li select").first.select_option("yes")
    with page.expect_response(lambda said: said.request.method == "POST") as answered:
        page.locator("#waiting li button").first.click()
    (decided,) = json.loads(answered.value.request.post_data or "")["values"]
    expect(page.locator("#waiting li")).to_have_count(min(50, len(before) - 1))
    after = [one["id"] for one in served.ask("GET", "/reviews?most=1000")[1]["waiting"]]
    assert decided in before
    assert decided not in after


@needs_chromium
def test_the_page_has_the_model_card(page: Page) -> None:
    page.get_by_text("Model card", exact=True).click()
    expect(page.get_by_role("heading", name="Intended use")).to_be_visible()
    expect(page.get_by_role("cell", name="roc_auc").first).to_be_visible()

"""Whatever a body holds, no step of the event loop takes long: other requests go on meanwhile."""

import asyncio
import json
import time
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import httpx
import pytest
from serving import logged, served, typical
from trained import stand_in

from tabrail.data.schema import Schema
from tabrail.serving import checking
from tabrail.serving.request import RequestReader
from tabrail.serving.violations import MOST_ERRORS, MOST_LETTERS, SchemaViolationError

JSON = {"Content-Type": "application/json"}
LONGEST_S = 0.05  # of CPU time
ROWS, WIDE = 1000, 676
LETTERS = ascii_lowercase


def rows(*each: Any) -> bytes:
    """Return a request with the same rows, again and again."""
    given = {"rows": [each[number % len(each)] for number in range(ROWS)]}
    return json.dumps(given, separators=(",", ":")).encode()


def values(value: str, number: int) -> bytes:
    """Return many outcomes or decisions."""
    return json.dumps({"values": {f"{one:032x}": value for one in range(number)}}).encode()


BODIES = {
    "200 unknown columns": rows({f"feature_{number}": 0 for number in range(200)}),
    "676 unknown columns": rows({one + other: 0 for one in LETTERS for other in LETTERS}),
    "one row of many keys": rows({})[:9]
    + json.dumps({f"{number:x}": 0 for number in range(300_000)}).encode()
    + b"]}",
    "no columns at all": rows({}),
    "lists": b'{"rows": [' + b"[]," * 1_600_000 + b"[]]}",
    "a deep list": b'{"rows": [{"age": ' + b"[" * 2_400_000 + b"]" * 2_400_000 + b"}]}",
    "numbers": b"[" + b"1," * 2_400_000 + b"1]",
    "blanks": b" " * 4_900_000,
    "a long name": b'{"rows": [{"' + b"a" * 4_900_000 + b'": 1}]}',
    "a long value": b'{"rows": [{"age": "' + b"a" * 4_900_000 + b'"}]}',
    "long names": rows({letter * 4_000: 0 for letter in "abc"}, {"d" * 5_000: 0})[:4_900_000],
    "unknown predictions": values("yes", 100_000),
    "wrong values": values("x", 100_000),
    "unknown keys": json.dumps({f"{number:x}": 0 for number in range(300_000)}).encode(),
}


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a project with a trained model."""
    return stand_in("binary", project)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How much CPU time each step of event loops takes; the longest ones first."""
    found: list[float] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        found.append(time.thread_time() - began)

    monkeypatch.setattr(asyncio.Handle, "_run", measured)
    return found


def ask(client: httpx.Client, path: str, content: bytes) -> httpx.Response:
    """Send a body."""
    return client.post(path, content=content, headers=JSON)


@pytest.mark.parametrize("path", ["/predict", "/explain", "/outcomes"])
def test_no_body_holds_the_event_loop(shop: Path, steps: list[float], path: str) -> None:
    longest: dict[str, float] = {}
    with served(loop="asyncio", max_rows=ROWS, max_megabytes=5) as client:
        assert client.get("/ready").is_success
        for name, content in BODIES.items():
            steps.clear()
            answer = ask(client, path, content)
            longest[name] = max(steps)
            assert answer.status_code in (200, 422), (name, answer.text[:300])
            assert len(answer.content) < 5_100_000
    assert max(longest.values()) < LONGEST_S, longest


def test_no_answer_holds_the_event_loop(shop: Path, steps: list[float]) -> None:
    row = typical() | {"city": "nowhere" * 9}
    content = json.dumps({"rows": [row] * ROWS}).encode()
    with served(loop="asyncio", max_rows=ROWS, max_megabytes=5) as client:
        assert client.get("/ready").is_success
        steps.clear()
        assert len(ask(client, "/predict", content).json()["predictions"]) == ROWS
        identifiers = [one["id"] for one in logged()]
        good = json.dumps({"values": dict.fromkeys(identifiers, "yes")}).encode()
        assert ask(client, "/outcomes", good).json()["recorded"] == ROWS
        assert client.get("/reviews?most=1000").is_success
        assert client.get("/openapi.json").is_success
        assert client.get("/docs").is_success
        long = typical() | {"city": "a" * 4_000_000}
        assert ask(client, "/explain", json.dumps({"row": long}).encode()).is_success
    assert max(steps) < LONGEST_S


def reader(columns: dict[str, Any]) -> RequestReader:
    """Return what reads rows with some columns."""
    given = {"name": "Wide", "target": "bought", "task": "binary"}
    schema = given | {"columns": columns | {"bought": {"kind": "boolean"}}}
    return RequestReader(Schema.model_validate(schema), ROWS, {})


@pytest.fixture(scope="module")
def wide() -> RequestReader:
    """Read rows of many columns with similar names."""
    return reader({f"feature_{number}": {"kind": "numeric"} for number in range(WIDE)})


def good_row() -> dict[str, Any]:
    """Return a row of these columns."""
    return {f"feature_{number}": 1.0 for number in range(WIDE)}


def refused(reader: RequestReader, given: list[Any]) -> SchemaViolationError:
    """Return what is wrong with a request."""
    (found,) = reader.check([reader.read(json.dumps({"rows": given}).encode())])
    assert isinstance(found, SchemaViolationError)
    return found


def test_names_are_suggested_for_a_few_errors_and_looked_up_once(
    wide: RequestReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def suggest(name: str, known: Any) -> str:
        asked.append(name)
        return f" (did you mean {name}?)"

    monkeypatch.setattr(checking, "nearest", suggest)
    good = good_row()
    given = [good | {f"fature_{number}{letter}": 0 for number in range(200)} for letter in LETTERS]
    found = refused(wide, given)
    assert len(asked) == checking.MOST_SUGGESTED == len(set(asked))
    assert len(found.errors) == MOST_ERRORS
    unknown = [one for one in found.errors if "no such column" in one["message"]]
    assert "did you mean fature_0a?" in unknown[0]["message"]
    assert "190 more unknown keys" in unknown[0]["message"]
    refused(wide, given[:1])  # is remembered
    assert len(asked) == checking.MOST_SUGGESTED
    assert refused(wide, [good | {"x" * 1000: 0}]).errors  # too long for a column
    assert len(asked) == checking.MOST_SUGGESTED


@pytest.mark.parametrize("row", [{}, {"feature_0": "x"}, {f"x{number}": 0 for number in range(9)}])
def test_the_search_for_violations_ends(wide: RequestReader, row: dict[str, Any]) -> None:
    found = refused(wide, [row] * ROWS)
    most = checking.MOST_FOUND + WIDE + 9
    assert WIDE <= sum(found.counts.values()) <= most + 15 * WIDE
    assert found.bad < ROWS


def test_errors_repeat_the_beginning_of_a_name_and_of_a_value(wide: RequestReader) -> None:
    row = good_row()
    found = refused(wide, [row | {"a" * 10_000: 1, "feature_1": "b" * 10_000}])
    assert len(found.errors) == 2
    assert len(json.dumps(found.errors)) < 8 * MOST_LETTERS


def test_a_row_has_a_few_warnings() -> None:
    word = {"kind": "categorical", "categories": ["a"], "nullable": True}
    names = [f"word_{number}" for number in range(50)]
    words = reader(dict.fromkeys(names, word))
    content = json.dumps({"rows": [dict.fromkeys(names, "b")]}).encode()
    (found,) = words.check([words.read(content)])
    assert not isinstance(found, SchemaViolationError)
    (warnings,) = found.warnings
    assert len(warnings) == checking.MOST_WARNINGS + 1
    assert warnings[0] == "word_0: the category 'b' was not in training"
    assert warnings[-1] == "30 more columns have a category that was not in training"

"""The log read in columns says what it says entry by entry."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tabrail.data.conform import conform
from tabrail.data.schema import Schema
from tabrail.log import columns, database, decoding, reading
from tabrail.log.entries import DECISIONS, OUTCOMES, Prediction, Role
from tabrail.log.prediction_log import PredictionLog

NOON = datetime(2026, 6, 1, 12)
SCHEMA: dict[str, Any] = {
    "name": "rows",
    "task": "regression",
    "target": "y",
    "missing": ["", "NA", "none"],
    "columns": {
        "number": {"kind": "numeric", "nullable": True, "min": 0},
        "flag": {"kind": "boolean", "nullable": True},
        "word": {"kind": "categorical", "categories": ["a", "Ü", "1"], "nullable": True},
        "day": {"kind": "datetime", "nullable": True},
        "code": {"kind": "identifier", "nullable": True},
        "note": {"kind": "text", "nullable": True},
        "y": {"kind": "numeric"},
    },
}
WORDS = st.sampled_from(
    ["a", " a", "Ü", "NA", "", "1.0", "x\u00a0", "\x1fa", '"\n\\', "2024-01-31"]
)
CELLS = {
    "numbers": st.floats(allow_nan=False, allow_infinity=False),
    "whole numbers": st.integers(-(10**18), 10**18),
    "both": st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_infinity=True)),
    "flags": st.booleans(),
    "words": WORDS,
    "texts": st.text(st.characters(exclude_categories=["Cs"])),
    "days": st.datetimes(datetime(1970, 1, 1)).map(datetime.isoformat),
    "mixed": st.one_of(st.integers(0, 2), st.floats(0, 2), st.booleans(), WORDS),
}


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return rows whose columns each have one kind of cells, with gaps or without."""
    count = draw(st.integers(1, 8))
    found: list[dict[str, Any]] = [{} for _ in range(count)]
    for name in SCHEMA["columns"]:
        cells = CELLS[draw(st.sampled_from(list(CELLS)))]
        cells = st.one_of(st.none(), cells) if draw(st.booleans()) else cells
        for row in found:
            if name != "y" and draw(st.integers(0, 20)):  # at times, a row lacks the column
                row[name] = draw(cells)
    return found


@given(tables())
@example([{"number": 1}, {"number": 2.5}])
@example([{"number": 0.1 + 0.2}, {"number": 2**53 + 1}, {"number": -0.0}])
@example([{"number": float("inf")}, {"number": 1}])
@example([{"flag": True}, {"flag": None}])
@example([{"code": 2**60 + 1}, {}])
@example([{"word": "\x1fa"}])
@example([{"word": "a"}] * 101 + [{"word": 1}])
def test_rows_conform_to_the_schema_as_if_each_was_read_alone(rows: list[dict[str, Any]]) -> None:
    schema = Schema.model_validate(SCHEMA)
    texts = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    names = list(schema.used)
    plain, before = conform(decoding.plain_rows(texts, names), schema)
    fast, after = conform(decoding.rows(pd.Series(texts, dtype="str"), names, ["number"]), schema)
    pd.testing.assert_frame_equal(fast, plain, check_exact=True)
    assert [(one.column, one.kind, one.rows.tolist()) for one in after] == [
        (one.column, one.kind, one.rows.tolist()) for one in before
    ]


def test_rows_of_usual_types_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "plain_rows", None)
    texts = pd.Series(['{"a":1,"b":"ü","c":null}', '{"a":2.5,"b":null,"c":true}'], dtype="str")
    found = decoding.rows(texts, ["a", "b", "c", "d"], ["a"])
    assert found["a"].tolist() == [1.0, 2.5]
    assert found.isna().sum().to_dict() == {"a": 0, "b": 1, "c": 1, "d": 2}


@pytest.mark.parametrize(
    "lists",
    [[[0.1], [2]], [[0.1], [0.2, 0.3]], [[0.1], []], [[1, 2]], [[None], [0.5]], ["ab"], [0.5], []],
)
@pytest.mark.parametrize("width", [1, 2])
def test_numbers_are_those_of_each_entry(lists: list[Any], width: int) -> None:
    texts = pd.Series(list(map(json.dumps, lists)), dtype="str")
    plain = decoding.plain_numbers(texts, width)
    np.testing.assert_array_equal(decoding.numbers(texts, width), plain)


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**70), 2**70)), min_size=1))
def test_one_number_is_the_same_to_the_last_bit(numbers: list[Any]) -> None:
    texts = pd.Series([json.dumps([one]) for one in numbers], dtype="str")
    found = decoding.numbers(texts, 1)
    assert found.tobytes() == decoding.plain_numbers(texts, 1).tobytes()


def entries(count: int) -> list[Prediction]:
    """Return predictions of requests of one to four rows, some of them at one moment."""
    found: list[Prediction] = []
    roles: Sequence[Role] = ("champion", "challenger")
    for number in range(count):
        one = Prediction(
            id=f"{number * 7919 % 1009:032x}",
            role="champion",
            at=NOON + timedelta(seconds=number // 10),
            model="m",
            answered=True,
            row={"a": number, "b": "ü\n"},
            numbers=[number / 7],
            prediction="yes",
            review=number % 3 == 0,
            latency_ms=number / 3,
            request=f"{number // 4 if number % 9 else number:032x}",
            reason="margin" if number % 3 == 0 else "",
            held=number % 5 == 0,
            texts={"note: length": 2.5} if number % 4 == 0 else {},
        )
        found += [replace(one, role=role) for role in roles[: 1 + number % 2]]
    return found


@pytest.mark.parametrize(("part", "fetched"), [(1, 1), (7, 3), (20, 20), (50_000, 10_000)])
def test_columns_are_the_plain_parts(
    part: int, fetched: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", part)
    monkeypatch.setattr(columns, "FETCHED", fetched)
    monkeypatch.setattr(database, "AT_ONCE", 8)
    given_ones = entries(60)
    with PredictionLog(f"sqlite:///{tmp_path / 'log.sqlite'}") as log:
        assert list(log.columns(datetime.min, datetime.max)) == []
        log.write(given_ones)
        log.record(OUTCOMES, {one.id: "no" for one in given_ones[:20]})
        log.record(DECISIONS, {one.id: "yes" for one in given_ones[10:15]})
        span = NOON + timedelta(seconds=1), NOON + timedelta(seconds=5)
        plain, fast = list(log.parts(*span)), list(log.columns(*span))
    assert sum(map(len, fast)) > 40
    if part % fetched == 0:  # otherwise they end elsewhere
        assert [len(one) for one in fast] == [len(one) for one in plain]
    expected, found = (pd.concat(these, ignore_index=True) for these in (plain, fast))
    if part % fetched:
        both = [one.sort_values(["at", "request", "id", "role"]) for one in (expected, found)]
        expected, found = (one.reset_index(drop=True) for one in both)
    for name in ("row", "numbers", "texts"):
        found[name] = [json.loads(one) if isinstance(one, str) else None for one in found[name]]
    found = found.astype("object").where(found.notna(), None)
    expected = expected.astype("object").where(expected.notna(), None)
    assert found.to_dict("records") == expected.to_dict("records")

"""What the API lets in is what `schema.conform` makes of it, and what that refuses, it refuses."""

import json
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.conform import conform
from tabrail.data.schema import Column, Schema
from tabrail.model.scoring import for_scoring
from tabrail.serving.request import RequestReader, Rows
from tabrail.serving.violations import SchemaViolationError

COLUMNS: dict[str, dict[str, Any]] = {
    "id": {"kind": "identifier"},
    "model_x": {"kind": "numeric", "min": -5, "max": 100},
    "a b": {"kind": "numeric", "nullable": True},
    "class": {"kind": "categorical", "categories": ["red", "7", "ü"]},
    "_x": {"kind": "categorical", "nullable": True},
    "ü": {"kind": "boolean"},
    "maybe": {"kind": "boolean", "nullable": True},
    "when": {"kind": "datetime"},
    "day": {"kind": "datetime", "format": "%d.%m.%Y", "nullable": True},
    "note": {"kind": "text", "nullable": True},
    "title": {"kind": "text"},
    "__class__": {"kind": "numeric", "nullable": True},
    "unused": {"kind": "ignored"},
    "weight": {"kind": "numeric", "min": 0},
    "y": {"kind": "boolean"},
}
SCHEMA = Schema(
    name="Anything",
    task="binary",
    target="y",
    weight="weight",
    missing=["", "NA", "-999"],
    columns={name: Column(**column) for name, column in COLUMNS.items()},
)
GOOD: dict[str, Any] = {
    "id": "007",
    "model_x": 3,
    "a b": None,
    "class": "red",
    "_x": "any",
    "ü": True,
    "maybe": False,
    "when": "2024-01-31T14:30",
    "day": "31.01.2024",
    "note": "some words",
    "title": "A title",
    "__class__": 1.5,
}
READER = RequestReader(SCHEMA, 10, GOOD)
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 7, 7.0, -0.0, 2.5, -5, -5.000001, 100, 101, -999, -999.0),
    *(1e100, 9.9e99, 1e308, -1e308, 2**53 + 1, 2**63, 2**64 + 1, 10**30, 10**300, 5e-324),
    *("", " ", "NA", " NA ", "-999", "na", "red", " red ", "7", "7.0", "ü", "blue", "True", "no"),
    *("2024-01-31", "2024-02-30", "2024-01-31T14:30:59.123456", "2024-01-31T14:30:59.5"),
    *("2024-01-31 14:30", "2024-01-31T14:30Z", "2024-01-31T14:30+02:00", "2024", "20240131"),
    *("2024-01", "2024-01-31T24:00", "2024-01-31T14", "0001-01-01", "9999-12-31T23:59:59"),
    *("2024-01-31T14:30:59.123456789", "10000-01-01", "31.01.2024", "31.02.2024", "1.1.2024"),
    *("NaT", "٢٠٢٤-01-31", "\x00", "a\nb", "🙂", "x" * 5000, [], {}, [1], {"a": 1}),
]
STRICTER = {  # a CSV file can only say it in words, JSON need not
    "numeric": (str, bool),
    "boolean": (str, int, float),
    "datetime": (int, float, bool),
    "text": (int, float, bool),
    "categorical": (float, bool),
    "identifier": (float, bool),
}


def accepted(body: Any, reader: RequestReader = READER, *, single: bool = False) -> Rows:
    """Return the rows of a request, or raise why it is refused."""
    [found] = reader.check([reader.read(json.dumps(body).encode(), single=single)])
    if not isinstance(found, Rows):
        raise found
    return found


def read(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return what the API makes of rows."""
    return READER.together([accepted({"rows": rows})]).frame()


def checked(row: dict[str, Any], *names: str) -> tuple[pd.DataFrame, set[str]]:
    """Return what the schema makes of a row, or of some of its columns, and those at fault."""
    scoring_schema = for_scoring(SCHEMA)
    if names:
        columns = {name: SCHEMA.columns[name] for name in names}
        scoring_schema = scoring_schema.model_copy(update={"columns": columns})
    # A table has one type for a column: numbers are numbers, and the rest is words.
    given = {name: row.get(name) for name in scoring_schema.used}
    table = pd.DataFrame(
        {
            name: [value] if _is_number(value) else pd.array([value], dtype="object")
            for name, value in given.items()
        }
    )
    typed, violations = conform(table, scoring_schema)
    return typed, {one.column for one in violations if one.kind != "unseen_category"}


def attempt(row: dict[str, Any]) -> tuple[pd.DataFrame | None, set[str]]:
    """Return what the API makes of a row, and the columns for which it is refused."""
    try:
        return read(row), set()
    except SchemaViolationError as error:
        return None, {one["loc"][2] for one in error.errors}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def test_good_rows_are_read() -> None:
    expected, faults = checked(GOOD)
    assert not faults
    pd.testing.assert_frame_equal(read(GOOD), expected)


@pytest.mark.parametrize("name", list(GOOD))
def test_every_value_is_read_as_the_contract_reads_it(name: str) -> None:
    stricter = STRICTER[SCHEMA.columns[name].kind]
    for value in VALUES:
        found, refused = attempt(GOOD | {name: value})
        if isinstance(value, list | dict):
            assert refused == {name}
            continue
        expected, faults = checked({name: value}, name)
        if SCHEMA.columns[name].kind == "identifier":  # a row to score may lack it
            faults = set()
        if found is None:
            assert refused == {name}
            assert faults or isinstance(value, stricter), f"{name}: {value!r} is no fault"
        else:
            assert not faults, f"{name}: {value!r} is a fault"
            pd.testing.assert_frame_equal(found[[name]], expected)


def test_random_rows_are_read_as_the_contract_reads_them() -> None:
    chance = random.Random(0)  # noqa: S311
    by_kind: dict[str, list[Any]] = {
        name: [value for value in VALUES if attempt(GOOD | {name: value})[0] is not None]
        for name in GOOD
    }
    plain = [value for value in VALUES if not isinstance(value, list | dict)]
    accepted = 0
    for _ in range(100):
        row = dict(GOOD)
        for name in chance.sample(list(GOOD), chance.randint(1, 6)):
            row[name] = chance.choice(by_kind[name] if chance.random() < 0.9 else plain)
        if chance.random() < 0.1:
            del row[chance.choice(list(row))]
        expected, faults = checked(row)
        found, refused = attempt(row)
        if found is None:
            assert refused, row
        else:
            accepted += 1
            assert not faults, row
            pd.testing.assert_frame_equal(found, expected)
    assert 30 < accepted < 90


def test_rows_of_several_requests_are_one_frame() -> None:
    others = [GOOD | {"day": None, "a b": 2}, GOOD | {"_x": "NA", "note": ""}]
    parts = [accepted({"rows": rows}) for rows in ([GOOD], others)]
    expected = pd.concat([checked(row)[0] for row in (GOOD, *others)], ignore_index=True)
    pd.testing.assert_frame_equal(READER.together(parts).frame(), expected)
    some = READER.together(parts, ["note", "a b"]).frame()
    pd.testing.assert_frame_equal(some, expected[["note", "a b"]])


def test_what_is_not_used_may_be_there() -> None:
    more = GOOD | {"unused": {"any": ["thing"]}, "weight": "x", "y": None}
    pd.testing.assert_frame_equal(read(more), read(GOOD))


@pytest.mark.parametrize(("name", "value"), [("when", "now"), ("day", "Today"), ("a b", 10**400)])
def test_what_pandas_would_stumble_over_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SchemaViolationError):
        read(GOOD | {name: value})


def test_the_last_of_equal_keys_counts() -> None:
    text = json.dumps({"rows": [GOOD]}).replace('"model_x": 3', '"model_x": 3, "model_x": 4')
    assert READER.read(text.encode()).rows[0]["model_x"] == 4


def test_faults_are_counted_by_column_without_values() -> None:
    bad = [GOOD | {"model_x": 999, "class": None}, GOOD | {"model_x": -9, "what": 1}, {}]
    with pytest.raises(SchemaViolationError) as raised:
        accepted({"rows": bad})
    counts = raised.value.counts
    assert counts["model_x", "out_of_range"] == 2
    assert counts["model_x", "missing"] == 1
    assert counts["class", "missing"] == 2
    assert counts["", "unknown_column"] == 1
    assert raised.value.bad == 3
    dates = [GOOD | {"when": "soon"}, GOOD | {"when": "later", "day": "x"}]
    with pytest.raises(SchemaViolationError) as raised:
        accepted({"rows": dates})
    assert raised.value.counts == {("when", "unreadable"): 2, ("day", "unreadable"): 1}
    assert raised.value.errors[0]["loc"] == ["rows", 0, "when"]
    assert raised.value.bad == 2


def test_all_faults_are_said_at_once() -> None:
    wrong = [
        GOOD | {"when": "soon", "model_x": 101, "day": " NA "},
        GOOD | {"day": "2024-01-31"},
        7,
    ]
    with pytest.raises(SchemaViolationError) as raised:
        accepted({"rows": wrong})
    places = {tuple(one["loc"]) for one in raised.value.errors}
    assert places >= {("rows", 0, "when"), ("rows", 0, "model_x"), ("rows", 1, "day")}
    assert not any("day" in place for place in places if place[1] == 0)
    assert raised.value.counts["when", "unreadable"] == 1
    assert raised.value.bad == 3
    with pytest.raises(SchemaViolationError) as raised:
        accepted({"row": GOOD | {"when": "soon", "title": None}}, single=True)
    assert [one["loc"] for one in raised.value.errors] == [["row", "title"], ["row", "when"]]


@pytest.mark.parametrize(
    "given",
    [
        {"row": GOOD},
        GOOD,
        {"rows": [GOOD], "foo": 1},
        {},
    ],
)
def test_a_wrong_key_is_no_column(given: dict[str, Any]) -> None:
    with pytest.raises(SchemaViolationError) as raised:
        accepted(given)
    message = "expected rows, and no other key"
    assert raised.value.errors == [{"loc": ["rows"], "message": message}]
    assert raised.value.counts == {("", "malformed"): 1}
    assert raised.value.bad == 1


def test_a_key_that_is_written_in_two_ways_is_one() -> None:
    both = [GOOD | {"when": word} for word in ("2013-09-01", "2013-09-01T00:00:00")]
    found = accepted({"rows": both})
    assert found.typed(0, ["when", "id"]) == found.typed(1, ["when", "id"])


def test_errors_are_not_without_end() -> None:
    with pytest.raises(SchemaViolationError) as raised:
        accepted({"rows": [{}] * 1000}, RequestReader(SCHEMA, 1000, GOOD))
    assert len(raised.value.errors) == 100
    assert raised.value.counts["class", "missing"] == 1000


def test_the_frame_has_the_types_of_the_contract() -> None:
    frame = read(GOOD, GOOD | {"day": None})
    assert frame["model_x"].dtype == np.float64
    assert frame["day"].dtype == "datetime64[us]"
    assert frame["day"].isna().tolist() == [False, True]
    assert isinstance(frame["title"].dtype, pd.StringDtype)

"""What Arrow reads at once is what pandas reads, to the last bit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabrail.data import plain_cells
from tabrail.data.conform import Violation, conform
from tabrail.data.distinct import FEWEST_ROWS, text_array
from tabrail.data.schema import Schema

FAR = "9999-12-31T23:59:59Z"
BLANKS = ("", " ", "\t", "\u00a0", "\u3000", "\u200b")
WORDS = (
    *("a", "b", "B", "\u00e9", "e\u0301", "\u0130", "yes", "NO", "True", "f", "1", "0", "0.0", "7"),
    *("", "NA", "nan", "inf", "-0", "+1", "1.", ".5", "1e5", "1E-400", "1e400", "1e100", "0x1p3"),
    *("1_000", "1,5", "1.234,5", "$3", "5%", "7.0", "7.00", "007", "2024-01-31", "1:02:03"),
    *("9999-12-31", "a.0", "12.0", "\u0661", "1 2", "- 1", "infinity", "9007199254740993"),
)
NUMBERS = st.one_of(
    st.floats(width=64).map(repr),
    st.floats(-1e6, 1e6).map("{:.25f}".format),
    st.integers(-(10**30), 10**30).map(str),
    st.from_regex(r"[+-]?[0-9]{0,25}\.[0-9]{1,40}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
)
CELLS = st.one_of(
    st.none(),
    st.sampled_from(WORDS),
    NUMBERS,
    st.tuples(st.sampled_from(BLANKS), st.sampled_from(WORDS), st.sampled_from(BLANKS)).map(
        "".join
    ),
    st.text(max_size=4),
)
ENTRIES: list[dict[str, Any]] = [
    {"kind": "numeric"},
    {"kind": "numeric", "min": 0, "max": 100, "nullable": True},
    {"kind": "numeric", "format": "duration"},
    {"kind": "boolean"},
    {"kind": "categorical"},
    {"kind": "categorical", "categories": ["7", "a", "b", "\u00e9"], "nullable": True},
    {"kind": "categorical", "digits": 2},
    {"kind": "identifier"},
    {"kind": "identifier", "digits": 3},
    {"kind": "text", "nullable": True},
    {"kind": "datetime"},
]
FORMS: list[dict[str, Any]] = [
    {},
    {"missing": []},
    {"missing": ["", "7", "9999-12-31"]},
    {"csv": {"decimal": ",", "thousands": "."}},
]
# Columns in which all is plain, as in most tables, and columns with anything.
COLUMNS = st.one_of(
    st.lists(st.sampled_from(["1", "0", "", "NA", " 1.50", "-3e2", None]) | NUMBERS, max_size=8),
    st.lists(st.sampled_from(["a", "b", "\u00e9", "yes", "no", " a ", "7", FAR, None]), max_size=8),
    st.lists(CELLS, max_size=8),
)


def schema_of(entry: dict[str, Any], form: dict[str, Any], target: str) -> Schema:
    """Return a schema with one column to look at, and the others that a schema needs."""
    others = {"y": {"kind": "numeric"}, "z": {"kind": "numeric"}}
    task = {"task": "regression", "target": target}
    return Schema.model_validate({"name": "t", **task, **form, "columns": {"x": entry, **others}})


def by_pandas(table: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, list[Violation]]:
    """Let the specification read all columns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_cells, "read", lambda *_: None)
        return conform(table, schema)


def assert_alike(table: pd.DataFrame, schema: Schema) -> None:
    """Compare what both read, bit by bit."""
    (one, found), (other, expected) = conform(table, schema), by_pandas(table, schema)
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in one:
        if one[name].dtype == "float64":
            mine, its = (each[name].to_numpy().view(np.uint64) for each in (one, other))
            assert np.array_equal(mine, its)
    for got, wanted in zip(found, expected, strict=True):
        assert (got.column, got.kind, got.hint) == (wanted.column, wanted.kind, wanted.hint)
        assert str(got.example) == str(wanted.example)
        assert np.array_equal(got.rows, wanted.rows)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("entry", ENTRIES, ids=str)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(cells=COLUMNS)
def test_cells_made_at_random_are_read_alike(
    entry: dict[str, Any], form: dict[str, Any], cells: list[str | None]
) -> None:
    table = pd.DataFrame({"x": pd.Series(cells, dtype="str"), "y": 1.0, "z": 2.0})
    assert_alike(table, schema_of(entry, form, "y"))
    if entry == {"kind": "numeric"}:
        assert_alike(table, schema_of(entry, form, "x"))


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_many_cells_that_come_again_are_read_alike(entry: dict[str, Any]) -> None:
    places = np.random.default_rng(0).integers(0, 5, 3 * FEWEST_ROWS)
    for words in (["1", "2.50", " 3", "", "4"], ["a", "b ", "yes", "", "\u00e9"], list(WORDS[:5])):
        cells = pd.Series([words[place] for place in places], dtype="str")
        table = pd.DataFrame({"x": cells, "y": 1.0, "z": 2.0})
        assert_alike(table, schema_of(entry, {}, "y"))


def test_most_columns_are_plain() -> None:
    """Otherwise nothing above says anything, and nothing is fast."""
    tried: list[tuple[dict[str, Any], list[str]]] = [
        ({"kind": "numeric"}, ["1", " 2.50", "", "NA", "-1e3"]),
        ({"kind": "boolean"}, ["yes", "No", ""]),
        ({"kind": "categorical", "categories": ["a", "\u00e9"]}, ["a", " \u00e9", "NA"]),
        ({"kind": "identifier"}, ["7", "x", ""]),
        ({"kind": "text"}, ["7", "x", ""]),
    ]
    for entry, words in tried:
        schema = schema_of(entry, {}, "y")
        text = text_array(pd.Series(words, dtype="str"))
        assert plain_cells.read(text, schema.columns["x"], schema) is not None, entry

"""Each different cell is looked at once, and every row gets what was found of it."""

import numpy as np
import pandas as pd
import pytest

from tabrail.data.conform import conform
from tabrail.data.distinct import FEWEST_ROWS, distinct, distinct_columns, unchanged
from tabrail.data.schema import Schema

ROWS = 2 * FEWEST_ROWS
WORDS = ["12", "1,5", "$3", "", "n/a", "yes", "x ", "2024-01-31", "-0", "0007"]
KINDS = ["numeric", "boolean", "datetime", "identifier", "text", "categorical"]


def column(words: list[str]) -> pd.Series:
    """Draw many cells from a few words, some of them missing."""
    places = np.random.default_rng(0).integers(0, len(words), ROWS)
    cells = pd.Series([words[place] for place in places], dtype="str")
    return cells.mask(cells.index % 7 == 0).set_axis(range(10, 10 + ROWS))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_get_what_they_get_one_by_one(kind: str) -> None:
    schema = Schema.model_validate(
        {
            "name": "t",
            "task": "regression",
            "target": "y",
            "columns": {
                "x": {"kind": kind, "nullable": False},
                "y": {"kind": "numeric"},
                "z": {"kind": "numeric"},
            },
        }
    )
    table = pd.DataFrame({"x": column(WORDS), "y": 1.0, "z": 2.0})
    assert distinct(table["x"]).codes is not None
    whole, violations = conform(table, schema)
    parts = [conform(table[place : place + 500], schema) for place in range(0, ROWS, 500)]
    pd.testing.assert_frame_equal(whole, pd.concat([part for part, _ in parts]))
    for found in violations:
        rows = [
            one.rows if one else np.zeros(500, dtype=bool)
            for _, others in parts
            for one in [next((v for v in others if v.kind == found.kind), None)]
        ]
        assert (found.rows == np.concatenate(rows)).all()


def test_a_column_of_different_cells_stays_as_it_is() -> None:
    cells = pd.Series(range(ROWS)).astype("str")
    assert distinct(cells).codes is None


def test_only_columns_that_nobody_replaced_are_known() -> None:
    rows = pd.DataFrame({"kept": column(WORDS), "replaced": column(WORDS)})
    known = distinct_columns(rows)
    after = rows.copy(deep=False)
    after["replaced"] = after["replaced"].str.upper()
    assert list(unchanged(known, after)) == ["kept"]
    assert list(unchanged(known, rows)) == ["kept", "replaced"]
    assert not unchanged(known, rows[::-1])
    assert not unchanged(known, rows[1:])


def test_a_column_in_pieces_is_one_column() -> None:
    cells = pd.concat([column(WORDS), column(WORDS)])
    found = distinct(cells)
    assert pd.Series(found.spread(found.cells.array), cells.index).equals(cells)

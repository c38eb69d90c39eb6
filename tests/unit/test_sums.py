"""Three and more columns that add up to the target are found, and formulas are not."""

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Schema
from tabrail.ingest import sums

ROWS = 900
RANDOM = np.random.default_rng(0)
A, B, C, D = (RANDOM.gamma(2, 20 * place, ROWS).round(1) for place in range(1, 5))
NOISE = RANDOM.normal(0, 8, ROWS).round(1)
GAPS = np.where(RANDOM.random(ROWS) < 0.3, np.nan, B)


def find(target: np.ndarray, b: np.ndarray = B) -> str:
    """Look for parts in a table of four columns and noise."""
    table = pd.DataFrame({"a": A, "b": b, "c": C, "d": D, "noise": NOISE, "y": target})
    columns = {name: Column(kind="numeric") for name in table}
    schema = Schema.model_construct(target="y", key=[], columns=columns)
    return str(sums.find(table, schema) or "")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (A + B + C, "a + b + c"),
        ((A + B + C).round(1), "a + b + c"),
        (((A + B + D) / 3).round(2), "a + b + d"),
        (100 * (A + B + C + D), "a + b + c + d"),
        (D - A - B, "d - a - b"),
        ((A + B + C + D).round(0), "a + b + c + d"),
        (-(A + B + C), "a + b + c"),
    ],
)
def test_parts_are_found(target: np.ndarray, expected: str) -> None:
    assert find(target) == expected


def test_an_empty_cell_counts_as_0() -> None:
    assert find(A + np.nan_to_num(GAPS) + C, GAPS) == "a + b + c"


@pytest.mark.parametrize(
    "target",
    [
        A + B,  # is found as a pair
        2 * A + 3 * B - C,
        A + B + C + 5 * RANDOM.normal(size=ROWS),
        RANDOM.normal(size=ROWS),
        np.ones(ROWS),
        np.exp(A / 50) + B + C,
    ],
)
def test_other_targets_are_left_alone(target: np.ndarray) -> None:
    assert find(target) == ""

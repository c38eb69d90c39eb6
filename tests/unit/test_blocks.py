"""Numbers that number blocks of rows are asked about, and rare classes are warned of."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabrail.ingest.blocks import numbers_blocks
from tabrail.ingest.infer import infer
from tabrail.ingest.notes import few_positives

MACHINES = np.arange(1, 41)


@pytest.mark.parametrize(
    ("name", "numbers", "expected"),
    [
        ("machine", np.repeat(MACHINES, 20), True),
        ("machine", np.tile(MACHINES, 20), True),
        ("machine", np.tile(np.random.default_rng(0).permutation(MACHINES), 20), True),
        ("unit", np.repeat(np.arange(0, 5), 3), True),
        ("machine", np.repeat(MACHINES[::-1], 20), True),
        ("machine", np.repeat(MACHINES, 2), False),  # too few rows of each
        ("machine", np.repeat(MACHINES[MACHINES != 7], 20), False),  # a gap
        ("machine", np.repeat(MACHINES + 0.5, 20), False),
        ("count", np.random.default_rng(0).integers(1, 41, 800), False),  # in no order
        ("hour", np.repeat(np.arange(0, 24), 30), False),
        ("month_of_sale", np.repeat(np.arange(1, 13), 30), False),
        ("year", np.repeat(np.arange(2000, 2020), 30), False),
    ],
)
def test_blocks_of_rows_are_recognized(name: str, numbers: np.ndarray, expected: bool) -> None:
    assert numbers_blocks(name, pd.Series(numbers).astype(str)) is expected


@pytest.mark.parametrize(
    ("count", "rows", "warned"),
    [(99, 500, True), (100, 500, False), (900, 100_000, True), (1000, 100_000, False)],
)
def test_a_rare_class_is_said_with_what_helps(count: int, rows: int, warned: bool) -> None:
    found = few_positives("fraud", count, rows)
    assert bool(found) is warned
    for words in ("average_precision", "class_weight", "threshold") if warned else ():
        assert words in found[0]


def sensors(folder: Path, failures: int) -> Path:
    """Write a table of 40 machines, with 20 readings of each."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"machine": np.repeat(MACHINES, 20), "heat": random.normal(size=800)})
    table["failed"] = ["yes" if row < failures else "no" for row in random.permutation(800)]
    path = folder / "sensors.csv"
    table.to_csv(path, index=False)
    return path


def test_a_table_asks_about_both(tmp_path: Path) -> None:
    found = infer([sensors(tmp_path, 30)], "failed").warnings
    assert any("30 of 800 rows (3.75%) are failed" in one for one in found), found
    assert any(
        one.startswith("machine: its 40 numbers number consecutive blocks of rows") for one in found
    )
    assert not any("number consecutive blocks of rows" in one and "heat" in one for one in found)
    assert not any(" rows (" in one for one in infer([sensors(tmp_path, 300)], "failed").warnings)


def test_identifiers_that_are_left_out_name_the_line_that_brings_them_back(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame({"user_id": random.integers(1000, 1300, 900), "age": 30})
    table["age"] = random.normal(size=900)
    table["liked"] = random.choice(["yes", "no"], 900)
    table.to_csv(tmp_path / "likes.csv", index=False)
    draft = infer([tmp_path / "likes.csv"], "liked")
    assert "under columns: user_id: {kind: categorical}" in draft.column_reasons["user_id"]

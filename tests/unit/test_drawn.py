"""The sample of rows is the same, however the rows are cut into chunks."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tabrail.ingest import drawn
from tabrail.ingest.drawn import Drawn

ROWS, SIZE = 5000, 300
TABLE = pd.DataFrame({"row": np.arange(ROWS), "word": [f"w{row}" for row in range(ROWS)]})


def chunks(cuts: list[int]) -> list[pd.DataFrame]:
    """Cut the table."""
    edges = [0, *cuts, ROWS]
    return [TABLE[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(
    "cuts", [[], [0, 1, 2], [299], [300], [301, 301], [449, 450, 451], list(range(70, ROWS, 70))]
)
def test_the_rows_with_the_lowest_numbers_are_kept(
    cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "sample_size", lambda columns: SIZE)
    found = Drawn()
    for chunk in chunks(cuts):
        found.add(chunk)
        assert found._count < drawn.SPARE * SIZE
    numbers = np.random.default_rng(0).random(ROWS)
    expected = TABLE[numbers <= np.sort(numbers)[SIZE - 1]]
    pd.testing.assert_frame_equal(
        found.rows().reset_index(drop=True), expected.reset_index(drop=True)
    )


def test_a_small_table_is_its_own_sample() -> None:
    found = Drawn()
    for chunk in chunks([0, 40]):
        found.add(chunk)
    pd.testing.assert_frame_equal(found.rows().reset_index(drop=True), TABLE)


def test_without_rows_the_columns_stay() -> None:
    found = Drawn()
    assert found.rows().empty
    found.add(TABLE[:0])
    assert found.rows().columns.tolist() == ["row", "word"]

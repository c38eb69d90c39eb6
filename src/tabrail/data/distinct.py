"""Look at each different cell of a column once, however many rows have it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

FEWEST_ROWS = 2000  # of fewer rows, finding the different cells costs more than it saves
MOST = 0.5  # share of the rows


@dataclass(frozen=True)
class Distinct:
    """The cells of a column, in the order of their first rows, each once where many come again.

    Attributes:
        cells: what to look at; shape (n_cells,).
        index: the rows.
        codes: by row, the place among `cells`; shape (n_rows,). None if `cells` has all rows.
    """

    cells: pd.Series
    index: pd.Index
    codes: np.ndarray | None = None

    def spread(self, found: pd.Series) -> pd.Series:
        """Give each row what was found of its cell.

        Args:
            found: a value for each cell; shape (n_cells,).

        Returns:
            One for each row; shape (n_rows,).
        """
        if self.codes is None:
            return found
        return pd.Series(found.array.take(self.codes), self.index)


def distinct_columns(rows: pd.DataFrame) -> dict[str, Distinct]:
    """Find the different cells of each column."""
    return {str(name): distinct(column) for name, column in rows.items()}


def unchanged(
    known: Mapping[str, Distinct], before: pd.DataFrame, after: pd.DataFrame
) -> dict[str, Distinct]:
    """Return the cells of the columns that still are in the same place of memory.

    Args:
        known: the cells of the columns before.
        before: the rows.
        after: the same ones, of which some columns may have been replaced.
    """
    return {
        name: cells
        for name, cells in known.items()
        if cells.codes is not None and name in after and _place(after[name]) == _place(before[name])
    }


def _place(column: pd.Series) -> object:
    if not isinstance(column.dtype, pd.StringDtype):
        return id(column)
    array = text_array(column)
    return array.offset, len(array), [one.address if one else 0 for one in array.buffers()]


def distinct(column: pd.Series) -> Distinct:
    """Find the different cells of a column.

    Args:
        column: text, which is worth it, or anything else, which is left as it is.

    >>> many = distinct(pd.Series(["a", "b"] * 5000, dtype="str"))
    >>> many.cells.tolist(), many.spread(many.cells.str.upper()).tolist()[:3]
    (['a', 'b'], ['A', 'B', 'A'])
    """
    everything = Distinct(column, column.index)
    if len(column) < FEWEST_ROWS or not isinstance(column.dtype, pd.StringDtype):
        return everything
    encoded = text_array(column).dictionary_encode(null_encoding="encode")
    if len(encoded.dictionary) > MOST * len(column):
        return everything
    cells = pd.Series(encoded.dictionary.to_pandas(), dtype=column.dtype)
    return Distinct(cells, column.index, encoded.indices.to_numpy())


def text_array(column: pd.Series) -> pa.Array:
    """Return text as Arrow has it in memory, missing cells as null; shape (n_rows,)."""
    array = pa.array(column, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

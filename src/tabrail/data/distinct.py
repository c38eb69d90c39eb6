"""Process each distinct cell of a column once, however many rows have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray

FEWEST_ROWS = 2000  # with fewer rows, finding the distinct cells costs more than it saves
MOST = 0.5  # share of the rows

Values = TypeVar("Values", np.ndarray, pa.Array, ExtensionArray)


@dataclass(frozen=True)
class Distinct:
    """The cells of a column, in the order of their first rows; each once if many repeat.

    Attributes:
        column: all of them; shape (n_rows,).
        whole: all cells, if they are text.
        text: the distinct cells, if they are text; shape (n_cells,).
        codes: by row, the position among the distinct cells; shape (n_rows,). None if each row is
            processed.
    """

    column: pd.Series
    whole: pa.Array | None = None
    text: pa.Array | None = None
    codes: np.ndarray | None = None

    @cached_property
    def cells(self) -> pd.Series:
        """The cells to process; shape (n_cells,)."""
        if self.text is None or self.codes is None:
            return self.column
        return pd.Series(self.text.to_pandas(), dtype=self.column.dtype)

    def spread(self, found: Values) -> Values:
        """Give each row the result for its cell.

        Args:
            found: a value for each cell; shape (n_cells,).

        Returns:
            One for each row; shape (n_rows,).
        """
        return found if self.codes is None else found.take(self.codes)


def distinct_columns(rows: pd.DataFrame) -> dict[str, Distinct]:
    """Find the distinct cells of each column."""
    return {str(name): distinct(column) for name, column in rows.items()}


def unchanged(known: Mapping[str, Distinct], after: pd.DataFrame) -> dict[str, Distinct]:
    """Return the cells of the columns that still share the same memory.

    Args:
        known: the cells of the columns before.
        after: the same rows, of which some columns may have been replaced.
    """
    return {
        name: cells
        for name, cells in known.items()
        if cells.whole is not None and name in after and _is_still(cells.whole, after[name])
    }


def _is_still(text: pa.Array, column: pd.Series) -> bool:
    """Check whether a column shares its memory with a text."""
    return isinstance(column.dtype, pd.StringDtype) and _place(text) == _place(text_array(column))


def _place(text: pa.Array) -> object:
    return text.offset, len(text), [one.address if one else 0 for one in text.buffers()]


def distinct(column: pd.Series) -> Distinct:
    """Find the distinct cells of a column.

    Args:
        column: any column; only text is deduplicated.

    >>> many = distinct(pd.Series(["a", "b"] * 5000, dtype="str"))
    >>> many.cells.tolist(), many.spread(np.array([1, 2])).tolist()[:3]
    (['a', 'b'], [1, 2, 1])
    """
    if not isinstance(column.dtype, pd.StringDtype):
        return Distinct(column)
    text = text_array(column)
    everything = Distinct(column, text, text)
    if len(text) < FEWEST_ROWS:
        return everything
    if len(text) >= 2 * FEWEST_ROWS and _all_differ(text[:FEWEST_ROWS]):
        return everything  # surely, as in a column of row numbers
    encoded = text.dictionary_encode(null_encoding="encode")
    if len(encoded.dictionary) > MOST * len(text):
        return everything
    return Distinct(column, text, encoded.dictionary, encoded.indices.to_numpy())


def _all_differ(text: pa.Array) -> bool:
    return len(text.dictionary_encode().dictionary) == len(text)


def text_array(column: pd.Series) -> pa.Array:
    """Return text as an Arrow array, with missing cells as null; shape (n_rows,)."""
    array = pa.array(column, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

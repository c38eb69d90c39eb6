"""Rows as columns, which become a table only when a table is needed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from tabrail.data.cells import STR


class Columns:
    """The columns of rows that conform to the schema.

    Example:
        >>> found = Columns({"age": np.array([30.0]), "city": [None]}, 1)
        >>> found.numbers("age"), found.words("city"), found.frame().shape
        (array([30.]), [None], (1, 2))
    """

    def __init__(self, values: Mapping[str, Any], rows: int) -> None:
        """Hold columns.

        Args:
            values: by name, numbers as an array of floats, and dates as an array of datetime64.
                Words are a list of texts, with None for a missing one.
            rows: how many rows there are.
        """
        self._values, self._rows = values, rows

    @classmethod
    def of(cls, table: pd.DataFrame) -> Self:
        """Return the columns of a table of the schema's types."""
        found = {
            str(name): table[name].astype("object").where(table[name].notna(), None).tolist()
            if table[name].dtype == STR
            else table[name].to_numpy()
            for name in table
        }
        return cls(found, len(table))

    def __len__(self) -> int:
        return self._rows

    def row(self, place: int) -> "Columns":
        """Return the columns of one row."""
        return Columns({name: one[place : place + 1] for name, one in self._values.items()}, 1)

    def replaced(self, others: "Columns") -> "Columns":
        """Return the columns, with others of the same rows in place of those of their names."""
        return Columns({**self._values, **others._values}, self._rows)

    def numbers(self, name: str) -> np.ndarray:
        """Return a column of numbers, or of booleans as 0 and 1; shape (n_rows,)."""
        return np.asarray(self._values[name], np.float64)

    def words(self, name: str) -> Sequence[Any]:
        """Return a column of words, with None or NaN for a missing one; n_rows of them."""
        words: Sequence[Any] = self._values[name]
        return words

    def dates(self, name: str) -> np.ndarray:
        """Return a column of dates, shape (n_rows,)."""
        dates: np.ndarray = self._values[name]
        return dates

    def frame(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """Return columns as a table of the schema's types; all, if none are named."""
        chosen = self._values if names is None else {name: self._values[name] for name in names}
        return pd.DataFrame(
            {
                name: pd.array(values, dtype=STR) if isinstance(values, list) else values
                for name, values in chosen.items()
            }
        )


class TableColumns(Columns):
    """The columns of a table."""

    def __init__(self, table: pd.DataFrame) -> None:
        """Hold a table."""
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def numbers(self, name: str) -> np.ndarray:
        """Return a column of numbers, or of booleans as 0 and 1; shape (n_rows,)."""
        found = self._table[name]
        if found.dtype == np.float64:  # already in the schema's type; a conversion takes time
            return found.to_numpy()
        return found.to_numpy(np.float64, na_value=np.nan)

    def words(self, name: str) -> Sequence[Any]:
        """Return a column of words, with None or NaN for a missing one; n_rows of them."""
        words: list[Any] = self._table[name].tolist()
        return words

    def dates(self, name: str) -> np.ndarray:
        """Return a column of dates, shape (n_rows,)."""
        return self._table[name].to_numpy()

    def row(self, place: int) -> Columns:
        """Return the columns of one row."""
        return TableColumns(self._table.iloc[place : place + 1])

    def frame(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """Return columns of the table; all, if none are named."""
        return self._table if names is None else self._table[list(names)]

"""Find the rows of some persons in a table, by a column of the key."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tabrail import paths
from tabrail.data import cells, tables
from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.conform import read
from tabrail.data.identity import TEXT, texts
from tabrail.data.schema import Schema
from tabrail.errors import InputError, nearest

AT_ONCE = 100_000  # rows


@dataclass(frozen=True)
class Persons:
    """Persons, by their values in one column of the key.

    Attributes:
        column: the column.
        values: their values in it, normalized, however a table writes them.
    """

    column: str
    values: frozenset[str]

    @classmethod
    def of(cls, schema: Schema, given: Iterable[str], column: str = "") -> "Persons":
        """Return the persons with some values.

        Args:
            schema: names the key.
            given: the values, as a table or a person writes them.
            column: which column of the key; may be blank if the key has one only.

        Raises:
            InputError: there is no such column in the key, or a value is not of its kind. The
                message has no value, because messages end in logs.
        """
        name = _key_column(schema, column)
        listed = [value.strip() for value in given]
        forms = _forms(pd.Series(listed, dtype="str"), name, schema).to_pylist()
        for number, form in enumerate(forms, start=1):
            if form is None:
                raise InputError(
                    f"value {number} of {len(forms)} is none of column {name!r}, which is of kind "
                    f"{schema.columns[name].kind}; write it as in the tables"
                )
        return cls(name, frozenset(forms))

    def are_in(self, cells: pd.Series, schema: Schema) -> np.ndarray:
        """Return true where a cell of the column has one of the values; shape (n_rows,)."""
        known = pa.array(sorted(self.values), TEXT)
        found = pc.is_in(_forms(cells, self.column, schema), known)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

    def rows_of(self, file: Path, schema: Schema, clean: Clean) -> np.ndarray | None:
        """Return which rows of a raw table are about these persons, by positions from 0.

        A row is about one of them if the column has one of the values, as read or after `clean`.

        Args:
            file: the table.
            schema: says how it is written.
            clean: the owner's cleaning function.

        Returns:
            None, if the table has no such column.

        Raises:
            InputError: it cannot be read, or not be cleaned.
        """
        names = tables.columns(file, schema.csv)
        if self.column not in names:
            return None
        found = [np.empty(0, dtype=np.int64)]
        for raw in tables.read_chunks(file, schema, AT_ONCE, names):
            theirs = pd.Series(self.are_in(raw[self.column], schema), index=raw.index)
            rows = cleaned(raw, clean)
            theirs[rows.index] |= self.are_in(rows[self.column], schema)
            found.append(theirs.index[theirs].to_numpy())
        return np.concatenate(found)


def _key_column(schema: Schema, column: str) -> str:
    if not schema.key:
        raise InputError(
            f"{paths.SCHEMA} has no key, so nothing says which person a row is about; name that "
            "column there, such as key: [customer]"
        )
    if not column and len(schema.key) > 1:
        raise InputError(
            f"the key of {paths.SCHEMA} has several columns: {', '.join(schema.key)}; say which "
            "one identifies a person: --column COLUMN"
        )
    if column and column not in schema.key:
        raise InputError(
            f"no column {column!r} in the key of {paths.SCHEMA}{nearest(column, schema.key)}; the "
            f"key has: {', '.join(schema.key)}"
        )
    return column or schema.key[0]


def _forms(values: pd.Series, name: str, schema: Schema) -> pa.Array:
    """Return cells of a column as normalized text; null where there is no value."""
    given = cells.present(values, schema.missing)
    return texts(read(given, schema.columns[name], schema.csv))

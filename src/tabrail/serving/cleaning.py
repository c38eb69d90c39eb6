"""Rows of requests before and after the project's cleaning function.

Rows of several requests are cleaned together. They must not affect each other. So the type of a
column depends only on the schema and on the row: a row with text and a row with a number in the
same column are in different tables.
"""

import re
import traceback
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.conform import read
from tabrail.data.schema import Column, Schema
from tabrail.errors import InputError
from tabrail.model.scoring import for_scoring
from tabrail.model.worker import EndedError
from tabrail.serving.fields import WRITTEN, is_scalar

DTYPES: dict[str, Any] = {  # objects, because looking up names takes time
    "text": cells.STR,
    "number": np.dtype("float64"),
    "nullable": pd.BooleanDtype(),
    "boolean": np.dtype("bool"),
    "nothing": np.dtype("object"),
}

ABOUT_TYPES = (AttributeError, TypeError, NameError)
WORD = re.compile(r"\w+")
LEFT_OUT = "left out by clean"

Row = dict[str, Any]


@dataclass
class Cleaned:
    """The result of a cleaning function.

    Attributes:
        tables: remaining rows, before and after; the index is a row's place in the input.
        dropped: by place, why a row is missing: LEFT_OUT, or an error without any value.
    """

    tables: list[tuple[pd.DataFrame, pd.DataFrame]] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)


def clean_rows(rows: Sequence[Any], schema: Schema, clean: Clean) -> Cleaned:
    """Clean rows of requests; one that cannot be cleaned does not affect the others.

    Args:
        rows: rows from JSON, with any columns and values; one that is not an object is skipped.
        schema: names the columns; the cleaning function gets no others.
        clean: the cleaning function.

    Raises:
        EndedError: the process that cleans has ended.
    """
    found = Cleaned()
    for table in _tables(rows, schema):
        _clean(table, clean, found)
    return found


def json_cells(
    cleaned: Cleaned, schema: Schema, lenient: Collection[str] = ()
) -> tuple[dict[int, Row], set[str]]:
    """Return cleaned rows with values of JSON, except for dates that are not text.

    A cell that the cleaning function changes is read like a cell of a table: `yes` may mean true,
    and text may be a number. An unchanged cell must have the type that the API requires.

    Args:
        cleaned: the rows.
        schema: describes them.
        lenient: columns whose cells are all read like those of a table.

    Returns:
        The cells of the columns that the model uses, by place. Then the columns in which the
        cleaning function changed a cell.
    """
    found: dict[int, Row] = {}
    changed: set[str] = set()
    columns = for_scoring(schema).used
    for before, after in cleaned.tables:
        rows = [found.setdefault(place, {}) for place in after.index]
        for name in after.columns:
            values = python_values(after[name])
            unlike = [
                value != other or isinstance(value, str | bool) != isinstance(other, str | bool)
                for value, other in zip(values, python_values(before[name]), strict=True)
            ]
            if any(unlike):
                changed.add(name)
            if name not in columns:
                continue
            if any(unlike) or name in lenient:
                typed = _read(after[name], columns[name], schema)
                values = [
                    other if is_unlike or name in lenient else value
                    for value, other, is_unlike in zip(values, typed, unlike, strict=True)
                ]
            for row, value in zip(rows, values, strict=True):
                row[name] = value
    return found, changed


def python_values(given: "pd.Series[Any]") -> list[Any]:
    """Return cells as values of JSON; None if a cell is empty."""
    # Cell by cell, because pandas takes longer for a column of one row.
    return [None if _is_gap(value) else _python(value) for value in given.tolist()]


def _read(given: "pd.Series[Any]", column: Column, schema: Schema) -> list[Any]:
    """Read cells like those of a table; unreadable cells do not change."""
    if column.kind == "numeric" and given.dtype == np.float64:  # the usual case, and fast
        none = cells.missing_numbers(schema.missing) | {np.inf, -np.inf}
        return [None if value in none else value for value in python_values(given)]
    present = cells.present(given, schema.missing)
    values = python_values(present)
    if column.kind == "datetime" and given.dtype.kind != "M":
        return values  # the API reads text as a table is read
    typed = read(present, column, schema.csv).tolist()
    if column.kind == "boolean":
        typed = [value if pd.isna(value) else value == 1.0 for value in typed]
    return [
        value if value is None or pd.isna(other) else other
        for value, other in zip(values, typed, strict=True)
    ]


def _clean(table: pd.DataFrame, clean: Clean, found: Cleaned) -> None:
    """Clean a table; if that fails, clean each row alone."""
    try:
        remaining = cleaned(table, clean)
    except InputError as error:
        if isinstance(error.__cause__, EndedError):
            raise error.__cause__ from None
        if len(table) == 1:
            found.dropped[int(table.index[0])] = _reason(error, clean, table)
            return
        for place in range(len(table)):
            _clean(table.iloc[place : place + 1], clean, found)
        return
    if len(remaining) == len(table):
        found.tables.append((table, remaining))
        return
    found.dropped |= dict.fromkeys(table.index.difference(remaining.index).tolist(), LEFT_OUT)
    if len(remaining):
        found.tables.append((table.loc[remaining.index], remaining))


def _reason(error: InputError, clean: Clean, row: pd.DataFrame) -> str:
    """Return an error's type and line, and its text only if it is about types and names.

    Other texts may have values of the row.
    """
    cause = error.__cause__
    if cause is None:
        return "clean failed: its result does not have the required form"
    code = getattr(clean, "__code__", None)
    lines = [
        f" in line {frame.lineno} of {Path(frame.filename).name}"
        for frame in traceback.extract_tb(cause.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    text = f": {cause}" if isinstance(cause, ABOUT_TYPES) and not _shares(str(cause), row) else ""
    return f"clean failed: {type(cause).__name__}{lines[-1] if lines else ''}{text}"


def _shares(text: str, row: pd.DataFrame) -> bool:
    """Return whether a text has a word or a number of a row."""
    values = " ".join(map(str, row.to_numpy(dtype="object").ravel()))
    return not {*WORD.findall(text.lower())}.isdisjoint(WORD.findall(values.lower()))


def _tables(rows: Sequence[Any], schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield tables that together have all rows; in each table, a column has one type."""
    used = for_scoring(schema).used
    columns = {
        name: column
        for name, column in (used | schema.columns).items()
        if name not in (schema.target, schema.weight)
    }
    places: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        if isinstance(row, dict):
            types = tuple(
                _type(_cell(row.get(name)), column, is_used=name in used)
                for name, column in columns.items()
            )
            places.setdefault(types, []).append(place)
    for types, some in places.items():
        yield pd.DataFrame(
            {
                name: _array([_cell(rows[place].get(name)) for place in some], kind)
                for name, kind in zip(columns, types, strict=True)
                if kind
            },
            index=pd.Index(some),
        )


def _cell(value: Any) -> Any:
    return value if is_scalar(value) else None


def _type(value: Any, column: Column, *, is_used: bool) -> str:
    """Return a column's type in the table of a row with this value; blank to leave it out.

    A whole number in a column of words is a word, as in tables: `7` may be a category.
    """
    if value is None and not is_used:
        return ""
    if isinstance(value, str):
        return "text"
    if column.kind in WRITTEN and (value is None or type(value) is int):
        return "text"
    if isinstance(value, bool) or (value is None and column.kind == "boolean"):
        return "nullable" if column.nullable else "nothing" if value is None else "boolean"
    return "number"


def _array(values: list[Any], kind: str) -> Any:
    if kind in ("number", "boolean"):
        return np.array(values, DTYPES[kind])
    if kind == "text":
        values = [None if value is None else str(value) for value in values]
    return pd.array(values, dtype=DTYPES[kind])


def _is_gap(value: Any) -> bool:
    """Return whether a cell is empty: None, pd.NA, or NaN and NaT, which differ from themselves."""
    return value is None or value is pd.NA or bool(value != value)


def _python(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

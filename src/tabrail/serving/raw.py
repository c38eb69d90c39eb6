"""Rows as requests bring them, as tables that a cleaning function takes.

A row must not change with the rows of other requests that are cleaned together with it. So what
type a column of such a table has depends on the schema and on each row alone: rows with a text
where others have a number stand in another table.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data.cleaning import Clean, cleaned, no_cleaning
from tabrail.data.schema import Column, Schema
from tabrail.errors import InputError
from tabrail.model.scoring import for_scoring
from tabrail.model.worker import EndedError

TEXT = pd.StringDtype(na_value=np.nan)
WRITTEN = {"categorical", "text", "datetime", "identifier"}
LEFT_OUT = "left out by clean"

Row = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """Rows of a request before they are cleaned.

    Attributes:
        rows: as JSON has them.
        single: whether the request has one row under `row`, and no list of rows.
    """

    rows: Sequence[Row]
    single: bool = False

    def __len__(self) -> int:
        return len(self.rows)


@dataclass
class Cleaned:
    """What a cleaning function makes of rows.

    Attributes:
        tables: the kept rows, before and after, whose index is a row's place among those given.
        left_out: the places of the rows that it leaves out.
        failed: by place, why it cannot clean a row, without any value.
    """

    tables: list[tuple[pd.DataFrame, pd.DataFrame]] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)


def changes_nothing(clean: Clean) -> bool:
    """Return whether a cleaning function does no more than to return what it is given.

    Its compiled code is compared with that of a function which does so.
    """
    same = no_cleaning.__code__
    return clean is no_cleaning or (
        isinstance(clean, FunctionType)
        and clean.__code__.co_code == same.co_code
        and clean.__code__.co_flags == same.co_flags
        and clean.__code__.co_argcount == same.co_argcount
    )


def clean_rows(rows: Sequence[Row], schema: Schema, clean: Clean) -> Cleaned:
    """Clean rows of requests; one that cannot be cleaned does not hurt the others.

    Args:
        rows: as JSON has them, with any columns.
        schema: names the columns; of the others none gets to the cleaning function.
        clean: the cleaning function.

    Raises:
        EndedError: the process that cleans has ended.
    """
    found = Cleaned()
    for table in _tables(rows, schema):
        _clean(table, clean, found)
    return found


def _clean(table: pd.DataFrame, clean: Clean, found: Cleaned) -> None:
    """Clean a table; if that fails, each row alone."""
    try:
        kept = cleaned(table, clean)
    except InputError as error:
        if isinstance(error.__cause__, EndedError):
            raise error.__cause__ from None
        if len(table) == 1:
            found.failed[int(table.index[0])] = _reason(error, clean)
            return
        for place in range(len(table)):
            _clean(table.iloc[place : place + 1], clean, found)
        return
    found.left_out.update(table.index.difference(kept.index).tolist())
    if len(kept):
        found.tables.append((table.loc[kept.index], kept))


def _reason(error: InputError, clean: Clean) -> str:
    """Return the kind of an error and its line; its text may have values of the row."""
    cause = error.__cause__
    if cause is None:
        return "clean failed: it does not return the rows as it must"
    code = getattr(clean, "__code__", None)
    lines = [
        f" in line {frame.lineno}"
        for frame in traceback.extract_tb(cause.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    return f"clean failed: {type(cause).__name__}{lines[-1] if lines else ''}"


def _tables(rows: Sequence[Row], schema: Schema) -> Iterator[pd.DataFrame]:
    """Yield tables that have all rows together; in each, a column has one type."""
    training = {schema.target, schema.weight}
    used = for_scoring(schema).used
    others = {
        name: column
        for name, column in schema.columns.items()
        if name not in used and name not in training
    }
    kinds = [(name, column, _type_of(column)) for name, column in (used | others).items()]
    places: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        alike = tuple(
            kind(row.get(name)) if name in used or _is_scalar(row.get(name)) else ""
            for name, _, kind in kinds
        )
        places.setdefault(alike, []).append(place)
    for alike, some in places.items():
        yield pd.DataFrame(
            {
                name: _array([rows[place].get(name) for place in some], kind, column)
                for (name, column, _), kind in zip(kinds, alike, strict=True)
                if kind
            },
            index=pd.Index(some),
        )


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _type_of(column: Column) -> Callable[[Any], str]:
    """Return what says of a value which type its column has in a table.

    A number in a column of words is a word if it is whole, as in tables: `7` may be a category.
    """
    written = column.kind in WRITTEN
    if written:
        missing = "text"
    elif column.kind == "boolean":
        missing = "boolean" if column.nullable else "nothing"
    else:
        missing = "number"

    def kind(value: Any) -> str:
        if isinstance(value, str):
            return "text"
        if isinstance(value, bool):
            return "boolean"
        if isinstance(value, int):
            return "text" if written else "number"
        return "number" if isinstance(value, float) else missing

    return kind


def _array(values: list[Any], kind: str, column: Column) -> Any:
    """Return the cells of a column; what is no scalar is missing."""
    match kind:
        case "number":
            numbers = [value if _is_scalar(value) else np.nan for value in values]
            return np.array(numbers, dtype=np.float64)
        case "text":
            words = [None if not _is_scalar(value) else str(value) for value in values]
            return pd.array(words, dtype=TEXT)
        case "boolean" if column.nullable:
            flags = [value if isinstance(value, bool) else None for value in values]
            return pd.array(flags, dtype="boolean")
        case "boolean":
            return np.array(values, dtype=bool)
        case _:
            return np.full(len(values), None, dtype=object)


def python_values(cells: "pd.Series[Any]") -> list[Any]:
    """Return cells as JSON can hold them; None where there is none."""
    if isinstance(cells.dtype, pd.StringDtype) or cells.dtype.kind in "fiub":
        return [
            None if gone else value
            for value, gone in zip(cells.tolist(), cells.isna().tolist(), strict=True)
        ]
    return [
        None if gone else _python(value)
        for value, gone in zip(cells.tolist(), cells.isna().tolist(), strict=True)
    ]


def _python(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def same(given: Iterable[Any], found: Iterable[Any]) -> list[bool]:
    """Return for each cell whether it came out as it went in."""
    return [
        one == other and isinstance(one, str | bool) == isinstance(other, str | bool)
        for one, other in zip(given, found, strict=True)
    ]

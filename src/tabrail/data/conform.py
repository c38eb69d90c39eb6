"""Check tables against the schema: columns, types and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from tabrail import paths
from tabrail.data import cells, plain_cells
from tabrail.data.distinct import Distinct, distinct
from tabrail.data.hints import hint, zero_twin
from tabrail.data.plain_cells import Plain
from tabrail.data.schema import DURATION, Column, Csv, Schema
from tabrail.errors import InputError, nearest

ViolationKind = Literal[
    "unlabeled", "missing", "unreadable", "out_of_range", "unseen_category", "date_order"
]
HARMLESS = ("unseen_category", "date_order")


@dataclass(frozen=True)
class Violation:
    """One kind of violation in one column of a table.

    Attributes:
        column: the column's name.
        kind: the kind of violation.
        rows: boolean array, shape (n_rows,), true where the row has it.
        example: the first offending value, as it was in the table.
        hint: what to know of it; blank if nothing is known.
    """

    column: str
    kind: ViolationKind
    rows: np.ndarray
    example: object
    hint: str = ""


def require_columns(names: list[str], wanted: list[str], schema: Schema, source: Path) -> None:
    """Check that a table has every required column exactly once.

    Raises:
        InputError: columns are absent or duplicate. The message names them, and similar names.
    """
    twice = {name for name in names if names.count(name) > 1 and name in wanted}
    if twice:
        raise InputError(f"{source} has more than one column named {', '.join(sorted(twice))}")
    absent = [name for name in wanted if name not in names]
    if absent:
        unknown = [name for name in names if name not in schema.columns]
        listed = ", ".join(f"{name!r}{nearest(name, unknown)}" for name in absent)
        columns = [schema.columns[name] for name in absent if name in schema.columns]
        only_names = all(one.kind == "identifier" or one.sensitive for one in columns)
        to_score = " To score the rows, it is not needed: predict takes the file without it."
        raise InputError(
            f"{source} has no column {listed}. It has: {', '.join(names)}. "
            f"Rename the column in the file, or change the schema in {paths.SCHEMA}."
            f"{to_score if columns and only_names else ''}"
        )


def conform(
    table: pd.DataFrame, schema: Schema, known: Mapping[str, Distinct] = MappingProxyType({})
) -> tuple[pd.DataFrame, list[Violation]]:
    """Convert a table to the schema's types, and find violations of the schema.

    Each row is converted on its own, so chunks of a file, batches and requests give the same
    results.

    Args:
        table: rows as they were read, with the columns of `schema.used`. Those that a prediction
            does not need may be absent: the target, the weight, identifiers, sensitive columns.
        schema: the schema.
        known: the distinct cells of columns, if the caller has found them.

    Returns:
        The same rows with the schema's columns, and the violations. Numbers and booleans are
        float64 (true is 1.0), dates are datetime64[us], and all else is str. Unreadable cells are
        missing.
    """
    typed: dict[str, np.ndarray | ExtensionArray] = {}
    violations: list[Violation] = []
    for name, column in schema.used.items():
        spare = column.kind == "identifier" or column.sensitive
        if name not in table and (spare or name in (schema.target, schema.weight)):
            continue
        different = known.get(name) or distinct(table[name])
        found = None if different.text is None else plain_cells.read(different.text, column, schema)
        if found is None:
            given = cells.present(different.cells, schema.missing)
            values = read(given, column, schema.csv)
            wrong = _violating(given, values, column, name == schema.target)
            typed[name] = different.spread(values.array)
        else:
            values = different.spread(found.values)
            typed[name] = (
                values if isinstance(values, np.ndarray) else cells.STR.__from_arrow__(values)
            )
            wrong = _violating_plain(found, column, name == schema.target)
        for kind, these in wrong:
            if these.any():
                rows = different.spread(these)
                violations.append(violation(name, column, kind, table[name], rows))
    return pd.DataFrame(typed, index=table.index), violations


def violation(
    name: str, column: Column, kind: ViolationKind, given: pd.Series, rows: np.ndarray
) -> Violation:
    """Return a violation with its first value, unless the column is sensitive: messages get logged.

    Args:
        name: the column's name.
        column: describes it.
        kind: the kind of violation.
        given: the column as it was in the table; shape (n_rows,).
        rows: true where a row has it, for at least one row; shape (n_rows,).
    """
    first = int(rows.argmax())
    example = given.iloc[first : first + 1].tolist()[0]
    why = hint(column, kind, example)
    return Violation(name, kind, rows, "(sensitive)" if column.sensitive else example, why)


def read(given: pd.Series, column: Column, csv: Csv) -> pd.Series:
    """Read cells by the schema of their column; unreadable ones become missing."""
    match column.kind:
        case "numeric":
            found = cells.numeric(given, *column.separators(csv))
            return cells.durations(given, found) if column.format == DURATION else found
        case "boolean":
            return cells.boolean(given)
        case "datetime":
            return cells.datetime(given, column.format)
        case "identifier":
            return cells.identifier(given)
        case "text":
            return cells.text(given)
        case _:
            return cells.names(given)


def usable(violations: list[Violation], rows: int) -> np.ndarray:
    """Return true for the rows that a model can use; shape (rows,).

    A row with an unknown category can be used. A row with any other violation cannot.
    """
    good = np.ones(rows, dtype=bool)
    for found in violations:
        if found.kind not in HARMLESS:
            good &= ~found.rows
    return good


def _violating(
    given: pd.Series, typed: pd.Series, column: Column, is_target: bool
) -> Iterator[tuple[ViolationKind, np.ndarray]]:
    for kind, these in _violating_cells(given, typed, column, is_target):
        yield kind, these.to_numpy()


def _violating_plain(
    found: Plain, column: Column, is_target: bool
) -> Iterator[tuple[ViolationKind, np.ndarray]]:
    if found.missing is not None and not column.nullable:
        yield ("unlabeled" if is_target else "missing"), found.missing
    if column.min is not None:
        yield "out_of_range", found.values < column.min
    if column.max is not None:
        yield "out_of_range", found.values > column.max


def _violating_cells(
    given: pd.Series, typed: pd.Series, column: Column, is_target: bool
) -> Iterator[tuple[ViolationKind, pd.Series]]:
    yield "unreadable", given.notna() & typed.isna()
    if not column.nullable:
        yield ("unlabeled" if is_target else "missing"), given.isna()
    if column.min is not None:
        yield "out_of_range", typed < column.min
    if column.max is not None:
        yield "out_of_range", typed > column.max
    if column.digits is not None:
        yield "unreadable", _without_zeros(typed, column)
    if column.categories is not None:
        unseen = typed.notna() & ~typed.isin(column.categories)
        if not is_target and unseen.any():
            # A code that has lost its zeros is a known code in another form.
            twins = [one for one in typed[unseen].unique() if zero_twin(one, column.categories)]
            is_twin = typed.isin(twins)
            yield "unreadable", is_twin
            unseen &= ~is_twin
        yield ("unreadable" if is_target else "unseen_category"), unseen


def _without_zeros(codes: pd.Series, column: Column) -> pd.Series:
    """Return true for codes that have fewer digits than all codes in training."""
    if column.kind == "categorical":  # of an identifier it is gone
        codes = codes.str.removesuffix(".0")
    few = codes.str.len() < (column.digits or 0)
    if few.any():
        few[few] = codes[few].str.isdecimal()
    return few.astype(bool)

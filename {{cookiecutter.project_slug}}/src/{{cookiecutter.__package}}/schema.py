"""The data contract: what schema.yaml says of each column, and how a table is held against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, model_validator

from . import paths
from .documents import parse, read_yaml
from .errors import InputError, nearest

Kind = Literal["numeric", "categorical", "boolean", "datetime", "identifier", "ignored"]
Fault = Literal["missing", "unreadable", "out_of_range", "unseen_category"]

FEATURE_KINDS = {"numeric", "categorical", "boolean"}
TEXT_KINDS = {"categorical", "identifier"}
TRUE = {"true", "yes", "y", "t", "1", "1.0"}
LONGEST_IN_MICROSECONDS = len("2024-01-31T23:59:59.999999")
FALSE = {"false", "no", "n", "f", "0", "0.0"}


class Column(BaseModel):
    """One column: what it holds and which values are right."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: Kind
    description: str = ""
    unit: str = ""
    nullable: bool = False
    sensitive: bool = False
    min: float | None = None
    max: float | None = None
    categories: list[str] | None = None

    @model_validator(mode="after")
    def _limits_fit_the_kind(self) -> Self:
        if self.kind != "numeric" and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max are for numeric columns, this one is {self.kind}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.kind != "categorical" and self.categories is not None:
            raise ValueError(f"categories are for categorical columns, this one is {self.kind}")
        if self.kind == "categorical" and not self.categories:
            raise ValueError("categories: a categorical column lists them")
        if len(set(self.categories or [])) != len(self.categories or []):
            raise ValueError("categories: one is listed twice")
        return self


class Schema(BaseModel):
    """All of schema.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    source: str = ""
    license: str = ""
    row: str = ""
    task: Literal["binary"]
    target: str
    positive: str | None = None
    key: list[str] = []
    slices: list[str] = []
    missing: list[str] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
    columns: dict[str, Column]

    @model_validator(mode="after")
    def _names_are_columns(self) -> Self:
        for role, names in [("target", [self.target]), ("key", self.key), ("slices", self.slices)]:
            for name in names:
                if name not in self.columns:
                    raise ValueError(f"{role}: no column {name!r}{nearest(name, self.columns)}")
                if self.columns[name].kind == "ignored":
                    raise ValueError(f"{role}: column {name!r} is of kind ignored")
        for name in self.slices:
            if self.columns[name].kind not in {"categorical", "boolean"}:
                raise ValueError(f"slices: column {name!r} is neither categorical nor boolean")
        for name in self.key:
            if self.columns[name].nullable:
                raise ValueError(f"key: column {name!r} must not be nullable")
        if self.target in self.key:
            raise ValueError("key: the target decides nothing about the split")
        return self

    @model_validator(mode="after")
    def _target_has_two_classes(self) -> Self:
        target = self.columns[self.target]
        if target.nullable:
            raise ValueError(f"target: column {self.target!r} must not be nullable")
        if target.kind == "boolean":
            if self.positive is not None:
                raise ValueError("positive: only a categorical target needs it")
        elif len(target.categories or []) != 2:
            raise ValueError(
                f"target: column {self.target!r} must be boolean, or categorical with 2 categories"
            )
        elif self.positive not in (target.categories or []):
            raise ValueError(f"positive: must be one of {target.categories}, the target's classes")
        if not self.features:
            raise ValueError("columns: none is left to learn from")
        return self

    @property
    def used(self) -> dict[str, Column]:
        """The columns that are read; the others may be in the table or not."""
        return {name: column for name, column in self.columns.items() if column.kind != "ignored"}

    @property
    def features(self) -> list[str]:
        """The columns that the model may learn from."""
        return [
            name
            for name, column in self.columns.items()
            if column.kind in FEATURE_KINDS and name != self.target and not column.sensitive
        ]

    @property
    def text(self) -> list[str]:
        """The columns whose values are kept as they are written: `007` is no number."""
        return [name for name, column in self.used.items() if column.kind in TEXT_KINDS]


@dataclass(frozen=True)
class Violation:
    """What is wrong with one column of a table.

    Attributes:
        column: the column's name.
        fault: the kind of violation.
        rows: boolean array, shape (n_rows,), true where the row has it.
        example: the first offending value, as it was in the table.
    """

    column: str
    fault: Fault
    rows: np.ndarray
    example: object


def load(path: Path = paths.SCHEMA) -> Schema:
    """Read and check schema.yaml.

    Raises:
        InputError: the file is missing, is no YAML, or contradicts itself.
    """
    return parse(Schema, read_yaml(path), path)


def conform(table: pd.DataFrame, contract: Schema) -> tuple[pd.DataFrame, list[Violation]]:
    """Give a table the contract's types and say where it breaks the contract.

    A pure function of each row, so it serves a chunk of a file, a batch and one request.

    Args:
        table: rows as they were read, with the columns of `contract.used`, but for the target,
            which may be absent.
        contract: the contract.

    Returns:
        The same rows with the contract's columns: numbers and booleans as float64 (true is 1.0),
        dates as datetime64[us], all else as str; what cannot be read is missing. And what is wrong.
    """
    typed: dict[str, pd.Series] = {}
    violations: list[Violation] = []
    for name, column in contract.used.items():
        if name == contract.target and name not in table:
            continue
        typed[name] = _READERS[column.kind](table[name])
        for fault, rows in _faults(table[name], typed[name], column, name == contract.target):
            if rows.any():
                example = table[name][rows].iloc[:1].tolist()[0]
                violations.append(Violation(name, fault, rows.to_numpy(), example))
    return pd.DataFrame(typed), violations


def usable(violations: list[Violation], rows: int) -> np.ndarray:
    """Return true for the rows that a model can be given; shape (rows,).

    A category that training has not seen does no harm; any other violation does.
    """
    good = np.ones(rows, dtype=bool)
    for violation in violations:
        if violation.fault != "unseen_category":
            good &= ~violation.rows
    return good


def truth(target: pd.Series, contract: Schema) -> np.ndarray:
    """Return 1 where the target is the class to predict, else 0; shape (n_rows,), int64."""
    return (target == (1.0 if contract.positive is None else contract.positive)).to_numpy(np.int64)


def require_columns(names: list[str], contract: Schema, source: Path) -> None:
    """Check that a table has every column of the contract, once.

    Raises:
        InputError: columns are absent or there twice; the message names them, and what is nearest.
    """
    twice = {name for name in names if names.count(name) > 1 and name in contract.used}
    if twice:
        raise InputError(f"{source} has more than one column named {', '.join(sorted(twice))}")
    absent = [name for name in contract.used if name not in names]
    if absent:
        unknown = [name for name in names if name not in contract.columns]
        listed = ", ".join(f"{name!r}{nearest(name, unknown)}" for name in absent)
        raise InputError(
            f"{source} has no column {listed}. It has: {', '.join(names)}. "
            f"Rename the column in the file, or change the contract in {paths.SCHEMA}."
        )


def _faults(
    raw: pd.Series, typed: pd.Series, column: Column, is_target: bool
) -> Iterator[tuple[Fault, pd.Series]]:
    yield "unreadable", raw.notna() & typed.isna()
    if not column.nullable:
        yield "missing", raw.isna()
    if column.min is not None:
        yield "out_of_range", typed < column.min
    if column.max is not None:
        yield "out_of_range", typed > column.max
    if column.categories is not None:
        unseen = typed.notna() & ~typed.isin(column.categories)
        yield ("unreadable" if is_target else "unseen_category"), unseen


def _numeric(values: pd.Series) -> pd.Series:
    if values.dtype.kind in "mMc":  # dates, spans of time and complex numbers have no one number
        return pd.Series(np.nan, index=values.index)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def _boolean(values: pd.Series) -> pd.Series:
    words = values.astype("str").str.strip().str.lower()
    numbers = pd.Series(np.nan, index=values.index, dtype="float64")
    return numbers.mask(words.isin(TRUE), 1.0).mask(words.isin(FALSE), 0.0)


def _datetime(values: pd.Series) -> pd.Series:
    if values.dtype.kind != "M":
        values = values.astype("str")
        # One fraction in nanoseconds would put the far future of the other rows out of range.
        if values.str.len().max() > LONGEST_IN_MICROSECONDS:
            values = values.str.replace(r"(\.\d{6})\d+", r"\1", regex=True)
    dates = pd.to_datetime(values, errors="coerce", format="ISO8601", utc=True)
    return dates.dt.tz_localize(None).astype("datetime64[us]")


def _categorical(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "f":  # numbers that are names; a float only because some are missing
        texts = values.map(lambda number: f"{number:.0f}" if number % 1 == 0 else repr(number))
    else:
        texts = values.astype("str")
    return texts.astype("str").where(values.notna())


def _identifier(values: pd.Series) -> pd.Series:
    # Whole numbers with gaps are written as 7.0 by many tools: it is the 7 of the other files.
    return _categorical(values).str.removesuffix(".0")


_READERS = {
    "numeric": _numeric,
    "boolean": _boolean,
    "datetime": _datetime,
    "categorical": _categorical,
    "identifier": _identifier,
}

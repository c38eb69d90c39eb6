"""Check rows against the schema: their keys, types and dates.

A request can break the schema in a million places. The search ends after enough violations. Names
are suggested only for the first few wrong ones.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError

from tabrail.data import cells
from tabrail.data.schema import Column
from tabrail.errors import nearest
from tabrail.serving.cleaning import Row
from tabrail.serving.fields import Fields
from tabrail.serving.violations import Violation, got, in_rows, shown, shown_name

# Without the hour 24, which Python 3.14 reads and pandas does not.
PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ](?!24)\d\d:\d\d(?::\d\d(?:\.\d{6})?)?)?", re.ASCII)
CLOCK = {"now", "today"}  # pandas reads these as the current time, which is not a value

MOST_FOUND = 10_000  # violations of a request; after this number, no more rows are checked
MOST_UNKNOWN = 10  # unknown keys of a row that are reported one by one
MOST_SUGGESTED = 10  # unknown names of a request for which a known one is suggested
REMEMBERED = 1000  # unknown names whose nearest known name is cached
MOST_WARNINGS = 20  # of a row


@dataclass
class Checked:
    """The result of checking rows.

    Attributes:
        rows: the rows that pydantic read; complete if there is no violation.
        dates: the dates of each column of kind datetime.
        violations: the violations of the schema.
    """

    rows: list[BaseModel] = field(default_factory=list)
    dates: dict[str, np.ndarray] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)


class RowChecker:
    """Checks rows against the schema."""

    def __init__(
        self, fields: Fields, example: Row, columns: Mapping[str, Column], names: Collection[str]
    ) -> None:
        """Make the model of a row.

        Args:
            fields: makes its fields.
            example: a row for the documentation.
            columns: the columns that the model uses.
            names: the names of all columns that a row may have.
        """
        self._fields, self._columns, self._names = fields, columns, frozenset(names)
        rows_of: Any = list[fields.row(example)]  # type: ignore[misc]
        self._rows: TypeAdapter[list[BaseModel]] = TypeAdapter(rows_of)
        self._longest = 2 * max(map(len, columns), default=0)
        self._nearest = lru_cache(REMEMBERED)(lambda name: nearest(name, columns))

    def trimmed(self, row: Any) -> tuple[Any, int]:
        """Return a row with only the keys that matter, and the number of dropped keys.

        The row keeps the keys in the schema and a few unknown ones. A value that is not a scalar
        becomes empty, because it is refused whatever it contains.
        """
        if not isinstance(row, dict):
            return None, 0
        more = 0
        if len(row) > MOST_UNKNOWN and len(unknown := row.keys() - self._names) > MOST_UNKNOWN:
            first = [name for name in row if name in unknown][:MOST_UNKNOWN]
            row = {name: row[name] for name in [*(self._names & row.keys()), *first]}
            more = len(unknown) - MOST_UNKNOWN
        nested = [name for name, value in row.items() if isinstance(value, dict | list)]
        return (row | {name: [] for name in nested} if nested else row), more

    def check(self, rows: Sequence[Any], more: Mapping[int, int]) -> Checked:
        """Check rows; see MOST_FOUND.

        Args:
            rows: rows from JSON or a cleaning function.
            more: the number of dropped keys of a row, by its place.
        """
        found = Checked()
        hints: dict[str, str] = {}
        step = max(1, MOST_FOUND // max(1, len(self._columns)))
        end = 0
        while end < len(rows) and len(found.violations) < MOST_FOUND:
            start, end = end, end + step
            unknown: list[Violation] = []
            some = [
                self._known(row, start + place, more, hints, unknown)
                for place, row in enumerate(rows[start:end])
            ]
            try:
                found.rows += self._rows.validate_python(some)
            except ValidationError as error:
                found.violations += in_rows(error, start, self._columns)
            found.violations += unknown
        self._read_dates(rows[:end], found)
        return found

    def _known(
        self,
        row: Any,
        place: int,
        more: Mapping[int, int],
        hints: dict[str, str],
        found: list[Violation],
    ) -> Any:
        """Return a row without unknown keys; each of those is a violation."""
        if not isinstance(row, dict) or row.keys() <= self._names:
            return row
        rest = f"; the row has {more[place]:,} more unknown keys" if place in more else ""
        for name in row:
            if name not in self._names:
                message = f"the schema has no such column{self._hint(name, hints)}{rest}"
                at = ("rows", place, shown_name(name))
                found.append(Violation(at, "", "unknown_column", message))
                rest = ""
        return {name: value for name, value in row.items() if name in self._names}

    def _hint(self, name: str, hints: dict[str, str]) -> str:
        """Return the known name nearest to an unknown one, only for the first unknown ones."""
        if name not in hints and len(hints) < MOST_SUGGESTED and len(name) <= self._longest:
            hints[name] = self._nearest(name)
        return hints.get(name, "")

    def _read_dates(self, rows: Sequence[Any], found: Checked) -> None:
        """Read the dates of rows; other texts are violations."""
        for name, column in self._columns.items():
            if column.kind == "datetime":
                given = [row.get(name) if isinstance(row, dict) else None for row in rows]
                given = [self._fields.text(value) for value in given]
                found.dates[name] = _dates(given, column)
                wanted = column.format or "such as 2024-01-31T14:30"
                for number in np.flatnonzero(np.isnat(found.dates[name])).tolist():
                    if isinstance(text := given[number], str):
                        message = f"Input should be a date ({wanted}){got(text, column)}"
                        place = ("rows", number, name)
                        found.violations.append(Violation(place, name, "unreadable", message))


def unseen(
    values: Mapping[str, Sequence[Any]], known: Mapping[str, Collection[str]], rows: int
) -> list[list[str]]:
    """Return for each row which of its categories were not in training.

    Args:
        values: the values of all rows, by column.
        known: the categories of training, by column.
        rows: the number of rows.
    """
    warnings: list[list[str]] = [[] for _ in range(rows)]
    more = [0] * rows
    for name, categories in known.items():
        for place, value in enumerate(values[name]):
            if value is not None and value not in categories:
                if len(warnings[place]) < MOST_WARNINGS:
                    message = f"{name}: the category {shown(value)} was not in training"
                    warnings[place].append(message)
                else:
                    more[place] += 1
    for place, number in enumerate(more):
        if number:
            columns = f"{number} more column{'s have' if number > 1 else ' has'}"
            warnings[place].append(f"{columns} a category that was not in training")
    return warnings


def _dates(values: list[Any], column: Column) -> np.ndarray:
    """Read dates like `cells.datetime`, but faster: that function takes a millisecond.

    Args:
        values: texts, and dates of a cleaning function; any other value is not a date.
        column: the description of the column.
    """
    dates = np.full(len(values), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    others = []
    for place, value in enumerate(values):
        if isinstance(value, datetime):
            dates[place] = value
        elif isinstance(value, str):
            try:
                if column.format is not None or not PLAIN.fullmatch(value):
                    raise ValueError
                dates[place] = datetime.fromisoformat(value)
            except ValueError:
                if value.lower() not in CLOCK:
                    others.append(place)
    if others:
        given = pd.Series([values[place] for place in others], dtype="str")
        dates[others] = cells.datetime(given, column.format).to_numpy()
    return dates

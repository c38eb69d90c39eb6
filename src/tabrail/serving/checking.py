"""Check rows against the schema: their keys, types and dates.

A request can break the schema in a million places. The search ends when so many are found that
more would help nobody, and names are suggested for the first few wrong ones alone.
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
CLOCK = {"now", "today"}  # pandas reads the time that it is, which is no column's value

MOST_FOUND = 10_000  # violations of a request: after as many, no further rows are checked
MOST_UNKNOWN = 10  # keys of a row that the schema does not know, and that are reported one by one
MOST_SUGGESTED = 10  # names of a request to which a known one is looked for
REMEMBERED = 1000  # names whose nearest known one is not looked for again
MOST_WARNINGS = 20  # of a row


@dataclass
class Checked:
    """What is found in rows.

    Attributes:
        rows: the rows as pydantic has read them; complete if there is no violation.
        dates: by column of kind datetime, the dates.
        violations: what breaks the schema.
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
            columns: those that the model uses.
            names: of all columns that a row may have.
        """
        self._fields, self._columns, self._names = fields, columns, frozenset(names)
        rows_of: Any = list[fields.row(example)]  # type: ignore[misc]
        self._rows: TypeAdapter[list[BaseModel]] = TypeAdapter(rows_of)
        self._longest = 2 * max(map(len, columns), default=0)
        self._nearest = lru_cache(REMEMBERED)(lambda name: nearest(name, columns))

    def trimmed(self, row: Any) -> tuple[Any, int]:
        """Return a row without what nobody looks at, and how many of its keys are left out.

        Without it, a row holds what the schema knows and a few other keys. What is no scalar in it
        is empty: whatever it holds, it is refused.
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
            rows: as JSON or a cleaning function has them.
            more: by place, how many keys of a row have been left out.
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
        """Return a row without the keys that the schema does not know, which are violations."""
        if not isinstance(row, dict) or row.keys() <= self._names:
            return row
        rest = f"; {more[place]:,} more keys of the row are none, either" if place in more else ""
        for name in row:
            if name not in self._names:
                message = f"the schema has no such column{self._hint(name, hints)}{rest}"
                at = ("rows", place, shown_name(name))
                found.append(Violation(at, "", "unknown_column", message))
                rest = ""
        return {name: value for name, value in row.items() if name in self._names}

    def _hint(self, name: str, hints: dict[str, str]) -> str:
        """Return the known name that is nearest to a wrong one, for the first wrong ones alone."""
        if name not in hints and len(hints) < MOST_SUGGESTED and len(name) <= self._longest:
            hints[name] = self._nearest(name)
        return hints.get(name, "")

    def _read_dates(self, rows: Sequence[Any], found: Checked) -> None:
        """Read the dates of rows; texts that are none are violations."""
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
    """Return for each row which of its categories training has not seen.

    Args:
        values: by column, the values of all rows.
        known: by column, the categories of training.
        rows: how many there are.
    """
    warnings: list[list[str]] = [[] for _ in range(rows)]
    more = [0] * rows
    for name, categories in known.items():
        for place, value in enumerate(values[name]):
            if value is not None and value not in categories:
                if len(warnings[place]) < MOST_WARNINGS:
                    message = f"{name}: {shown(value)} is a category that training has not seen"
                    warnings[place].append(message)
                else:
                    more[place] += 1
    for place, number in enumerate(more):
        if number:
            columns = f"{number} more column{'s have' if number > 1 else ' has'}"
            warnings[place].append(f"{columns} a category that training has not seen")
    return warnings


def _dates(values: list[Any], column: Column) -> np.ndarray:
    """Read dates as `cells.datetime` does, most of them without it: it takes a millisecond.

    Args:
        values: texts, and dates of a cleaning function; any other value is no date.
        column: describes them.
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

"""Profile the columns of tables in one pass and in bounded memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import no_dates
from tabrail.data.checks import Chunk, checked
from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema
from tabrail.data.seen import Seen
from tabrail.data.set_aside import SetAside
from tabrail.ingest.digits import Digits
from tabrail.ingest.drawn import Drawn

MOST_LEVELS = 1000  # most distinct values of a column of words to count
MOST_UNREADABLE = 100  # most distinct unreadable values to count
MOST_DISTINCT = 500_000  # most distinct identifiers to count
LIKELY = (1000, 2999)  # years; placeholder dates may be in the year 2999, too
CHUNK_ROWS = 100_000


@dataclass
class ColumnProfile:
    """The profile of one column over all rows.

    Attributes:
        missing: number of rows without a value.
        unreadable: number of rows whose value is not of the column's kind.
        unreadable_values: some of those values, with their counts.
        low: the lowest number or date; None if there is none.
        high: the highest one.
        total: the sum of the numbers.
        nonzero: how many numbers are not 0.
        levels: the values of words and classes, with their counts; at most few more than
            `MOST_LEVELS`.
        odd_dates: placeholders and dates in implausible years, with their counts.
        swapped: by file, the number of dates that seem to have day and month the wrong way round.
        distinct: number of distinct identifiers in the first `counted` rows.
        counted: number of rows in which identifiers were counted.
        digits: the lengths of codes.
    """

    missing: int = 0
    unreadable: int = 0
    unreadable_values: Counter[str] = field(default_factory=Counter)
    low: Any = None
    high: Any = None
    total: float = 0.0
    nonzero: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    odd_dates: Counter[str] = field(default_factory=Counter)
    swapped: Counter[str] = field(default_factory=Counter)
    distinct: int = 0
    counted: int = 0
    digits: Digits = field(default_factory=Digits)
    _seen: Seen = field(default_factory=Seen)

    def add_unreadable(self, values: pd.Series) -> None:
        """Count a chunk's unreadable values."""
        self.unreadable += len(values)
        if len(self.unreadable_values) < MOST_UNREADABLE:
            found = values.astype("str").str.strip().value_counts()[:MOST_UNREADABLE]
            self.unreadable_values.update(dict(zip(found.index, found.tolist(), strict=True)))

    def add(self, kind: str, typed: pd.Series, raw: pd.Series) -> None:
        """Count a chunk's readable values; `raw` has the original cells."""
        if kind == "numeric":
            self._add_numbers(typed.to_numpy(np.float64))
        if kind == "datetime":
            low, high = typed.min(), typed.max()
            if low == low:  # not NaT
                self._widen(low, high)
                if not (low.year >= LIKELY[0] and high.year < LIKELY[1]):
                    self._add_odd_dates(typed, raw)
        if kind in ("identifier", "categorical"):
            self.digits.add(typed)
        if kind == "identifier" and self.distinct < MOST_DISTINCT:
            hashes = pd.util.hash_pandas_object(typed.dropna(), index=False).to_numpy()
            self.distinct += int(self._seen.first(hashes).sum())
            self.counted += len(typed)
        elif kind in ("categorical", "boolean") and len(self.levels) <= MOST_LEVELS:
            found = typed.value_counts()
            self.levels.update(dict(zip(found.index.astype("str"), found.tolist(), strict=True)))

    def _add_numbers(self, numbers: np.ndarray) -> None:
        total = numbers.sum()
        known = numbers if total == total else numbers[~np.isnan(numbers)]
        if len(known):
            self._widen(known.min(), known.max())
            self.total += float(total if known is numbers else known.sum())
            self.nonzero += int(np.count_nonzero(known))

    def _widen(self, low: Any, high: Any) -> None:
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)

    def _add_odd_dates(self, typed: pd.Series, raw: pd.Series) -> None:
        """Count the dates in implausible years: as words if the file has text, or as days."""
        year = typed.dt.year
        odd = raw[typed.notna() & ((year < LIKELY[0]) | (year >= LIKELY[1]))]
        if len(self.odd_dates) < MOST_LEVELS and len(odd):
            is_text = isinstance(odd.iloc[0], str)
            words = odd.str.strip() if is_text else no_dates.day_of(odd).astype("str")
            found = pd.Series(words).value_counts()
            self.odd_dates.update(dict(zip(found.index, found.tolist(), strict=True)))


@dataclass
class Profile:
    """The profile of all rows.

    Attributes:
        rows: how many there are.
        repeated: number of rows that equal an earlier one in every column.
        unreadable: number of rows with an unreadable value.
        columns: the profile of each column.
        sample: a random sample of the rows, as they were read.
        aside: the lines that are not rows.
    """

    rows: int = 0
    repeated: int = 0
    unreadable: int = 0
    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    sample: pd.DataFrame = field(default_factory=pd.DataFrame)
    aside: SetAside = field(default_factory=SetAside)


def profile(files: Sequence[Path], schema: Schema, clean: Clean) -> Profile:
    """Read all rows once, and profile each column.

    Args:
        files: the tables.
        schema: the kinds of the columns, without nullable columns and limits.
        clean: the owner's cleaning function.

    Raises:
        InputError: a file cannot be read.
    """
    found = Profile(columns={name: ColumnProfile() for name in schema.used})
    drawn = Drawn()
    for chunk in checked(files, schema, CHUNK_ROWS, "look at all rows", clean, aside=found.aside):
        found.rows += len(chunk.raw)
        found.repeated += int(chunk.repeated.sum())
        _add_violations(found, chunk)
        for name, column in found.columns.items():
            column.add(schema.columns[name].kind, chunk.table[name], chunk.raw[name])
        drawn.add(chunk.raw)
        del chunk
    found.sample = drawn.rows()
    return found


def _add_violations(found: Profile, chunk: Chunk) -> None:
    """Count the missing and the unreadable values of a chunk."""
    unreadable = np.zeros(len(chunk.raw), dtype=bool)
    for violation in chunk.violations:
        column = found.columns[violation.column]
        if violation.kind == "date_order":
            column.swapped[chunk.file.name] += int(violation.rows.sum())
        elif violation.kind == "unreadable":
            column.add_unreadable(chunk.raw[violation.column][violation.rows])
            unreadable |= violation.rows
        else:
            column.missing += int(violation.rows.sum())
    found.unreadable += int(unreadable.sum())

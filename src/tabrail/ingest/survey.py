"""All rows of the tables, counted column by column in bounded memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data.checks import Chunk, checked
from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema

LEVELS = 1000  # different values that are remembered
WORDS = 100  # different unreadable words that are remembered
SAMPLE = 5000  # rows that are kept to look for leaks
CHUNK_ROWS = 100_000


class Distinct:
    """Estimates how many different values a column has, from the smallest of their hashes.

    Exact up to 4,096 values, then within about 2%: Bar-Yossef et al. (2002), Counting Distinct
    Elements in a Data Stream.
    """

    SIZE = 4096

    def __init__(self) -> None:
        self._smallest = np.empty(0, dtype=np.uint64)

    def add(self, values: pd.Series) -> None:
        """Count a chunk's values; missing ones do not count."""
        hashes = pd.util.hash_pandas_object(values.dropna(), index=False).to_numpy()
        if len(self._smallest) == self.SIZE:
            hashes = hashes[hashes < self._smallest[-1]]
        self._smallest = np.unique(np.concatenate([self._smallest, hashes]))[: self.SIZE]

    def estimate(self) -> int:
        """Return the number of different values."""
        if len(self._smallest) < self.SIZE:
            return len(self._smallest)
        return int((self.SIZE - 1) / (float(self._smallest[-1]) / 2**64))


@dataclass
class Tally:
    """What all rows say of one column.

    Attributes:
        missing: rows without a value.
        unreadable: rows whose value is not of the column's kind.
        words: some of those values, with how often each came.
        low: the least number or date; None before there is one.
        high: the largest one.
        levels: the values of words and classes, with how often each came, of which there may be
            `LEVELS`.
        full: whether there were more.
        distinct: how many different names there are.
    """

    missing: int = 0
    unreadable: int = 0
    words: Counter[str] = field(default_factory=Counter)
    low: Any = None
    high: Any = None
    levels: Counter[str] = field(default_factory=Counter)
    full: bool = False
    distinct: Distinct = field(default_factory=Distinct)

    def note(self, raw: pd.Series, rows: np.ndarray) -> None:
        """Count values that could not be read."""
        self.unreadable += int(rows.sum())
        if len(self.words) < WORDS:
            found = raw[rows].astype("str").str.strip().value_counts()[:WORDS]
            self.words.update(dict(zip(found.index, found.tolist(), strict=True)))

    def add(self, kind: str, typed: pd.Series) -> None:
        """Count a chunk's readable values."""
        if kind in ("numeric", "datetime"):
            low, high = typed.min(), typed.max()
            if low == low:  # neither NaN nor NaT
                self.low = low if self.low is None else min(self.low, low)
                self.high = high if self.high is None else max(self.high, high)
        elif kind == "identifier":
            self.distinct.add(typed)
        elif kind in ("categorical", "boolean") and not self.full:
            found = typed.value_counts()
            self.levels.update(dict(zip(found.index.astype("str"), found.tolist(), strict=True)))
            self.full = len(self.levels) > LEVELS


@dataclass
class Survey:
    """What all rows say.

    Attributes:
        rows: how many there are.
        repeated: how many equal an earlier one in every column.
        faulty: how many have an unreadable value.
        columns: what they say of each column.
        sample: some of them in the schema's types, as many of each class.
    """

    rows: int = 0
    repeated: int = 0
    faulty: int = 0
    columns: dict[str, Tally] = field(default_factory=dict)
    sample: pd.DataFrame = field(default_factory=pd.DataFrame)


def survey(files: Sequence[Path], schema: Schema, clean: Clean) -> Survey:
    """Read all rows once, and count what they say of each column.

    Args:
        files: the tables.
        schema: the kinds to hold them against; no column is nullable, none has limits.
        clean: the owner's cleaning function.

    Raises:
        InputError: a file cannot be read.
    """
    found = Survey(columns={name: Tally() for name in schema.used})
    sample = _Sample(schema)
    for chunk in checked(files, schema, CHUNK_ROWS, "look at all rows", clean):
        found.rows += len(chunk.raw)
        found.repeated += int(chunk.repeated.sum())
        found.faulty += _count_faults(found.columns, chunk)
        for name, tally in found.columns.items():
            tally.add(schema.columns[name].kind, chunk.table[name])
        sample.add(chunk.table)
        del chunk
    found.sample = sample.kept.drop_duplicates(ignore_index=True)
    return found


def _count_faults(columns: dict[str, Tally], chunk: Chunk) -> int:
    """Count a chunk's faults by column, and return how many rows have an unreadable value."""
    faulty = np.zeros(len(chunk.raw), dtype=bool)
    for violation in chunk.violations:
        if violation.fault == "unreadable":
            columns[violation.column].note(chunk.raw[violation.column], violation.rows)
            faulty |= violation.rows
        else:
            columns[violation.column].missing += int(violation.rows.sum())
    return int(faulty.sum())


class _Sample:
    """Keeps rows as if drawn at random, as many of each class of the target.

    Each row gets a random number, and those with the lowest numbers stay.
    """

    def __init__(self, schema: Schema) -> None:
        self._target = schema.target
        self._by_class = schema.columns[schema.target].kind != "numeric"
        self._random = np.random.default_rng(0)
        self._numbers = np.empty(0)
        self._bars: dict[object, float] = {}  # the number that a row of a class must be below
        self.kept = pd.DataFrame()

    def add(self, table: pd.DataFrame) -> None:
        """Draw from a chunk."""
        numbers = self._random.random(len(table))
        codes, classes = self._classes(table)
        bars = np.array([*(self._bars.get(one, 1.0) for one in classes), 0.0])  # last: no target
        good = numbers < bars[codes]
        table = table[good]
        self.kept = pd.concat([self.kept, table]) if len(self.kept) else table
        self._numbers = np.concatenate([self._numbers, numbers[good]])
        codes, classes = self._classes(self.kept)
        quota = SAMPLE // max(1, len(classes))
        order = np.lexsort([self._numbers, codes])
        starts = np.searchsorted(codes[order], np.arange(len(classes)))
        place = np.arange(len(order)) - starts[codes[order]]
        for code, one in enumerate(classes):
            last = starts[code] + quota - 1
            if last < len(order) and codes[order[last]] == code:
                self._bars[one] = float(self._numbers[order[last]])
        best = order[place < quota]
        self.kept, self._numbers = self.kept.iloc[best], self._numbers[best]

    def _classes(self, table: pd.DataFrame) -> tuple[np.ndarray, list[object]]:
        target = table[self._target]
        if not self._by_class:
            return np.where(target.isna(), -1, 0), [0]
        codes, classes = pd.factorize(target)
        return codes, list(classes)

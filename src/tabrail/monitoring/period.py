"""One period from the log or a table: its rows, their predictions, and counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tabrail.data.identity import known_groups
from tabrail.data.schema import GROUP, Schema

MAX_ROWS = 100_000  # of a period; a random sample of more rows gives the same results
SPARE = 1.25  # times as many are kept for a while: to join and draw takes time


@dataclass
class Period:
    """A span of time in the log, or a table.

    Attributes:
        name: of the span of time or of the table.
        rows: how many rows were scored; `table` may have fewer of them.
        table: the rows in the schema's types, with the target where it is known.
        numbers: what `model.predict` returns for them; shape (n_rows,) or (n_rows, n_classes).
        served: for each row of `table`: `review`, whether a person must look at it. From the log
            also `answer`, the model's prediction, and `challenger`, the challenger's. The first
            row of each request also has the times of both: `latency_ms`, `challenger_ms`.
        texts: the measures of the texts of each row of `table`, by `model.texts.measure`. NaN if an
            empty text has no such measure, or an earlier version of the library did not make it.
        challenger: the challenger's numbers, NaN if it has none; no rows for a table.
        violations: the number of rows with a violation, by column and kind.
        refused: rows that got no prediction because they break the schema.
        requests: all requests, answered or not; none for a table.
        errors: the number of requests that failed with a server error.
        by_other_models: rows that another model answered; they are not checked.
        outcomes_not_allowed: outcomes that break the schema; they are treated as unknown.
        decisions: predictions that a person has reviewed.
        decisions_as_predicted: how many of these decisions equal the model's prediction.
        held: predictions that are clipped to a limit of the target.
        drawn_decisions: the decisions about predictions drawn at random.
        drawn_as_predicted: how many of those equal the model's prediction.
        begin: the start of a span of time; blank for a table.
        days: the days with requests.
    """

    name: str
    rows: int = 0
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0))
    served: pd.DataFrame = field(default_factory=pd.DataFrame)
    texts: pd.DataFrame = field(default_factory=pd.DataFrame)
    challenger: np.ndarray = field(default_factory=lambda: np.empty(0))
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: int = 0
    requests: int = 0
    errors: int = 0
    by_other_models: int = 0
    outcomes_not_allowed: int = 0
    decisions: int = 0
    decisions_as_predicted: int = 0
    held: int = 0
    drawn_decisions: int = 0
    drawn_as_predicted: int = 0
    begin: str = ""
    days: set[date] = field(default_factory=set)
    _hashes: np.ndarray | None = field(default=None, init=False, repr=False, compare=False)

    def labeled(self, target: str) -> np.ndarray:
        """Return true for the rows with a known outcome; shape (n_rows,)."""
        if target not in self.table:
            return np.zeros(len(self.table), dtype=bool)
        return self.table[target].notna().to_numpy()

    def reduce(self, schema: Schema) -> None:
        """Drop what only the checks of this period need; the challenger is compared on all periods.

        Args:
            schema: names the target and the key.
        """
        kept = [name for name in (schema.target, *schema.key, GROUP) if name in self.table]
        self.table = self.table[kept].copy()
        self.texts, self._hashes = pd.DataFrame(), None

    def groups(self, schema: Schema, rows: np.ndarray | None = None) -> np.ndarray:
        """Return a hash of the group of each row; see `identity.known_groups`.

        Args:
            schema: names the key, whose columns are looked at once for all checks.
            rows: true for the rows of `table` that count; all of them, if None.
        """
        if not schema.key:  # each row that counts is a group
            return known_groups(self.table if rows is None else self.table[rows], schema)
        if self._hashes is None:
            self._hashes = known_groups(self.table, schema)
        return self._hashes if rows is None else self._hashes[rows]


@dataclass(frozen=True)
class Part:
    """Rows of one chunk; attributes as of `Period`."""

    table: pd.DataFrame
    numbers: np.ndarray
    served: pd.DataFrame
    texts: pd.DataFrame
    challenger: np.ndarray

    def of(self, rows: np.ndarray) -> "Part":
        """Return some of the rows, by their places."""
        return Part(
            self.table.iloc[rows],
            self.numbers[rows],
            self.served.iloc[rows],
            self.texts.iloc[rows],
            self.challenger[rows] if len(self.challenger) else self.challenger,
        )


def joined(parts: Sequence[Part]) -> Part:
    """Return all rows of the parts as one."""
    return Part(
        pd.concat([part.table for part in parts], ignore_index=True),
        np.concatenate([part.numbers for part in parts]),
        pd.concat([part.served for part in parts], ignore_index=True),
        pd.concat([part.texts for part in parts], ignore_index=True),
        np.concatenate([part.challenger for part in parts]),
    )


class Sample:
    """The rows of a period: all of them, or `MAX_ROWS` that are drawn while they are read.

    Each row gets a random number, and the rows with the lowest numbers stay. So every row has the
    same chance, whenever it comes. Other rows are dropped soon.
    """

    def __init__(self) -> None:
        """Begin with no rows."""
        self._random = np.random.default_rng(0)
        self._parts: list[Part] = []
        self._drawn: list[np.ndarray] = []
        self._limit = 1.0  # what is not below it has no chance any more

    def add(self, part: Part) -> None:
        """Add rows."""
        drawn = self._random.random(len(part.table))
        kept = drawn < self._limit
        self._parts.append(part if kept.all() else part.of(np.flatnonzero(kept)))
        self._drawn.append(drawn[kept])
        if sum(map(len, self._drawn)) > SPARE * MAX_ROWS:
            self._reduce()

    def fill(self, period: Period) -> Period:
        """Set the rows of a period, and return it."""
        if self._parts:
            self._reduce()
            [whole] = self._parts
            period.table, period.numbers = whole.table, whole.numbers
            period.served, period.texts = whole.served, whole.texts
            period.challenger = whole.challenger
        return period

    def _reduce(self) -> None:
        """Join the parts, and keep the rows with the lowest numbers."""
        drawn = np.concatenate(self._drawn)
        if len(drawn) > MAX_ROWS:
            self._limit = float(np.partition(drawn, MAX_ROWS)[MAX_ROWS])
            pairs = zip(self._parts, self._drawn, strict=True)
            self._parts = [part.of(np.flatnonzero(one < self._limit)) for part, one in pairs]
            drawn = drawn[drawn < self._limit]
        self._parts, self._drawn = [joined(self._parts)], [drawn]
        pa.default_memory_pool().release_unused()  # it keeps what the parts had


def described(period: Period, target: str) -> Mapping[str, Any]:
    """Return the size of a period, for JSON."""
    return {
        "name": period.name,
        "rows": period.rows,
        "refused": period.refused,
        "errors": period.errors,
        "outcomes": int(period.labeled(target).sum()),
        "outcomes_not_allowed": period.outcomes_not_allowed,
        "decisions": period.decisions,
        "decisions_as_predicted": period.decisions_as_predicted,
        "drawn_decisions": period.drawn_decisions,
        "drawn_as_predicted": period.drawn_as_predicted,
        "by_other_models": period.by_other_models,
        "held": period.held,
    }

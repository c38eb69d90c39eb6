"""What one period has, wherever it comes from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

MOST_ROWS = 200_000  # of a period are looked at, drawn at random: more would say the same

Fault = tuple[str, str]  # a column and what is wrong with it


@dataclass
class Period:
    """What one period has, or one table.

    Attributes:
        name: how it is called.
        rows: how many rows were scored; `table` may have fewer of them.
        table: the rows in the schema's types, with the target where it is known.
        numbers: what `model.predict` says of them; shape (n_rows,) or (n_rows, n_classes).
        served: of each row of `table`: `review`, whether a person is to look at it; from the log
            also `answer`, what the model said, and `challenger`, what the challenger did; and, in
            the first row of each request, how long both took: `latency_ms`, `challenger_ms`.
        challenger: the challenger's numbers, NaN where it has none; no rows for a table.
        faults: rows by what is wrong with them.
        refused: rows that got no prediction because they break the schema.
        requests: all that came, whatever became of them; none for a table.
        errors: those of them that failed through no fault of theirs.
        others: rows that another model answered, which are not looked at.
        strange: outcomes that the schema does not allow, which are not looked at.
        decided: predictions of which a person has decided.
        agreed: how many of these decisions are the model's prediction.
        begin: when it begins, if it is a span of time.
        days: on which requests came.
    """

    name: str
    rows: int = 0
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0))
    served: pd.DataFrame = field(default_factory=pd.DataFrame)
    challenger: np.ndarray = field(default_factory=lambda: np.empty(0))
    faults: Counter[Fault] = field(default_factory=Counter)
    refused: int = 0
    requests: int = 0
    errors: int = 0
    others: int = 0
    strange: int = 0
    decided: int = 0
    agreed: int = 0
    begin: str = ""
    days: set[date] = field(default_factory=set)

    def labeled(self, target: str) -> np.ndarray:
        """Return true for the rows of which it is known what came true; shape (n_rows,)."""
        if target not in self.table:
            return np.zeros(len(self.table), dtype=bool)
        return self.table[target].notna().to_numpy()


@dataclass(frozen=True)
class Part:
    """Rows that were read together; attributes as of `Period`."""

    table: pd.DataFrame
    numbers: np.ndarray
    served: pd.DataFrame
    challenger: np.ndarray

    def of(self, rows: np.ndarray) -> "Part":
        """Return some of the rows, by their places."""
        return Part(
            self.table.iloc[rows],
            self.numbers[rows],
            self.served.iloc[rows],
            self.challenger[rows] if len(self.challenger) else self.challenger,
        )


def joined(parts: Sequence[Part]) -> Part:
    """Return all rows."""
    return Part(
        pd.concat([part.table for part in parts], ignore_index=True),
        np.concatenate([part.numbers for part in parts]),
        pd.concat([part.served for part in parts], ignore_index=True),
        np.concatenate([part.challenger for part in parts]),
    )


def drawn(part: Part) -> Part:
    """Return at most so many rows."""
    if len(part.table) <= MOST_ROWS:
        return part
    places = np.random.default_rng(0).choice(len(part.table), MOST_ROWS, replace=False)
    return part.of(np.sort(places))


def bounded(parts: list[Part]) -> list[Part]:
    """Draw some of the rows, if there are many by now."""
    return [drawn(joined(parts))] if sum(len(p.table) for p in parts) > 2 * MOST_ROWS else parts


def filled(period: Period, parts: Sequence[Part]) -> Period:
    """Give a period its rows."""
    if parts:
        whole = drawn(joined(parts))
        period.table, period.numbers = whole.table, whole.numbers
        period.served, period.challenger = whole.served, whole.challenger
    return period


def described(period: Period, target: str) -> Mapping[str, Any]:
    """Return the size of a period, for JSON."""
    return {
        "name": period.name,
        "rows": period.rows,
        "refused": period.refused,
        "errors": period.errors,
        "outcomes": int(period.labeled(target).sum()),
        "outcomes_not_allowed": period.strange,
        "decisions": period.decided,
        "decisions_as_predicted": period.agreed,
        "by_other_models": period.others,
    }

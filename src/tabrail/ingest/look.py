"""What a rule or a doubt can look at in a column: its name, and its different values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tabrail.data import written_numbers
from tabrail.data.schema import Csv, Kind
from tabrail.ingest import number_format
from tabrail.ingest.column_names import is_code_name

MANY = 1000  # different values that are looked at one by one


@dataclass
class Look:
    """A column of which nothing is known but its name and its different values.

    Attributes:
        name: its name.
        words: its different values as text, without missing ones, in the order of their first
            rows, with how often each comes.
        rows: how many rows they are from.
        form: how numbers are written.
        wrong: a kind and a format of dates that all rows contradict.
        is_category: whether the file itself says that it holds categories.
        is_target: whether it is the column to predict.
    """

    name: str
    words: Mapping[str, int]
    rows: int
    form: Csv
    wrong: tuple[Kind, str | None] | None = None
    is_category: bool = False
    is_target: bool = False

    @cached_property
    def filled(self) -> int:
        """How many rows have a value."""
        return sum(self.words.values())

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.words)

    @cached_property
    def some(self) -> list[str]:
        """The first different values."""
        return list(self.words)[:MANY]

    @cached_property
    def is_code(self) -> bool:
        """Whether the name or the zeros before the digits say that these are codes."""
        return number_format.is_code(self.words) or is_code_name(self.name)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The different values as numbers; NaN where there is none; shape (n_words,)."""
        if not number_format.like_numbers(self.words):
            return np.full(self.distinct, np.nan)
        return number_format.numbers(self.words, self.form)

    @cached_property
    def seconds(self) -> np.ndarray:
        """The different values as spans of time, such as 1:02:03; NaN where there is none."""
        if not any(":" in word for word in self.some[:10]):
            return np.full(self.distinct, np.nan)
        return written_numbers.durations(pd.Series(list(self.words), dtype="str")).to_numpy()

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each different value comes, shape (n_words,)."""
        return np.fromiter(self.words.values(), dtype=np.float64, count=self.distinct)

    def share(self, values: np.ndarray) -> float:
        """Return the share of the rows whose value could be read."""
        return (
            float(self.counts[~np.isnan(values)].sum() / self.counts.sum()) if self.words else 0.0
        )

    @property
    def is_numeric(self) -> bool:
        """Whether its values can be read as numbers."""
        return self.share_of_numbers >= number_format.READABLE

    @cached_property
    def share_of_numbers(self) -> float:
        """The share of the rows that have a number."""
        return self.share(self.numbers)

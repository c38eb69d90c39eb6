"""The view of a column for rules and doubts: its name and its distinct values."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tabrail.data import written_numbers
from tabrail.data.schema import Csv, Kind
from tabrail.ingest import number_format
from tabrail.ingest.column_names import is_code_name

MANY = 1000  # distinct values to inspect one by one


@dataclass
class Look:
    """A column of unknown kind: its name and its distinct values.

    Attributes:
        name: its name.
        words: its distinct values as text, without missing ones, in the order of their first rows,
            with their counts.
        rows: the number of rows that they are from.
        form: the number format.
        wrong: a kind and a date format that the rows have ruled out.
        is_category: whether the file declares it as categories.
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
        """The number of rows with a value."""
        return sum(self.words.values())

    @property
    def distinct(self) -> int:
        """The number of distinct values."""
        return len(self.words)

    @cached_property
    def some(self) -> list[str]:
        """The first distinct values."""
        return list(self.words)[:MANY]

    @cached_property
    def is_code(self) -> bool:
        """Whether the name or leading zeros show that these are codes."""
        return number_format.is_code(self.words) or is_code_name(self.name)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The distinct values as numbers; NaN where there is none; shape (n_words,)."""
        if not number_format.like_numbers(self.words):
            return np.full(self.distinct, np.nan)
        return number_format.numbers(self.words, self.form)

    @cached_property
    def seconds(self) -> np.ndarray:
        """The distinct values as durations, such as 1:02:03; NaN where there is none."""
        if not any(":" in word for word in self.some[:10]):
            return np.full(self.distinct, np.nan)
        return written_numbers.durations(pd.Series(list(self.words), dtype="str")).to_numpy()

    @cached_property
    def counts(self) -> np.ndarray:
        """The count of each distinct value, shape (n_words,)."""
        return np.fromiter(self.words.values(), dtype=np.float64, count=self.distinct)

    def share(self, values: np.ndarray) -> float:
        """Return the share of rows with a readable value."""
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

"""Turn the columns of rows into numbers, with what fitted transformers have learned.

These encoders need neither a table nor scikit-learn. `compiled.fitted` makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from tabrail.data.date_parts import date_parts
from tabrail.model.compiled.arrays import Floats, Integers, Table
from tabrail.model.compiled.columns import Columns

MOST_ONE_BY_ONE = 50  # rows; more are looked up together


class Encoder(Protocol):
    """Computes the numbers of some columns."""

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        ...

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        ...


@dataclass(frozen=True)
class Scaler:
    """The steps of `tabrail.features.numbers`: medians for missing values, flags, and scaling.

    Attributes:
        fill: the values for missing numbers, shape (n_columns,).
        flagged: the positions of the columns whose missing values are flagged, shape (n_flags,).
        mean: what is subtracted, shape (n_columns + n_flags,).
        scale: what the difference is divided by, shape (n_columns + n_flags,).
    """

    fill: Floats
    flagged: Integers
    mean: Floats
    scale: Floats

    def __post_init__(self) -> None:
        """Check the shapes."""
        width, flagged = len(self.fill), self.flagged
        if not (len(self.mean) == len(self.scale) == width + len(flagged)):
            raise ValueError("a scaler has lists of other lengths than its columns need")
        if not ((flagged >= 0) & (flagged < width)).all():
            raise ValueError("a scaler flags a column that it does not have")

    @property
    def width(self) -> int:
        """How many numbers it makes of a row."""
        return len(self.mean)

    def matrix(self, numbers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the numbers for n_columns columns of shape (n_rows,)."""
        width = len(self.fill)
        found = np.empty((len(numbers[0]), len(self.mean)))
        for place, column in enumerate(numbers):
            found[:, place] = column
        gaps = ~np.isfinite(found[:, :width])  # as `derived.finite` makes of infinity
        found[:, width:] = gaps[:, self.flagged]
        if gaps.any():
            found[:, :width] = np.where(gaps, self.fill, found[:, :width])
        found -= self.mean
        found /= self.scale
        return found


@dataclass(frozen=True)
class Numbers:
    """Columns of numbers."""

    names: list[str]
    scaler: Scaler
    kind: Literal["numbers"] = "numbers"

    @property
    def width(self) -> int:
        """How many numbers it makes of a row."""
        return self.scaler.width

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        return self.scaler.matrix([rows.numbers(name) for name in self.names])


@dataclass(frozen=True)
class Dates:
    """Columns of dates."""

    names: list[str]
    scaler: Scaler
    with_years: bool
    kind: Literal["dates"] = "dates"

    @property
    def width(self) -> int:
        """How many numbers it makes of a row."""
        return self.scaler.width

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        parts: list[np.ndarray] = []
        for name in self.names:
            parts += date_parts(rows.dates(name), with_years=self.with_years)
        return self.scaler.matrix(parts)


@dataclass(frozen=True)
class Categories:
    """A column of categories.

    Attributes:
        name: of the column.
        places: the line of `block` of each category.
        block: the numbers of all categories; the last two lines are for an unknown category and for
            a missing one. Shape (n_lines, n_numbers).
    """

    name: str
    places: dict[str, int]
    block: Table
    kind: Literal["categories"] = "categories"

    def __post_init__(self) -> None:
        """Check that each category has its line."""
        if sorted(self.places.values()) != list(range(len(self.block) - 2)):
            raise ValueError(f"the categories of {self.name} do not fit their numbers")

    @property
    def names(self) -> list[str]:
        """The only column."""
        return [self.name]

    @property
    def width(self) -> int:
        """How many numbers it makes of a row."""
        return int(self.block.shape[1])

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        places, words = self.places, rows.words(self.name)
        missing = len(self.block) - 1
        unknown = missing - 1
        if len(words) > MOST_ONE_BY_ONE:
            codes, different = pd.factorize(np.asarray(words, object))
            taken = [*(places.get(word, unknown) for word in different), missing]
            found: np.ndarray = self.block[np.array(taken)[codes]]  # a missing one has the code -1
            return found
        lines = [
            missing if word is None or word != word else places.get(word, unknown) for word in words
        ]
        one_by_one: np.ndarray = self.block[lines]
        return one_by_one

"""Draw a random sample of rows that come chunk by chunk."""

import numpy as np
import pandas as pd

from tabrail.ingest.first_rows import sample_size

SPARE = 1.5  # how many times the sample's size is held: to sort out rows at each chunk costs more


class Drawn:
    """A random sample of rows: each row gets a random number, and those with the lowest are kept.

    >>> drawn = Drawn()
    >>> drawn.add(pd.DataFrame({"a": [1, 2]}))
    >>> drawn.rows()["a"].tolist()
    [1, 2]
    """

    def __init__(self) -> None:
        """Start with no rows."""
        self._random = np.random.default_rng(0)
        self._parts: list[pd.DataFrame] = []
        self._count = 0
        self._limit = np.inf

    def add(self, rows: pd.DataFrame) -> None:
        """Add a chunk."""
        size = sample_size(len(rows.columns))
        numbers = self._random.random(len(rows))
        few = np.flatnonzero(numbers < self._limit)
        if not self._count:
            self._parts = []
        self._parts.append(rows.take(few).set_axis(numbers[few]))
        self._count += len(few)
        if self._count >= SPARE * size:
            self._sort_out(size)

    def rows(self) -> pd.DataFrame:
        """Return the sample in the order in which the rows came; the index has their numbers."""
        if not self._parts:
            return pd.DataFrame()
        self._sort_out(sample_size(len(self._parts[-1].columns)))
        return self._parts[0]

    def _sort_out(self, size: int) -> None:
        """Keep the rows with the lowest numbers."""
        found = pd.concat(self._parts) if len(self._parts) > 1 else self._parts[0]
        if len(found) > size:
            self._limit = np.partition(found.index.to_numpy(), size - 1)[size - 1]
            found = found[found.index <= self._limit]
        self._parts, self._count = [found], len(found)

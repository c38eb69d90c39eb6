"""Split rows into train, validation and test, and detect duplicates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.config import Split


def assign(groups: np.ndarray, split: Split) -> np.ndarray:
    """Return the split of each row, by the hash of its group.

    The hash, taken as a number between 0 and 1, is compared with the shares: a row never changes
    its split when data is added, and rows of one group are always in one split.

    Args:
        groups: what `hashes` gives; shape (n_rows,).
        split: the shares.

    Returns:
        Array of "train", "validation" or "test", shape (n_rows,).
    """
    place = groups / np.float64(2**64)
    return np.select(
        [place < split.test, place < split.test + split.validation],
        ["test", "validation"],
        default="train",
    )


@dataclass(frozen=True)
class Cutoffs:
    """The times from which on rows are held back: the latest for test, those before to validate."""

    validation: pd.Timestamp
    test: pd.Timestamp


def cutoffs(times: pd.Series, split: Split) -> Cutoffs:
    """Return the times that leave the shares of the rows behind them; equal times stay together."""
    ordered = times.dropna().sort_values(ignore_index=True)
    after_training = int(len(ordered) * (1 - split.validation - split.test))
    after_validation = int(len(ordered) * (1 - split.test))
    return Cutoffs(ordered[after_training], ordered[after_validation])


def assign_by_time(times: pd.Series, cutoffs: Cutoffs) -> np.ndarray:
    """Return the split of each row by its time: the past before the future.

    Source: https://scikit-learn.org/stable/modules/cross_validation.html, "Cross validation of
    time series data".

    Returns:
        Array of "train", "validation" or "test", shape (n_rows,).
    """
    return np.select(
        [times >= cutoffs.test, times >= cutoffs.validation],
        ["test", "validation"],
        default="train",
    )


class Seen:
    """Detect duplicate rows in a stream, using 8 bytes per row."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []

    @property
    def hashes(self) -> np.ndarray:
        """All that came, each once; shape (n_hashes,), uint64."""
        return np.concatenate([np.empty(0, dtype=np.uint64), *self._runs])

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true where a hash comes for the first time, and add it; shape (n_rows,).

        The hashes form sorted runs of falling length, which are merged when they catch up,
        as in a log-structured merge tree (O'Neil et al., 1996): looking up and adding stay cheap.
        """
        ascending = np.sort(hashes)
        new = np.ones(len(hashes), dtype=bool)
        new[1:] = ascending[1:] != ascending[:-1]
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, ascending), len(run) - 1)
            new &= run[place] != ascending
        self._add(ascending[new])
        if new.all():  # most tables; sorting in place is five times as fast as finding the order
            return new
        first = np.empty(len(hashes), dtype=bool)
        first[np.argsort(hashes, kind="stable")] = new
        return first

    def _add(self, run: np.ndarray) -> None:
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # in place: these are the largest arrays of a long run
        if len(run):
            self._runs.append(run)

"""Split rows into train, validation and test."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.config import Split


def assign(groups: np.ndarray, split: Split) -> np.ndarray:
    """Return the split of each row, by the hash of its group.

    The hash, as a number between 0 and 1, is compared with the shares. So a row never changes its
    split when data is added, and rows of one group are always in the same split.

    Args:
        groups: the groups from `hashes`; shape (n_rows,).
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
    """The first times of the test rows and of the validation rows before them."""

    validation: pd.Timestamp
    test: pd.Timestamp


def cutoffs(times: pd.Series, split: Split) -> Cutoffs:
    """Return the times after which the shares of rows lie; equal times stay together."""
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

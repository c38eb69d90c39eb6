"""The design effect of groups: rows of one key are alike, so their distribution varies more.

A week has the weather of seven days, however many rows it has. Without drift, the population
stability index times the number of rows is distributed like the chi-squared statistic. That
statistic grows by the mean design effect of the shares.

Source: Rao and Scott, 1984, "On chi-squared tests for multiway contingency tables with cell
proportions estimated from survey data".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import cells


def chance(known: Mapping[str, Any], values: pd.Series, groups: np.ndarray, trained: int) -> float:
    """Return what groups add to the PSI of a column by chance, beyond what single rows add.

    The training rows are assumed to have groups of the same size. With a single group, how much
    groups differ is unknown, and nothing is added.

    Args:
        known: the column's distribution in training, as `distributions.describe` gives it.
        values: its values now; shape (n_rows,).
        groups: number of each row's group; shape (n_rows,).
        trained: how many training rows there were.
    """
    codes, bins = _bins(known, values)
    rows, count = len(codes), int(groups.max()) + 1
    if count < 2 or count == rows or bins < 2:
        return 0.0
    counts = np.bincount(groups * bins + codes, minlength=count * bins).reshape(count, bins)
    shares = counts.sum(axis=0) / rows
    there = (shares > 0) & (shares < 1)
    if not there.any():
        return 0.0
    off = counts[:, there] - counts.sum(axis=1)[:, None] * shares[there]
    spread = (off**2).sum(axis=0) * count / (count - 1) / rows  # n times the variance of a share
    others = int(there.sum()) - 1
    effect = float((spread / shares[there]).sum()) / max(1, others)
    noise = 1 / max(1, trained) + 1 / rows
    return noise * max(0.0, effect - 1) * (others + 2 * float(np.sqrt(2 * others)))


def _bins(known: Mapping[str, Any], values: pd.Series) -> tuple[np.ndarray, int]:
    """Return the number of each value's category or range, missing ones last, and how many."""
    if "shares" in known:
        values = cells.words(values)
        names = list(known["shares"])
        codes = pd.Index(names).get_indexer(pd.Index(values))
        codes = np.where(codes < 0, len(names), codes)  # any other
    else:
        names = known["values"][:-1]
        codes = np.searchsorted(names, values.to_numpy(np.float64), side="left")
    bins = len(names) + 2
    return np.where(values.isna(), bins - 1, codes), bins

"""Find the columns in which rows of one group are alike, but neighboring groups are not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema

FEWEST_PAIRS = 60
ALIKE, ALIKE_TARGET = 0.9, 0.8  # share of the variance between groups
DISORDER = 0.4  # 1 if the order of the numbers has no meaning, 0 if neighbors are alike
CHECKED = 40  # columns to compare
RARE = 0.05  # share of pairs that differ: below it, all rows are alike


def comparable_target(sample: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return ranks of the target's numbers, or codes of its classes; shape (n_rows,)."""
    return _comparable(sample, schema, [schema.target])[schema.target]


def comparable(sample: pd.DataFrame, schema: Schema) -> dict[str, np.ndarray]:
    """Return columns for comparing rows: ranks of numbers, or codes of classes."""
    return _comparable(sample, schema, [schema.target, *schema.features][: CHECKED + 1])


def _comparable(
    sample: pd.DataFrame, schema: Schema, names: Sequence[str]
) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for name in names:
        kind, values = schema.columns[name].kind, sample[name]
        if kind == "numeric":
            columns[name] = values.rank(pct=True).to_numpy(np.float64)
        elif kind in ("boolean", "categorical"):
            columns[name] = pd.factorize(values, sort=True)[0]
    return columns


def alike(
    groups: np.ndarray, known: pd.Index, columns: dict[str, np.ndarray], target: str
) -> list[str]:
    """Return the columns that are alike within groups, but not between neighboring numbers."""
    shuffled = np.random.default_rng(0).permutation(len(groups))  # rows may be sorted by the target
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    order = order[groups[order] >= 0]
    same = np.flatnonzero(groups[order][1:] == groups[order][:-1])
    first, second = order[same], order[same + 1]
    found = []
    for name, values in columns.items():
        between = share(values, first, second)
        if between >= (ALIKE_TARGET if name == target else ALIKE) and (
            known.dtype.kind != "f" or disorder(groups, values) >= DISORDER
        ):
            found.append(name)
    return found


def share(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of a column's variance that is between groups; 0 if it hardly varies.

    Args:
        values: ranks or codes; shape (n_rows,).
        first: positions of rows; shape (n_pairs,).
        second: positions of other rows of the same groups.
    """
    if values.dtype.kind == "f":
        known = np.isfinite(values[first]) & np.isfinite(values[second])
        variance = np.nanvar(values) if known.any() else 0.0
        if known.sum() < FEWEST_PAIRS / 2 or variance < RARE / 12:
            return 0.0
        errors = values[first[known]] - values[second[known]]
        return float(1 - np.mean(errors**2) / (2 * variance))
    shares = np.bincount(values + 1) / len(values)
    differ = 1 - float((shares**2).sum())
    return 1 - float(np.mean(values[first] != values[second])) / differ if differ > RARE else 0.0


def disorder(groups: np.ndarray, values: np.ndarray) -> float:
    """Return von Neumann's ratio of the groups' means, in the order of their numbers.

    Source: von Neumann, 1941, "Distribution of the ratio of the mean square successive difference
    to the variance".
    """
    codes = (
        [values]
        if values.dtype.kind == "f"
        else [
            (values == code).astype(np.float64)
            for code in np.argsort(-np.bincount(values + 1))[:3] - 1
        ]
    )
    ratios = []
    for numbers in codes:
        known = (groups >= 0) & np.isfinite(numbers)
        rows = np.bincount(groups[known])
        sums = np.bincount(groups[known], weights=numbers[known])
        means = sums[rows > 0] / rows[rows > 0]
        variance = np.var(means)
        if variance > 0:
            ratios.append(float(np.mean(np.diff(means) ** 2) / (2 * variance)))
    return max(ratios, default=0.0)

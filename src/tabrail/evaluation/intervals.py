"""Scores with their 95% intervals and their bootstrap replicates."""

from dataclasses import dataclass

import numpy as np

from tabrail.evaluation import bootstrap
from tabrail.evaluation.scores import Scores


@dataclass(frozen=True)
class Score:
    """A score with the bounds of its 95% bootstrap interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """A score and its bootstrap replicates.

    Attributes:
        groups: how many groups are drawn.
        value: the score; NaN if it is undefined.
        replicates: the score in each replicate, in order; NaN where it is undefined. Empty if there
            are too few groups.
    """

    groups: int
    value: float
    replicates: np.ndarray

    def score(self) -> Score:
        """Return the score with its interval."""
        if not len(self.replicates):
            return Score(self.value, np.nan, np.nan)
        return Score(self.value, *bootstrap.interval(self.replicates, self.groups))

    def less(self, other: "Series") -> "Series":
        """Return the difference from another score, replicate by replicate.

        Both use the same draws of groups, so the effect of a draw on both cancels out.
        """
        count = min(len(self.replicates), len(other.replicates))
        return Series(
            min(self.groups, other.groups),
            self.value - other.value,
            self.replicates[:count] - other.replicates[:count],
        )


def drawn(
    scores: Scores, weights: np.ndarray, groups: np.ndarray, replicates: int
) -> dict[str, Series]:
    """Compute every score and its replicates.

    Groups are drawn, not rows. Rows of one group are alike, so drawing single rows would make the
    interval too narrow.

    Args:
        scores: the rows and their predictions.
        weights: how much each row counts in every score; shape (n_rows,).
        groups: the hash of each row's group, uint64; shape (n_rows,).
        replicates: how many times to draw.

    Returns:
        The scores by name.
    """
    weights, groups = weights[scores.order], groups[scores.order]
    values = scores.under(weights[None])
    count, found = len(np.unique(groups)), dict[str, list[np.ndarray]]()
    if count >= bootstrap.FEWEST_GROUPS:
        for times in bootstrap.draw(groups, replicates):
            times *= weights
            for name, some in scores.under(times).items():
                found.setdefault(name, []).append(some)
    nothing = [np.empty(0)]
    return {
        name: Series(count, float(value[0]), np.concatenate(found.get(name, nothing)))
        for name, value in values.items()
    }


def score(
    scores: Scores, weights: np.ndarray, groups: np.ndarray, replicates: int
) -> dict[str, Score]:
    """Compute every score with its 95% interval; arguments as of `drawn`."""
    found = drawn(scores, weights, groups, replicates)
    return {name: one.score() for name, one in found.items()}

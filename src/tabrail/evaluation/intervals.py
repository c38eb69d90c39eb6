"""Scores with their 95% intervals."""

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


def score(
    scores: Scores, weights: np.ndarray, groups: np.ndarray, replicates: int
) -> dict[str, Score]:
    """Compute every score with its 95% interval.

    Groups are drawn, not rows: rows of one group are alike, and drawing them singly would make the
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
    count, drawn = len(np.unique(groups)), dict[str, list[np.ndarray]]()
    if count >= bootstrap.FEWEST_GROUPS:
        for times in bootstrap.draw(groups, replicates):
            for name, found in scores.under(times * weights).items():
                drawn.setdefault(name, []).append(found)
    nothing = [np.array([np.nan])]
    return {
        name: Score(
            float(value[0]), *bootstrap.interval(np.concatenate(drawn.get(name, nothing)), count)
        )
        for name, value in values.items()
    }

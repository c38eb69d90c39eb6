"""Confidence intervals of scores by the percentile bootstrap.

Source: Efron and Tibshirani, 1993, "An Introduction to the Bootstrap", chapter 13.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from tabrail.evaluation.scores import Scores

LEVEL = 0.95
FEWEST_GROUPS = 10  # drawing from fewer says more about the draws than about the model


@dataclass(frozen=True)
class Score:
    """A score with the bounds of its 95% bootstrap interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


def score(
    scores: Scores, weights: np.ndarray, groups: np.ndarray, resamples: int, seed: int
) -> dict[str, Score]:
    """Compute every score with its 95% interval.

    Entities are drawn, not rows: rows of one entity are alike, and drawing them singly would make
    the interval too narrow (Field and Welsh, 2007, "Bootstrapping clustered data").

    Args:
        scores: the rows and their predictions.
        weights: how much each row counts in every score; shape (n_rows,).
        groups: number of each row's entity, from 0; shape (n_rows,).
        resamples: how many times to draw.
        seed: of the draws; equal seeds and groups give the same draws.

    Returns:
        The scores by name.
    """
    weights = weights[scores.order]
    values = scores.under(weights[None])
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in values}
    if groups.max() + 1 >= FEWEST_GROUPS:
        for times in draw(groups[scores.order], resamples, seed):
            for name, found in scores.under(times * weights).items():
                drawn[name].append(found)
    return {name: Score(float(value[0]), *interval(drawn[name])) for name, value in values.items()}


def draw(groups: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn, in batches of shape (some resamples, n_rows)."""
    generator = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    size = max(1, 2_000_000 // len(groups))  # resamples in a batch: about 16 MB for each array
    with tqdm(desc="bootstrap", total=resamples, delay=1, leave=False, disable=None) as progress:
        for start in range(0, resamples, size):
            batch = min(size, resamples - start)
            drawn = generator.integers(0, count, size=(batch, count))
            drawn += np.arange(batch)[:, None] * count
            times = np.bincount(drawn.ravel(), minlength=batch * count).reshape(batch, count)
            yield times.take(groups, axis=1).astype(np.float64)
            progress.update(batch)


def interval(drawn: list[np.ndarray]) -> tuple[float, float]:
    """Return the bounds between which 95% of the scores of the draws are; NaN if most have none."""
    values = np.concatenate(drawn) if drawn else np.array([np.nan])
    defined = values[np.isfinite(values)]
    # With half of the draws undefined, the rest says little about what might have been.
    if len(defined) <= len(values) / 2:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)

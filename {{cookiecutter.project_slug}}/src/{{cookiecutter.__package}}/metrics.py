"""Scores with confidence intervals, for many resamples of the same rows at once.

A resample is a vector of weights: how often each row was drawn. So the rows are sorted by score
once, and every score of a thousand resamples is a few operations on one matrix.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
LOWER_IS_BETTER = {"log_loss", "brier"}


@dataclass(frozen=True)
class Score:
    """A score with the bounds of its 95% bootstrap interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


class BinaryScores:
    """The scores of predicted probabilities under any weights of the rows.

    Every method takes weights of shape (n_resamples, n_rows), rows in the order that was given
    to the constructor, and returns an array of shape (n_resamples,). With all weights 1 it returns
    what scikit-learn's function of that name does
    (https://scikit-learn.org/stable/modules/model_evaluation.html).
    """

    def __init__(self, truth: np.ndarray, probability: np.ndarray, threshold: float) -> None:
        """Sort the rows by score.

        Args:
            truth: 1 for the positive class, else 0; shape (n_rows,).
            probability: of the positive class; shape (n_rows,).
            threshold: the probability from which on a row counts as predicted positive.
        """
        self._order = np.argsort(-probability, kind="stable")
        descending = probability[self._order]
        self._truth = truth
        self._positive = truth[self._order].astype(np.float64)
        self._group_ends = np.flatnonzero(np.r_[descending[1:] != descending[:-1], True])
        self._predicted = (probability >= threshold).astype(np.float64)
        safe = np.clip(probability, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
        self._log_losses = -np.log(np.where(truth == 1, safe, 1 - safe))
        self._squares = (probability - truth) ** 2

    def roc_auc(self, weights: np.ndarray) -> np.ndarray:
        """Area under the ROC curve."""
        true, false = self._cumulative(weights)
        area = np.sum(np.diff(false, prepend=0) * (true - np.diff(true, prepend=0) / 2), axis=1)
        return _ratio(area, true[:, -1] * false[:, -1], np.nan)

    def average_precision(self, weights: np.ndarray) -> np.ndarray:
        """Mean of the precisions at every threshold, weighted by the gain in recall."""
        true, false = self._cumulative(weights)
        precision = _ratio(true, true + false, 0.0)
        total = np.sum(np.diff(true, prepend=0) * precision, axis=1)
        return _ratio(total, true[:, -1], np.nan)

    def log_loss(self, weights: np.ndarray) -> np.ndarray:
        """Mean negative logarithm of the probability that was given to what came true."""
        return weights @ self._log_losses / weights.sum(axis=1)

    def brier(self, weights: np.ndarray) -> np.ndarray:
        """Mean squared difference between the probability and what came true."""
        return weights @ self._squares / weights.sum(axis=1)

    def precision(self, weights: np.ndarray) -> np.ndarray:
        """Share of the predicted positives that are positive; 0 if none is predicted."""
        return _ratio(self._hits(weights), weights @ self._predicted, 0.0)

    def recall(self, weights: np.ndarray) -> np.ndarray:
        """Share of the positives that are predicted."""
        return _ratio(self._hits(weights), weights @ self._truth, np.nan)

    def f1(self, weights: np.ndarray) -> np.ndarray:
        """Harmonic mean of precision and recall."""
        return _ratio(
            2 * self._hits(weights), weights @ self._predicted + weights @ self._truth, np.nan
        )

    def _hits(self, weights: np.ndarray) -> np.ndarray:
        return weights @ (self._predicted * self._truth)

    def _cumulative(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return true and false positives at every distinct threshold, from high to low."""
        ordered = weights[:, self._order]
        true = np.cumsum(ordered * self._positive, axis=1)[:, self._group_ends]
        both = np.cumsum(ordered, axis=1)[:, self._group_ends]
        return true, both - true


METRICS: dict[str, Callable[[BinaryScores, np.ndarray], np.ndarray]] = {
    "roc_auc": BinaryScores.roc_auc,
    "average_precision": BinaryScores.average_precision,
    "log_loss": BinaryScores.log_loss,
    "brier": BinaryScores.brier,
    "precision": BinaryScores.precision,
    "recall": BinaryScores.recall,
    "f1": BinaryScores.f1,
}


def score(
    scores: BinaryScores, names: list[str], entities: np.ndarray, resamples: int, seed: int
) -> dict[str, Score]:
    """Compute scores with their 95% intervals by the percentile bootstrap.

    Entities are drawn, not rows: rows of one entity are alike, and drawing them singly would make
    the interval too narrow (Field and Welsh, 2007, "Bootstrapping clustered data").

    Args:
        scores: the rows and their predictions.
        names: which metrics.
        entities: number of each row's entity, from 0; shape (n_rows,).
        resamples: how many times to draw.
        seed: of the draws; equal seeds and entities give the same draws.

    Returns:
        The scores by name.
    """
    once = np.ones((1, len(entities)))
    batches = [
        {name: METRICS[name](scores, weights) for name in names}
        for weights in draw(entities, resamples, seed)
    ]
    tail = (1 - LEVEL) / 2
    results = {}
    for name in names:
        drawn = np.concatenate([batch[name] for batch in batches])
        defined = drawn[np.isfinite(drawn)]
        # With half of the draws undefined, the rest says little about what might have been.
        usable = len(defined) > resamples / 2
        low, high = np.quantile(defined, [tail, 1 - tail]) if usable else (np.nan, np.nan)
        value = METRICS[name](scores, once)[0]
        results[name] = Score(float(value), float(low), float(high))
    return results


def draw(entities: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn, in batches of shape (some resamples, n_rows)."""
    generator = np.random.default_rng(seed)
    count = int(entities.max()) + 1
    size = max(1, 2_000_000 // len(entities))  # resamples in a batch: about 16 MB for each array
    for start in range(0, resamples, size):
        batch = min(size, resamples - start)
        drawn = generator.integers(0, count, size=(batch, count))
        drawn += np.arange(batch)[:, None] * count
        times = np.bincount(drawn.ravel(), minlength=batch * count).reshape(batch, count)
        yield times[:, entities].astype(np.float64)


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below != 0)

"""Scores with confidence intervals, for many resamples of the same rows at once.

A resample is a vector of weights: how often each row was drawn. So the rows are sorted by score
once, and every score of a thousand resamples is a few operations on one matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

METRICS = ("roc_auc", "average_precision", "log_loss", "brier", "precision", "recall", "f1")
LOWER_IS_BETTER = {"log_loss", "brier"}
LEVEL = 0.95
FEWEST_ENTITIES = 10  # drawing from fewer says more about the draws than about the model


@dataclass(frozen=True)
class Score:
    """A score with the bounds of its 95% bootstrap interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


class BinaryScores:
    """The scores of predicted probabilities under any weights of the rows."""

    def __init__(self, truth: np.ndarray, probability: np.ndarray, threshold: float) -> None:
        """Sort the rows by score, from high to low.

        Args:
            truth: 1 for the positive class, else 0; shape (n_rows,).
            probability: of the positive class; shape (n_rows,).
            threshold: the probability from which on a row counts as predicted positive.

        Attributes:
            order: the rows' places before the sorting; shape (n_rows,).
        """
        self.order = np.argsort(-probability, kind="stable")
        descending = probability[self.order]
        self._truth = truth[self.order].astype(np.float64)
        self._group_ends = np.flatnonzero(np.r_[descending[1:] != descending[:-1], True])
        self._predicted = (descending >= threshold).astype(np.float64)
        smallest = np.finfo(np.float64).eps
        given = np.where(self._truth == 1, descending, 1 - descending)
        self._log_losses = -np.log(np.clip(given, smallest, 1 - smallest))
        self._squares = (descending - self._truth) ** 2

    def under(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute every score under several sets of weights.

        With weights of 1 each score is that of scikit-learn's function of the same name
        (https://scikit-learn.org/stable/modules/model_evaluation.html).

        Args:
            weights: of shape (n_resamples, n_rows), rows in the order of `order`.

        Returns:
            For each metric an array of shape (n_resamples,); NaN where it is undefined.
        """
        both = np.cumsum(weights, axis=1)[:, self._group_ends]
        true = np.cumsum(weights * self._truth, axis=1)[:, self._group_ends]
        false = both - true
        rows, positives = both[:, -1], true[:, -1]
        gains = np.diff(true, prepend=0)
        area = np.sum(np.diff(false, prepend=0) * (true - gains / 2), axis=1)
        predicted = weights @ self._predicted
        hits = weights @ (self._predicted * self._truth)
        return {
            "roc_auc": _ratio(area, positives * false[:, -1], np.nan),
            "average_precision": _ratio(
                np.sum(gains * _ratio(true, both, 0.0), axis=1), positives, np.nan
            ),
            "log_loss": weights @ self._log_losses / rows,
            "brier": weights @ self._squares / rows,
            "precision": _ratio(hits, predicted, 0.0),
            "recall": _ratio(hits, positives, np.nan),
            "f1": _ratio(2 * hits, predicted + positives, np.nan),
        }


def score(
    scores: BinaryScores, entities: np.ndarray, resamples: int, seed: int
) -> dict[str, Score]:
    """Compute every score with its 95% interval by the percentile bootstrap.

    Entities are drawn, not rows: rows of one entity are alike, and drawing them singly would make
    the interval too narrow (Field and Welsh, 2007, "Bootstrapping clustered data").

    Args:
        scores: the rows and their predictions.
        entities: number of each row's entity, from 0; shape (n_rows,).
        resamples: how many times to draw.
        seed: of the draws; equal seeds and entities give the same draws.

    Returns:
        The scores by name.
    """
    values = scores.under(np.ones((1, len(entities))))
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    if entities.max() + 1 >= FEWEST_ENTITIES:
        for weights in draw(entities[scores.order], resamples, seed):
            for name, found in scores.under(weights).items():
                drawn[name].append(found)
    return {name: Score(float(values[name][0]), *_interval(drawn[name])) for name in METRICS}


def draw(entities: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each row is drawn, in batches of shape (some resamples, n_rows)."""
    generator = np.random.default_rng(seed)
    count = int(entities.max()) + 1
    size = max(1, 2_000_000 // len(entities))  # resamples in a batch: about 16 MB for each array
    with tqdm(desc="bootstrap", total=resamples, delay=1, leave=False, disable=None) as progress:
        for start in range(0, resamples, size):
            batch = min(size, resamples - start)
            drawn = generator.integers(0, count, size=(batch, count))
            drawn += np.arange(batch)[:, None] * count
            times = np.bincount(drawn.ravel(), minlength=batch * count).reshape(batch, count)
            yield times[:, entities].astype(np.float64)
            progress.update(batch)


def _interval(drawn: list[np.ndarray]) -> tuple[float, float]:
    values = np.concatenate(drawn) if drawn else np.array([np.nan])
    defined = values[np.isfinite(values)]
    # With half of the draws undefined, the rest says little about what might have been.
    if len(defined) <= len(values) / 2:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below != 0)

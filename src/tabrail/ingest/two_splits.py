"""Score a small model on a random split and on a realistic split of the same rows.

If the two scores differ, the random split is too optimistic about new rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest.small_model import Fold, left_over, matrix, score

ROWS, CELLS, FEWEST_ROWS = 10_000, 500_000, 60
FOLDS = 3
LATER = ((0.6, 0.8), (0.8, 1.0))  # which rows are held out, by their position in time
WORSE, ERROR_WORSE = 0.03, 0.15  # a difference of at least this matters


@dataclass(frozen=True)
class Scores:
    """The scores of a small model on two splits.

    Attributes:
        measure: the name of the score for people.
        honest: the score on a realistic split.
        random: the score on a random split.
        differ: whether the realistic score is worse, by more than chance and by enough to matter.
    """

    measure: str
    honest: float
    random: float
    differ: bool

    def __str__(self) -> str:
        """Return the difference as the second half of a sentence."""
        honest, random = map(_shown, (self.honest, self.random))
        return f"{self.measure} {honest}; split at random, it has {random}"


def _shown(score: float) -> str:
    return f"{score:,.0f}" if score >= 1000 else f"{score:.3g}"


def by_group(sample: pd.DataFrame, schema: Schema, name: str, groups: np.ndarray) -> Scores | None:
    """Score with a split by group and a random split; None for too few rows.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
        name: the column of the groups, which the model for the split by group does not see.
        groups: codes of the groups; shape (n_rows,).
    """
    rows = _some(sample, schema)
    honest = [one for one in schema.features if one != name]
    return _compared(sample.iloc[rows], schema, honest, list(_folds(groups[rows])))


def by_time(sample: pd.DataFrame, schema: Schema, times: np.ndarray) -> Scores | None:
    """Score with a split by time and a random split.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
        times: the position of each row in time; NaN where it is unknown. Shape (n_rows,).
    """
    sample, times = sample[~np.isnan(times)], times[~np.isnan(times)]
    rows = _some(sample, schema)
    times = times[rows]
    if not len(times):
        return None
    ordered = np.sort(times)
    folds: list[Fold] = []
    for start, end in LATER:
        first = ordered[int(start * len(ordered))]
        last = ordered[min(int(end * len(ordered)), len(ordered) - 1)]
        held = (times >= first) & ((times < last) | (end == 1.0))
        folds.append((np.flatnonzero(times < first), np.flatnonzero(held)))
    return _compared(sample.iloc[rows], schema, schema.features, folds)


def residuals(sample: pd.DataFrame, schema: Schema) -> np.ndarray | None:
    """Return the out-of-fold residuals of a small model.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.

    Returns:
        Array of shape (n_some_rows,), in the order of the rows; None for too few rows. For classes,
        the residuals are those of the most frequent class.
    """
    sample = sample.iloc[_some(sample, schema)]
    if len(sample) < FEWEST_ROWS:
        return None
    answers, is_number = sample[schema.target], schema.columns[schema.target].kind == "numeric"
    if is_number:
        y_true = answers.to_numpy(np.float64)
    else:
        codes = pd.factorize(answers, sort=True)[0]
        y_true = (codes == np.bincount(codes).argmax()).astype(np.float64)
    x = matrix(sample, schema, schema.features)
    return left_over(x, y_true, list(_folds(np.arange(len(sample)))))


def _compared(
    sample: pd.DataFrame, schema: Schema, names: Sequence[str], folds: list[Fold]
) -> Scores | None:
    """Score on given folds with some features, and on random folds with all of them.

    Args:
        sample: the rows.
        schema: names the features and the target.
        names: the features for the given folds.
        folds: positions of the rows to learn from, and of those to score.
    """
    if len(sample) < FEWEST_ROWS or not names or any(not len(one) for one in chain(*folds)):
        return None
    answers, is_number = sample[schema.target], schema.columns[schema.target].kind == "numeric"
    y_true = answers.to_numpy(np.float64) if is_number else pd.factorize(answers, sort=True)[0]
    honest = score(matrix(sample, schema, names), y_true, folds, is_number=is_number)
    at_random = list(_folds(np.arange(len(sample))))
    random = score(matrix(sample, schema, schema.features), y_true, at_random, is_number=is_number)
    if honest is None or random is None:
        return None
    if is_number:
        noise = 1 / np.sqrt(len(sample))
        return Scores("MAE", honest, random, honest > random * (1 + max(ERROR_WORSE, noise)))
    shares = np.bincount(y_true) / len(y_true)
    typical = float(np.median(shares)) if len(shares) > 2 else float(shares.min())
    noise = 1 / np.sqrt(len(sample) * max(typical, 0.01))
    measure = "ROC AUC" if len(shares) == 2 else "ROC AUC of the classes"
    return Scores(measure, honest, random, random - honest > max(WORSE, noise))


def _some(sample: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return the positions of the rows to score on, in order."""
    most = min(ROWS, CELLS // max(1, len(schema.features)))
    if len(sample) <= most:
        return np.arange(len(sample))
    return np.sort(np.random.default_rng(0).choice(len(sample), most, replace=False))


def _folds(groups: np.ndarray) -> Iterator[Fold]:
    """Yield positions to learn from and to score, with each group on one side."""
    _, codes = np.unique(groups, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(int(codes.max()) + 1) % FOLDS)[codes]
    for number in range(FOLDS):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)

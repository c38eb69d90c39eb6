"""Score a small model on two splits of the same rows: at random, and as predictions will be made.

Where the two differ, the score at random promises what new rows do not keep.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema

ROWS, CELLS, FEWEST_ROWS = 10_000, 500_000, 60
FOLDS = 4
LATER = ((0.6, 0.8), (0.8, 1.0))  # which rows are held back, by their place in time
ITERATIONS = 40
WORSE, ERROR_WORSE = 0.03, 0.15  # from here on, a difference matters

Fold = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Scores:
    """The scores of a small model on two splits.

    Attributes:
        measure: what is measured, as a person calls it.
        honest: the score on rows that are held back as predictions will be made.
        random: that on rows held back at random.
        differ: whether the honest one is worse, by more than chance and by enough to matter.
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
    """Score with the rows of each group on one side, and at random; None for too few rows.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
        name: the column that names the groups: the honest model does not see it.
        groups: codes of the groups; shape (n_rows,).
    """
    rows = _some(sample, schema)
    count = len(np.unique(groups[rows]))
    honest = [one for one in schema.features if one != name]
    return _compared(sample.iloc[rows], schema, honest, list(_folds(groups[rows])), count)


def by_time(sample: pd.DataFrame, schema: Schema, name: str) -> Scores | None:
    """Score on rows that are later than all the model has learned from, and at random.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
        name: the column of dates that orders the rows.
    """
    rows = _some(sample, schema)
    times = sample[name].to_numpy()[rows].astype(np.int64)
    ordered = np.sort(times)
    folds: list[Fold] = []
    for start, end in LATER:
        first = ordered[int(start * len(ordered))]
        last = ordered[min(int(end * len(ordered)), len(ordered) - 1)]
        held = (times >= first) & ((times < last) | (end == 1.0))
        folds.append((np.flatnonzero(times < first), np.flatnonzero(held)))
    return _compared(sample.iloc[rows], schema, schema.features, folds, len(rows))


def _compared(
    sample: pd.DataFrame, schema: Schema, names: Sequence[str], folds: list[Fold], count: int
) -> Scores | None:
    """Score on given folds, with some features, and on folds at random, with all of them.

    Args:
        sample: the rows.
        schema: names the features and the target.
        names: the features of the honest model.
        folds: places of the rows to learn from, and of those to score.
        count: how many rows or groups are independent of each other.
    """
    if len(sample) < FEWEST_ROWS or not names or any(not len(one) for one in chain(*folds)):
        return None
    answers, is_number = sample[schema.target], schema.columns[schema.target].kind == "numeric"
    y_true = answers.to_numpy(np.float64) if is_number else pd.factorize(answers, sort=True)[0]
    honest = _score(_matrix(sample, schema, names), y_true, folds, is_number=is_number)
    at_random = list(_folds(np.arange(len(sample))))
    random = _score(
        _matrix(sample, schema, schema.features), y_true, at_random, is_number=is_number
    )
    if honest is None or random is None:
        return None
    if is_number:
        noise = 1 / np.sqrt(count)
        return Scores("MAE", honest, random, honest > random * (1 + max(ERROR_WORSE, noise)))
    shares = np.bincount(y_true) / len(y_true)
    noise = 1 / np.sqrt(
        count * max(float(np.median(shares) if len(shares) > 2 else min(shares)), 0.01)
    )
    measure = "ROC AUC" if len(shares) == 2 else "ROC AUC of the classes"
    return Scores(measure, honest, random, random - honest > max(WORSE, noise))


def _some(sample: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return the places of the rows to score on, in their order."""
    most = min(ROWS, CELLS // max(1, len(schema.features)))
    if len(sample) <= most:
        return np.arange(len(sample))
    return np.sort(np.random.default_rng(0).choice(len(sample), most, replace=False))


def _folds(groups: np.ndarray) -> Iterator[Fold]:
    """Yield places to learn from and to score, with each group on one side."""
    _, codes = np.unique(groups, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(int(codes.max()) + 1) % FOLDS)[codes]
    for number in range(FOLDS):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def _matrix(sample: pd.DataFrame, schema: Schema, names: Sequence[str]) -> np.ndarray:
    """Return the features as numbers, NaN where a value is missing; shape (n_rows, n_columns)."""
    columns: list[np.ndarray] = []
    for name in names:
        values, kind = sample[name], schema.columns[name].kind
        if kind in ("numeric", "boolean"):
            columns.append(values.to_numpy(np.float64))
        elif kind == "datetime":
            parts = values.dt
            days = values.to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400
            columns.append(np.where(values.isna(), np.nan, days))
            columns += [
                part.to_numpy(np.float64)
                for part in (parts.day_of_year, parts.day_of_week, parts.hour)
            ]
        else:
            words = values.str.len() if kind == "text" else pd.factorize(values, sort=True)[0]
            columns.append(np.asarray(words, np.float64))
    return np.column_stack(columns)


def _score(
    x: np.ndarray, y_true: np.ndarray, folds: list[Fold], *, is_number: bool
) -> float | None:
    """Return the mean score over folds; None where no fold has what it needs."""
    # scikit-learn is slow to import, and most tables need no scores.
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    found, weights = [], []
    leaf = int(np.clip(len(x) / 50, 3, 20))
    classes = 1 if is_number else int(y_true.max()) + 1
    rounds = ITERATIONS if classes <= 2 else max(5, ITERATIONS * 2 // classes)
    options = {"max_iter": rounds, "learning_rate": 0.15, "min_samples_leaf": leaf}
    for learned, held in folds:
        if is_number:
            numbers = HistGradientBoostingRegressor(
                loss="absolute_error", early_stopping=False, random_state=0, **options
            ).fit(x[learned], y_true[learned])
            score = float(np.abs(numbers.predict(x[held]) - y_true[held]).mean())
        else:
            if len(np.unique(y_true[learned])) < 2:
                continue
            model = HistGradientBoostingClassifier(
                early_stopping=False, random_state=0, **options
            ).fit(x[learned], y_true[learned])
            score = _auc(y_true[held], model.predict_proba(x[held]), model.classes_)
            if np.isnan(score):
                continue
        found.append(score)
        weights.append(len(held))
    return float(np.average(found, weights=weights)) if found else None


def _auc(y_true: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Return the ROC AUC of each class against the others, averaged; NaN if there is no other."""
    ranks = pd.DataFrame(probabilities).rank().to_numpy()
    found = []
    for place, code in enumerate(classes):
        is_class = y_true == code
        count, others = int(is_class.sum()), int((~is_class).sum())
        if count and others:
            above = ranks[is_class, place].sum() - count * (count + 1) / 2
            found.append(float(above) / (count * others))
    return float(np.mean(found)) if found else float("nan")

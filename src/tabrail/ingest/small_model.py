"""Fit a small model on rows that conform to a schema, and score it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest import small_trees

Fold = tuple[np.ndarray, np.ndarray]


def matrix(sample: pd.DataFrame, schema: Schema, names: Sequence[str]) -> np.ndarray:
    """Return the features as numbers; NaN for a missing value; shape (n_rows, n_columns)."""
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


def score(x: np.ndarray, y_true: np.ndarray, folds: list[Fold], *, is_number: bool) -> float | None:
    """Return the mean score over folds; None if no fold can be scored."""
    bins = small_trees.binned(x)
    found, weights = [], []
    for learned, held in folds:
        if is_number:
            off = small_trees.numbers(bins, y_true, learned)[held] - y_true[held]
            score = float(np.abs(off).mean())
        else:
            if len(np.unique(y_true[learned])) < 2:
                continue
            score = _auc(y_true[held], small_trees.classes(bins, y_true, learned)[held])
            if np.isnan(score):
                continue
        found.append(score)
        weights.append(len(held))
    return float(np.average(found, weights=weights)) if found else None


def left_over(x: np.ndarray, y_true: np.ndarray, folds: list[Fold]) -> np.ndarray:
    """Return the out-of-fold residuals of a model of numbers.

    Args:
        x: the features; shape (n_rows, n_columns).
        y_true: numbers; shape (n_rows,).
        folds: each row is held out in one of them.
    """
    bins, left = small_trees.binned(x), y_true.copy()
    for learned, held in folds:
        left[held] -= small_trees.numbers(bins, y_true, learned, absolute=False)[held]
    return left


def _auc(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean ROC AUC of each class against the others; NaN for a single class."""
    ranks = pd.DataFrame(probabilities).rank().to_numpy()
    found = []
    for place in range(ranks.shape[1]):
        is_class = y_true == place
        count, others = int(is_class.sum()), int((~is_class).sum())
        if count and others:
            above = ranks[is_class, place].sum() - count * (count + 1) / 2
            found.append(float(above) / (count * others))
    return float(np.mean(found)) if found else float("nan")

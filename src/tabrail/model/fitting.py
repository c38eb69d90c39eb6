"""Fit a model so that what is held out while it learns is never a part of a group."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.errors import InputError
from tabrail.features import FoldsByGroup
from tabrail.project.project import Split

MOST_ROWS_WITHOUT_STOPPING = 10_000  # where HistGradientBoosting's early_stopping is "auto"
TAKES_ROWS_TO_STOP_BY = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
STOPS_BY_CHANGE = (GradientBoostingClassifier, GradientBoostingRegressor)


def fit(model: Pipeline, train: Split) -> Pipeline:
    """Fit a model on the training rows, with their weights.

    Rows of one group stay together wherever some are held out: in the folds of
    `tabrail.features.target_mean`, and in the rows by which boosting knows when to stop. Otherwise
    the model would learn to know the groups, and look better than it is.

    Source: https://scikit-learn.org/stable/metadata_routing.html

    Args:
        model: the unfitted model.
        train: the training rows.

    Returns:
        The same model, fitted.

    Raises:
        InputError: the estimator holds out single rows, which takes groups apart.

    Example:
        >>> from sklearn.pipeline import Pipeline
        >>> from tabrail import Project, estimator, fit
        >>> from tabrail.features import numbers
        >>> project = Project.load(example_root)
        >>> columns = ColumnTransformer([("numbers", numbers(), ["age"])])
        >>> model = Pipeline([("columns", columns), ("estimator", estimator(project))])
        >>> fit(model, project.split("train")).n_features_in_
        6
    """
    with by_groups(model, train) as given:
        model.fit(train.rows, train.y_true, **given)
    return model


@contextmanager
def by_groups(model: Pipeline, train: Split) -> Iterator[dict[str, np.ndarray]]:
    """Let a model's steps get groups and weights; yield the arguments of its `fit`.

    Nothing of it is left in the model.

    Raises:
        InputError: the estimator holds out single rows, which takes groups apart.
    """
    last = model[-1]
    kind: Any = type(last)
    before = set(vars(last))
    rows = {"groups": train.groups}
    if train.weights is not None:
        rows["sample_weight"] = train.weights
    grouped = len(np.unique(train.groups)) < len(train.groups)
    asked = {}
    if grouped and isinstance(last, TAKES_ROWS_TO_STOP_BY):
        last.__class__ = stopping_by_groups(kind)
        asked["groups"] = True
    elif grouped:
        _refuse_to_hold_out_rows(last)
    if train.weights is not None:
        asked["sample_weight"] = True
    with sklearn.config_context(enable_metadata_routing=True):
        if asked:
            last.set_fit_request(**asked)
        taken = model.get_metadata_routing().consumes("fit", rows)
        try:
            yield {name: rows[name] for name in taken}
        finally:
            last.__class__ = kind
            if "_metadata_request" not in before and hasattr(last, "_metadata_request"):
                del last._metadata_request


@cache
def stopping_by_groups(kind: Any) -> type[BaseEstimator]:
    """Return a class of HistGradientBoosting that holds out whole groups to stop by."""

    class StopsByGroups(kind):
        def fit(
            self,
            X: np.ndarray,
            y: np.ndarray,
            sample_weight: np.ndarray | None = None,
            groups: np.ndarray | None = None,
        ) -> Self:
            weights: list[np.ndarray | None] = [sample_weight, None]
            if groups is None or not _stops(self, len(X)):
                super().fit(X, y, sample_weight=sample_weight)
                return self
            kept, held = _held_out(self, y, groups)
            if sample_weight is not None:
                weights = [sample_weight[kept], sample_weight[held]]
            super().fit(
                X[kept],
                y[kept],
                sample_weight=weights[0],
                X_val=X[held],
                y_val=y[held],
                sample_weight_val=weights[1],
            )
            return self

    StopsByGroups.__name__ = kind.__name__
    return StopsByGroups


def _stops(boosting: Any, rows: int) -> bool:
    """Return whether boosting holds out rows to know when to stop."""
    if boosting.validation_fraction is None:
        return False
    if boosting.early_stopping == "auto":
        return rows > MOST_ROWS_WITHOUT_STOPPING
    return bool(boosting.early_stopping)


def _held_out(boosting: Any, y: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the rows to learn from, and of those to stop by.

    Raises:
        InputError: without any of the groups that can be held out, a class would be unknown.
    """
    part = boosting.validation_fraction
    part = part / len(y) if isinstance(part, int) else part
    folds = FoldsByGroup(max(2, round(1 / part)), boosting.random_state or 0)
    classes = set(np.unique(y)) if sklearn.base.is_classifier(boosting) else set()
    for kept, held in folds.split(y, y, groups):
        if classes <= set(y[kept]):
            return kept, held
    raise InputError(
        f"early stopping of {type(boosting).__name__} holds out whole groups (key in "
        f"{paths.SCHEMA}), and each of them has all rows of some class; set early_stopping: false "
        f"among its options in {paths.PARAMS}"
    )


def _refuse_to_hold_out_rows(last: Any) -> None:
    """Refuse an estimator that holds out single rows while it learns.

    Raises:
        InputError: it does.
    """
    stops = getattr(last, "early_stopping", False) is True
    option = "early_stopping: true"
    if isinstance(last, STOPS_BY_CHANGE) and last.n_iter_no_change is not None:
        stops, option = True, f"n_iter_no_change: {last.n_iter_no_change}"
    if stops:
        raise InputError(
            f"{paths.PARAMS}, train.options.{type(last).__name__}, {option}: it holds out single "
            f"rows, and so parts of groups (key in {paths.SCHEMA}), which it then seems to predict "
            "well; delete this option, or use HistGradientBoosting, which holds out whole groups"
        )

"""Fit a model so that rows held out during fitting are always whole groups."""

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
from sklearn.utils.metadata_routing import MetadataRequest

from tabrail import paths
from tabrail.cluster.training import on_workers
from tabrail.errors import InputError
from tabrail.features import FoldsByGroup
from tabrail.model.derived import finite_inside
from tabrail.project.project import Split

MOST_ROWS_WITHOUT_STOPPING = 10_000  # above it, HistGradientBoosting's early_stopping "auto" is on
STOPS_BY_GROUPS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
STOPS_BY_CHANGE = (GradientBoostingClassifier, GradientBoostingRegressor)


def fit(model: Pipeline, train: Split) -> Pipeline:
    """Fit a model on the training rows, with their weights.

    Rows of one group stay together wherever rows are held out: in the folds of
    `tabrail.features.target_mean`, and in the rows for early stopping of boosting. Otherwise,
    leakage between rows of a group would make the model look better than it is.

    The workers of a cluster fit an estimator of `tabrail.cluster` on all rows. The other steps
    learn from a sample of the rows.

    Source: https://scikit-learn.org/stable/metadata_routing.html

    Args:
        model: the unfitted model.
        train: the training rows.

    Returns:
        The same model, fitted.

    Raises:
        InputError: the estimator holds out single rows, which splits groups; or the cluster cannot
            fit it.

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
    workers = on_workers(train.root, model, train.sample)
    with workers, by_groups(model, train) as given:
        model.fit(train.rows, train.y_true, **given)
    return model


@contextmanager
def by_groups(model: Pipeline, train: Split) -> Iterator[dict[str, np.ndarray]]:
    """Route groups and weights to a model's steps; yield the arguments of its `fit`.

    The routing is removed from the model afterwards.

    Raises:
        InputError: the estimator holds out single rows, which splits groups.
    """
    last = model[-1]
    kind: Any = type(last)
    rows = {"groups": train.groups}
    if train.weights is not None:
        rows["weights_of_rows"] = train.weights
    if _are_some(train.groups):
        _refuse_to_hold_out_rows(last)
    last.__class__ = _told(kind)
    with sklearn.config_context(enable_metadata_routing=True), finite_inside(model):
        taken = model.get_metadata_routing().consumes("fit", rows)
        try:
            yield {name: rows[name] for name in taken}
        finally:
            last.__class__ = kind


@cache
def _told(kind: Any) -> type[BaseEstimator]:
    """Return a subclass of an estimator whose `fit` accepts weights and groups of rows.

    The weights have their own argument name. Under scikit-learn's name, each step of the model that
    accepts weights would have to request them, and a meta-estimator would lose them.
    """

    class Told(kind):
        def get_metadata_routing(self) -> MetadataRequest:
            request = MetadataRequest(owner=self)
            for name in ("groups", "weights_of_rows"):
                request.fit.add_request(param=name, alias=True)
            return request

        def fit(
            self,
            X: np.ndarray,
            y: np.ndarray,
            weights_of_rows: np.ndarray | None = None,
            groups: np.ndarray | None = None,
        ) -> Self:
            options: dict[str, np.ndarray] = {}
            kept = np.arange(len(X))
            if isinstance(self, STOPS_BY_GROUPS) and _stops(self, len(X)) and _are_some(groups):
                kept, held = _held_out(self, y, np.asarray(groups))
                options = {"X_val": X[held], "y_val": y[held]}
                if weights_of_rows is not None:
                    options["sample_weight_val"] = weights_of_rows[held]
            if weights_of_rows is not None:
                options["sample_weight"] = weights_of_rows[kept]
            with sklearn.config_context(enable_metadata_routing=False):
                super().fit(X[kept], y[kept], **options)
            return self

    Told.__name__ = kind.__name__
    return Told


def _are_some(groups: np.ndarray | None) -> bool:
    """Check whether there are groups of more than one row."""
    return groups is not None and len(np.unique(groups)) < len(groups)


def _stops(boosting: Any, rows: int) -> bool:
    """Check whether boosting holds out rows for early stopping."""
    if boosting.validation_fraction is None:
        return False
    if boosting.early_stopping == "auto":
        return rows > MOST_ROWS_WITHOUT_STOPPING
    return bool(boosting.early_stopping)


def _held_out(boosting: Any, y: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the training rows, and of the rows for early stopping.

    Raises:
        InputError: whichever groups are held out, a class would be missing in training.
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
    """Refuse an estimator that holds out single rows during fitting.

    Raises:
        InputError: it does.
    """
    options = last.get_params(deep=False)
    without = "delete this option"
    if isinstance(last, STOPS_BY_GROUPS):
        return
    if options.get("early_stopping") is True:
        option = "early_stopping: true"
    elif isinstance(last, STOPS_BY_CHANGE) and last.n_iter_no_change is not None:
        option = f"n_iter_no_change: {last.n_iter_no_change}"
    elif isinstance(options.get("cv", ""), int | None):
        option, without = f"cv: {options['cv']}", "choose another estimator"
    else:
        return
    raise InputError(
        f"{type(last).__name__}, {option}: it holds out single rows, and so parts of groups (key "
        f"in {paths.SCHEMA}), which it then seems to predict well; {without} in {paths.PARAMS}, "
        "train, or use HistGradientBoosting, which holds out whole groups"
    )

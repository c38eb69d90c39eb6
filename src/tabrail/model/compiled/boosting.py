"""Walk the trees of histogram gradient boosting for a few rows.

scikit-learn calls each tree with all rows. For few rows, the calls take longer than the trees.
"""

import math
from copy import copy
from typing import Any

import numpy as np
from sklearn._loss.link import LogLink
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tabrail.model.compiled import last_step
from tabrail.model.compiled.last_step import Line, Link, Trees

MOST_ROWS = 12  # for more rows, scikit-learn's calls are faster


def for_few_rows(estimator: Any) -> Any:
    """Return an estimator with the same predictions, which is faster for few rows.

    It is the estimator itself, unless that is histogram gradient boosting on numbers only.
    """
    if not walks(estimator):
        return estimator
    begin, steps = (found := trees(estimator)).begin, found.roots
    whole = estimator._raw_predict

    def raw_predict(matrix: np.ndarray, n_threads: int | None = None) -> np.ndarray:
        if len(matrix) > MOST_ROWS:
            found: np.ndarray = whole(matrix, n_threads)
            return found
        return np.array([last_step.sums(row, steps, begin) for row in matrix.tolist()])

    walking = copy(estimator)
    walking._raw_predict = raw_predict
    return walking


def walks(estimator: Any) -> bool:
    """Check whether an estimator is histogram gradient boosting on numbers only."""
    kinds = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    return type(estimator) in kinds and estimator.is_categorical_ is None


def trees(estimator: Any) -> Trees:
    """Return the trees of such an estimator."""
    found = [[_lines(tree.nodes) for tree in step] for step in estimator._predictors]
    begin: list[float] = np.ravel(estimator._baseline_prediction).tolist()
    link: Link = "log" if isinstance(estimator._loss.link, LogLink) else "identity"
    if isinstance(estimator, HistGradientBoostingClassifier):
        link = "logit" if len(begin) == 1 else "softmax"
    return Trees(begin, found, link)


def _lines(nodes: np.ndarray) -> list[Line]:
    """Return the nodes of a tree, whose children come after it."""
    names = ["is_leaf", "value", "feature_idx", "num_threshold", "left", "right"]
    columns = [nodes[name].tolist() for name in [*names, "missing_go_to_left"]]
    return [
        value
        if is_leaf
        else (feature, threshold if math.isfinite(threshold) else None, left, right, bool(missing))
        for is_leaf, value, feature, threshold, left, right, missing in zip(*columns, strict=True)
    ]

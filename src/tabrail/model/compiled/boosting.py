"""Walk the trees of histogram gradient boosting for a few rows.

scikit-learn calls each tree with all rows. For few rows, the calls take longer than the trees. The
values of the leaves are added in the same order, so the sums are bit-identical.
"""

from copy import copy
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

MOST_ROWS = 12  # for more rows, scikit-learn's calls are faster

# The value of a leaf; or feature, threshold, and the nodes for <=, for >, and for missing.
Node = float | tuple[int, float, "Node", "Node", "Node"]


def for_few_rows(estimator: Any) -> Any:
    """Return an estimator with the same predictions, which is faster for few rows.

    It is the estimator itself, unless that is histogram gradient boosting on numbers only.
    """
    kinds = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    if type(estimator) not in kinds or estimator.is_categorical_ is not None:
        return estimator
    steps = [[_root(tree.nodes) for tree in trees] for trees in estimator._predictors]
    begin = np.ravel(estimator._baseline_prediction).tolist()
    whole = estimator._raw_predict

    def raw_predict(matrix: np.ndarray, n_threads: int | None = None) -> np.ndarray:
        if len(matrix) > MOST_ROWS:
            found: np.ndarray = whole(matrix, n_threads)
            return found
        return np.array([_sums(row, steps, begin) for row in matrix.tolist()])

    walking = copy(estimator)
    walking._raw_predict = raw_predict
    return walking


def _root(nodes: np.ndarray) -> Node:
    """Return the root of a tree; the children of a node come after it."""
    made: list[Node] = [0.0] * len(nodes)
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if node["is_leaf"]:
            made[place] = float(node["value"])
            continue
        left, right = made[node["left"]], made[node["right"]]
        missing = left if node["missing_go_to_left"] else right
        made[place] = (
            int(node["feature_idx"]),
            float(node["num_threshold"]),
            left,
            right,
            missing,
        )
    return made[0]


def _sums(row: list[float], steps: list[list[Node]], begin: list[float]) -> list[float]:
    """Return the sum of a row's leaf values, one sum for each tree of a step."""
    sums = begin.copy()
    for trees in steps:
        for place, tree in enumerate(trees):
            node = tree
            while type(node) is tuple:
                feature, threshold, left, right, missing = node
                value = row[feature]
                # A missing value is NaN, the only value that does not equal itself.
                node = left if value <= threshold else right if value == value else missing
            sums[place] += node  # type: ignore[operator]
    return sums

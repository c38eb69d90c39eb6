"""Check the indices in a loaded model, because compiled code does not check them.

A tree refers to its children and features by number. A number out of range crashes the process, or
reads memory that does not belong to the row. A cycle never ends.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

LEAF = -1
CATEGORIES_WORDS = 8  # words of 32 bits: one bit for each of 256 categories


def require_sound(model: Any) -> None:
    """Refuse a model that holds an index out of range.

    Args:
        model: a loaded model, before its first prediction.

    Raises:
        ValueError: a child, a feature or a category of a tree is out of range, or a sparse matrix
            has an index outside its shape.

    Example:
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> model = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
        >>> require_sound(model)
        >>> model.n_features_in_ = 0
        >>> require_sound(model)
        Traceback (most recent call last):
        ...
        ValueError: a DecisionTreeClassifier has trees of 1 features, and takes 0
    """
    trees: set[int] = set()
    for part in _parts(model):
        if isinstance(part, Tree):
            _require_tree(part)
            trees.add(id(part))
        elif isinstance(part, TreePredictor):
            trees.add(id(part))
        elif sparse.issparse(part) and hasattr(part, "check_format"):
            part.check_format(full_check=True)
    held: set[int] = set()
    for part in _parts(model):
        if isinstance(part, BaseDecisionTree):
            held |= _require_decision_tree(part)
        elif isinstance(part, (BaseForest, BaseGradientBoosting)):
            _require_ensemble(part)
        elif isinstance(part, BaseHistGradientBoosting):
            held |= _require_histograms(part)
    if trees - held:
        raise ValueError("a tree of it belongs to no estimator")


def _parts(model: Any) -> Iterator[Any]:
    """Return the model and all objects in it, each once."""
    left, seen = [model], set()
    while left:
        found = left.pop()
        if id(found) in seen or isinstance(found, (str, bytes, bytearray, int, float, type)):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, dict):
            left += [*found, *found.values()]
        elif isinstance(found, (list, tuple, set)):
            left += found
        elif isinstance(found, np.ndarray):
            left += found.ravel().tolist() if found.dtype == object else []
        else:
            left += getattr(found, "__dict__", {}).values()


def _require_tree(tree: Tree) -> None:
    # Until the number of nodes is checked, its arrays must not be read.
    _require(0 < tree.node_count <= tree.capacity, "the number of nodes of a tree")
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    _require_children(left, right, left != LEAF)
    inner = feature[left != LEAF]
    _require(bool(((inner >= 0) & (inner < tree.n_features)).all()), "a feature of a tree")


def _require_children(left: Any, right: Any, is_inner: Any) -> None:
    """Refuse a node whose children do not come after it, as in every fitted tree."""
    place = np.arange(len(left))[is_inner]
    for child in (left[is_inner].astype(np.int64), right[is_inner].astype(np.int64)):
        _require(bool(((child > place) & (child < len(left))).all()), "a child of a node")


def _require_decision_tree(model: BaseDecisionTree, features: int | None = None) -> set[int]:
    """Check a tree for rows of a number of features, or of its own number; return that number."""
    found = vars(model).get("tree_")
    if found is None:  # not fitted
        return set()
    _require(isinstance(found, Tree), "the tree of an estimator")
    features = model.n_features_in_ if features is None else features
    if not found.n_features == model.n_features_in_ == features:
        raise ValueError(
            f"a {type(model).__name__} has trees of {found.n_features} features, and takes "
            f"{features}"
        )
    return {id(found)}


def _require_ensemble(model: Any) -> None:
    """Check trees that get the ensemble's rows without a check."""
    if "estimators_" not in vars(model):
        return
    found = np.asarray(model.estimators_, dtype=object)
    for one in found.ravel():
        _require(isinstance(one, BaseDecisionTree), "a tree of an ensemble")
        _require_decision_tree(one, model.n_features_in_)
    if isinstance(model, BaseGradientBoosting):
        # It adds the values of its trees to its initial values, so their shapes must match.
        begin = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
        _require(begin.shape == (1, found.shape[1]), "the number of trees for each step")


def _require_histograms(model: Any) -> set[int]:
    """Check the trees of histogram gradient boosting, and return them."""
    if "_predictors" not in vars(model):
        return set()
    features = model.n_features_in_
    is_categorical = np.asarray(model._bin_mapper.is_categorical_, dtype=bool)
    _require(is_categorical.shape == (features,), "the kinds of the features")
    _require(len(model._bin_mapper.bin_thresholds_) == features, "the bins of the features")
    _require(not vars(model).get("_in_fit", False), "whether the model is being fitted")
    if model._preprocessor is not None:
        _require_preprocessor(model._preprocessor, features)
    trees = [tree for step in model._predictors for tree in step]
    for tree in trees:
        _require(isinstance(tree, TreePredictor), "a tree of an ensemble")
        nodes, bits = tree.nodes, tree.raw_left_cat_bitsets
        _require(nodes.ndim == 1 and len(nodes) > 0, "the number of nodes of a tree")
        is_inner = nodes["is_leaf"] == 0
        _require_children(nodes["left"], nodes["right"], is_inner)
        feature = nodes["feature_idx"][is_inner]
        _require(bool(((feature >= 0) & (feature < features)).all()), "a feature of a tree")
        by_category = is_inner & (nodes["is_categorical"] != 0)
        if by_category.any():
            _require(bits.ndim == 2 and bits.shape[1] == CATEGORIES_WORDS, "categories of a tree")
            _require(bool((nodes["bitset_idx"][by_category] < len(bits)).all()), "a category")
            named = is_categorical[nodes["feature_idx"][by_category]]
            _require(bool(named.all()), "a category of a tree")
    return {id(tree) for tree in trees}


def _require_preprocessor(model: Any, features: int) -> None:
    """Check that the encoder of categories returns as many columns as it takes."""
    columns = [np.asarray(chosen) for _, _, chosen in model.transformers_]
    widths = [int(one.sum()) if one.dtype == bool else one.size for one in columns]
    _require(sum(widths) == features == model.n_features_in_, "the columns that are encoded")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} is out of range")

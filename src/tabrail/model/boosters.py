"""Check a booster before XGBoost reads it, because XGBoost does not check its indices.

Its binary form is UBJSON (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html).
"""

import math
import struct
from typing import Any

import numpy as np

DEEPEST = 32  # levels of nested lists; a booster has seven
NUMBERS = {"i": "i1", "U": "u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
WORDS: dict[str, Any] = {"Z": None, "T": True, "F": False}


def require_sound(content: bytes) -> None:
    """Refuse a booster with indices out of the range of its nodes, features or classes.

    Args:
        content: of a booster, as XGBoost writes it.

    Raises:
        ValueError: it is not such a booster.
    """
    read = _Reader(content)
    try:
        whole = read.value()
        if read.place != len(content) or not isinstance(whole, dict):
            raise ValueError("it goes on after its end")
        learner = whole["Model"]["learner"]
        if "learner" in whole.get("Config", {}):
            _require_same(whole["Config"]["learner"], learner)
        _require_learner(learner)
    except (KeyError, TypeError, IndexError, AttributeError, struct.error) as error:
        raise ValueError(f"its booster is damaged: {error!r}") from None
    except ValueError as error:
        raise ValueError(f"its booster is damaged: {error}") from None


class _Reader:
    """Read UBJSON: lists of numbers become arrays, and reads never go beyond the end."""

    def __init__(self, content: bytes) -> None:
        self._content, self.place = content, 0

    def value(self, depth: int = 0) -> Any:
        """Return the next value."""
        if depth > DEEPEST:
            raise ValueError(f"it has more than {DEEPEST} lists in lists")
        return self._value(self._mark(), depth)

    def _value(self, mark: str, depth: int) -> Any:
        match mark:
            case "{":
                return self._object(depth)
            case "[":
                return self._list(depth)
            case "S":
                return self._text()
            case _ if mark in WORDS:
                return WORDS[mark]
            case _ if mark in NUMBERS:
                return self._numbers(mark, 1)[0].item()
        raise ValueError(f"{mark!r} does not begin a value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._ahead() != "}":
            name = self._text()
            if name in found:
                raise ValueError(f"it has {name!r} twice")
            found[name] = self.value(depth + 1)
        self._mark()
        return found

    def _list(self, depth: int) -> Any:
        if self._ahead() == "$":
            self._mark()
            kind = self._mark()
            if self._mark() != "#":
                raise ValueError("a list of numbers has no length")
            return self._numbers(kind, self._length())
        if self._ahead() == "#":
            self._mark()
            return [self.value(depth + 1) for _ in range(self._length())]
        found = []
        while self._ahead() != "]":
            found.append(self.value(depth + 1))
        self._mark()
        return found

    def _numbers(self, kind: str, count: int) -> "np.ndarray[Any, Any]":
        if kind not in NUMBERS:
            raise ValueError(f"{kind!r} is not a type of number")
        dtype = np.dtype(NUMBERS[kind])
        return np.frombuffer(self._bytes(count * dtype.itemsize), dtype)

    def _text(self) -> str:
        return self._bytes(self._length()).decode(errors="replace")

    def _length(self) -> int:
        count = self._value(self._mark(), 0)
        if not isinstance(count, int) or not 0 <= count <= len(self._content):
            raise ValueError(f"{count!r} is not a length")
        return count

    def _mark(self) -> str:
        return self._bytes(1).decode("latin-1")

    def _ahead(self) -> str:
        found = self._mark()
        self.place -= 1
        return found

    def _bytes(self, count: int) -> bytes:
        if self.place + count > len(self._content):
            raise ValueError("it ends too early")
        self.place += count
        return self._content[self.place - count : self.place]


def _require_same(config: dict[str, Any], learner: dict[str, Any]) -> None:
    """Compare the two declarations of the numbers of classes, features and targets."""
    for name, value in config.get("learner_model_param", {}).items():
        if name in {"num_class", "num_feature", "num_target"}:
            _require(int(value) == int(learner["learner_model_param"][name]), f"two {name}")


def _require_learner(learner: dict[str, Any]) -> None:
    param = {name: learner["learner_model_param"][name] for name in ("num_class", "num_feature")}
    features, classes = int(param["num_feature"]), int(param["num_class"])
    targets = int(learner["learner_model_param"].get("num_target", "1"))
    groups = max(1, classes, targets)
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        weights = np.asarray(booster["model"]["weights"])
        _require(weights.size == (features + 1) * groups, "the number of its weights")
        return
    if booster["name"] == "dart":
        drops = len(booster["weight_drop"])
        booster = booster["gbtree"]
        _require(drops == len(booster["model"]["trees"]), "the number of its weights")
    _require(booster["name"] == "gbtree", "the name of its booster")
    _require_trees(booster["model"], features, groups)


def _require_trees(model: dict[str, Any], features: int, groups: int) -> None:
    trees, info = model["trees"], np.asarray(model["tree_info"])
    _require(int(model["gbtree_model_param"]["num_trees"]) == len(trees), "the number of its trees")
    _require(info.size == len(trees), "the number of its trees")
    _require(bool(((info >= 0) & (info < groups)).all()), "the class of a tree")
    if "iteration_indptr" in model:
        ends = np.asarray(model["iteration_indptr"])
        _require(ends.size > 0 and ends[0] == 0 and ends[-1] == len(trees), "its iterations")
        _require(bool((np.diff(ends) >= 0).all()), "its iterations")
    for tree in trees:
        _require_tree(tree, features, groups)


def _require_tree(tree: dict[str, Any], features: int, groups: int) -> None:
    param = tree["tree_param"]
    count, outputs = int(param["num_nodes"]), max(1, int(param["size_leaf_vector"]))
    left, right = np.asarray(tree["left_children"]), np.asarray(tree["right_children"])
    feature = np.asarray(tree["split_indices"])
    lengths = {
        np.asarray(tree[name]).size
        for name in ("split_conditions", "split_indices", "default_left", "right_children")
    }
    _require(count > 0 and left.size == count and lengths == {count}, "the number of its nodes")
    _require(outputs in (1, groups), "the number of its outputs")
    is_leaf, place = left == -1, np.arange(count)
    inner = ~is_leaf
    for child in (left[inner], right[inner]):
        _require(bool(((child > place[inner]) & (child < count)).all()), "a child of a node")
    found = feature[inner]
    _require(bool(((found >= 0) & (found < features)).all()), "the feature of a node")
    if outputs > 1:
        rows = np.asarray(tree["leaf_weights"]).size // outputs
        leaves = right[is_leaf]
        _require(bool(((leaves >= 0) & (leaves < rows)).all()), "the value of a leaf")
    _require_categories(tree, count)


def _require_categories(tree: dict[str, Any], count: int) -> None:
    kinds = np.asarray(tree.get("split_type", np.zeros(count)))
    _require(kinds.size == count, "the number of its nodes")
    if not kinds.any():
        return
    nodes, starts, sizes = (
        np.asarray(tree[name], dtype=np.int64)
        for name in ("categories_nodes", "categories_segments", "categories_sizes")
    )
    values = np.asarray(tree["categories"], dtype=np.int64)
    _require(nodes.size == starts.size == sizes.size, "the categories of a node")
    is_inner = np.asarray(tree["left_children"]) != -1
    wanted = np.flatnonzero((kinds != 0) & is_inner)
    _require(set(wanted) <= set(nodes.tolist()), "the categories of a node")
    is_in = (starts >= 0) & (sizes >= 0) & (starts + sizes <= values.size)
    _require(bool(is_in.all()), "the categories of a node")
    _require(bool(((values >= 0) & (values < math.pow(2, 24))).all()), "a category")
    _require(bool(((nodes >= 0) & (nodes < count)).all()), "the categories of a node")


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} is out of range")

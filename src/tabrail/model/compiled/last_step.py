"""Predict with the numbers of a fitted estimator, without scikit-learn.

The values of the leaves are added in scikit-learn's order, so the sums are bit-identical.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tabrail.model.compiled.arrays import Floats, Table

Link = Literal["identity", "log", "logit", "softmax"]  # turns sums into predictions
# A node of a tree as a line of a list. A leaf is its value. Another node has the feature, the
# threshold (none if every number goes left), the lines of the left node (<=) and the right one (>),
# which come later, and whether a missing number goes left.
Line = float | tuple[int, float | None, int, int, bool]
# The same, with the nodes instead of their lines: for <=, for >, and for missing.
Node = float | tuple[int, float, "Node", "Node", "Node"]


@dataclass(frozen=True)
class Trees:
    """Trees whose leaves are added, as in histogram gradient boosting.

    Attributes:
        begin: the sums before the first tree, one for each output.
        steps: the trees of each step, one for each output.
        link: turns the sums into predictions.
    """

    begin: list[float]
    steps: list[list[list[Line]]]
    link: Link
    kind: Literal["trees"] = "trees"

    @property
    def walks(self) -> int:
        """Through how many trees a row is walked, at least 1."""
        return max(1, sum(map(len, self.steps)))

    @cached_property
    def roots(self) -> list[list[Node]]:
        """The root of each tree."""
        return [[root(lines) for lines in trees] for trees in self.steps]

    def require(self, width: int) -> None:
        """Check that the trees can be walked for rows of so many numbers.

        Raises:
            ValueError: a tree has a cycle, or a feature that no row has, or a step lacks a tree.
        """
        nodes = [line for step in self.steps for lines in step for line in lines]
        if any(isinstance(line, tuple) and not 0 <= line[0] < width for line in nodes):
            raise ValueError(f"a tree has a feature beyond the {width} of a row")
        if any(len(step) != len(self.begin) for step in self.roots):
            raise ValueError(f"a step has other than {len(self.begin)} trees")
        _require_outputs(self.begin, self.link)

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return predicted values, shape (n_rows,), or probabilities, (n_rows, n_classes)."""
        # scikit-learn adds up the classes of a row in this order of memory.
        found = np.array([sums(row, self.roots, self.begin) for row in matrix.tolist()], order="F")
        return LINKS[self.link](found)


@dataclass(frozen=True)
class Linear:
    """Sums of weighted numbers.

    Attributes:
        weights: shape (n_numbers, n_outputs).
        begin: what is added, shape (n_outputs,).
        link: turns the sums into predictions.
    """

    weights: Table
    begin: Floats
    link: Link
    kind: Literal["linear"] = "linear"

    @property
    def walks(self) -> int:
        """A row takes no longer than a walk through a tree."""
        return 1

    def require(self, width: int) -> None:
        """Check that the weights are for rows of so many numbers.

        Raises:
            ValueError: they are not.
        """
        if self.weights.shape != (width, len(self.begin)):
            raise ValueError(f"the weights have another shape than ({width}, {len(self.begin)})")
        _require_outputs(self.begin, self.link)

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return predicted values, shape (n_rows,), or probabilities, (n_rows, n_classes)."""
        return LINKS[self.link](matrix @ self.weights + self.begin)


def _require_outputs(begin: Sequence[float] | np.ndarray, link: Link) -> None:
    """Check that there is one sum, or several for several classes.

    Raises:
        ValueError: there are others.
    """
    fits = len(begin) > 1 if link == "softmax" else len(begin) == 1
    if not fits or not all(map(math.isfinite, begin)):
        raise ValueError(f"{len(begin)} sums do not fit {link}")


def root(lines: Sequence[Line]) -> Node:
    """Return the root of a tree of at least one line.

    Raises:
        ValueError: a child is not behind its parent, so the walk might never end.
    """
    made: list[Node] = [0.0] * len(lines)
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if not isinstance(line, tuple):
            made[place] = float(line)
            continue
        feature, threshold, left, right, missing_goes_left = line
        if not (place < left < len(lines) and place < right < len(lines)):
            raise ValueError("a child of a node of a tree is not behind it")
        most = math.inf if threshold is None else threshold
        missing = made[left if missing_goes_left else right]
        made[place] = (feature, most, made[left], made[right], missing)
    if not made:
        raise ValueError("a tree has no node")
    return made[0]


def sums(row: list[float], steps: Sequence[Sequence[Node]], begin: Sequence[float]) -> list[float]:
    """Return the sum of a row's leaf values, one sum for each tree of a step."""
    found = list(begin)
    for trees in steps:
        for place, tree in enumerate(trees):
            node = tree
            while type(node) is tuple:
                feature, threshold, left, right, missing = node
                value = row[feature]
                # A missing value is NaN, the only value that does not equal itself.
                node = left if value <= threshold else right if value == value else missing
            found[place] += node  # type: ignore[operator]
    return found


def _identity(sums: np.ndarray) -> np.ndarray:
    return sums.ravel()


def _exponential(sums: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.exp(sums.ravel())
    return found


def _logistic(sums: np.ndarray) -> np.ndarray:
    """Return the probabilities of two classes, as `scipy.special.expit` computes them."""
    positive = np.array([1 / (1 + _exp(-one)) for one in sums.ravel().tolist()])
    return np.column_stack([1 - positive, positive])


def _exp(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


def _softmax(sums: np.ndarray) -> np.ndarray:
    """Return the probabilities of several classes, as scikit-learn's `softmax` computes them."""
    found: np.ndarray = np.exp(sums - sums.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return found


LINKS: dict[Link, Callable[[np.ndarray], np.ndarray]] = {
    "identity": _identity,
    "log": _exponential,
    "logit": _logistic,
    "softmax": _softmax,
}

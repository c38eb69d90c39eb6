"""Fit boosted trees with NumPy alone: a model of thousands of rows that takes no import.

scikit-learn's trees take longer to import than these take to be fitted. They are of the same kind:
features are cut into bins, each tree predicts what those before it have left over, and all nodes of
one depth are split at once, by sums over the bins. The sums are in the order of the rows, so the
same rows give the same trees.
"""

from dataclasses import dataclass

import numpy as np

BINS = 255  # of each feature, beside the one for missing values
TREES, RATE, DEPTH = 15, 0.4, 6
FEWEST_TREES = 3  # of each class
MOST, FEWEST = 20, 3  # rows of a leaf
FAR_OFF = 0.9  # share of the rows beyond which an error weighs no more
LARGEST = 8.0  # step of the log odds of a leaf
TINY = 1e-300
LEAST = 1e-9  # what is no gain, but noise of floating point


@dataclass(frozen=True)
class Bins:
    """Features in bins, each of which has a number of its own among those of all features.

    Attributes:
        codes: the bin of each value; shape (n_rows, n_features).
        feature: the feature of each bin; shape (n_bins,).
    """

    codes: np.ndarray
    feature: np.ndarray


def binned(x: np.ndarray) -> Bins:
    """Cut features into bins of about as many rows each; a missing value comes before all others.

    Args:
        x: the features, NaN where a value is missing; shape (n_rows, n_features).
    """
    codes, sizes = np.zeros(x.shape, np.int64), list[int]()
    for place, values in enumerate(x.T):
        known = np.sort(values[~np.isnan(values)])
        edges = np.unique(known)
        if len(edges) > BINS:
            edges = np.unique(known[np.linspace(0, len(known) - 1, BINS).astype(int)])
        codes[:, place] = np.where(np.isnan(values), 0, np.searchsorted(edges, values) + 1)
        codes[:, place] += sum(sizes)
        sizes.append(len(edges) + 1)
    return Bins(codes, np.repeat(np.arange(len(sizes)), sizes))


def numbers(
    bins: Bins, y_true: np.ndarray, learned: np.ndarray, *, absolute: bool = True
) -> np.ndarray:
    """Learn numbers from some rows; return the predictions of all.

    Args:
        bins: the features of all rows.
        y_true: the numbers; shape (n_rows,).
        learned: the places of the rows to learn from.
        absolute: whether the absolute error is to be the least, and not the squared one.
    """
    middle, middles = (np.median, _medians) if absolute else (np.mean, _means)
    y_pred = np.full(len(y_true), middle(y_true[learned]))
    for _ in range(TREES):
        left = y_true[learned] - y_pred[learned]
        most = np.quantile(np.abs(left), FAR_OFF) if absolute else np.inf
        leaves = _leaves(bins, np.clip(left, -most, most), learned)
        y_pred += RATE * middles(leaves[learned], left)[leaves]
    return y_pred


def classes(bins: Bins, y_true: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Learn classes from some rows; return the probabilities of all, shape (n_rows, n_classes).

    Args:
        bins: the features of all rows.
        y_true: the numbers of the classes, from 0 on; shape (n_rows,).
        learned: the places of the rows to learn from.
    """
    count = int(y_true.max()) + 1
    is_class = (y_true[:, None] == np.arange(count)).astype(np.float64)
    odds = np.tile(np.log(is_class[learned].mean(axis=0) + LEAST), (len(y_true), 1))
    several = count if count > 2 else 1  # of two classes, the second one has what the first lacks
    for _ in range(TREES if several == 1 else max(FEWEST_TREES, TREES * 2 // count)):
        shares = _shares(odds)
        for one in range(several):
            left, share = (is_class - shares)[learned, one], shares[learned, one]
            leaves = _leaves(bins, left, learned)
            at, known = leaves[learned], int(leaves.max()) + 1
            curve = np.bincount(at, share * (1 - share), known)
            steps = np.bincount(at, left, known) / np.maximum(curve, LEAST)
            odds[:, one] += RATE * np.clip(steps, -LARGEST, LARGEST)[leaves]
    return _shares(odds)


def _shares(odds: np.ndarray) -> np.ndarray:
    powers = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _leaves(bins: Bins, left: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Grow a tree on some rows; return the number of the leaf in which each of all rows is.

    A node is split where the squared error of its rows falls the most.

    Args:
        bins: the features of all rows.
        left: what is to be predicted; shape (n_learned,).
        learned: the places of the rows to learn from.
    """
    left = left / max(float(np.abs(left).max()), TINY)
    fewest = int(np.clip(len(bins.codes) / 50, FEWEST, MOST))
    count, rows = len(bins.feature), np.arange(len(bins.codes))
    last_of_first = np.searchsorted(bins.feature, 1) - 1
    codes = bins.codes[learned]
    weights = np.repeat(left, codes.shape[1])
    nodes = np.zeros(len(bins.codes), np.int64)
    for depth in range(DEPTH):
        shape = 2**depth, count
        cells = (codes + (nodes[learned] * count)[:, None]).ravel()
        # Of each node, the sums over the bins of a feature up to each one. What is summed over
        # all features before it is as often the sum of the node.
        sums = np.bincount(cells, weights, shape[0] * count).reshape(shape).cumsum(axis=1)
        below = np.bincount(cells, minlength=shape[0] * count).reshape(shape).cumsum(axis=1)
        total, size = sums[:, [last_of_first]], below[:, [last_of_first]]
        sums -= total * bins.feature
        below -= size * bins.feature
        sums -= below * (total / np.maximum(size, 1))
        product = below * (size - below)
        gain = sums**2 / np.maximum(product, 1)
        least = np.where(size < 2 * fewest, np.inf, fewest * (size - fewest))
        gain[product < least] = 0.0  # one of the two sides would have too few rows
        best = gain.argmax(axis=1)
        is_split = gain[np.arange(shape[0]), best] > LEAST
        if not is_split.any():
            break
        highest = np.where(is_split, best, count)
        nodes = nodes * 2 + (bins.codes[rows, bins.feature[best][nodes]] > highest[nodes])
    return nodes


def _medians(leaves: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the median of what is left over in each leaf, 0 in one without rows."""
    order = np.lexsort([left, leaves])
    sizes = np.bincount(leaves, minlength=2**DEPTH)
    first = np.cumsum(sizes) - sizes
    both = np.array([first + (sizes - 1) // 2, first + sizes // 2]).clip(0, len(left) - 1)
    return np.where(sizes > 0, left[order][both].mean(axis=0), 0.0)


def _means(leaves: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the mean of what is left over in each leaf, 0 in one without rows."""
    sizes = np.bincount(leaves, minlength=2**DEPTH)
    return np.bincount(leaves, left, 2**DEPTH) / np.maximum(sizes, 1)

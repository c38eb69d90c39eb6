"""Sums, shares and differences for the scores of several tasks."""

from collections.abc import Callable

import numpy as np

BLOCK_CELLS = 1 << 16  # of weights: few, to stay in the processor's cache


def computed(scores: dict[str, Callable[[], np.ndarray]], only: str) -> dict[str, np.ndarray]:
    """Compute one score, or all of them."""
    return {name: compute() for name, compute in scores.items() if only in ("", name)}


def by_blocks(
    function: Callable[[np.ndarray], dict[str, np.ndarray]], weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Call a function with a few sets of weights at a time, and join the results.

    Args:
        function: its result for one set must not depend on the other sets. A matrix product is not
            allowed: its last bits depend on the number of sets.
        weights: of shape (n_sets, n_rows).
    """
    size = max(1, BLOCK_CELLS // max(1, weights.shape[1]))
    found = [function(weights[start : start + size]) for start in range(0, len(weights), size)]
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


def steps(upto: np.ndarray) -> np.ndarray:
    """Return the difference of each column from the previous one, as `np.diff` from 0."""
    steps = upto.copy()
    steps[:, 1:] -= upto[:, :-1]
    return steps


def log_losses(given: np.ndarray) -> np.ndarray:
    """Return the log loss of each row from the predicted probability of the true outcome."""
    smallest = np.finfo(np.float64).eps
    return -np.log(np.clip(given, smallest, 1 - smallest))


def sum_by(weights: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """Return the sum of each class's weights, shape (n_sets, n_classes)."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    sums = np.zeros((len(weights), classes))
    sums[:, present] = np.add.reduceat(weights.take(order, axis=1), starts, axis=1)
    return sums


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Return the mean of each row's values, without NaN."""
    return ratio(np.nansum(values, axis=1), np.isfinite(values).sum(axis=1))


def ratio(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    """Divide, and return another number where the divisor is 0."""
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below != 0)

"""Sums, shares and steps that the scores of several tasks are made of."""

from collections.abc import Callable

import numpy as np

BLOCK_CELLS = 1 << 16  # of weights: with what is made of them they stay near the processor


def computed(scores: dict[str, Callable[[], np.ndarray]], only: str) -> dict[str, np.ndarray]:
    """Compute the score that is needed, or all of them."""
    return {name: compute() for name, compute in scores.items() if only in ("", name)}


def by_blocks(
    function: Callable[[np.ndarray], dict[str, np.ndarray]], weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Call a function with a few sets of weights at a time, and join what it returns.

    Args:
        function: what it returns for one set does not depend on the others. A matrix product is
            no such function: its last bits depend on how many sets there are.
        weights: of shape (n_sets, n_rows).
    """
    size = max(1, BLOCK_CELLS // max(1, weights.shape[1]))
    found = [function(weights[start : start + size]) for start in range(0, len(weights), size)]
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


def steps(upto: np.ndarray) -> np.ndarray:
    """Return by how much each column is above the one before, the first above 0: `np.diff`."""
    steps = upto.copy()
    steps[:, 1:] -= upto[:, :-1]
    return steps


def log_losses(given: np.ndarray) -> np.ndarray:
    """Return the loss of each row from the probability that was given to what came true."""
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
    """Return the mean of each row's values, without those that are NaN."""
    return ratio(np.nansum(values, axis=1), np.isfinite(values).sum(axis=1))


def ratio(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    """Divide, and put another number where the divisor is 0."""
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below != 0)

"""Sums, shares and steps that the scores of several tasks are made of."""

from collections.abc import Callable

import numpy as np


def computed(scores: dict[str, Callable[[], np.ndarray]], only: str) -> dict[str, np.ndarray]:
    """Compute the score that is needed, or all of them."""
    return {name: compute() for name, compute in scores.items() if only in ("", name)}


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

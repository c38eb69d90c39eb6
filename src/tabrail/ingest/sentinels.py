"""Find a placeholder for a missing number: an extreme, far from all others, that repeats."""

from dataclasses import dataclass

import numpy as np

REPEATED, FEWEST = 0.01, 5  # least share and number of rows with it
FEWEST_OTHERS = 5  # different numbers
NINES = {-9.0, *(float(sign * int("9" * digits)) for digits in range(2, 8) for sign in (1, -1))}
FAR = 10  # so many times farther from the others than they are from each other
SURE, SURE_OTHERS = 2, 2  # least rows, and other numbers, if it has only nines and is far away
PRICED = 0.3  # share of the others that end with 9: these are prices


@dataclass(frozen=True)
class Sentinel:
    """A number that may mean a missing value.

    Attributes:
        value: the number.
        share: the share of rows with it.
        low: the lowest of the others.
        high: the highest of the others.
    """

    value: float
    share: float
    low: float
    high: float


def find(values: np.ndarray, counts: np.ndarray) -> Sentinel | None:
    """Find an isolated extreme that repeats.

    It is isolated if it is farther from the others than they are from each other. If it has only
    nines, half the distance of their interquartile range is enough, and so is any distance if it is
    the only negative number. For other numbers, the only negative one must have that whole
    distance. -1 may be next to whole numbers from 0. A number of nines that is very far away may be
    rarer, and the others fewer.

    Args:
        values: distinct numbers, NaN for other values; shape (n_values,).
        counts: their counts; same shape.
    """
    known = ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    values, counts = values[known][order], counts[known][order]
    for place, others in ((0, slice(1, None)), (-1, slice(None, -1))):
        rest, of_rest = values[others], counts[others]
        if len(rest) < SURE_OTHERS:
            return None
        value, count, total = values[place], counts[place], counts.sum()
        often = count >= max(FEWEST, REPEATED * total)
        sure = _is_sure(value, rest) and (often or (count >= SURE and not 0 < value < 100))
        if _is_priced(value, rest, of_rest):
            continue
        if sure or (often and len(rest) >= FEWEST_OTHERS and _is_isolated(value, rest, of_rest)):
            return Sentinel(float(value), float(count / total), float(rest[0]), float(rest[-1]))
    return None


def _is_sure(value: float, others: np.ndarray) -> bool:
    """Check for only nines, very far from the others, or negative and far."""
    gap, width = np.abs(others - value).min(), others[-1] - others[0]
    return value in NINES and bool(gap > (width if value < 0 <= others[0] else FAR * width))


def _is_isolated(value: float, others: np.ndarray, counts: np.ndarray) -> bool:
    """Check for a number that is far enough from many others."""
    gap, width = np.abs(others - value).min(), others[-1] - others[0]
    shares = np.cumsum(counts) / counts.sum()
    low, high = (others[np.searchsorted(shares, share)] for share in (0.25, 0.75))
    middle = high - low
    if value < 0 <= others[0] and (gap > middle > 0 or value in NINES or _is_next(value, others)):
        return True
    return bool(gap > width > 0 or (value > 0 and value in NINES and gap > 0.5 * middle))


def _is_priced(value: float, others: np.ndarray, counts: np.ndarray) -> bool:
    """Check for a price such as 99 among others such as 49 and 19.99."""
    nines = ((others % 10 == 9) | (np.round(100 * others) % 100 == 99)) @ counts
    return value > 0 and bool(nines > PRICED * counts.sum())


def _is_next(value: float, others: np.ndarray) -> bool:
    """Check for -1 among whole numbers from 0, which are counts or codes."""
    return value == -1 and others[0] >= 0 and bool(np.all(others % 1 == 0))

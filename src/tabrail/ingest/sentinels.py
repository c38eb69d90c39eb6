"""Find a placeholder for a missing number: an extreme, far from all others, that repeats."""

from dataclasses import dataclass

import numpy as np

REPEATED, FEWEST = 0.01, 5  # least share and number of rows with it
FEWEST_OTHERS = 5  # different numbers
USUAL = {-1.0, *(float(sign * int("9" * digits)) for digits in range(2, 8) for sign in (1, -1))}


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

    It is isolated if it is farther from the others than they are from each other. The distance of
    their interquartile range is enough if it is the only negative number, and half of that for
    numbers of only nines. -1 may be next to whole numbers from 0.

    Args:
        values: distinct numbers, NaN for other values; shape (n_values,).
        counts: their counts; same shape.
    """
    known = ~np.isnan(values)
    total = counts[known].sum()
    order = np.argsort(values[known], kind="stable")
    values, counts = values[known][order], counts[known][order]
    if len(values) < FEWEST_OTHERS + 1:
        return None
    for place, others, nearest in ((0, slice(1, None), 1), (-1, slice(None, -1), -2)):
        value, rest = values[place], values[others]
        if counts[place] < max(FEWEST, REPEATED * total):
            continue
        gap, width = abs(value - values[nearest]), rest[-1] - rest[0]
        shares = np.cumsum(counts[others]) / counts[others].sum()
        low, high = (rest[np.searchsorted(shares, share)] for share in (0.25, 0.75))
        middle = high - low
        usual = value in USUAL and gap > 0.5 * middle
        other_sign = value < 0 <= rest[0] and (gap > middle > 0 or usual or _is_next(value, rest))
        if gap > width > 0 or other_sign or (value > 0 and usual):
            return Sentinel(
                float(value), float(counts[place] / total), float(rest[0]), float(rest[-1])
            )
    return None


def _is_next(value: float, others: np.ndarray) -> bool:
    """Check for -1 among whole numbers from 0, which are counts or codes."""
    return value == -1 and others[0] >= 0 and bool(np.all(others % 1 == 0))

"""Find the number that stands for no value: an extreme, far from all others, that repeats."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tabrail.ingest.look import Look

REPEATED, FEWEST = 0.01, 5  # share and number of the rows that have it
FEWEST_OTHERS = 5  # different numbers
USUAL = {-1.0, *(float(sign * int("9" * digits)) for digits in range(2, 8) for sign in (1, -1))}


@dataclass(frozen=True)
class Sentinel:
    """A number that may stand for no value.

    Attributes:
        value: the number.
        share: the share of the rows that have it.
        low: the lowest of the others.
        high: the highest of the others.
    """

    value: float
    share: float
    low: float
    high: float


def find(values: np.ndarray, counts: np.ndarray) -> Sentinel | None:
    """Find an extreme that repeats and is lonely.

    It is lonely if it is farther from the others than they are from each other. For -1, and for
    numbers that only have nines, half of the others' interquartile range suffices, if it has
    another sign than the others or is above them.

    Args:
        values: different numbers, NaN where a value is none; shape (n_values,).
        counts: how often each comes, of the same shape.
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
        usual = value in USUAL and (value < 0 <= rest[0] or value > 0)
        # Dummies and counts that start at 0 are next to -1: then it has another meaning only there.
        if (
            (gap > width > 0)
            or (usual and gap > 0.5 * (high - low))
            or (value == -1 and rest[0] >= 0 and np.all(rest % 1 == 0))
        ):
            return Sentinel(
                float(value), float(counts[place] / total), float(rest[0]), float(rest[-1])
            )
    return None


def sentence(look: "Look", found: Sentinel) -> str:
    """Say that a number may stand for no value, and what to write then."""
    nullable = "" if look.is_target else ", and nullable: true to this column"
    return (
        f"{found.value:g} stands in {found.share:.1%} of the rows, and all other numbers are from "
        f'{found.low:g} to {found.high:g}. If it means no value, add "{found.value:g}" to '
        f"missing in schema.yaml{nullable}"
    )

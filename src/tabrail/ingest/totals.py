"""Warn about a line of totals that is read as a row.

Lines that plainly are totals, such as `Summe` below a column of names, are set aside while a file
is read. This finds the others by their numbers: one number equals the sum of all others.
"""

import math
from collections.abc import Iterable

from tabrail.ingest.profile import ColumnProfile
from tabrail.ingest.roles import short

FEWEST = 30  # numbers other than 0: the largest of few may be the sum of the others by chance
SAME = 1e-4  # largest relative difference, for rounding


def warnings(columns: Iterable[tuple[str, ColumnProfile]]) -> list[str]:
    """Return a warning if a row seems to hold the sums of the others.

    Args:
        columns: the names of columns of numbers whose values may be shown, with their profiles.
    """
    found = {name: high for name, column in columns if (high := _sum_of_others(column))}
    if not found:
        return []
    shown = ", ".join(f"{short(name)} {high:,.15g}" for name, high in list(found.items())[:5])
    return [
        f"TOTALS? One row has the sum of all others ({shown}), so it is probably a line of totals. "
        "It is read as a row. Delete it in the file"
    ]


def _sum_of_others(column: ColumnProfile) -> float:
    """Return the highest number if it is the sum of all others; 0 if it is not."""
    if column.high is None or column.nonzero < FEWEST:
        return 0.0
    high = float(column.high)
    is_sum = high > 0 and math.isclose(high, column.total - high, rel_tol=SAME)
    return high if is_sum else 0.0

"""Recognize a column that numbers blocks of rows, such as those of machines or persons."""

import numpy as np
import pandas as pd

from tabrail.data.written_numbers import plain_numbers
from tabrail.ingest.column_names import tokens

FEWEST, FEWEST_ROWS = 5, 3  # different numbers, and rows of each
# Things that are numbered without a gap, and that rows do not belong to.
OF_TIME = {
    *("year", "quarter", "month", "week", "weekday", "day", "hour", "minute", "second", "date"),
    *("time", "season", "period", "step", "lag", "jahr", "monat", "woche", "tag", "stunde"),
}


def numbers_blocks(name: str, words: pd.Series) -> bool:
    """Check whether whole numbers without a gap number blocks of rows, or cycle.

    Args:
        name: of the column.
        words: its cells as text, in the order of the rows.
    """
    numbers = plain_numbers(words).to_numpy()
    if OF_TIME.intersection(tokens(name)) or not len(numbers) or not np.isfinite(numbers).all():
        return False
    low, high = numbers.min(), numbers.max()
    count = high - low + 1
    if low not in (0, 1) or count < FEWEST or len(numbers) < FEWEST_ROWS * count:
        return False
    if len(np.unique(numbers)) != count or np.any(numbers % 1):
        return False
    in_blocks = np.count_nonzero(np.diff(numbers)) == count - 1
    cycle = numbers[: int(count)]
    in_turn = len(np.unique(cycle)) == count and np.array_equal(
        numbers, np.resize(cycle, len(numbers))
    )
    return bool(in_blocks or in_turn)

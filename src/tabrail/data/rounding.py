"""Round values that are in Git, so that none is the value of a single row."""

import math

import numpy as np
import pandas as pd

MONTHS = 12  # months in a year
WRITABLE = (MONTHS, 10_000 * MONTHS - 1)  # the first and the last month in ISO 8601


def outward(low: float, high: float) -> tuple[float, float]:
    """Return a range rounded outward to two digits of its width, so that it is not a row's value.

    >>> outward(18.25, 86.79), outward(810, 1_699_590), outward(0, 1)
    ((18.0, 87.0), (0.0, 1700000.0), (0.0, 1.0))
    """
    width = high - low or abs(high) or 1.0
    if not math.isfinite(width):
        return low, high
    digits = 1 - math.floor(math.log10(width))
    step = 10.0**-digits
    if not step or not math.isfinite(1 / step):
        return low, high
    return round(math.floor(low / step) * step, digits), round(
        math.ceil(high / step) * step, digits
    )


def months_outward(low: pd.Timestamp, high: pd.Timestamp) -> np.ndarray:
    """Return the months, or the years, at which parts of a range of dates begin and end.

    The range is rounded outward: to months, or to two digits of its width in years if that is ten
    years or more. Its end is later than `high`, so neither end is a row's date.

    Returns:
        Array of datetime64[M], at least two of them, in order.

    >>> months_outward(pd.Timestamp("2024-02-29"), pd.Timestamp("2024-03-01")).astype(str).tolist()
    ['2024-02', '2024-03', '2024-04']
    """
    first, last = (moment.year * MONTHS + moment.month - 1 for moment in (low, high))
    years = (last - first) / MONTHS
    step = 1 if years < 10 else MONTHS * 10 ** (math.floor(math.log10(years)) - 1)
    start, end = (first // step) * step, (last // step + 1) * step
    months = np.clip(np.arange(start, end + 1, step), *WRITABLE)
    return (months - 1970 * MONTHS).astype("datetime64[M]")


def seen_dates(low: pd.Timestamp, high: pd.Timestamp) -> str:
    """Return the range of dates in words, without the date of any row.

    >>> seen_dates(pd.Timestamp("2024-02-29"), pd.Timestamp("2024-03-01"))
    'seen 2024-02 to 2024-03'
    >>> seen_dates(pd.Timestamp("1931-05-06"), pd.Timestamp("2024-03-01"))
    'seen 1931 to 2024'
    """
    edges = months_outward(low, high)
    unit = "M" if edges[1] - edges[0] == np.timedelta64(1, "M") else "Y"
    last = edges[-1] - np.timedelta64(1, "M")
    return f"seen {edges[0].astype(f'datetime64[{unit}]')} to {last.astype(f'datetime64[{unit}]')}"

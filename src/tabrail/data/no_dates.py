"""Recognize placeholders for a missing date, such as 9999-12-31, in dates and in texts."""

import re
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DAY = re.compile(r"\d{4}-\d\d-\d\d")
TIME = r"[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?"
DAY_AND_TIME = re.compile(rf"({DAY.pattern}){TIME}")
FIRST, LAST = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31T23:59:59", "s")
FARTHEST_ZONE = np.timedelta64(14, "h")  # from UTC


def days(missing: Iterable[str]) -> set[str]:
    """Return the words for a missing value that are days in ISO 8601."""
    return {word for word in missing if DAY.fullmatch(word)}


def is_day_and_time(text: str, no_days: set[str]) -> bool:
    """Check whether a text is a time on one of the placeholder days.

    >>> is_day_and_time("9999-12-31T23:59:59Z", {"9999-12-31"})
    True
    """
    match = DAY_AND_TIME.fullmatch(text)
    return match is not None and match[1] in no_days


def on(values: pd.Series, no_days: set[str]) -> pd.Series:
    """Return true where a value is on one of the placeholder days.

    Args:
        values: dates, with or without a time zone, or texts, or both; shape (n_rows,).
        no_days: the result of `days`.
    """
    if values.dtype.kind == "M":
        known = np.array(sorted(no_days), dtype="datetime64[D]")
        return pd.Series(np.isin(day_of(values), known), values.index, dtype="bool")
    if values.dtype == "object":
        return values.isin([date.fromisoformat(day) for day in no_days])
    return values.str.fullmatch(f"(?:{'|'.join(sorted(no_days))}){TIME}").fillna(False).astype(bool)


def day_of(values: pd.Series) -> np.ndarray:
    """Return the day of each date; shape (n_rows,), datetime64[D].

    If the column has a time zone, it is the day in UTC. A local day that is the first or the last
    one of a year is kept, because programs write 9999-12-31 in both ways.

    Args:
        values: dates of dtype datetime64, or Python's dates; shape (n_rows,).
    """
    if values.dtype.kind != "M" or values.dt.tz is None:
        return values.to_numpy().astype("datetime64[D]")
    utc, local = (
        zoned.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
        for zoned in (values.dt.tz_convert("UTC"), values)
    )
    years = [(local + np.timedelta64(shift, "D")).astype("datetime64[Y]") for shift in (-1, 0, 1)]
    return np.where((years[0] != years[1]) | (years[1] != years[2]), local, utc)


def within_calendar(column: pa.Array) -> pa.Array:
    """Move dates outside Python's calendar, such as infinity, to its first or last day.

    Args:
        column: dates or timestamps of a file; anything else is returned unchanged.
    """
    kind = column.type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) or not len(column):
        return column
    unit = "D" if pa.types.is_date32(kind) else "ms" if pa.types.is_date64(kind) else kind.unit
    if unit == "ns":  # they end in the year 2262
        return column
    zoned = pa.types.is_timestamp(kind) and kind.tz is not None
    room = FARTHEST_ZONE if zoned else np.timedelta64(0, "h")
    whole = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    first, last = (
        int(end.astype(f"datetime64[{unit}]").astype(np.int64))
        for end in (FIRST + room, LAST - room)
    )
    numbers = column.cast(whole)
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is None or (first <= ends["min"] and ends["max"] <= last):
        return column
    low, high = pa.scalar(first, whole), pa.scalar(last, whole)
    kept = pc.max_element_wise(
        pc.min_element_wise(numbers, high, skip_nulls=False), low, skip_nulls=False
    )
    return kept.cast(kind)

"""Read the cells of one column: numbers, words and dates, however they are written."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import no_dates, written_dates, written_numbers, written_text

STR: Any = pd.StringDtype(na_value=np.nan)  # shared, as a look-up by name is slow
TRUE = {"true", "yes", "y", "t", "on", "1", "1.0"}
FALSE = {"false", "no", "n", "f", "off", "0", "0.0"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
LARGEST = 1e100  # the squares of larger numbers overflow in models
LONGEST_IN_MICROSECONDS = len("2024-01-31T23:59:59.999999")


def present(values: pd.Series, missing: list[str]) -> pd.Series:
    """Normalize words, and replace the words for a missing value by a missing value.

    Args:
        values: cells as they were read; shape (n_rows,).
        missing: the words for a missing value; a day such as 9999-12-31 includes all times on it.
    """
    if values.dtype == "object":  # what Parquet and JSON mix in one column
        plain = [written_text.plain(one) if isinstance(one, str) else one for one in values]
        values = pd.Series(plain, index=values.index, dtype="object")  # `map` infers another type
    elif isinstance(values.dtype, pd.StringDtype):
        values = written_text.plain_series(values)
    elif values.dtype.kind in "if":
        # A division by zero gives no number: CSV files have a missing value there.
        return values.mask(values.isin([*missing_numbers(missing), np.inf, -np.inf]))
    elif values.dtype.kind != "M":
        return values
    if no_days := no_dates.days(missing):
        values = values.mask(no_dates.on(values, no_days))
    return values if values.dtype.kind == "M" else values.mask(values.isin(missing))


def missing_numbers(missing: Iterable[str]) -> set[float]:
    """Return the numbers among the words for a missing value, such as -999."""
    return {float(word) for word in missing if NUMBER.fullmatch(word)}


def numeric(values: pd.Series, decimal: str, thousands: str) -> pd.Series:
    """Return numbers; NaN for a cell without a number, or with one beyond 1e100.

    Args:
        values: cells; shape (n_rows,).
        decimal: the decimal separator of numbers that are written as text.
        thousands: the thousands separator of such numbers, or nothing.
    """
    if values.dtype.kind in "mMc":  # dates, spans of time and complex numbers are not numbers
        return pd.Series(np.nan, index=values.index)
    if not (values.dtype == "object" or isinstance(values.dtype, pd.StringDtype)):
        return _finite(pd.to_numeric(values, errors="coerce").astype("float64"))
    if decimal != ".":  # 1.234 may mean 1234 here
        found = pd.Series(np.nan, index=values.index, dtype="float64")
    elif values.dtype == "object":
        found = pd.to_numeric(values, errors="coerce").astype("float64")
    else:
        found = written_numbers.plain_numbers(values)
    decorated = values.notna() & found.isna()
    if decorated.any():
        rest = values[decorated].astype("str")
        found = found.fillna(written_numbers.numbers(rest, decimal, thousands))
    return _finite(found)


def _finite(numbers: pd.Series) -> pd.Series:
    return numbers.where(numbers.abs() < LARGEST)


def durations(values: pd.Series, seconds: pd.Series) -> pd.Series:
    """Return durations such as 1:02:03 in seconds; numbers are seconds already."""
    written = values.notna() & seconds.isna()
    return seconds.fillna(written_numbers.durations(values[written])) if written.any() else seconds


def boolean(values: pd.Series) -> pd.Series:
    """Return 1.0 for a word that means yes, 0.0 for one that means no, NaN for any other."""
    words = values.astype("str").str.strip().str.lower()
    numbers = pd.Series(np.nan, index=values.index, dtype="float64")
    return numbers.mask(words.isin(TRUE), 1.0).mask(words.isin(FALSE), 0.0)


def words(values: pd.Series) -> pd.Series:
    """Return yes and no for the numbers of `boolean`; return names of categories unchanged."""
    return values.map({1.0: "yes", 0.0: "no"}) if pd.api.types.is_float_dtype(values) else values


def datetime(values: pd.Series, written: str | None) -> pd.Series:
    """Return dates in UTC as datetime64[us]; NaT where there is none.

    Args:
        values: cells; shape (n_rows,).
        written: the format, in the letters of Python's strptime; None for ISO 8601.
    """
    if values.dtype.kind != "M":
        values = names(values)
        # One fraction in nanoseconds would put dates in the far future out of range.
        if values.str.len().max() > LONGEST_IN_MICROSECONDS:
            values = values.str.replace(r"(\.\d{6})\d+", r"\1", regex=True)
    codes, different = pd.factorize(values)  # days repeat often, and parsing is slow
    texts = pd.Series(different)
    if texts.dtype.kind != "M":
        texts, written = written_dates.plain(texts, written)
    dates = pd.to_datetime(texts, errors="coerce", format=written or "ISO8601", utc=True)
    naive = dates.dt.tz_localize(None).astype("datetime64[us]").to_numpy()
    taken = np.append(naive, np.datetime64("NaT", "us"))[codes]  # -1, a missing one, is the last
    return pd.Series(taken, index=values.index)


def names(values: pd.Series) -> pd.Series:
    """Return text; whole numbers that missing values have made floats get no decimals."""
    if values.dtype.kind == "f":
        texts = values.map(lambda number: f"{number:.0f}" if number % 1 == 0 else repr(number))
    else:
        texts = values.astype("str")
    return texts.astype("str").where(values.notna())


def identifier(values: pd.Series) -> pd.Series:
    """Return identifiers. 7.0 becomes 7: many tools write it so beside missing values."""
    return names(values).str.removesuffix(".0")


def text(values: pd.Series) -> pd.Series:
    """Return texts; a missing one becomes an empty one, which is the same to a model."""
    return names(values).fillna("")

"""Describe one column in the schema, from its guessed kind and its profile."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tabrail.data.rounding import outward, seen_dates
from tabrail.ingest.kinds import Guess, spellings
from tabrail.ingest.personal_data import is_personal, personal_data
from tabrail.ingest.profile import MOST_DISTINCT, ColumnProfile

FEWEST_SHOWN = 5  # least rows with a value for the schema's comments to show it
LISTED = 200  # most categories to list; with more, any is allowed


def describe_column(
    name: str,
    guess: Guess,
    column: ColumnProfile,
    rows: int,
    *,
    is_target: bool,
    of_persons: bool,
) -> tuple[dict[str, Any], str]:
    """Return the entry of one column in the schema, and the reason.

    Args:
        name: of the column.
        guess: its guessed kind.
        column: its profile over all rows.
        rows: how many there are.
        is_target: whether it is the column to predict.
        of_persons: whether rows are about people. Then a category of one row is not listed, because
            the schema is in Git.
    """
    if guess.kind == "ignored":
        return {"kind": "ignored"}, guess.reason
    filled = rows - column.missing
    if not filled:
        return {"kind": "ignored"}, "empty in all rows"
    one_value = _only_value(guess, column)
    reasons = [guess.reason, guess.warning if guess.warning != guess.reason else ""]
    if one_value is not None and not is_target:
        is_hidden = filled < FEWEST_SHOWN or guess.sensitive or personal_data(name, {one_value: 1})
        shown = "" if is_hidden else f": {one_value!r}"
        if not 0.01 * rows < column.missing < 0.99 * rows:
            return {"kind": "ignored"}, f"one value only{shown}"
        reasons = [f"one value or none{shown}: only whether it is missing is informative"]
    entry: dict[str, Any] = {"kind": guess.kind}
    if guess.format:
        entry["format"] = guess.format
    if column.missing and not is_target:
        entry["nullable"] = True
        reasons.append(f"{column.missing / rows:.1%} missing")
    if guess.sensitive:
        entry["sensitive"] = True
    if guess.kind == "numeric" and column.low is not None and column.high is not None:
        low, high = float(column.low), float(column.high)
        least, most = outward(low, high)
        if not guess.sensitive:
            reasons.append(f"seen {_number(least)} to {_number(most)}")
        if bounds := limits(low, high):
            entry |= {"min": _tidy(bounds[0]), "max": _tidy(bounds[1])}
    if guess.kind == "datetime" and isinstance(column.low, pd.Timestamp):
        reasons.append("" if guess.sensitive else seen_dates(column.low, column.high))
        if "%y" in (guess.format or ""):
            reasons.append("the years 69 to 99 are read as 19.., 00 to 68 as 20..")
    if guess.unit:
        entry["unit"] = guess.unit
    is_category = guess.kind == "categorical"
    if is_category and not is_target and (guess.personal or any(map(is_personal, column.levels))):
        if not guess.personal:  # else the guess's reason says so
            reasons.append("some values identify a person, so none is listed")
    elif is_category and (is_target or len(column.levels) <= LISTED):
        listed = column.levels
        if of_persons and not is_target:
            listed = Counter({level: count for level, count in listed.items() if count > 1})
            if hidden := len(column.levels) - len(listed):
                of = (
                    "category of a single row is"
                    if hidden == 1
                    else "categories of a single row are"
                )
                reasons.append(f"{hidden} {of} not listed")
        if listed:
            entry["categories"] = in_order(listed)
        if spellings(column.levels):
            reasons.append("some differ only in case, blanks or the form of letters")
    elif is_category:
        reasons.append(f"more than {LISTED} different values, so any is allowed")
    is_code = guess.kind in ("identifier", "categorical") and "categories" not in entry
    if is_code and column.digits.fewest:
        entry["digits"] = column.digits.fewest
        reasons.append(f"codes of {column.digits.fewest} digits or more, padded with zeros")
    if guess.kind == "identifier" and not guess.sensitive and column.distinct:
        more = " or more" if column.distinct >= MOST_DISTINCT else ""
        reasons.append(f"{column.distinct:,}{more} different values")
    return entry, "; ".join(reason for reason in reasons if reason)


def _only_value(guess: Guess, column: ColumnProfile) -> str | None:
    """Return the only value of a column, as text."""
    if guess.kind == "categorical" and len(column.levels) == 1:
        return next(iter(column.levels))
    if (
        guess.kind in ("numeric", "datetime")
        and column.low is not None
        and column.low == column.high
    ):
        return _number(float(column.low)) if guess.kind == "numeric" else str(column.low)
    return None


def limits(low: float, high: float) -> tuple[float, float] | None:
    """Widen a range by half its width on both sides, round it, and do not cross zero.

    Returns:
        The limits, or nothing if they would be too large to be numbers.
    """
    margin = (high - low) / 2 or abs(high) or 1.0
    if not math.isfinite(margin) or not math.isfinite(high + 2 * margin):
        return None
    digits = math.floor(math.log10(margin))
    whole = low % 1 == 0 and high % 1 == 0
    digits = max(digits, 0) if whole else digits
    step = 10.0**digits
    least = round(math.floor((low - margin) / step) * step, -digits)
    most = round(math.ceil((high + margin) / step) * step, -digits)
    least = max(least, 0.0) if low >= 0 else min(least, low)
    most = min(most, 0.0) if low < 0 and high <= 0 else max(most, high)
    return least, most


def in_order(levels: Iterable[str]) -> list[str]:
    """Return categories in order: numbers by size, words by alphabet."""
    levels = sorted(levels)
    try:
        return sorted(levels, key=float)
    except ValueError:
        return sorted(levels, key=str.casefold)


def _number(value: float) -> str:
    return f"{value:.0f}" if value % 1 == 0 and abs(value) < 1e15 else f"{value:.6g}"


def _tidy(value: float) -> float | int:
    return int(value) if value % 1 == 0 and abs(value) < 1e15 else value

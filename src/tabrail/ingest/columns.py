"""What the schema says of one column, after all of its values were seen."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tabrail.ingest.kinds import Guess
from tabrail.ingest.people import personal, tells
from tabrail.ingest.survey import Distinct, Tally

LISTED = 200  # categories that are listed; of more, any is allowed


def describe(
    name: str, guess: Guess, tally: Tally, rows: int, is_target: bool
) -> tuple[dict[str, Any], str]:
    """Return what the schema says of one column, and why."""
    if guess.kind == "ignored":
        return {"kind": "ignored"}, guess.reason
    filled = rows - tally.missing
    if not filled:
        return {"kind": "ignored"}, "empty in all rows"
    one_value = _only_value(guess, tally)
    reasons = [guess.reason, guess.warning if guess.warning != guess.reason else ""]
    if one_value is not None and not is_target:
        shown = "" if guess.sensitive or personal(name, {one_value: 1}) else f": {one_value!r}"
        if not 0.01 * rows < tally.missing < 0.99 * rows:
            return {"kind": "ignored"}, f"one value only{shown}"
        reasons = [f"one value or none{shown}: what it tells is whether it is there"]
    column: dict[str, Any] = {"kind": guess.kind}
    if guess.format:
        column["format"] = guess.format
    if tally.missing and not is_target:
        column["nullable"] = True
        reasons.append(f"{tally.missing / rows:.1%} missing")
    if guess.sensitive:
        column["sensitive"] = True
    if guess.kind == "numeric" and tally.low is not None and tally.high is not None:
        low, high = float(tally.low), float(tally.high)
        reasons.append(f"seen {_number(low)} to {_number(high)}")
        if bounds := limits(low, high):
            column |= {"min": _tidy(bounds[0]), "max": _tidy(bounds[1])}
    if guess.kind == "datetime" and isinstance(tally.low, pd.Timestamp):
        reasons.append(f"seen {tally.low:%Y-%m-%d} to {tally.high:%Y-%m-%d}")
        if "%y" in (guess.format or ""):
            reasons.append("the years 69 to 99 are taken for 19.., 00 to 68 for 20..")
    if guess.unit:
        column["unit"] = guess.unit
    if guess.kind == "categorical" and not is_target and any(map(tells, tally.levels)):
        reasons.append("some values tell who a person is, so none is listed")
    elif guess.kind == "categorical" and (is_target or len(tally.levels) <= LISTED):
        column["categories"] = _sorted(tally.levels)
        folded = {level.casefold() for level in tally.levels}
        if len(folded) < len(tally.levels):
            reasons.append("some differ by upper and lower case only")
    elif guess.kind == "categorical":
        reasons.append(f"more than {LISTED} different values, so any is allowed")
    if guess.kind == "identifier" and not guess.sensitive and (count := tally.distinct.estimate()):
        about = "about " if count >= Distinct.SIZE else ""
        reasons.append(f"{about}{count:,} different values")
    return column, "; ".join(reason for reason in reasons if reason)


def _only_value(guess: Guess, tally: Tally) -> str | None:
    """Return the value of a column that has no other, as text."""
    if guess.kind == "categorical" and len(tally.levels) == 1:
        return next(iter(tally.levels))
    if guess.kind in ("numeric", "datetime") and tally.low is not None and tally.low == tally.high:
        return _number(float(tally.low)) if guess.kind == "numeric" else str(tally.low)
    return None


def limits(low: float, high: float) -> tuple[float, float] | None:
    """Widen a range by half of its width on both sides, round it, and stop at zero.

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


def _sorted(levels: Iterable[str]) -> list[str]:
    """Return categories in order: numbers by size, words by letter."""
    levels = sorted(levels)
    try:
        return sorted(levels, key=float)
    except ValueError:
        return sorted(levels, key=str.casefold)


def _number(value: float) -> str:
    return f"{value:.0f}" if value % 1 == 0 and abs(value) < 1e15 else f"{value:.6g}"


def _tidy(value: float) -> float | int:
    return int(value) if value % 1 == 0 and abs(value) < 1e15 else value

"""Find columns that are known only after the event, by their names and dates."""

from collections.abc import Iterable

import pandas as pd

from tabrail.ingest import protected
from tabrail.ingest.column_names import tokens
from tabrail.ingest.pairs import Pair

MOSTLY = 0.9  # share of the rows in which one date is later than another
ALWAYS = 0.99
BEFORE = {
    *("planned", "plan", "scheduled", "expected", "estimated", "promised", "due", "deadline"),
    *("start", "started", "begin", "began", "order", "ordered", "created", "opened", "requested"),
    *("booked", "booking", "predicted", "forecast", "target", "budget", "quoted", "until"),
}
AFTER = {
    *("actual", "real", "end", "ended", "finish", "finished", "closed", "completed", "returned"),
    *("delivered", "arrived", "final", "resolved", "settled", "received", "observed", "churned"),
    *("cancelled", "canceled", "discharged", "repaid", "approved", "rejected", "done"),
}


def later_columns(pair: Pair, sample: pd.DataFrame) -> list[str]:
    """Return the columns of a pair to leave out: the one that is known later, or both of them.

    Dates decide first, then names. If the names of two numbers do not decide, both may be known
    only afterwards.

    Args:
        pair: two columns that together give the target.
        sample: rows with both.
    """
    first, second = pair.first, pair.second
    if pair.are_dates:
        both = sample[[first, second]].dropna()
        for early, late in ((first, second), (second, first)):
            if (both[late] >= both[early]).mean() >= MOSTLY:
                return [late]
    order = {name: _when(name) for name in (first, second)}
    if order[first] != order[second]:
        return [max(order, key=lambda name: order[name])]
    return [first, second]


def dates_after_the_event(sample: pd.DataFrame, names: Iterable[str]) -> dict[str, str]:
    """Return dates that are later than another date in nearly all rows, each with the other date.

    Dates that are known in advance, by their names, are left out. So are comparisons with a date of
    birth.

    Args:
        sample: rows that conform to the schema.
        names: columns of dates.
    """
    found: dict[str, str] = {}
    names = list(names)
    for late in names:
        if _when(late) < 0:
            continue
        for early in names:
            if early == late or protected.is_birth(early):
                continue
            both = sample[[early, late]].dropna()
            if not len(both) or len(both) < len(sample) / 2:
                continue
            is_later = (both[late] >= both[early]).mean() >= ALWAYS
            if is_later and (both[late] > both[early]).mean() >= MOSTLY:
                found[late] = early
                break
    return found


def _when(name: str) -> int:
    """Return -1 for a name of something known before the event, 1 for after, and 0 for neither."""
    words = set(tokens(name))
    return bool(words & AFTER) - bool(words & BEFORE)

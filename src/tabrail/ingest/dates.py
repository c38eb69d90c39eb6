"""Find the format that all dates of a column can be read in."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product

import pandas as pd

from tabrail.data import cells, written_dates
from tabrail.data.schema import Csv
from tabrail.ingest.number_format import LOOK, READABLE

ISO = re.compile(r"\d{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}(?::?\d{2}.*)?)?)?")
MONTH = "|".join(sorted(written_dates.STARTS, key=len, reverse=True))
NAMES_A_MONTH = re.compile(rf"(?<![^\W\d_])(?:{MONTH})", re.IGNORECASE)
LIKE_A_DATE = re.compile(rf"\d[-/.]\d|\d{{8}}[T ]\d|{NAMES_A_MONTH.pattern}", re.IGNORECASE)
DAY_AND_TIME = re.compile(r"(.*?)([T ]\d{1,2}:\d\d.*)?", re.DOTALL)
WHOLE = [  # formats of programs, not of people
    *("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z"),
    *("%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%a %d %b %Y"),
]
MOST_DIFFERENT = 5000  # dates
TRIED = 3  # values for a first selection of formats
# pandas.tseries.api.guess_datetime_format does not know two-digit years, months without a day, or
# hours with PM. If two formats fit equally well, the first one is taken, unless `is_usual` prefers
# the other.
DAYS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%m/%d/%y", "%d/%m/%y"),
    *("%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d/%b/%Y", "%d %B %Y", "%b %d, %Y"),
    *("%B %d, %Y", "%b %d %Y", "%m/%Y", "%b-%Y", "%b %Y", "%Y %b", "%B %Y", "%b-%y"),
    *("%d. %b %Y", "%d.%b.%Y"),
]
TIMES = [
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p"),
    *("T%H:%M", "T%H:%M:%S", " %H:%M:%S %z", " %H:%M %z", " %H:%M:%S%z"),
]
FORMATS = [*(day + time for day, time in product(DAYS, TIMES)), *WHOLE]
TWO_ORDERS = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y")
LIKELY = 0.9  # share of dates with a plausible year
SURELY = 0.01  # share of rows that can be read in only one order


@dataclass(frozen=True)
class Found:
    """The format of a column's dates.

    Attributes:
        format: as in schema.yaml; None for ISO 8601.
        reason: why this format was chosen.
        ambiguous: whether the order of day and month could also be the other one.
    """

    format: str | None
    reason: str
    ambiguous: bool = False


def find(words: Mapping[str, int], form: Csv, wrong: Collection[str | None] = ()) -> Found | None:
    """Find the format of a column's dates, if it has dates.

    Args:
        words: the distinct values in the order of their first rows, with their counts.
        form: the file's dialect, which hints at the usual order in its country.
        wrong: formats that the rows have ruled out.
    """
    some = list(words)[:LOOK]
    if None not in wrong and _share(some, ISO) > 0.5 and _readable(words, None) >= READABLE:
        return Found(None, "ISO 8601")
    fitting = [
        format_
        for format_ in possible(some[:TRIED], TRIED)
        if format_ not in wrong and _readable(words, format_) >= READABLE
    ]
    if not fitting:
        return None
    swapped = {swap(format_) for format_ in fitting}
    both = [one for one in fitting if one in swapped and one != swap(one)]
    if not both:
        first = fitting[0]
        known = swap(first) in FORMATS and first.startswith(("%d", "%m"))
        why = f"the {'day' if first[1] == 'd' else 'month'} comes first: " if known else ""
        return Found(first, f"{why}in the other order, not all could be read" if known else first)
    for format_ in both:
        if _in_order(words, format_) and not _in_order(words, swap(format_)):
            return Found(
                format_, "the order of the rows shows which is the day and which the month"
            )
    best = next((format_ for format_ in both if is_usual(format_, form)), both[0])
    taken = "day" if best.startswith("%d") else "month"
    return Found(
        best,
        "AMBIGUOUS: no day is above 12, so nothing distinguishes day and month; read with the "
        f"{taken} first; the other order is {swap(best)}",
        ambiguous=True,
    )


def two_orders(words: Mapping[str, int]) -> tuple[tuple[str, str], float] | None:
    """Find columns with some dates that have the day first and some that have the month first.

    Returns:
        A date of either order, and the share of rows that can be read with the day first. Nothing
        if one order suffices, or if these are not dates.
    """
    some = dict(islice(words.items(), MOST_DIFFERENT))
    texts, total = pd.Series(list(some), dtype="str"), sum(some.values())
    counts = pd.Series(list(some.values()), dtype="float64")
    with_digit = [any(map(str.isdigit, word)) for word in some]
    if counts[with_digit].sum() < READABLE * total:
        return None  # each of these formats has digits, and reading dates is slow
    for day_first in TWO_ORDERS:
        day, month = (cells.datetime(texts, one).notna() for one in (day_first, swap(day_first)))
        only_day, only_month = day & ~month, month & ~day
        fewer = min(counts[only_day].sum(), counts[only_month].sum())
        if counts[day | month].sum() >= READABLE * total and fewer >= SURELY * total:
            share = float(counts[day].sum() / total)
            return (texts[only_day].iloc[0], texts[only_month].iloc[0]), share
    return None


def possible(words: Iterable[str], tried: int) -> list[str]:
    """Return the formats that one of the first values can be read in.

    Args:
        words: values of a column.
        tried: how many of those that look like dates are tried.
    """
    found: set[str] = set()
    for word in islice(filter(LIKE_A_DATE.search, words), tried):
        word = word.removesuffix(" UTC").removesuffix(" GMT")
        found |= _fitting(word) or _fitting(written_dates.english(word))
    return [one for one in FORMATS if one in found]


def _fitting(word: str) -> set[str]:
    """Return the formats that a date can be read in."""
    match = DAY_AND_TIME.fullmatch(word)
    day, time = match.groups("") if match else ("", "")
    times = [one for one in TIMES if _fits(time, one)]
    found = {one + clock for one in DAYS for clock in times if _fits(day, one)}
    return found | {one for one in WHOLE if _fits(word, one)}


def _fits(word: str, format_: str) -> bool:
    try:
        datetime.strptime(word, format_)
    except ValueError:
        return False
    return True


def is_usual(format_: str, form: Csv) -> bool:
    """Check whether a format is the usual one for a file like this."""
    european = form.delimiter == ";" or form.decimal == "," or format_[2:3] != "/"
    return format_.startswith("%d") == european


def swap(format_: str) -> str:
    """Return a format with day and month in the other order."""
    return format_.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")


def _share(some: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(word) is not None for word in some) / max(1, len(some))


def _readable(words: Mapping[str, int], format_: str | None) -> float:
    """Return the share of readable values in a format, if nearly all have a plausible year."""
    dates = cells.datetime(pd.Series(list(words), dtype="str"), format_)
    good, likely = dates.notna().to_numpy(), dates.dt.year.between(1000, 2999).to_numpy()
    counts = pd.Series(list(words.values()), dtype="float64").to_numpy()
    some = likely if counts[likely].sum() < LIKELY * counts[good].sum() else good
    return float(counts[some].sum() / counts.sum())


def _in_order(words: Mapping[str, int], format_: str) -> bool:
    """Check whether the dates only rise or only fall, in the order of the rows."""
    dates = cells.datetime(pd.Series(list(words), dtype="str"), format_).dropna()
    return len(dates) > 2 and bool(dates.is_monotonic_increasing or dates.is_monotonic_decreasing)

"""How dates are written in a column: the format in which all of its values can be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Csv
from tabrail.ingest.numerals import LOOK, MOST, READABLE

ISO = re.compile(r"\d{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}(?::?\d{2}.*)?)?)?")
LIKE_A_DATE = re.compile(
    r"\d{4} [A-Za-z]{3,9}"
    r"|\d{1,4}[-/. ]\w{1,9}[-/., ]+\d{2,4}\b.*|\d{1,2}/\d{4}|[A-Za-z]{3,9}[- ]\d{2,4}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}.*|\d{8}[T ]\d{2}.*"
)
N, YEAR, SHORT, WORD = r"\d{1,2}", r"\d{4}", r"\d{2}", r"[A-Za-z]{3,9}"
# Of two formats that fit equally well, the one named first is taken, unless `_usual` says more.
DAYS = {
    "%Y-%m-%d": rf"{YEAR}-{N}-{N}",
    "%Y/%m/%d": rf"{YEAR}/{N}/{N}",
    "%Y.%m.%d": rf"{YEAR}\.{N}\.{N}",
    "%d.%m.%Y": rf"{N}\.{N}\.{YEAR}",
    "%m.%d.%Y": rf"{N}\.{N}\.{YEAR}",
    "%d-%m-%Y": rf"{N}-{N}-{YEAR}",
    "%m-%d-%Y": rf"{N}-{N}-{YEAR}",
    "%m/%d/%Y": rf"{N}/{N}/{YEAR}",
    "%d/%m/%Y": rf"{N}/{N}/{YEAR}",
    "%d.%m.%y": rf"{N}\.{N}\.{SHORT}",
    "%d-%m-%y": rf"{N}-{N}-{SHORT}",
    "%m-%d-%y": rf"{N}-{N}-{SHORT}",
    "%m/%d/%y": rf"{N}/{N}/{SHORT}",
    "%d/%m/%y": rf"{N}/{N}/{SHORT}",
    "%Y%m%d": r"\d{8}",
    "%d-%b-%Y": rf"{N}-{WORD}-{YEAR}",
    "%d-%b-%y": rf"{N}-{WORD}-{SHORT}",
    "%d %b %Y": rf"{N} {WORD} {YEAR}",
    "%d/%b/%Y": rf"{N}/{WORD}/{YEAR}",
    "%d %B %Y": rf"{N} {WORD} {YEAR}",
    "%b %d, %Y": rf"{WORD} {N}, {YEAR}",
    "%B %d, %Y": rf"{WORD} {N}, {YEAR}",
    "%b %d %Y": rf"{WORD} {N} {YEAR}",
    "%m/%Y": rf"{N}/{YEAR}",
    "%b-%Y": rf"{WORD}-{YEAR}",
    "%b %Y": rf"{WORD} {YEAR}",
    "%Y %b": rf"{YEAR} {WORD}",
    "%B %Y": rf"{WORD} {YEAR}",
    "%b-%y": rf"{WORD}-{SHORT}",
}
TIMES = {
    "": "",
    " %H:%M": rf" {N}:{SHORT}",
    " %H:%M:%S": rf" {N}:{SHORT}:{SHORT}",
    " %H:%M:%S.%f": rf" {N}:{SHORT}:{SHORT}" + r"\.\d{1,6}",
    " %I:%M %p": rf" {N}:{SHORT} [AaPp][Mm]",
    " %I:%M:%S %p": rf" {N}:{SHORT}:{SHORT} [AaPp][Mm]",
    " %I:%M%p": rf" {N}:{SHORT}[AaPp][Mm]",
    "T%H:%M": rf"T{N}:{SHORT}",
    "T%H:%M:%S": rf"T{N}:{SHORT}:{SHORT}",
}
PATTERNS = {
    day + time: re.compile(date + clock)
    for day, date in DAYS.items()
    for time, clock in TIMES.items()
}


@dataclass(frozen=True)
class Found:
    """A format in which a column's dates can be read.

    Attributes:
        format: as in schema.yaml; None for ISO 8601.
        reason: why this one.
        ambiguous: whether day and month could as well be the other way round.
    """

    format: str | None
    reason: str
    ambiguous: bool = False


def find(
    words: Mapping[str, int], form: Csv, banned: frozenset[str | None] = frozenset()
) -> Found | None:
    """Find the format of a column's dates, if it has dates.

    Args:
        words: the different values in the order of their first rows, with how often each comes.
        form: how the file is written, which hints at what is usual where it is from.
        banned: formats that have been found wrong.
    """
    some = list(words)[:LOOK]
    if None not in banned and _share(some, ISO) > 0.5 and _readable(words, None) >= READABLE:
        return Found(None, "ISO 8601")
    if _share(some, LIKE_A_DATE) < MOST:
        return None
    fitting = [
        format_
        for format_, pattern in PATTERNS.items()
        if format_ not in banned
        and _share(some, pattern) >= MOST
        and _readable(words, format_) >= READABLE
    ]
    if not fitting:
        return None
    swapped = {_swap(format_) for format_ in fitting}
    both = [one for one in fitting if one in swapped and one != _swap(one)]
    if not both:
        first = fitting[0]
        known = _swap(first) in PATTERNS and first.startswith(("%d", "%m"))
        why = f"the {'day' if first[1] == 'd' else 'month'} comes first: " if known else ""
        return Found(first, f"{why}the other way round not all could be read" if known else first)
    for format_ in both:
        if _in_order(words, format_) and not _in_order(words, _swap(format_)):
            return Found(format_, "day and month are told apart by the order of the rows")
    best = next((format_ for format_ in both if _usual(format_, form)), both[0])
    taken = "day" if best.startswith("%d") else "month"
    return Found(
        best,
        f"AMBIGUOUS: no day above 12 tells day and month apart; {taken} first was taken, "
        f"the other way is {_swap(best)}",
        ambiguous=True,
    )


def _usual(format_: str, form: Csv) -> bool:
    """Say whether a format is what one expects of a file like this."""
    european = form.delimiter == ";" or form.decimal == "," or format_[2:3] != "/"
    return format_.startswith("%d") == european


def _swap(format_: str) -> str:
    return format_.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")


def _share(some: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(word) is not None for word in some) / max(1, len(some))


def _readable(words: Mapping[str, int], format_: str | None) -> float:
    """Return the share of the values that can be read in a format, and are in a likely year."""
    dates = cells.datetime(pd.Series(list(words), dtype="str"), format_)
    good = dates.dt.year.between(1000, 2999).to_numpy()
    counts = pd.Series(list(words.values()), dtype="float64").to_numpy()
    return float(counts[good].sum() / counts.sum())


def _in_order(words: Mapping[str, int], format_: str) -> bool:
    """Say whether the dates, in the order of the rows, only rise or only fall."""
    dates = cells.datetime(pd.Series(list(words), dtype="str"), format_).dropna()
    return len(dates) > 2 and bool(dates.is_monotonic_increasing or dates.is_monotonic_decreasing)

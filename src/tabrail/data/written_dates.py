"""Rewrite months and time zones of dates in a form that strptime reads."""

import re

import pandas as pd

# By the first letters of each month, in English, German, French, Spanish, Italian, Portuguese,
# Dutch, Polish, Swedish and Danish. No entry means different months in two of these languages.
MONTHS = {
    "Jan": "jan ene gen sty jän jaen",
    "Feb": "feb fév fev fevr luty lut",
    "Mar": "mar mär maer mrt maa",
    "Apr": "apr avr abr kwi",
    "May": "may mai mei maj mag",
    "Jun": "jun juin giu cze",
    "Jul": "jul juil lug lip",
    "Aug": "aug aoû aou ago sie",
    "Sep": "sep set wrz",
    "Oct": "oct okt ott out paź paz",
    "Nov": "nov lis",
    "Dec": "dec dez déc dic gru des",
}
STARTS = {start: month for month, starts in MONTHS.items() for start in starts.split()}
LONGEST_START = 4
WORD = re.compile(r"[^\W\d_]{3,}\.?")
BETWEEN = re.compile(r"(?<=[\s\d]) ?\b(?:de|del|di|of)\b ?")  # 3 de enero de 2022
ZONE = re.compile(r"\s*\(?\b(?:UTC|GMT)\)?$")
UTC = ("UTC", "GMT", "UTC)", "GMT)")


def plain(dates: pd.Series, written: str | None) -> tuple[pd.Series, str | None]:
    """Return dates with months and time zones that strptime reads, and their format.

    Args:
        dates: text, shape (n_dates,).
        written: the format, in the letters of Python's strptime; None for ISO 8601.

    >>> dates, written = plain(pd.Series(["3 août 2022", "1. Mai 2021"]), "%d %B %Y")
    >>> dates.tolist(), written
    (['3 Aug 2022', '1. May 2021'], '%d %b %Y')
    """
    in_utc = dates.str.endswith(UTC).fillna(False).astype(bool)
    if in_utc.any():
        zone = " +0000" if written and "%z" in written else ""
        dates = dates.where(~in_utc, dates[in_utc].str.replace(ZONE, zone, regex=True))
    if written and ("%b" in written or "%B" in written):
        dates = dates.map(english, na_action="ignore").astype("str")
        written = written.replace("%B", "%b")
    return dates, written


def english(date: str) -> str:
    """Return a date with the English abbreviation of its month.

    >>> english("3 de enero de 2022"), english("15 février 2020"), english("Mon Mar 02 2020")
    ('3 Jan 2022', '15 Feb 2020', 'Mon Mar 02 2020')
    """
    return WORD.sub(_month, BETWEEN.sub(" ", date).replace("  ", " "))


def _month(found: re.Match[str]) -> str:
    """Return the English abbreviation of a month; return other words unchanged."""
    word = found[0].rstrip(".").lower()
    for length in (LONGEST_START, 3):
        if month := STARTS.get(word[:length]):
            return month
    return found[0]

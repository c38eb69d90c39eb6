"""What kind of column this is: decided by its name and its different values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Csv, Kind
from tabrail.ingest import dates
from tabrail.ingest.naming import is_code_name, like_id, names_things, tokens
from tabrail.ingest.numerals import READABLE, is_code, like_numbers, numbers, readable, unit
from tabrail.ingest.people import personal

NEARLY = 0.8  # from this share of numbers on, words among them are likely slips
DISTINCT = 0.95  # from this share of different values on, a column names its rows
FEW, MANY = 50, 1000  # levels that are always, or may be, categories
FEW_SHARE = 0.05  # of the rows: up to this many levels are categories
SEQUENCE = 10  # rows from which on 1, 2, 3 … is no chance


@dataclass(frozen=True)
class Guess:
    """What a column seems to be.

    Attributes:
        kind: its kind.
        reason: why, in a few words; without any of the column's values.
        format: how its dates are written.
        unit: the sign beside its numbers.
        sensitive: whether it tells who a person is.
        names: whether its name says that it names customers, orders or the like.
        warning: what a person should check, or nothing.
    """

    kind: Kind
    reason: str
    format: str | None = None
    unit: str = ""
    sensitive: bool = False
    names: bool = False
    warning: str = ""


Banned = frozenset[tuple[str, str | None]]


def guess(
    name: str, words: Mapping[str, int], rows: int, form: Csv, banned: Banned = frozenset()
) -> Guess:
    """Decide what a column is.

    Args:
        name: its name.
        words: its different values as text, without missing ones, in the order of their first
            rows, with how often each comes.
        rows: how many rows they are from.
        form: how numbers are written.
        banned: pairs of kind and format that have been found wrong.
    """
    if ("boolean", None) not in banned and is_boolean(words):
        return Guess("boolean", f"only {', '.join(sorted(words)[:6])}")
    if what := personal(name, words):
        # Many people have the same name: it does not tell whose rows these are.
        alone = not what.startswith("names")
        return Guess("identifier", f"{what}: never a feature", sensitive=True, names=alone)
    code = is_code(words) or is_code_name(name)
    share = 0.0
    if not code and like_numbers(words):
        values = numbers(words, form)
        share = readable(words, values)
        if share >= READABLE and ("numeric", None) not in banned:
            return _number(name, words, rows, values[~np.isnan(values)])
    formats = frozenset(format_ for kind, format_ in banned if kind == "datetime")
    if date := dates.find(words, form, formats):
        warning = date.reason if date.ambiguous else ""
        return Guess("datetime", date.reason, format=date.format, warning=warning)
    found = _words(name, words, code)
    if share > NEARLY:
        others = f"{share:.1%} of its values are numbers, too few to read it as numeric"
        return replace(found, warning=others)
    return found


def _number(name: str, words: Mapping[str, int], rows: int, known: np.ndarray) -> Guess:
    """Say what a column of numbers is about."""
    filled, distinct = sum(words.values()), len(words)
    if (known % 1 != 0).any():
        return _plain_number(words)
    if _is_day_number(name, words, known):
        return Guess("datetime", "all are days written as YYYYMMDD", format="%Y%m%d")
    low, high = known.min(), known.max()
    if filled == rows == distinct >= SEQUENCE and low in (0, 1) and high - low + 1 == rows:
        return Guess(
            "identifier", f"numbers the rows from {low:.0f}", names=names_things(name, words)
        )
    if distinct >= SEQUENCE and distinct >= DISTINCT * filled and like_id(name, words):
        reason = "named like one, and a different value in almost each row"
        return Guess("identifier", reason, names=names_things(name, words))
    if names_things(name, words):
        return _thing(words)
    return _plain_number(words)


def _plain_number(words: Mapping[str, int]) -> Guess:
    return Guess("numeric", "", unit=unit(words))


def _words(name: str, words: Mapping[str, int], code: bool) -> Guess:
    """Say what kind of words a column holds."""
    filled, distinct = sum(words.values()), len(words)
    various = distinct >= SEQUENCE and distinct >= DISTINCT * filled
    tongue = [word.split() for word in list(words)[:MANY]]
    sentences = np.mean([len(parts) for parts in tongue]) >= 3 if tongue else False
    sentences |= np.mean([len(word) for word in list(words)[:MANY]]) > 40 if tongue else False
    single = np.mean([len(parts) == 1 for parts in tongue]) >= 0.95 if tongue else False
    if various and single:
        return Guess(
            "identifier", "a different word in almost each row", names=names_things(name, words)
        )
    if names_things(name, words) and not sentences:
        return _thing(words)
    if distinct <= min(FEW, 0.5 * filled) or distinct <= min(MANY, FEW_SHARE * filled):
        return Guess("categorical", "codes are no numbers" if code else "")
    if is_code(words):
        return Guess("identifier", "codes with leading zeros, and many of them")
    if sentences or various:
        return Guess("text", "words in sentences, or different in almost each row")
    return Guess("categorical", "")


def _thing(words: Mapping[str, int]) -> Guess:
    """Decide on a column whose name says that it names customers, orders or the like."""
    filled, distinct = sum(words.values()), len(words)
    if distinct > FEW or distinct > FEW_SHARE * filled:
        return Guess("identifier", "named like one, and its values repeat", names=True)
    return Guess("categorical", "named like an identifier, but with few values")


def is_boolean(words: Mapping[str, int]) -> bool:
    """Say whether all values mean yes or no, and both are there."""
    lowered = {word.lower() for word in words}
    sides = lowered & cells.TRUE and lowered & cells.FALSE
    return bool(sides) and lowered <= cells.TRUE | cells.FALSE


def _is_day_number(name: str, words: Mapping[str, int], values: np.ndarray) -> bool:
    """Say whether whole numbers such as 20240131 are all days."""
    if not ((values > 19000100) & (values < 21010000)).all():
        return False
    days = cells.datetime(pd.Series(list(words), dtype="str"), "%Y%m%d")
    dated = {"date", "day", "dt", "datum", "ymd", "time"} & set(tokens(name))
    return bool(days.notna().all()) and (len(words) >= SEQUENCE or bool(dated))

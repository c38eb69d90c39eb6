"""Guess the kind of a column from its name and its different values."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Csv, Kind
from tabrail.ingest import dates
from tabrail.ingest.column_names import is_code_name, like_id, names_entity, tokens
from tabrail.ingest.number_format import READABLE, is_code, like_numbers, numbers, readable, unit
from tabrail.ingest.personal_data import personal_data

NEARLY = 0.8  # from this share of numbers on, words among them are likely slips
DISTINCT = 0.95  # from this share of different values on, a column identifies its rows
FEW, MANY = 50, 1000  # levels that are always, or may be, categories
FEW_SHARE = 0.05  # of the rows: up to this many levels are categories
CODE = re.compile(r"(?=.*\d)(?!.*[A-ZÄÖÜ]{5})[A-ZÄÖÜ\d][A-ZÄÖÜ\d ./-]{1,19}")
SEQUENCE = 10  # from so many rows on, 1, 2, 3 … is no coincidence


@dataclass(frozen=True)
class Guess:
    """What a column seems to be.

    Attributes:
        kind: its kind.
        reason: why, in a few words; without any of the column's values.
        format: how its dates are written.
        unit: the sign beside its numbers.
        sensitive: whether it identifies persons.
        entity: whether its name says that it identifies customers, orders or the like.
        warning: what a person should check, or nothing.
    """

    kind: Kind
    reason: str
    format: str | None = None
    unit: str = ""
    sensitive: bool = False
    entity: bool = False
    warning: str = ""


def guess(
    name: str,
    words: Mapping[str, int],
    rows: int,
    form: Csv,
    wrong: tuple[Kind, str | None] | None = None,
) -> Guess:
    """Guess what a column is.

    Args:
        name: its name.
        words: its different values as text, without missing ones, in the order of their first
            rows, with how often each comes.
        rows: how many rows they are from.
        form: how numbers are written.
        wrong: a kind and a format of dates that all rows contradict.
    """
    if wrong != ("boolean", None) and is_boolean(words):
        return Guess("boolean", f"only {', '.join(sorted(words)[:6])}")
    if what := personal_data(name, words):
        # Many people have the same name: it does not identify one.
        entity = not what.startswith("names")
        return Guess("identifier", f"{what}: never a feature", sensitive=True, entity=entity)
    code = is_code(words) or is_code_name(name)
    share = 0.0
    if not code and like_numbers(words):
        values = numbers(words, form)
        share = readable(words, values)
        if share >= READABLE and wrong != ("numeric", None):
            return _number(name, words, rows, values[~np.isnan(values)])
    formats = {wrong[1]} if wrong and wrong[0] == "datetime" else set()
    if date := dates.find(words, form, formats):
        warning = date.reason if date.ambiguous else ""
        return Guess("datetime", date.reason, format=date.format, warning=warning)
    found = _words(name, words, code)
    if share > NEARLY:
        others = f"{share:.1%} of its values are numbers, too few to read it as numeric"
        return replace(found, warning=others)
    return found


def _number(name: str, words: Mapping[str, int], rows: int, known: np.ndarray) -> Guess:
    """Guess what a column of numbers is."""
    filled, distinct = sum(words.values()), len(words)
    if (known % 1 != 0).any():
        return _plain_number(words)
    if _is_day_number(name, words, known):
        return Guess("datetime", "all are days written as YYYYMMDD", format="%Y%m%d")
    low, high = known.min(), known.max()
    if filled == rows == distinct >= SEQUENCE and low in (0, 1) and high - low + 1 == rows:
        return Guess(
            "identifier", f"numbers the rows from {low:.0f}", entity=names_entity(name, words)
        )
    if distinct >= SEQUENCE and distinct >= DISTINCT * filled and like_id(name, words):
        reason = "named like one, and a different value in almost each row"
        return Guess("identifier", reason, entity=names_entity(name, words))
    if names_entity(name, words):
        return _entity(words)
    return _plain_number(words)


def _plain_number(words: Mapping[str, int]) -> Guess:
    return Guess("numeric", "", unit=unit(words))


def _words(name: str, words: Mapping[str, int], code: bool) -> Guess:
    """Guess what a column of words is."""
    filled, distinct = sum(words.values()), len(words)
    various = distinct >= SEQUENCE and distinct >= DISTINCT * filled
    parted = [word.split() for word in list(words)[:MANY]]
    sentences = np.mean([len(parts) for parts in parted]) >= 3 if parted else False
    sentences |= np.mean([len(word) for word in list(words)[:MANY]]) > 40 if parted else False
    single = np.mean([len(parts) == 1 for parts in parted]) >= 0.95 if parted else False
    if various and (single or _are_codes(words)):
        which = "a different word" if single else "short codes, a different one"
        reason = f"{which} in almost each row"
        return Guess("identifier", reason, entity=names_entity(name, words))
    if names_entity(name, words) and not sentences:
        return _entity(words)
    if distinct <= min(FEW, 0.5 * filled) or distinct <= min(MANY, FEW_SHARE * filled):
        return Guess("categorical", "codes are no numbers" if code else "")
    if is_code(words):
        return Guess("identifier", "codes with leading zeros, and many of them")
    if sentences or various:
        return Guess("text", "words in sentences, or different in almost each row")
    return Guess("categorical", "")


def spellings(levels: Collection[str]) -> int:
    """Return how many of some categories differ by more than upper and lower case."""
    return len({level.casefold() for level in levels})


def _are_codes(words: Mapping[str, int]) -> bool:
    """Check whether words are capitals and digits, such as the plates of cars.

    Where the capitals are always the same, they are the unit of a number.
    """
    some = list(words)[:MANY]
    coded = [word for word in some if CODE.fullmatch(word)]
    lettered = {re.sub(r"[^A-ZÄÖÜ]", "", word) for word in coded}
    return len(coded) >= DISTINCT * len(some) and len(lettered) >= SEQUENCE


def _entity(words: Mapping[str, int]) -> Guess:
    """Guess what a column is whose name says that it identifies customers or the like."""
    filled, distinct = sum(words.values()), len(words)
    if distinct > FEW or distinct > FEW_SHARE * filled:
        return Guess(
            "identifier",
            "named like one, and its values repeat; to learn from it, write {kind: categorical}",
            entity=True,
        )
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

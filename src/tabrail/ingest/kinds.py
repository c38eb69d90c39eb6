"""Decide the kind of a column by a table of rules, each with a reason.

The rules are tried in the order of `RULES`, and the first one with a result decides. A new rule
needs a function of a `Look` in this table, and a case in tests/unit/test_kinds.py.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tabrail.data import cells, extra_field
from tabrail.data.schema import DURATION, Kind
from tabrail.ingest import dates, doubts, recipes
from tabrail.ingest.column_names import like_id, names_entity, tokens
from tabrail.ingest.look import Look
from tabrail.ingest.number_format import READABLE, is_code, unit
from tabrail.ingest.personal_data import NAMES, are_various, personal_data

DISTINCT = 0.95  # above this share of distinct values, a column identifies its rows
FEW, MANY_LEVELS = 50, 1000  # most levels that are always, or may be, categories
FEW_SHARE = 0.05  # of the rows: up to this many levels are categories
CODE = re.compile(r"(?=.*\d)(?!.*[A-ZÄÖÜ]{5})[A-ZÄÖÜ\d][A-ZÄÖÜ\d ./-]{1,19}")
SEQUENCE = 10  # with this many rows, 1, 2, 3 … is not a coincidence
WORDS = ("identifier", "categorical", "text")
EXACT = 2.0**53  # above it, a float cannot distinguish whole numbers


@dataclass(frozen=True)
class Guess:
    """The likely kind of a column.

    Attributes:
        kind: its kind.
        reason: a short reason, without any of the column's values.
        format: the format of its dates or durations.
        unit: the currency or percent sign of its numbers.
        sensitive: whether it identifies persons.
        personal: the personal data that its values are, or nothing.
        entity: whether it is named like an identifier of customers, orders or the like.
        warning: a note for a person to check, or nothing.
    """

    kind: Kind
    reason: str
    format: str | None = None
    unit: str = ""
    sensitive: bool = False
    personal: str = ""
    entity: bool = False
    warning: str = ""


def guess(look: Look) -> Guess:
    """Guess the kind of a column."""
    found = next(found for rule in RULES if (found := rule(look)))
    if found.sensitive or found.warning or look.name == extra_field.NAME:
        return found
    if found.kind == "numeric":
        return replace(found, warning=doubts.of_numbers(look))
    if found.kind in WORDS and not (look.is_code or look.is_category or look.is_numeric):
        unread = doubts.of_words(look)
        if unread and found.kind == "identifier" and not found.entity:
            # Near-numbers are not row names.
            return Guess("categorical", "", warning=unread)
        return replace(found, warning=unread)
    return found


def of_the_rows(look: Look) -> Guess | None:
    """Recognize row names, a column without a header, as identifiers."""
    if look.name != extra_field.NAME:
        return None
    return personal(look) or Guess(
        "identifier", "the row names, a column that line 1 has no name for"
    )


def category_of_the_file(look: Look) -> Guess | None:
    """Keep a category column of a Parquet file, unless it identifies rows or persons."""
    if not look.is_category or look.distinct >= DISTINCT * look.filled:
        return None
    if is_boolean(look.words) or personal_data(look.name, look.words):
        return None
    return Guess("categorical", "a category in the file")


def yes_or_no(look: Look) -> Guess | None:
    """Recognize a boolean: all words mean yes or no."""
    if look.wrong == ("boolean", None) or not is_boolean(look.words):
        return None
    return Guess("boolean", f"only {', '.join(sorted(look.words)[:6])}")


def personal(look: Look) -> Guess | None:
    """Recognize data that identifies a person. Names that repeat may be made a feature."""
    what = personal_data(look.name, look.words)
    if not what:
        return None
    if what == NAMES and not are_various(look.words):
        reason = f"{what}: not a feature, and none is listed"
        return Guess("categorical", reason, sensitive=True, personal=what)
    # Many people have the same name, so it does not identify one.
    reason, entity = f"{what}: never a feature", what != NAMES
    return Guess("identifier", reason, sensitive=True, personal=what, entity=entity)


def number(look: Look) -> Guess | None:
    """Recognize numbers, except whole numbers that identify rows or things."""
    if look.is_code or not look.is_numeric or look.wrong == ("numeric", None):
        return None
    known = look.numbers[~np.isnan(look.numbers)]
    if (known % 1 != 0).any():
        return _plain_number(look)
    named = names_entity(look.name, look.words)
    if _is_day_number(look, known):
        return Guess("datetime", "all are days written as YYYYMMDD", format="%Y%m%d")
    low, high, various = known.min(), known.max(), look.distinct >= SEQUENCE
    in_each_row = various and look.filled == look.rows == look.distinct
    if in_each_row and low in (0, 1) and high - low + 1 == look.rows:
        return Guess("identifier", f"numbers the rows from {low:.0f}", entity=named)
    if max(abs(low), abs(high)) > EXACT and all(map(str.isdecimal, look.some)):
        reason = "whole numbers beyond 2⁵³, which a float cannot hold exactly"
        return Guess("identifier", reason, entity=named)
    if various and look.distinct >= DISTINCT * look.filled and like_id(look.name, look.words):
        reason = "named like one, and a different value in almost every row"
        return Guess("identifier", reason, entity=named)
    return _entity(look) if named else _plain_number(look)


def duration(look: Look) -> Guess | None:
    """Recognize durations and times of day such as 1:02:03 as seconds."""
    if look.wrong == ("numeric", None) or look.share(look.seconds) < READABLE:
        return None
    return Guess("numeric", "hours, minutes and seconds", format=DURATION, unit="s")


def date(look: Look) -> Guess | None:
    """Recognize dates that can be read in one format."""
    formats = {look.wrong[1]} if look.wrong and look.wrong[0] == "datetime" else set()
    found = dates.find(look.words, look.form, formats)
    if not found:
        return None
    warning = found.reason if found.ambiguous else ""
    return Guess("datetime", found.reason, format=found.format, warning=warning)


def name_of_a_row(look: Look) -> Guess | None:
    """Recognize words and codes that differ in almost every row as identifiers."""
    single = _mean([len(word.split()) == 1 for word in look.some]) >= DISTINCT
    if not _is_various(look) or not (single or _are_codes(look.some)):
        return None
    reason = (
        f"{'a different word' if single else 'short codes, a different one'} in almost every row"
    )
    return Guess("identifier", reason, entity=names_entity(look.name, look.words))


def name_of_a_thing(look: Look) -> Guess | None:
    """Recognize a column that is named like an identifier, unless it has sentences."""
    named = names_entity(look.name, look.words) and not are_sentences(look.some)
    return _entity(look) if named else None


def few_levels(look: Look) -> Guess | None:
    """Recognize a column with few distinct words as categories."""
    if look.distinct <= min(FEW, 0.5 * look.filled) or look.distinct <= min(
        MANY_LEVELS, FEW_SHARE * look.filled
    ):
        return Guess("categorical", "codes are not numbers" if look.is_code else "")
    return None


def many_codes(look: Look) -> Guess | None:
    """Recognize many distinct codes as identifiers."""
    if not is_code(look.words):
        return None
    return Guess("identifier", "codes with leading zeros, and many of them")


def text(look: Look) -> Guess | None:
    """Recognize texts: values of several words that differ."""
    if not (are_sentences(look.some) or _is_various(look)):
        return None
    return Guess("text", "words in sentences, or different in almost every row")


def category(_: Look) -> Guess:
    """Treat everything else as categories."""
    return Guess("categorical", "")


Rule = Callable[[Look], Guess | None]
RULES: tuple[Rule, ...] = (
    of_the_rows,
    category_of_the_file,
    yes_or_no,
    personal,
    number,
    duration,
    date,
    name_of_a_row,
    name_of_a_thing,
    few_levels,
    many_codes,
    text,
    category,
)


def spellings(levels: Collection[str]) -> dict[str, list[str]]:
    """Return the categories that differ only in case, blanks and form, by their common form."""
    found: dict[str, list[str]] = {}
    for level in levels:
        same = " ".join(unicodedata.normalize("NFKC", level).casefold().split())
        found.setdefault(same, []).append(level)
    return {same: twins for same, twins in found.items() if len(twins) > 1}


def are_sentences(some: Collection[str]) -> bool:
    """Check whether values have several words, or are long."""
    words = _mean([len(word.split()) for word in some])
    return words >= 3 or _mean([len(word) for word in some]) > 40


def is_boolean(words: Mapping[str, int]) -> bool:
    """Check whether all values mean yes or no, and both occur."""
    lowered = {word.lower() for word in words}
    sides = lowered & cells.TRUE and lowered & cells.FALSE
    return bool(sides) and lowered <= cells.TRUE | cells.FALSE


def _plain_number(look: Look) -> Guess:
    return Guess("numeric", "", unit=unit(look.words))


def _entity(look: Look) -> Guess:
    """Guess the kind of a column that is named like an identifier of customers or the like."""
    if look.distinct > FEW or look.distinct > FEW_SHARE * look.filled:
        return Guess(
            "identifier",
            "named like one, and its values repeat; to learn from it, "
            + recipes.entry(look.name, "{kind: categorical}"),
            entity=True,
        )
    return Guess("categorical", "named like an identifier, but with few values")


def _is_various(look: Look) -> bool:
    return look.distinct >= SEQUENCE and look.distinct >= DISTINCT * look.filled


def _are_codes(some: list[str]) -> bool:
    """Check whether words are codes of capitals and digits, such as license plates.

    If the capitals are always the same, they are the unit of a number.
    """
    coded = [word for word in some if CODE.fullmatch(word)]
    lettered = {re.sub(r"[^A-ZÄÖÜ]", "", word) for word in coded}
    return len(coded) >= DISTINCT * len(some) and len(lettered) >= SEQUENCE


def _is_day_number(look: Look, values: np.ndarray) -> bool:
    """Check whether whole numbers such as 20240131 are all days."""
    if not ((values > 19000100) & (values < 21010000)).all():
        return False
    days = cells.datetime(pd.Series(list(look.words), dtype="str"), "%Y%m%d")
    dated = {"date", "day", "dt", "datum", "ymd", "time"} & set(tokens(look.name))
    return bool(days.notna().all()) and (look.distinct >= SEQUENCE or bool(dated))


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values) if values else 0.0

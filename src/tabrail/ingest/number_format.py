"""Find the number format of files: separators, signs and zeros."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tabrail.data import cells, written_numbers
from tabrail.data.schema import Csv

READABLE = 0.995  # share of a column's values that must fit its kind
NEARLY = 0.8  # above this share of numbers, words among them are likely mistakes
LOOK = 200  # distinct values to inspect first
MOST = 0.9  # least share of them with digits
LOCALES = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"))

DIGIT = re.compile(r"\d")
CODE = re.compile(r"0\d+")
LETTERED_CODE = re.compile(r"\d{1,3}[eE]\d{1,2}")  # 1E5 among 77 and 123 is not a power of ten
FEW_ZEROS = 2
SEPARATOR = re.compile("[,.' \u00a0\u202f]")
SIGN = re.compile(rf"{written_numbers.CURRENCY}|%")
MAGNITUDE = re.compile(rf"(?<=\d)\s?(?:{written_numbers.MAGNITUDE})$")
AROUND = re.compile(rf"^(?:{written_numbers.CURRENCY})|(?:{written_numbers.CURRENCY}|%)$")


def find_number_format(columns: Mapping[str, Mapping[str, int]], form: Csv) -> tuple[Csv, str]:
    """Find the number format in which the most columns are numbers.

    Args:
        columns: the distinct values of each column.
        form: the rest of the dialect.

    Returns:
        The dialect with decimal and thousands separators, and the reason if they are not the usual
        ones.
    """
    order = sorted(LOCALES, key=lambda one: form.delimiter == ";" and one[0] != ",")
    patterns = {one: _number_pattern(*one) for one in order}
    votes = dict.fromkeys(order, 0)
    for words in columns.values():
        some = {_bare(word): count for word, count in list(words.items())[:LOOK]}
        numbers = [word for word in some if DIGIT.search(word)]
        if len(numbers) < MOST * len(some) or not any(SEPARATOR.search(word) for word in numbers):
            continue
        total = sum(some.values())
        for one, pattern in patterns.items():
            fitting = sum(count for word, count in some.items() if pattern.fullmatch(word))
            votes[one] += fitting >= READABLE * total
    best = max(order, key=lambda one: votes[one])  # the first of equals
    if not votes[best] or best == (".", ""):
        return form, ""
    decimal, thousands = best
    reason = f"numbers are written this way in {votes[best]} column(s)"
    rivals = [one for one in order if votes[one] == votes[best] and one[0] != decimal]
    if rivals:
        reason = f"AMBIGUOUS: decimal {rivals[0][0]!r} fits as well; read as the usual form"
    return form.model_copy(update={"decimal": decimal, "thousands": thousands}), reason


def numbers(words: Mapping[str, int], form: Csv) -> np.ndarray:
    """Read the distinct values as numbers; NaN where there is none; shape (n_words,)."""
    return cells.numeric(
        pd.Series(list(words), dtype="str"), form.decimal, form.thousands
    ).to_numpy()


def like_numbers(words: Mapping[str, int]) -> bool:
    """Check whether it is worth trying to read a column as numbers."""
    some = list(words)[:LOOK]
    return sum(DIGIT.search(word) is not None for word in some) > 0.5 * len(some)


def unit(words: Mapping[str, int]) -> str:
    """Return the currency or percent sign of most numbers, or nothing."""
    some = list(words)[:LOOK]
    signs = [match[0] for word in some if (match := SIGN.search(word))]
    return max(set(signs), key=signs.count) if 2 * len(signs) > len(some) else ""


def is_code(words: Mapping[str, int]) -> bool:
    """Check whether these are codes: digits, some with leading zeros or with an E among them."""
    zeros = sum(count for word, count in words.items() if CODE.fullmatch(word))
    if zeros >= FEW_ZEROS and all(word.isdecimal() for word in words):
        return True
    if zeros:
        equal = len({len(word) for word in words}) == 1
        return equal or zeros > (1 - READABLE) * sum(words.values())
    lettered = [word for word in words if LETTERED_CODE.fullmatch(word)]
    others = len(words) - len(lettered)
    return bool(lettered and others) and all(
        word.isdecimal() or LETTERED_CODE.fullmatch(word) for word in words
    )


def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = written_numbers.grouped(thousands)
    return re.compile(rf"(?:{grouped}\d*)(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?")


def _bare(word: str) -> str:
    """Return a number without sign, currency and magnitude."""
    word = word.translate(written_numbers.TYPOGRAPHIC).strip("()+- \u00a0\u202f")
    return MAGNITUDE.sub("", AROUND.sub("", word)).strip("()+-% \u00a0\u202f")

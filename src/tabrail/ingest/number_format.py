"""Find how numbers are written: with which separators, signs and zeros."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Csv

READABLE = 0.995  # share of a column's values that must fit its kind
LOOK = 200  # different values that are looked at first
MOST = 0.9  # share of them that must have digits
LOCALES = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"))

DIGIT = re.compile(r"\d")
CODE = re.compile(r"0\d+")
SEPARATOR = re.compile("[,.' \u00a0\u202f]")
SIGN = re.compile(r"[$€£¥₹%]")
ENDS = "()$€£¥₹% +-\u00a0\u202f"


def find_number_format(columns: Mapping[str, Mapping[str, int]], form: Csv) -> tuple[Csv, str]:
    """Find how numbers are written: the way in which the most columns are numbers.

    Args:
        columns: the different values of each column.
        form: how the files are written otherwise.

    Returns:
        The form with decimal and thousands, and the reason if they are not the usual ones.
    """
    order = sorted(LOCALES, key=lambda one: form.delimiter == ";" and one[0] != ",")
    patterns = {one: _number_pattern(*one) for one in order}
    votes = dict.fromkeys(order, 0)
    for words in columns.values():
        some = {word.strip(ENDS): count for word, count in list(words.items())[:LOOK]}
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
    reason = f"numbers are written so in {votes[best]} column(s)"
    rivals = [one for one in order if votes[one] == votes[best] and one[0] != decimal]
    if rivals:
        reason = f"AMBIGUOUS: decimal {rivals[0][0]!r} fits as well; taken for the usual form"
    return form.model_copy(update={"decimal": decimal, "thousands": thousands}), reason


def numbers(words: Mapping[str, int], form: Csv) -> np.ndarray:
    """Read the different values as numbers; NaN where there is none; shape (n_words,)."""
    return cells.numeric(
        pd.Series(list(words), dtype="str"), form.decimal, form.thousands
    ).to_numpy()


def readable(words: Mapping[str, int], values: np.ndarray) -> float:
    """Return the share of the rows whose value could be read."""
    counts = np.fromiter(words.values(), dtype=np.float64, count=len(words))
    return float(counts[~np.isnan(values)].sum() / counts.sum()) if len(counts) else 0.0


def like_numbers(words: Mapping[str, int]) -> bool:
    """Check whether it is worth trying to read a column as numbers."""
    some = list(words)[:LOOK]
    return sum(DIGIT.search(word) is not None for word in some) > 0.5 * len(some)


def unit(words: Mapping[str, int]) -> str:
    """Return the currency or percent sign that most of the numbers have, or nothing."""
    some = list(words)[:LOOK]
    signs = [match[0] for word in some if (match := SIGN.search(word))]
    return max(set(signs), key=signs.count) if 2 * len(signs) > len(some) else ""


def is_code(words: Mapping[str, int]) -> bool:
    """Check whether these are codes: whole numbers with zeros before them."""
    zeros = sum(count for word, count in words.items() if CODE.fullmatch(word))
    if not zeros:
        return False
    return len({len(word) for word in words}) == 1 or zeros > (1 - READABLE) * sum(words.values())


def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    between = {"": "", " ": "[ \u00a0\u202f]"}.get(thousands, re.escape(thousands))
    grouped = r"[1-9]\d{0,2}(?:" + between + r"\d{3})+|" if thousands else ""
    return re.compile(rf"(?:{grouped}\d*)(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?")

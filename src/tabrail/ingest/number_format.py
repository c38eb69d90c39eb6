"""Find the number format of files: separators, signs and zeros."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from tabrail.data import cells, written_numbers
from tabrail.data.schema import Csv, Decimal, Thousands

READABLE = 0.995  # share of a column's values that must fit its kind
NEARLY = 0.8  # above this share of numbers, words among them are likely mistakes
LOOK = 200  # distinct values to inspect first
MOST = 0.9  # least share of them with digits
Locale = tuple[Decimal, Thousands]
LOCALES: tuple[Locale, ...] = (
    *((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")),
)
SOME = 20  # numbers with the same mark, each with three digits behind it: no coincidence
LEAST_LARGE = 100  # if numbers exceed 1,000, some have three digits

DIGIT = re.compile(r"\d")
CODE = re.compile(r"0\d+")
LETTERED_CODE = re.compile(r"\d{1,3}[eE]\d{1,2}")  # 1E5 among 77 and 123 is not a power of ten
FEW_ZEROS = 2
SEPARATOR = re.compile("[,.' \u00a0\u202f]")
MARK = re.compile("[,.']")
GROUPS = re.compile(r"[1-9]\d{0,2}(?:([,.'])\d{3})(?:\1\d{3})*")
# Months and times such as 03.2024 and 8.30.
MONTH = re.compile(r"\d{1,2}\.(?:1[89]|20)\d\d|(?:[01]?\d|2[0-3])\.[0-5]\d")
SIGN = re.compile(rf"{written_numbers.CURRENCY}|%")
MAGNITUDE = re.compile(rf"(?<=\d)\s?(?:{written_numbers.MAGNITUDE})$")
AROUND = re.compile(rf"^(?:{written_numbers.CURRENCY})|(?:{written_numbers.CURRENCY}|%)$")


def find_number_format(
    columns: Mapping[str, Mapping[str, int]], form: Csv, *, is_known: bool = False
) -> tuple[Csv, str, dict[str, Csv]]:
    """Find how numbers are written: the way in which the most columns are numbers.

    Args:
        columns: the different values of each column.
        form: how the files are written otherwise.
        is_known: whether the form says already how numbers are written.

    Returns:
        The form with decimal and thousands, the reason if they are not the usual ones, and by name
        the form of each column that can only be read in another one.
    """
    order = sorted(LOCALES[:-1], key=lambda one: form.delimiter == ";" and one[0] != ",")
    order.append(LOCALES[-1])
    fitting = {name: found for name, words in columns.items() if (found := ways(words, order))}
    votes = {one: sum(one in found for found in fitting.values()) for one in order}
    best = max(order, key=lambda one: votes[one])  # the first of equals
    if is_known:
        best = form.decimal, form.thousands
    elif not votes[best]:
        return form, "", {}
    chosen = form.model_copy(update={"decimal": best[0], "thousands": best[1]})
    own = {
        name: form.model_copy(update={"decimal": some[0][0], "thousands": some[0][1]})
        for name, some in fitting.items()
        if best not in some
    }
    if is_known or best == (".", ""):
        return chosen, "as schema.yaml said before" if is_known else "", own
    unsure = [name for name, some in fitting.items() if best in some]
    reason = f"numbers are written so in {votes[best]} column(s)"
    rivals = [one for one in order if votes[one] == votes[best] and one[0] != best[0]]
    if rivals and all(rivals[0] in fitting[name] for name in unsure):
        other = form.model_copy(update={"decimal": rivals[0][0], "thousands": rivals[0][1]})
        word = next(word for word in columns[unsure[0]] if SEPARATOR.search(_bare(word)))
        read, instead = (f"{number(word, one):.15g}" for one in (chosen, other))
        if read != instead:
            reason = (
                f"AMBIGUOUS: {word!r} in {unsure[0]} is read as {read}. It may also mean "
                f"{instead}: then write csv: {{{separators(other)}}} in schema.yaml"
            )
    return chosen, reason, own


def separators(form: Csv) -> str:
    """Return how schema.yaml says which separators numbers have."""
    return f"decimal: {json.dumps(form.decimal)}, thousands: {json.dumps(form.thousands)}"


def number(word: str, form: Csv) -> float:
    """Read one value as a number; NaN if it is none."""
    return float(numbers({word: 1}, form)[0])


def thousands_mark(words: Mapping[str, int]) -> str:
    """Return the mark that surely parts groups of thousands, though it might be a decimal mark.

    Each number with the mark has three digits behind it. The numbers without it are whole, and
    less than 1,000. Where none is without it, amounts of money are meant: these have no three
    decimals.

    >>> thousands_mark({"€389": 1, "€683": 1, "€1,167": 1})
    ','
    >>> thousands_mark({"2": 1, "3": 1, "1.125": 1})
    ''
    """
    if not like_numbers(words):
        return ""
    marked, plain, total = dict[str, int](), dict[str, int](), sum(words.values())
    if not MARK.search("\n".join(words)):
        return ""
    found = set[str]()
    for word, count in words.items():
        bare = _bare(word)
        if marks := MARK.findall(bare):
            found.update(marks)
            marked[bare] = count
            seen = len(marked)
            if len(found) > 1 or (seen == SOME and _share_of_groups(marked) < MOST):
                return ""  # as a few of them tell
        elif DIGIT.search(bare):
            plain[bare] = count
    slips = sum(count for word, count in plain.items() if not word.isdecimal())
    if not marked or _share_of_groups(marked) < READABLE or slips > (1 - READABLE) * total:
        return ""
    mark = found.pop()
    groups = [word for word in marked if GROUPS.fullmatch(word)]
    if mark == "'" or any(word.count(mark) > 1 for word in groups):
        return mark
    whole = [int(word) for word in plain if word.isdecimal()]
    if not whole:
        return mark if unit(words) not in ("", "%") else ""
    small = max(float(word.replace(mark, ".")) for word in groups) < np.median(whole)
    is_large = LEAST_LARGE <= max(whole) < 1000 and (small or len(groups) >= SOME)
    return mark if is_large else ""


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


def _share_of_groups(marked: Mapping[str, int]) -> float:
    fits = sum(count for word, count in marked.items() if GROUPS.fullmatch(word))
    return fits / sum(marked.values())


def ways(words: Mapping[str, int], order: Iterable[Locale]) -> list[Locale]:
    """Return the ways in which a column with separators can be read as numbers."""
    if mark := thousands_mark(words):
        return [one for one in order if one[1] == mark]
    some = {_bare(word): count for word, count in list(words.items())[:LOOK]}
    found = [word for word in some if DIGIT.search(word)]
    if len(found) < MOST * len(some) or not any(SEPARATOR.search(word) for word in found):
        return []
    if all(map(MONTH.fullmatch, some)):
        return []
    total = sum(some.values())
    return [
        one
        for one in order
        if sum(count for word, count in some.items() if _number_pattern(*one).fullmatch(word))
        >= READABLE * total
    ]


@cache
def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    grouped = written_numbers.grouped(thousands)
    return re.compile(rf"(?:{grouped}\d*)(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?")


def _bare(word: str) -> str:
    """Return a number without sign, currency and magnitude."""
    word = word.translate(written_numbers.TYPOGRAPHIC).strip("()+- \u00a0\u202f")
    return MAGNITUDE.sub("", AROUND.sub("", word)).strip("()+-% \u00a0\u202f")

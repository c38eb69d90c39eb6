"""Recognize unreadable numbers and dates, so that they are not silently read as words.

Numbers and dates written by people have few patterns; one value of each usual pattern is shown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice

from tabrail.data import written_numbers
from tabrail.ingest.dates import LIKE_A_DATE, NAMES_A_MONTH

LOOK = 500  # different values that are looked at
MOST = 0.8  # share of rows whose values must look like this
FEWEST = 3  # different values
SHOWN = 2
GROUPS = r"\d+(?:[.,' \u00a0\u202f]\d{2,3})*(?:[.,]\d*)?(?:[eE][+-]?\d+)?"
UNIT = (
    rf"\+|-|%|[°'\"′″]|(?:{written_numbers.CURRENCY})"
    r"|°?[^\W\d_]{1,4}\.?(?:/[^\W\d_]{1,3})?[²³]?"
)
ABOUT = r"ca|circa|approx|approximately|about|around|etwa|rund|ungefähr|environ"
MEASURED = re.compile(
    rf"(?:(?:{ABOUT})\.?\s*)?[<>=~≈≤≥±(\[]*\s*[+-]?\s*(?:{written_numbers.CURRENCY})?\s*[+-]?"
    rf"{GROUPS}\s*(?:{UNIT})?[\])]*",
    re.IGNORECASE,
)
NUMBER = r"[+-]?\d+(?:[.,]\d+)?"
PARTS = re.compile(
    rf"[(\[]?{NUMBER}(?:(?:[,;:]\s?|[°'′]\s?|\s?[x×]\s?|\s){NUMBER})+['\"′″]*\s?[NSEWO]?[)\]]?"
)
PERIOD = re.compile(
    r"(?:1[89]|20)\d\d[-/ ]?(?:Q|q|T|W|w|KW|CW|H|S)[-/ ]?\d{1,2}"
    r"|(?:Q|q|T|W|KW|CW|H|S)[-/ ]?\d{1,2}[-/ ](?:1[89]|20)\d\d"
)
CLOCK = re.compile(r"(?:[01]?\d|2[0-3])[:.h][0-5]\d(?:[:.m][0-5]\d)?\s?(?:[aApP]\.?[mM]\.?)?")
CENTURY = r"(?:0[0-9]|1[89]|20|2[19]|99)\d\d"
SURELY_A_DATE = re.compile(
    rf"{CENTURY}([-/.])\d{{1,2}}\1\d{{1,2}}(?:[T ,].*)?"
    rf"|\d{{1,2}}([-/.])\d{{1,2}}\2(?:{CENTURY}|\d\d)(?:[T ,].*)?"
)
YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")


def what(words: Mapping[str, int]) -> tuple[str, list[str]]:
    """Return what most unreadable values look like, with examples.

    Args:
        words: the distinct values of a column, with their counts.

    Returns:
        `dates`, `periods`, `times`, `numbers`, `several numbers` or nothing, and one value of each
        usual pattern.
    """
    some = dict(islice(words.items(), LOOK))
    total = sum(some.values())
    for name, test in LOOKS:
        fitting = [word for word in some if test(word)]
        enough = len(fitting) >= min(FEWEST, len(some))
        if fitting and enough and sum(some[word] for word in fitting) >= MOST * total:
            return name, _examples(fitting)
    return "", []


def are_dates(words: Mapping[str, int]) -> bool:
    """Check whether most values are dates, whatever their formats.

    Args:
        words: the distinct values of a column, with their counts.
    """
    return what(words)[0] == "dates"


def _is_date(word: str) -> bool:
    if SURELY_A_DATE.fullmatch(word):
        return True
    return bool(NAMES_A_MONTH.search(word) and YEAR.search(word) and LIKE_A_DATE.search(word))


LOOKS = (
    ("times", lambda word: bool(CLOCK.fullmatch(word))),
    ("dates", _is_date),
    ("periods", lambda word: bool(PERIOD.fullmatch(word))),
    ("numbers", lambda word: bool(MEASURED.fullmatch(word))),
    ("several numbers", lambda word: bool(PARTS.fullmatch(word))),
)


def _examples(words: Iterable[str]) -> list[str]:
    """Return a value of each usual pattern, the most frequent one first."""
    shapes: dict[str, list[str]] = {}
    for word in words:
        shape = re.sub(r"\d+", "9", word)
        shapes.setdefault(shape, []).append(word)
    usual = Counter({shape: len(found) for shape, found in shapes.items()}).most_common(SHOWN)
    return [shapes[shape][0] for shape, _ in usual]

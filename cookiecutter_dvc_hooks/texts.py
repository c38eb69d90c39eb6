"""Parts of sentences about answers."""

import difflib
import reprlib
from collections.abc import Iterable

LONGEST_NAME = 64


def shown(text: str) -> str:
    """Return the text in quotes, shortened, with everything unprintable escaped."""
    short = reprlib.Repr()
    short.maxstring = LONGEST_NAME
    return short.repr(text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word closest to a wrong one, or nothing."""
    matches = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {shown(matches[0])}?" if matches else ""

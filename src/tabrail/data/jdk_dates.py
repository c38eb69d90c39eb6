"""Translate date formats to the letters of Java's DateTimeFormatter, which other tools expect."""

import re

LETTERS = {
    "%Y": "yyyy",
    "%y": "yy",
    "%m": "MM",
    "%d": "dd",
    "%H": "HH",
    "%I": "hh",
    "%M": "mm",
    "%S": "ss",
    "%f": "SSSSSS",
    "%p": "a",
    "%z": "xx",
    "%b": "MMM",
    "%B": "MMMM",
    "%a": "EEE",
    "%A": "EEEE",
    "%j": "DDD",
    "%%": "%",
}
OF_THE_CLOCK = ("%H", "%I", "%M", "%S", "%f", "%p", "%X", "%c", "%T", "%R")


def has_time(written: str) -> bool:
    """Check whether a format of strptime has a time of day.

    Example:
        >>> has_time("%Y-%m-%d"), has_time("%Y-%m-%d %H:%M")
        (False, True)
    """
    return any(part in OF_THE_CLOCK for part in _parts(written))


def jdk_format(written: str) -> str:
    """Return a format of Python's strptime in Java's letters; blank if it has no such form.

    Example:
        >>> jdk_format("%d.%m.%Y at %H:%M")
        "dd.MM.yyyy 'at' HH:mm"
        >>> jdk_format("%x")
        ''
    """
    parts = _parts(written)
    if any(part.startswith("%") and part not in LETTERS for part in parts):
        return ""
    return "".join(LETTERS.get(part) or _literal(part) for part in parts)


def _parts(written: str) -> list[str]:
    """Return the directives of a format and the text between them; words are kept together."""
    return re.findall(r"%.?|[^\W\d_]+|[\W\d_]", written)


def _literal(text: str) -> str:
    """Return literal text; letters and Java's reserved characters need quotes."""
    if text == "'":
        return "''"
    return f"'{text}'" if text.isalpha() or text in "#{}[]" else text

"""Pieces of Markdown that show text and numbers as they are."""

import math
import re

# What a forge makes a link of: addresses, @name, #12, GH-12, !12, [issue:12]; and :smile:.
REFERENCES = re.compile(
    r"@|://|(?i:\bwww\.|\bGH-(?=\d))|[#!$&](?=\d)|[~%](?=[^\W\d]|\d+\b|\")|\[(?=[\w.]+:)"
    r"|:(?=[a-zA-Z+-][\w+-]*:)"
)
NOTHING = "\u200b"  # takes no room, and is no part of a word


def plain(text: str) -> str:
    """Escape text so that Markdown shows it as it is, on one line, also in a cell of a table."""
    special = r"[\\`*\[\]<>#&~$|]|(?<!\w)_|_(?!\w)"  # GitHub takes no underscore within a word
    escaped = re.sub(special, r"\\\g<0>", re.sub(r"\s+", " ", text))
    # At the start of a line these would make a list, a rule or a heading.
    return re.sub(r"^( ?\d*)([-+=.)])(?=[ =-]|$)", r"\1\\\2", escaped)


def unlinked(text: str) -> str:
    """Return text of which a forge makes no link in a comment: names in the data are nobody's."""
    return REFERENCES.sub(lambda found: f"{found[0][0]}{NOTHING}{found[0][1:]}", text)


def code(text: str) -> str:
    """Return text as a code span, on one line; backticks in it do not end it."""
    line = re.sub(r"\s+", " ", text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if len(fence) > 1 else f"`{line}`"


def without_mentions(text: str) -> str:
    """Return text in which no @ calls a person or a team: names in the data are nobody's."""
    return re.sub(f"@(?!{NOTHING})", f"@{NOTHING}", text)


def number(value: float) -> str:
    """Return a number to three decimals, or to whole ones from a thousand on."""
    if not math.isfinite(value):
        return "undefined"
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def signed(value: float) -> str:
    """Return `amount` with a sign also where the value is above 0."""
    return f"{'+' if value > 0 else ''}{amount(value)}"


def amount(value: float) -> str:
    """Return a number in a unit of any size: one that is too small for `number` has an exponent."""
    return f"{value:.2e}" if 0 < abs(value) < 0.0005 else number(value)

"""Pieces of Markdown that show text and numbers as they are."""

import math
import re


def plain(text: str) -> str:
    """Escape a person's words so that Markdown shows them as they were typed, on one line."""
    special = r"[\\`*\[\]<>#&~$]|(?<!\w)_|_(?!\w)"  # GitHub takes no underscore within a word
    return re.sub(special, r"\\\g<0>", re.sub(r"\s+", " ", text))


def number(value: float) -> str:
    """Return a number to three decimals, or to whole ones from a thousand on."""
    if not math.isfinite(value):
        return "undefined"
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def amount(value: float) -> str:
    """Return a number in a unit of any size: one that is too small for `number` has an exponent."""
    return f"{value:.2e}" if 0 < abs(value) < 0.0005 else number(value)

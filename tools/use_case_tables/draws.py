"""What the makers of the tables share."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from use_case_tables.case import Draw

NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Jane", "Karl", "Lena")
SURNAMES = ("Adler", "Baker", "Costa", "Dahl", "Evans", "Fuchs", "Gomez", "Hansen", "Ito", "Jansen")


def gaps(draw: Draw, values: Any, share: float) -> pd.Series:
    """Return values of which a share is missing."""
    return pd.Series(values).mask(draw.random(len(values)) < share)


def spelled(draw: Draw, values: Any, share: float = 0.15) -> np.ndarray:
    """Return words of which a share is written with a capital, or with a space behind."""
    words = np.asarray(values, dtype=object)
    how: Sequence[Callable[[str], str]] = (str.title, str.upper, lambda word: f"{word} ")
    changes = draw.integers(0, len(how), len(words))
    changed = draw.random(len(words)) < share
    return np.array(
        [
            how[change](word) if is_changed else word
            for word, change, is_changed in zip(words, changes, changed, strict=True)
        ],
        dtype=object,
    )


def numbered(draw: Draw, prefix: str, rows: int, digits: int = 6) -> list[str]:
    """Return a different number for each row, such as A000123, in no order."""
    numbers = draw.choice(10**digits, rows, replace=False)
    return [f"{prefix}{number:0{digits}d}" for number in numbers]


def persons(draw: Draw, rows: int) -> list[str]:
    """Return names of invented persons."""
    pairs = zip(draw.choice(NAMES, rows), draw.choice(SURNAMES, rows), strict=True)
    return [f"{first} {last}" for first, last in pairs]


def addresses(draw: Draw, rows: int) -> list[str]:
    """Return e-mail addresses of invented persons."""
    return [
        f"{name.lower().replace(' ', '.')}{number}@example.com"
        for name, number in zip(persons(draw, rows), draw.integers(1, 999, rows), strict=True)
    ]


def phones(draw: Draw, rows: int) -> list[str]:
    """Return telephone numbers that nobody has."""
    return [f"+49 30 {number:07d}" for number in draw.integers(10**6, 10**7, rows)]


def chance(draw: Draw, logit: Any) -> np.ndarray:
    """Return whether something happens, by the logarithm of its odds."""
    return np.asarray(draw.random(len(logit)) < 1 / (1 + np.exp(-np.asarray(logit, float))))


def gibberish(draw: Draw, rows: int) -> list[str]:
    """Return texts of letters in no order."""
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return [
        " ".join("".join(draw.choice(letters, draw.integers(4, 9))) for _ in range(8))
        for _ in range(rows)
    ]

"""Recognize protected attributes of people by the names of columns.

The attributes are from the Charter of Fundamental Rights of the European Union, article 21, and the
United States Code, title 15, section 1691.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tabrail.ingest.column_names import PERSONS, tokens

WORDS = {
    *("sex", "gender", "geschlecht", "sexe", "sexo", "sesso", "genero", "género"),
    *("nationality", "citizenship", "nationalität", "nationalitaet", "staatsangehörigkeit"),
    *("staatsangehoerigkeit", "nationalité", "nationalite", "nacionalidad", "birthplace"),
    *("ethnicity", "ethnic", "ethnie", "etnia", "hispanic", "latino", "indigenous", "caste"),
    *("religion", "religious", "religión", "konfession"),
    *("disability", "disabilities", "behinderung", "handicapped"),
    *("pregnant", "pregnancy", "marital", "familienstand"),
}
PAIRS = (
    *("native country", "birth country", "country of birth", "place of birth", "foreign worker"),
    *("migration background", "native language", "mother tongue", "skin color", "skin colour"),
    *("sexual orientation", "civil status", "trade union", "union membership"),
    *("political party", "political affiliation", "party affiliation", "political opinion"),
)
ALONE = {"race", "female", "male", "married"}  # in a longer name, the word may mean other things
AGE = {"age", "alter", "edad", "âge"}
AGES = {"agegroup", "ageband", "agerange", "altersgruppe"}
AFTER_AGE = {"years", "yrs", "group", "band", "range", "class", "category", "bin", "at", "in", "of"}
BIRTH = ("date of birth", "birth date", "birth year", "year of birth", "birthday")
BORN = {"birthdate", "birthday", "birthyear", "dob", "yob", "geburtsdatum", "geburtsjahr"}
BOUNDS = {"age": (18, 30, 45, 60, 75), "birth": (1940, 1955, 1970, 1985, 2000)}
BAND_ROWS = 50
MOST_LEVELS = 50  # most slices of one column


def is_protected(name: str) -> bool:
    """Check whether a column is named like a protected attribute of a person."""
    parts = tokens(name)
    joined, own = " ".join(parts), [part for part in parts if part not in {*PERSONS, "is", "s"}]
    return (
        bool(WORDS & set(parts))
        or any(f" {pair} " in f" {joined} " for pair in PAIRS)
        or (len(own) == 1 and own[0] in ALONE)
        or bool(_time_of_life(name))
    )


def is_birth(name: str) -> bool:
    """Check whether a column is named like a date or year of birth."""
    return _time_of_life(name) == "birth"


def bands(name: str, values: pd.Series) -> list[int]:
    """Return the bounds of bands of ages or years of birth; none if there are too few rows.

    Bounds are left out until each band has 50 rows.

    Args:
        name: of the column.
        values: numbers, in some rows; NaN where there is none.
    """
    numbers = np.sort(values.dropna().to_numpy(np.float64))
    found, before = list[int](), 0
    for bound in BOUNDS.get(_time_of_life(name), ()):
        below = int(np.searchsorted(numbers, bound))
        if below - before >= BAND_ROWS and len(numbers) - below >= BAND_ROWS:
            found.append(bound)
            before = below
    return found


def slices(columns: Mapping[str, Mapping[str, Any]], features: Collection[str]) -> list[str]:
    """Return the protected features that results can be reported by, with or without bands."""
    return [
        name
        for name in features
        if columns[name].get("protected")
        and (
            columns[name]["kind"] == "boolean"
            or "bands" in columns[name]
            or 2 <= len(columns[name].get("categories", [])) <= MOST_LEVELS
        )
    ]


def warning(names: Sequence[str]) -> str:
    """Warn that the model learns from protected attributes, and say how to prevent it."""
    which = (
        f"{names[0]}, a protected attribute"
        if len(names) == 1
        else (f"{', '.join(names[:-1])} and {names[-1]}, protected attributes")
    )
    return (
        f"The model learns from {which} if rows are about people. Is that allowed? To use a column "
        "only for slices, add sensitive: true to it in schema.yaml"
    )


def _time_of_life(name: str) -> str:
    """Return whether a column is named like an age or a birth; blank for neither."""
    parts = tokens(name)
    joined = f" {' '.join(parts)} "
    if set(parts) & BORN or any(f" {words} " in joined for words in BIRTH):
        return "birth"
    own = [part for part in parts if part not in PERSONS]
    is_age = bool(own) and own[0] in AGE and (len(own) == 1 or own[1] in AFTER_AGE)
    return "age" if is_age or set(parts) & AGES else ""

"""Recognize special categories of personal data by the names of columns.

They are those of the General Data Protection Regulation, article 9, and places where persons are.
"""

from collections.abc import Collection, Iterable

from tabrail.ingest.column_names import PERSONS, tokens

WORDS = {
    *("religion", "religious", "konfession", "religión", "church", "denomination"),
    *("ethnicity", "ethnic", "ethnie", "etnia", "caste"),
    *("diagnosis", "diagnoses", "diagnose", "diagnostic", "diagnosi", "diagnóstico", "icd", "icd9"),
    *("icd10", "disease", "illness", "krankheit", "symptom", "symptoms", "comorbidity", "hiv"),
    *("medication", "medications", "medikament", "prescription", "allergy", "allergies", "therapy"),
    *("disability", "disabilities", "behinderung", "pregnant", "pregnancy", "genotype", "genome"),
    *("fingerprint", "biometric", "psychiatric", "depression", "suicide"),
}
PAIRS = (
    *("sexual orientation", "political party", "party affiliation", "political opinion"),
    *("political affiliation", "trade union", "union membership", "union member", "blood type"),
    *("blood group", "medical history", "health status", "mental health"),
)
PLACES = {"lat", "latitude", "lon", "lng", "long", "longitude", "coordinates", "geolocation", "gps"}


def found(names: Iterable[str], *, of_persons: bool) -> list[str]:
    """Return the columns that hold special categories of personal data, if rows are about people.

    Args:
        names: of columns.
        of_persons: whether another column says that the rows are about people: only then is a
            place one where a person is.
    """
    special = []
    for name in names:
        parts = tokens(name)
        joined = f" {' '.join(parts)} "
        named = WORDS & set(parts) or any(f" {pair} " in joined for pair in PAIRS)
        if named or (PLACES & set(parts) and (of_persons or PERSONS & set(parts))):
            special.append(name)
    return special


def warning(names: Collection[str]) -> list[str]:
    """Say that a table has such data, and what to do; nothing if it has none."""
    if not names:
        return []
    listed = ", ".join(names)
    one = len(names) == 1
    return [
        f"{listed} {'is' if one else 'are'} of a special category of personal data if rows are "
        "about people (GDPR, article 9): health, religion, origin, opinions, or where a person is. "
        f"The law allows to use {'it' if one else 'them'} in few cases only. Have that checked "
        "before the first push; to keep such a column out of model, reports and logs, write "
        "{kind: ignored} in schema.yaml"
    ]

"""Recognize special categories of personal data, and birth dates, by the names of columns.

The categories are those of the General Data Protection Regulation, article 9, and places where
persons are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tabrail.ingest import protected
from tabrail.ingest.column_names import PERSONS, tokens
from tabrail.ingest.kinds import Guess

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
PLACES = {"lat", "latitude", "lon", "lng", "longitude", "coordinates", "geolocation", "gps"}
CATEGORY, BIRTH = "of a special category of personal data", "a birth date"


def found(guesses: Mapping[str, Guess], *, of_persons: bool) -> dict[str, str]:
    """Return what columns are, by name, whose values are to be kept out of descriptions and logs.

    Left out are columns that are sensitive or ignored anyway, and numbers of things, such as
    `prescription_id`.

    Args:
        guesses: what each column is.
        of_persons: whether another column says that the rows are about people: only then is a
            place one where a person is.
    """
    special: dict[str, str] = {}
    for name, guess in guesses.items():
        if guess.kind == "ignored" or guess.sensitive or guess.entity:
            continue
        parts = tokens(name)
        joined = f" {' '.join(parts)} "
        named = WORDS & set(parts) or any(f" {pair} " in joined for pair in PAIRS)
        of_one = of_persons or PERSONS & set(parts)
        if named or (of_one and guess.kind != "boolean" and _is_place(parts, guesses)):
            special[name] = CATEGORY
        elif guess.kind != "numeric" and protected.is_birth(name):  # a year alone is an age
            special[name] = BIRTH
    return special


def hidden(guess: Guess, what: str) -> Guess:
    """Return what a column is that is such data: sensitive, and without a doubt that has values."""
    reason = f"{what}, if rows are about people: no feature"
    reasons = "; ".join(filter(None, (guess.reason, reason)))
    return replace(guess, sensitive=True, warning="", reason=reasons)


def warnings(special: Mapping[str, str], target: str, *, kept: bool) -> list[str]:
    """Say which columns are such data, what was written for them, and what to do.

    Args:
        special: what the columns are, by name.
        target: the column to predict, which cannot be kept out of predictions.
        kept: whether the columns stay features, since there are no others.
    """
    said = []
    for what in (CATEGORY, BIRTH):
        names = [name for name, one in special.items() if one == what and name != target]
        if names and kept:
            said.append(
                f"{_are(names, what)} if rows are about people{_law(what)}. {_pronoun(names)} a "
                "feature all the same, because the table has no other. Have that checked before "
                "the first push; to keep a column out of model, reports and logs, add "
                "sensitive: true to it in schema.yaml"
            )
        elif names:
            said.append(
                f"{_are(names, what)} if rows are about people{_law(what)}. So schema.yaml says "
                f"sensitive: true for {'it' if len(names) == 1 else 'them'}: the model does not "
                "learn from it, and no description, log or message has a value of it. If rows are "
                "not about people, or you may learn from a column, delete its sensitive: true in "
                "schema.yaml"
            )
    if target in special:
        said.append(
            f"{_are([target], special[target])} if rows are about people"
            f"{_law(special[target])}. It is predicted, so predictions, their log and reports have "
            "its values. Have that checked before the first push"
        )
    return said


def _is_place(parts: Sequence[str], names: Collection[str]) -> bool:
    """Check for a place at an end of a name; `long` is one beside a latitude only."""
    ends = {*parts[:1], *parts[-1:]}
    if "long" not in ends:
        return bool(PLACES & ends)
    beside = [["lat" if part == "long" else part for part in parts]]
    beside.append(["latitude" if part == "long" else part for part in parts])
    return any(tokens(name) in beside for name in names)


def _are(names: Sequence[str], what: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is {what}"
    several = {CATEGORY: CATEGORY, BIRTH: "birth dates"}[what]
    return f"{', '.join(names[:-1])} and {names[-1]} are {several}"


def _law(what: str) -> str:
    if what == BIRTH:
        return ""
    return (
        " (GDPR, article 9: health, religion, origin, opinions; or where a person is), which the "
        "law allows to use in few cases only"
    )


def _pronoun(names: Sequence[str]) -> str:
    return "It stays" if len(names) == 1 else "Each stays"

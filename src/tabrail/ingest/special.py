"""Recognize special categories of personal data, and birth dates, by the names of columns.

The categories are those of the General Data Protection Regulation, article 9, and the location of a
person.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tabrail.ingest import protected, recipes
from tabrail.ingest.column_names import PERSONS, tokens
from tabrail.ingest.kinds import Guess
from tabrail.ingest.personal_data import NAMES

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
    """Return the columns with such data and their category, to keep values out of logs.

    Columns that are sensitive or ignored anyway are left out. So are identifiers of things, such as
    `prescription_id`.

    Args:
        guesses: the kind of each column.
        of_persons: whether another column shows that the rows are about people. Only then is a
            place the location of a person.
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
        elif guess.kind != "numeric" and protected.is_birth(name):  # a year of birth is an age
            special[name] = BIRTH
    return special


def hidden(guess: Guess, what: str) -> Guess:
    """Return the guess for such a column: sensitive, and without a doubt that shows values."""
    reason = f"{what}, if rows are about people; not a feature"
    reasons = "; ".join(filter(None, (guess.reason, reason)))
    return replace(guess, sensitive=True, warning="", reason=reasons)


def warnings(special: Mapping[str, str], target: str, *, kept: bool) -> list[str]:
    """Warn about such columns, and say what was written for them and what to do.

    Args:
        special: the category of each column.
        target: the column to predict, whose values are in predictions.
        kept: whether the columns stay features because there are no others.
    """
    said = []
    for what in (CATEGORY, BIRTH):
        names = [name for name, one in special.items() if one == what and name != target]
        if names and kept:
            said.append(
                f"{_are(names, what)} if rows are about people{_law(what)}. {_pronoun(names)} "
                "still a feature, because the table has no other. Have that checked before the "
                "first push; to keep a column out of model, reports and logs, add sensitive: true "
                "to it in schema.yaml"
            )
        elif names:
            said.append(
                f"{_are(names, what)} if rows are about people{_law(what)}. "
                f"{_hides('it' if len(names) == 1 else 'them')}. If rows are "
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


def of_persons(
    personal: Mapping[str, str],
    columns: Mapping[str, Mapping[str, Any]],
    target: str,
    *,
    kept: bool,
) -> list[str]:
    """Warn about columns of names, and give the line that makes one a feature.

    What identifies a person alone, such as an e-mail address, is never one: no line is needed.

    Args:
        personal: what the values of each column are; blank if they identify nobody.
        columns: the entry of each column.
        target: the column to predict.
        kept: whether names stay features because there are no others.
    """
    said = []
    for name, what in personal.items():
        if what != NAMES or name == target or columns[name]["kind"] == "ignored":
            continue
        if columns[name]["kind"] != "categorical":
            said.append(f"{name}: its values are {what}. {_hides('it')}")
        elif kept:
            said.append(
                f"{name}: its values are {what}. It is still a feature, because the table has no "
                "other. To keep it out of model, reports and logs, add sensitive: true to it in "
                "schema.yaml"
            )
        else:
            entry = "{kind: categorical" + ", nullable: true" * ("nullable" in columns[name]) + "}"
            said.append(
                f"{name}: its values are {what}. {_hides('it')}. If you may learn from it, or "
                f"these are no persons, {recipes.entry(name, entry)}"
            )
    if personal.get(target):
        said.append(
            f"{target}: its values are {personal[target]}. It is predicted, so predictions, their "
            "log and reports have its values"
        )
    return said


def _hides(what: str) -> str:
    return (
        f"So schema.yaml says sensitive: true for {what}: the model does not learn from it, and no "
        "description, log or message has a value of it"
    )


def _is_place(parts: Sequence[str], names: Collection[str]) -> bool:
    """Check for a place at either end of a name; `long` is one only beside a latitude."""
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
        "law allows in few cases only"
    )


def _pronoun(names: Sequence[str]) -> str:
    return "It stays" if len(names) == 1 else "Each stays"

"""Rows that belong together are found by what their values do, not by a name alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Kind, Schema
from tabrail.ingest import belonging

ROWS = 1200
RANDOM = np.random.default_rng(0)
THING = RANDOM.permutation(np.repeat(np.arange(100), 12))  # of each row
LEVEL = RANDOM.normal(size=100)[THING]
SIZE = RANDOM.integers(20, 80, 100)[THING].astype(float)
COLOUR = RANDOM.choice(["red", "green"], 100)[THING]
NOISE = RANDOM.normal(size=ROWS)
NUMBER = RANDOM.choice(90_000, 100, replace=False)[THING] + 10_000.0
AGE = np.clip(RANDOM.normal(45, 15, ROWS), 18, 90).round()
KINDS: dict[str, Kind] = {"f": "numeric", "O": "categorical", "U": "categorical", "M": "datetime"}


def find(key: list[str] | None = None, **columns: Any) -> dict[str, belonging.Belonging]:
    """Look for such columns in a table whose last column is the target."""
    table = pd.DataFrame(columns)
    kinds = {
        name: KINDS.get(np.asarray(values).dtype.kind, "numeric")
        for name, values in columns.items()
    }
    for name in columns:
        if name.startswith("id_"):
            kinds[name] = "identifier"
    described = {name: Column(kind=kind) for name, kind in kinds.items()}
    schema = Schema.model_construct(target=list(columns)[-1], key=key or [], columns=described)
    return {one.name: one for one in belonging.find(table, schema)}


TARGET = LEVEL + 0.1 * NOISE
WORDS = np.array([f"S{number:03}" for number in range(100)])[THING]
NAMES = np.array([f"{a}{b}land" for a in "ABCDEFGHIJ" for b in "klmnopqrst"])[THING]
YEAR = pd.Series(THING).groupby(THING).cumcount().to_numpy() + 2000.0

FOUND: dict[str, dict[str, Any]] = {
    "numbers of things": {
        "ref": NUMBER,
        "size": SIZE,
        "colour": COLOUR,
        "noise": NOISE,
        "y": TARGET,
    },
    "in order of size": {"ref": THING * 1.0, "size": SIZE, "colour": COLOUR, "y": NOISE},
    "only the target": {"ref": NUMBER, "noise": NOISE, "y": TARGET},
    "codes": {"ref": WORDS, "size": SIZE, "colour": COLOUR, "noise": NOISE, "y": NOISE},
    "names by year": {"country": NAMES, "year": YEAR, "size": SIZE, "noise": NOISE, "y": TARGET},
    "words, alike in most": {"ref": NAMES, "size": SIZE, "colour": COLOUR, "y": TARGET},
}


@pytest.mark.parametrize("case", FOUND)
def test_rows_that_belong_together_are_found(case: str) -> None:
    columns = FOUND[case]
    found = find(**columns)
    assert list(found) == [next(iter(columns))]
    assert found[next(iter(columns))].count == 100


ZIP = RANDOM.integers(10_000, 99_999, 100)[THING].astype(float)
HONEST: dict[str, dict[str, Any]] = {
    "ages": {"alder": AGE, "retired": (AGE > 65) * 1.0, "band": AGE // 10, "y": AGE * 0.1 + NOISE},
    "counts": {"visits": RANDOM.poisson(40, ROWS) * 1.0, "a": NOISE, "b": LEVEL, "y": NOISE},
    "years": {"built": RANDOM.integers(1950, 2020, ROWS) * 1.0, "a": LEVEL, "y": NOISE},
    "postal codes": {"plz": ZIP, "wealth": LEVEL, "north": SIZE, "a": NOISE, "y": NOISE},
    "prices": {"price": NUMBER, "size": SIZE, "colour": COLOUR, "y": NOISE},
    "fractions": {"ref": NUMBER + 0.5, "size": SIZE, "colour": COLOUR, "y": NOISE},
    "cities": {"city": NAMES, "wealth": LEVEL, "a": NOISE, "b": AGE, "y": NOISE},
    "numbers that say nothing": {
        "ref": NUMBER,
        "a": NOISE,
        "b": AGE,
        "y": RANDOM.normal(size=ROWS),
    },
    "sorted by the target": {
        "visits": RANDOM.poisson(40, ROWS) * 1.0,
        "y": np.repeat(["a", "b"], 600),
    },
    "few": {
        "ref": THING % 9 * 1.0,
        "size": (THING % 9) * 7 % 5 * 1.0,
        "y": (THING % 9) * 5 % 7 * 1.0,
    },
}


@pytest.mark.parametrize("case", HONEST)
def test_ordinary_columns_are_none(case: str) -> None:
    assert find(**HONEST[case]) == {}


def test_what_is_named_like_a_number_comes_first() -> None:
    found = find(
        ref=NUMBER, nr=NUMBER[::-1], size=SIZE, back=SIZE[::-1], c=COLOUR, d=COLOUR[::-1], y=NOISE
    )
    assert [(one.name, one.is_named) for one in found.values()] == [("nr", True), ("ref", False)]


def test_recordings_of_one_subject_are_found_by_the_stems_of_their_names() -> None:
    take = [f"{word}_{row}" for row, word in enumerate(WORDS)]
    found = find(["id_take"], id_take=np.array(take), size=SIZE, colour=COLOUR, y=NOISE)
    assert found["id_take"].is_cut
    assert found["id_take"].count == 100
    plain = [f"row{row}" for row in range(ROWS)]
    assert find(["id_row"], id_row=np.array(plain), size=SIZE, colour=COLOUR, y=NOISE) == {}

"""Values of schema.yaml are changed where they stand; every other character stays."""

import difflib
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from tabrail.ingest.columns import in_order
from tabrail.ingest.draft import Draft, to_yaml
from tabrail.ingest.schema_text import with_value

CITIES = sorted(f"{a}{b}ville" for a in "ABCDEFGH" for b in "abcdefgh")
FLOW = """columns:
  age: {kind: numeric, min: 0, max: 120}  # seen 3 to 99
  "weight, kg": {kind: numeric, min: -1.5}
  city: {kind: categorical, categories: [Oslo, "it's, so", Ulm]}  # mine
  block:
    kind: numeric  # of blocks
    max: 7
  names:
    kind: categorical
    categories:
      - Bonn
      - Ulm  # the smallest
"""


def changed(before: str, after: str) -> list[str]:
    """Return the lines that are new, without their indent."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:].strip() for line in lines if line.startswith("+ ")]


@pytest.mark.parametrize(
    ("column", "key", "value", "line"),
    [
        ("age", "max", 130, "age: {kind: numeric, min: 0, max: 130}  # seen 3 to 99"),
        ("age", "min", -3, "age: {kind: numeric, min: -3, max: 120}  # seen 3 to 99"),
        ("weight, kg", "min", -2, '"weight, kg": {kind: numeric, min: -2}'),
        ("block", "max", 9.5, "max: 9.5"),
        ("block", "nullable", True, "nullable: true"),
        ("names", "nullable", True, "nullable: true"),
    ],
)
def test_one_line_changes(column: str, key: str, value: Any, line: str) -> None:
    after = with_value(FLOW, column, key, value)
    assert changed(FLOW, after) == [line]
    assert YAML(typ="safe").load(after)["columns"][column][key] == value


def test_a_key_is_added_behind_the_kind() -> None:
    after = with_value(FLOW, "city", "nullable", True)
    assert "city: {kind: categorical, nullable: true, categories: [Oslo" in after


@pytest.mark.parametrize(
    ("column", "new", "expected"),
    [
        ("city", ["Bonn"], ["Oslo", "it's, so", "Ulm", "Bonn"]),  # a list that has no order
        ("names", ["Aachen", "Zug"], ["Aachen", "Bonn", "Ulm", "Zug"]),
        ("names", ["Rome", "a: b"], ["a: b", "Bonn", "Rome", "Ulm"]),
    ],
)
def test_categories_go_where_they_belong(column: str, new: list[str], expected: list[str]) -> None:
    present = YAML(typ="safe").load(FLOW)["columns"][column]["categories"]
    after = with_value(FLOW, column, "categories", [*present, *new])
    assert YAML(typ="safe").load(after)["columns"][column]["categories"] == expected
    assert "# the smallest" in after
    assert "# mine" in after


def test_two_new_categories_are_two_changed_lines() -> None:
    given = {"name": "x", "columns": {"city": {"kind": "categorical", "categories": CITIES}}}
    text = to_yaml(Draft(given))
    after = with_value(text, "city", "categories", [*CITIES, "Ccville2", "Gxville"])
    assert len(changed(text, after)) == 2
    expected = in_order([*CITIES, "Ccville2", "Gxville"])
    assert YAML(typ="safe").load(after)["columns"]["city"]["categories"] == expected


def test_any_words_and_any_places() -> None:
    random = np.random.default_rng(0)
    letters = np.array(list("ab ,'\"#:{}[]\\-é1😀"))
    for _ in range(100):
        words = {"".join(random.choice(letters, random.integers(1, 6))).strip() for _ in range(9)}
        names = in_order({word for word in words if word})
        new = [names.pop(int(random.integers(len(names)))) for _ in range(2)]
        given = {"name": "x", "columns": {"c": {"kind": "categorical", "categories": names}}}
        after = with_value(to_yaml(Draft(given)), "c", "categories", [*names, *new])
        found = YAML(typ="safe").load(after)["columns"]["c"]["categories"]
        assert found == in_order([*names, *new])


def test_numbers_are_in_order_by_size() -> None:
    text = to_yaml(Draft({"name": "x", "columns": {"c": {"categories": ["2", "10", "33"]}}}))
    text = text.replace("{categories", "{kind: categorical, categories")
    after = with_value(text, "c", "categories", ["2", "10", "33", "7"])
    assert YAML(typ="safe").load(after)["columns"]["c"]["categories"] == ["2", "7", "10", "33"]

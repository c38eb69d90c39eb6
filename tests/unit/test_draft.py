"""The schema is written so that a person can read it, and reads as what was meant."""

import pytest
from ruamel.yaml import YAML

from tabrail.ingest.columns import limits
from tabrail.ingest.draft import Draft, to_yaml

DRAFT = Draft(
    schema={
        "name": "Shops: a test",
        "csv": {"delimiter": "\t", "thousands": " "},
        "task": "binary",
        "target": "late",
        "slices": ["shop"],
        "missing": ["", "NA", "?"],
        "columns": {
            "shop": {"kind": "categorical", "nullable": True, "categories": ["no", "Ulm", "1"]},
            "age": {"kind": "numeric", "min": 0, "max": 1.5, "unit": "€"},
            "code": {"kind": "categorical", "categories": [f"code{i:02}" for i in range(40)]},
            "late": {"kind": "boolean"},
            "x" * 200: {"kind": "categorical", "categories": [f"code{i:02}" for i in range(40)]},
        },
    },
    files=["a.csv"],
    reasons={"task": "two sides", "key": "no column\nnames the rows", "missing": "'?' in age"},
    column_reasons={"age": "seen 0 to 1", "code": "codes", "late": "because " * 30},
)

WRITTEN = """\
name: "Shops: a test"
csv: {delimiter: "\\t", thousands: " "}
task: binary  # two sides
target: late
# key: no column names the rows
slices: [shop]
missing: ["", NA, "?"]  # '?' in age

columns:
  shop: {kind: categorical, nullable: true, categories: ["no", Ulm, "1"]}
  age: {kind: numeric, min: 0, max: 1.5, unit: "€"}  # seen 0 to 1
  code:  # codes
    kind: categorical
    categories:
      [code00, code01, code02, code03, code04, code05, code06, code07, code08, code09, code10,
       code11, code12, code13, code14, code15, code16, code17, code18, code19, code20, code21,
       code22, code23, code24, code25, code26, code27, code28, code29, code30, code31, code32,
       code33, code34, code35, code36, code37, code38, code39]
"""


def test_it_reads_well() -> None:
    text = to_yaml(DRAFT)
    assert WRITTEN in text
    assert max(len(line) for line in text.splitlines() if "xxx" not in line) <= 120


def test_it_reads_as_what_was_meant() -> None:
    assert YAML(typ="safe", pure=True).load(to_yaml(DRAFT)) == DRAFT.schema


@pytest.mark.parametrize(
    "word",
    ["no", "Null", "1", "1e5", "0x1F", "1_000", "", " a", "a ", "a: b", "#", "é", "-", "~", "nan",
     "a\nb", "\t", '"', "'", "\\", "\x00", "\x85", "\ufeff", "\U0001f600", "\U000e0001", "Infinity",
     "2024-01-01", "[", "{", "!", "&", "*", "|", ">", "%", "@", "`", "true", "<<", "=", "x" * 999],
)  # fmt: skip
def test_any_word_stays_the_same_in_any_place(word: str) -> None:
    column = {"kind": "categorical", "categories": [word], "unit": word}
    schema = {"name": word, "target": word, "missing": [word], "columns": {word: column}}
    draft = Draft(schema, [word], {"target": word}, {word: word})
    assert YAML(typ="safe", pure=True).load(to_yaml(draft)) == schema


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (3, 87, (0, 130)),
        (-3, 87, (-50, 140)),
        (-87, -3, (-130, 0)),
        (0, 1, (0, 2)),
        (0, 0, (0, 1)),
        (7, 7, (0, 14)),
        (0.12, 0.97, (0, 1.4)),
        (1000, 1001, (999, 1002)),
        (1e300, 1.1e300, (9.5e299, 1.16e300)),
        (-1.7e308, 1.7e308, None),
    ],
)
def test_limits_leave_room_on_both_sides(
    low: float, high: float, expected: tuple[float, float] | None
) -> None:
    assert limits(low, high) == pytest.approx(expected)

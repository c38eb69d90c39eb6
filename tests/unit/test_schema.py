"""The schema finds what breaks it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SCHEMA, edit, shops

from tabrail.data.conform import Violation, conform, require_columns, usable
from tabrail.data.schema import GROUP, Schema, encode_target, load_schema
from tabrail.errors import InputError

SHOPS = Schema.model_validate(SCHEMA)


def broken(column: str, *values: object) -> list[Violation]:
    """Put values into a good table's first rows and return what the schema says."""
    good = shops(30)
    table = good.assign(**{column: [*values, *good[column][len(values) :]]})
    return conform(table, SHOPS)[1]


def test_this_projects_contract_is_sound() -> None:
    assert load_schema(ROOT / "schema.yaml").features


def test_good_rows_conform() -> None:
    typed, violations = conform(shops(), SHOPS)
    assert violations == []
    assert list(typed) == list(SCHEMA["columns"])
    assert typed["age"].dtype == typed["member"].dtype == "float64"
    assert typed["seen"].dtype == "datetime64[us]"


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("age", None, "missing"),
        ("age", "old", "unreadable"),
        ("age", "inf", "unreadable"),
        ("age", 121, "out_of_range"),
        ("age", -1, "out_of_range"),
        ("city", "Rome", "unseen_category"),
        ("member", "perhaps", "unreadable"),
        ("seen", "yesterday", "unreadable"),
        ("bought", None, "unlabeled"),
        ("bought", "maybe", "unreadable"),
    ],
)
def test_a_violation_is_found_in_its_row(column: str, value: object, fault: str) -> None:
    (found,) = broken(column, value)
    assert (found.column, found.kind) == (column, fault)
    assert np.flatnonzero(found.rows).tolist() == [0]


def test_nullable_may_be_missing_and_is_not_unreadable() -> None:
    assert broken("income", None) == []


@pytest.mark.parametrize(
    "words", [("yes", "no"), ("TRUE", "false"), (1, 0), ("1", "0"), ("t", "f")]
)
def test_booleans_are_read_in_many_words(words: tuple[object, object]) -> None:
    table = shops(2).assign(member=pd.Series(words, dtype=object))
    assert conform(table, SHOPS)[0]["member"].tolist() == [1.0, 0.0]


def test_identifiers_stay_as_they_are_written() -> None:
    gaps = shops(3).assign(customer=[7.0, np.nan, 9.0])
    assert conform(gaps, SHOPS)[0]["customer"].tolist()[::2] == ["7", "9"]
    assert conform(shops(3), SHOPS)[0]["customer"].tolist() == ["0000"] * 3


def test_conforming_in_chunks_is_conforming_at_once() -> None:
    table = shops(100)
    parts = [conform(part, SHOPS)[0] for part in (table[:37], table[37:])]
    pd.testing.assert_frame_equal(pd.concat(parts), conform(table, SHOPS)[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(target="bougt"), r"no column 'bougt' .did you mean 'bought'"),
        (lambda s: s.update(tasc="binary"), r"tasc: unknown key .did you mean 'task'"),
        (lambda s: s["columns"]["age"].update(min="low"), "columns.age.min: .*got 'low'"),
        (lambda s: s["columns"]["age"].update(min=200), "min 200.0 is above max 120.0"),
        (lambda s: s["columns"]["age"].update(kind="number"), "columns.age.kind: .*'numeric'"),
        (lambda s: s["columns"]["age"].update(maxx=1), "columns.age.maxx: unknown key"),
        (
            lambda s: s.update(slices=["age"]),
            "neither boolean, nor categorical with its categories listed, nor numeric with bands",
        ),
        (
            lambda s: s.update(target="city", slices=[]),
            "with task: binary, column 'city' must be boolean, or categorical with 2 categories",
        ),
        (
            lambda s: s.update(task="multiclass"),
            "with task: multiclass, column 'bought' must be categorical, with 3 categories or more",
        ),
        (lambda s: s.update(task="regression"), "column 'bought' must be numeric"),
        (lambda s: s.update(positive="yes"), "only a categorical target with 2 categories"),
        (lambda s: s.update(time="age"), "time: column 'age' is not of kind datetime"),
        (lambda s: s.update(weight="income"), "weight: column 'income' must not be nullable"),
        (lambda s: s.update(weight="member"), "weight: column 'member' must be numeric, with min"),
        (lambda s: s.update(csv={"decimal": ",", "thousands": ","}), "decimal and thousands are"),
        (lambda s: s["columns"]["age"].update(format="%Y"), "format is for datetime columns"),
        (lambda s: s.pop("target"), "target: is missing"),
        (
            lambda s: s.update(key=["bought"]),
            "key: 'bought' is the target, which is not known yet",
        ),
        (lambda s: s.update(key=["income"]), "key: column 'income' must not be nullable"),
        (lambda s: s["columns"]["city"].pop("categories"), "slices: column 'city' is neither"),
        (lambda s: s["columns"]["city"].update(categories=[]), "none is listed; leave the key out"),
        (lambda s: s["columns"]["city"].update(categories=["a", "a"]), "one is listed twice"),
        (lambda s: s["columns"]["age"].update(nulable=True), "did you mean 'nullable'"),
        (lambda s: s["columns"]["age"].update(min=float("nan")), "columns.age.min: .*finite"),
        (lambda s: s["columns"]["city"].update(min=1), "min and max are for numeric columns, this"),
        (lambda s: s["columns"]["age"].update(categories=["a"]), "categories are for categorical"),
        (lambda s: s["columns"]["age"].update(bands=[45, 30]), r"such as \[30, 45, 60\]; this col"),
        (lambda s: s["columns"].update({GROUP: {"kind": "numeric"}}), "rename the column in the"),
        (
            lambda s: s["columns"]["member"].update(kind="ignored") or s.update(slices=["member"]),
            "slices: column 'member' is of kind ignored",
        ),
        (
            lambda s: s.update(columns={"bought": {"kind": "boolean"}}, key=[], slices=[]),
            "columns: none is left to learn from",
        ),
        (
            lambda s: s["columns"]["bought"].update(kind="categorical", categories=["no", "yes"]),
            r"positive: must be one of \['no', 'yes'\], the target's classes",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_its_key(project: Path, change: Any, message: str) -> None:
    edit(Path("schema.yaml"), change)
    with pytest.raises(InputError, match=message) as error:
        load_schema()
    assert str(error.value).startswith("schema.yaml")


def test_an_error_about_the_whole_contract_does_not_repeat_it(project: Path) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(target="bougt"))
    with pytest.raises(InputError) as error:
        load_schema()
    assert len(str(error.value)) < 200


def test_rows_to_score_need_no_target() -> None:
    typed, violations = conform(shops(5).drop(columns="bought"), SHOPS)
    assert "bought" not in typed
    assert violations == []


def test_dates_do_not_depend_on_their_neighbours() -> None:
    table = shops(2).assign(seen=["9999-12-31", "2024-01-01T00:00:00.123456789"])
    typed, violations = conform(table, SHOPS)
    assert violations == []
    assert typed["seen"].tolist()[0].year == 9999


def test_only_an_unseen_category_leaves_a_row_usable() -> None:
    violations = broken("city", "Rome") + broken("age", 30, 500)
    assert usable(violations, 30).tolist() == [True, False] + [True] * 28


def test_a_categorical_target_names_its_positive_class() -> None:
    columns = SCHEMA["columns"] | {"bought": {"kind": "categorical", "categories": ["no", "yes"]}}
    schema = Schema.model_validate(SCHEMA | {"columns": columns, "positive": "yes"})
    table = shops(3).assign(bought=["no", "yes", "maybe"])
    typed, (found,) = conform(table, schema)
    assert encode_target(typed["bought"][:2], schema).tolist() == [0, 1]
    with pytest.raises(ValueError, match="not among its classes"):
        encode_target(typed["bought"], schema)
    assert (found.kind, found.example) == ("unreadable", "maybe")


def test_a_renamed_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match=r"no column 'income' .did you mean 'incomes'"):
        require_columns(
            ["incomes" if c == "income" else c for c in SHOPS.columns],
            list(SHOPS.used),
            SHOPS,
            Path("a.csv"),
        )


def with_columns(**changes: Any) -> Schema:
    """Return the schema with some keys changed."""
    return Schema.model_validate(SCHEMA | changes)


def test_a_line_turns_classes_that_are_numbers_into_a_regression() -> None:
    grade = {"kind": "categorical", "categories": ["1", "2", "3"], "description": "School"}
    columns = SCHEMA["columns"] | {"grade": grade}
    classes = with_columns(columns=columns, target="grade", task="multiclass")
    numbers = with_columns(columns=columns, target="grade", task="regression")
    table = shops(3).assign(grade=["3", "1", "2"])
    typed, _ = conform(table, classes)
    assert encode_target(typed["grade"], classes).tolist() == [2, 0, 1]
    typed, _ = conform(table, numbers)
    assert encode_target(typed["grade"], numbers).tolist() == [3.0, 1.0, 2.0]
    assert numbers.columns["grade"].description == "School"


def test_what_only_decides_or_weighs_is_no_feature() -> None:
    assert SHOPS.features == ["age", "income", "city", "member", "seen", "note"]
    columns = SCHEMA["columns"] | {"w": {"kind": "numeric", "min": 0}}
    columns["age"] = {"kind": "numeric", "sensitive": True}
    schema = with_columns(columns=columns, weight="w", key=["customer", "city"], time="seen")
    assert schema.features == ["income", "member", "seen", "note"]


def test_words_that_mean_missing_are_found_between_blanks() -> None:
    schema = with_columns(missing=["", "?"])
    table = shops(3).assign(income=[" ? ", " 7 ", "8"], city=[" Oslo", "Ulm ", "NO"])
    typed, violations = conform(table, schema)
    assert violations == []
    assert typed["income"].tolist()[1:] == [7.0, 8.0]
    assert typed["city"].tolist() == ["Oslo", "Ulm", "NO"]

"""Scores are reported by the values of columns, also of those that the project derives."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import SCHEMA, edit
from stages import evaluate, prepare, train
from test_compare import champion_of
from test_evaluate import read_results, run_stages, set_task
from test_testing import derive

from tabrail import paths
from tabrail.data import tables
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.evaluation.slices import labels
from tabrail.review.compare import compare

DECADE = "rows.assign(decade=(rows['age'] // 10 * 10).astype(int))"


def slice_by(*names: str) -> None:
    """Let the project report scores by these columns."""
    edit(paths.SCHEMA, lambda schema: schema.update(slices=list(names)))


def test_a_slice_may_name_a_derived_column(project: Path) -> None:
    set_task("binary")
    derive(DECADE)
    slice_by("city", "decade")
    edit(paths.PARAMS, lambda params: params["evaluate"].update(min_slice_rows=10))
    run_stages()
    table = tables.read(paths.VALIDATION)
    decades = (table["age"] // 10 * 10).astype("int").astype("str")
    for split in ("validation", "test"):
        assert list(read_results()[split]["slices"]) == ["city", "decade"]
    found = read_results()["validation"]["slices"]["decade"]
    assert {name: one["rows"] for name, one in found.items()} == decades.value_counts().to_dict()
    assert "| decade | 20 |" in paths.MODEL_CARD.read_text(encoding="utf-8")
    compared = compare(champion_of(project))
    assert {name for name in compared.parts if "decade" in name} == {
        f"decade {name}" for name, one in found.items() if one["rows"] >= 10
    }


def test_a_slice_that_is_nowhere_is_named_with_what_there_is(project: Path) -> None:
    set_task("binary")
    derive(DECADE)
    slice_by("decad")
    prepare.main()
    train.main()
    with pytest.raises(InputError) as error:
        evaluate.main()
    assert str(error.value) == (
        "schema.yaml, slices: no column 'decad' (did you mean 'decade'?); schema.yaml has "
        "for slices: city, member; the model derives: decade"
    )
    assert not paths.EVALUATION.exists()


def described(**changes: Any) -> Schema:
    """Return the schema of the shops with some changes."""
    return Schema.model_validate(SCHEMA | changes)


ROWS = pd.DataFrame({name: ["1", "2", "1"] for name in SCHEMA["columns"]})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, True], ["yes", "no", "yes"]),
        ([1.0, None, 0.0], ["yes", "missing", "no"]),
        ([2, 3, 1], ["2", "3", "1"]),
        ([0.5, None, 30.0], ["0.5", "missing", "30"]),
        (["a", None, "1"], ["a", "missing", "1"]),
        (pd.Categorical(["low", "high", None]), ["low", "high", "missing"]),
        ([None, None, None], ["missing"] * 3),
    ],
)
def test_values_are_shown_as_text(values: Any, expected: list[str]) -> None:
    found = labels(ROWS, described(slices=["new"]), lambda rows: rows.assign(new=values))
    assert found["new"].tolist() == expected


def test_a_model_without_derived_columns_says_so() -> None:
    with pytest.raises(InputError, match=r"no column 'new'; .*: city, member; .* derives: none$"):
        labels(ROWS, described(slices=["new"]), lambda rows: rows)


def test_a_derived_column_with_too_many_values_is_refused() -> None:
    table = pd.concat([ROWS] * 50, ignore_index=True)
    schema = described(slices=["new"])
    with pytest.raises(InputError, match=r"'new' has 150 values; expected at most 100; let derive"):
        labels(table, schema, lambda rows: rows.assign(new=range(150)))


def test_derive_sees_what_the_model_sees_and_is_not_called_in_vain() -> None:
    seen: list[str] = []

    def derive_new(rows: pd.DataFrame) -> pd.DataFrame:
        seen.extend(rows.columns)
        return rows.assign(new="x", city="changed")

    labels(ROWS, described(slices=["city"]), derive_new)
    assert seen == []
    schema = described(slices=["new", "city"])
    found = labels(ROWS, schema, derive_new)
    assert seen == schema.inputs
    assert found["city"].tolist() == ["1", "2", "1"]  # as prepared

"""Slices of protected attributes: found at ingest, compared in the card, limited by the gate."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA, edit
from runs import GATE, evaluation, run
from test_evaluate import card, read_results, run_stages, set_task
from test_infer import ANSWER, GROUPS, NOISE, RANDOM, ROWS, inferred, table

from tabrail import paths
from tabrail.config import Evaluate, Gate, Params
from tabrail.data.schema import Schema
from tabrail.documents import parse
from tabrail.errors import InputError
from tabrail.evaluation.gaps import largest
from tabrail.evaluation.intervals import Series
from tabrail.evaluation.predictions import Predictions
from tabrail.evaluation.slices import named
from tabrail.evaluation.thresholds import compared
from tabrail.ingest import protected
from tabrail.review import gate
from tabrail.review.check import Check
from tabrail.review.schema_changes import changes


@pytest.mark.parametrize(
    "name",
    [
        *("sex", "Gender", "customer_gender", "isFemale", "age", "Alter", "age_group", "AgeBand"),
        *("driver_age", "age_at_entry", "date_of_birth", "birthYear", "DOB", "nationality"),
        *("native-country", "foreign_worker", "race", "ethnicity", "religion", "Familienstand"),
        *("marital.status", "disability", "political_party"),
    ],
)
def test_protected_attributes_are_known_by_name(name: str) -> None:
    assert protected.is_protected(name)


@pytest.mark.parametrize(
    "name",
    [
        *("page", "usage", "plane_age", "account_age", "average", "race_time", "race_id", "genre"),
        *(
            "color",
            "party_size",
            "country",
            "birth_weight",
            "handicap",
            "union",
            "image",
            "package",
        ),
        *("country_of_origin", "party", "language", "stage", "mileage", "alternative"),
    ],
)
def test_other_columns_are_not(name: str) -> None:
    assert not protected.is_protected(name)


def people() -> dict[str, Any]:
    """Return columns of people, after two that would do for slices."""
    sex = RANDOM.choice(["f", "m"], ROWS)
    faith = np.where(np.arange(ROWS) < 5, "rare", RANDOM.choice(["a", "b"], ROWS))
    ages = RANDOM.integers(16, 90, ROWS)
    return table(
        shop=GROUPS, flag=RANDOM.choice(["y", "n"], ROWS), sex=sex, religion=faith, age=ages
    )


def test_protected_attributes_become_slices_before_others(tmp_path: Path) -> None:
    draft = inferred(tmp_path, people())
    assert draft.schema["slices"] == ["sex", "religion", "age", "shop", "flag"]
    columns = draft.schema["columns"]
    assert {name for name in columns if columns[name].get("protected")} == {
        "sex",
        "religion",
        "age",
    }
    assert columns["age"]["bands"] == [30, 45, 60, 75]  # fewer than 50 rows are below 18
    (said,) = (one for one in draft.warnings if "protected" in one)
    assert "learns from sex and age, protected attributes if rows are about" in said
    assert "sensitive: true" in said


def test_a_table_without_people_is_as_ever(tmp_path: Path) -> None:
    draft = inferred(tmp_path, table(shop=GROUPS))
    assert draft.schema["slices"] == ["shop"]
    assert not [one for one in draft.warnings if "protected" in one]


def test_a_target_is_no_protected_feature(tmp_path: Path) -> None:
    columns = {"noise": NOISE, "shop": GROUPS, "sex": ANSWER}
    draft = inferred(tmp_path, columns, "sex")
    assert "protected" not in draft.schema["columns"]["sex"]
    assert draft.schema["slices"] == ["shop"]


def test_ages_of_few_rows_have_no_bands() -> None:
    assert protected.bands("age", pd.Series(np.arange(60) + 20.0)) == []
    assert protected.bands("age", pd.Series([20.0] * 50 + [np.nan] * 9 + [50.0] * 50)) == [30]
    assert protected.bands("year_of_birth", pd.Series([1950.0] * 50 + [1980.0] * 50)) == [1955]
    assert protected.bands("height", pd.Series(np.arange(900.0))) == []


def schema(**columns: Any) -> Any:
    """Return the schema of the shops with more in some columns."""
    known = SCHEMA["columns"]
    return SCHEMA | {
        "columns": known | {name: known[name] | more for name, more in columns.items()}
    }


def test_numbers_are_sliced_by_their_bands() -> None:
    column = Schema.model_validate(schema(age={"bands": [30, 45.5]})).columns["age"]
    values = pd.Series([29.9, 30.0, 45.0, 45.5, np.nan], index=[5, 4, 3, 2, 1])
    expected = ["below 30", "30 to below 45.5", "30 to below 45.5", "45.5 or more", "missing"]
    found = named(values, column)
    assert found.tolist() == expected
    assert found.index.tolist() == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"age": {"bands": [45, 30]}}, "from low to high"),
        ({"age": {"bands": []}}, "from low to high"),
        ({"city": {"bands": [1]}}, "this column is categorical"),
        ({"age": {}}, r"column 'age' is neither boolean, .* such as bands: \[30, 45, 60\]"),
    ],
)
def test_wrong_bands_are_refused(columns: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(Schema, schema(**columns) | {"slices": ["age"]}, paths.SCHEMA)


def test_the_gap_is_between_the_extremes_of_those_with_an_interval() -> None:
    draws = np.random.default_rng(0).normal(0, 0.01, 1000)
    none = np.empty(0)
    found = {
        "a": Series(50, 0.5, 0.5 + draws),
        "b": Series(60, 0.7, 0.7 + draws),
        "c": Series(70, 0.6, 0.6 + draws),
        "few": Series(9, 0.1, none),
        "undefined": Series(50, np.nan, np.full(1000, np.nan)),
    }
    gap = largest(found)
    assert gap
    assert (gap.lowest, gap.highest) == ("a", "b")
    # In pairs: what a replicate does to both cancels out.
    assert [gap.score.value, gap.score.low, gap.score.high] == pytest.approx([0.2, 0.2, 0.2])
    assert largest({"a": found["a"], "few": found["few"]}) is None
    assert largest({}) is None


def test_the_results_have_decisions_and_gaps(project: Path) -> None:
    def change(content: Any) -> None:
        content["slices"] = ["city", "age"]
        content["columns"]["age"] |= {"bands": [30, 60], "protected": True}

    set_task("binary")
    edit(paths.SCHEMA, change)
    edit(
        paths.PARAMS,
        lambda p: p["evaluate"].update(
            min_slice_rows=20, costs={"false_positive": 1, "false_negative": 5}
        ),
    )
    run_stages()
    found = read_results()["validation"]
    assert set(found["slices"]["age"]) == {"below 30", "30 to below 60", "60 or more"}
    decided = found["slices"]["city"]["Oslo"]["decisions"]
    assert list(decided) == ["recall", "precision", "flagged"]
    recalls = {
        name: one["decisions"]["recall"]["value"] for name, one in found["slices"]["city"].items()
    }
    gap = found["gaps"]["city"]["recall"]
    assert gap["value"] == pytest.approx(max(recalls.values()) - min(recalls.values()), abs=1e-6)
    assert recalls[gap["lowest"]] == min(recalls.values())
    assert gap["low"] <= gap["value"] <= gap["high"]
    assert "| column | value | rows | positive | roc_auc on validation | recall | prec" in card()
    assert f"| city | recall | {gap['value']:.3f} [" in card()
    assert "If rows are about people, the model learns from protected attributes: age." in card()
    assert "| threshold | flagged | precision | recall | cost of a row |\n| --- |" in card()
    used = json.loads(json.dumps(PARAMS["evaluate"]))["threshold"]
    assert f"| **{used}** | " in card()
    assert "A false positive costs 1.0, a false negative 5.0." in card()


def test_a_column_for_slices_alone_is_not_learned_from() -> None:
    described = schema(city={"protected": True, "sensitive": True}) | {"slices": ["city"]}
    assert Schema.model_validate(described).learned_protected == []
    assert Schema.model_validate(schema(city={"protected": True})).learned_protected == ["city"]


def gap(value: float, low: float | None = 0.0) -> dict[str, Any]:
    """Return a gap as evaluation.json has it."""
    return {"value": value, "low": low, "high": None if low is None else 0.9} | {
        "lowest": "f",
        "highest": "m",
    }


def checked(limit: Any, **gaps: Any) -> Check:
    """Return the verdict on a run with these gaps between the sexes."""
    results = evaluation()
    results["validation"]["gaps"] = {"sex": gaps} if gaps else {}
    params = Gate.model_validate(PARAMS["gate"] | {"max_gap": limit})
    found = gate.checks(run(), run(evaluation=results), params, {})
    (one,) = (check for check in found if check.name == "max_gap")
    return one


@pytest.mark.parametrize(
    ("limit", "gaps", "verdict", "words"),
    [
        (None, {"recall": gap(0.5)}, "disabled", "has no limit"),
        ({}, {"recall": gap(0.5)}, "disabled", "has no limit"),
        (0.1, {}, "skipped", "two slices with an interval"),
        (
            0.1,
            {"recall": gap(0.1)},
            "ok",
            "largest gap: sex, recall 0.100 (95% interval 0.000 to 0",
        ),
        (0.1, {"recall": gap(0.2)}, "FAILED", "between f and m; at most 0.1"),
        (1, {"flagged": gap(0.2, None)}, "ok", "sex, flagged 0.200 between f and m"),
        (0.1, {"main_metric": gap(0.2)}, "FAILED", "sex, roc_auc 0.200"),
        ({"limit": 0.1, "of": ["recall"]}, {"flagged": gap(0.2), "recall": gap(0.0)}, "ok", "rec"),
        ({"limit": 0.1, "check": "dry_run"}, {"recall": gap(0.2)}, "dry run", "0.200"),
        ({"limit": 0.1, "check": "disabled"}, {"recall": gap(0.2)}, "disabled", ""),
    ],
)
def test_the_gate_limits_the_gap(limit: Any, gaps: Any, verdict: str, words: str) -> None:
    found = checked(limit, **gaps)
    assert (found.verdict, words in found.detail) == (verdict, True), found


def test_without_a_limit_nothing_fails() -> None:
    assert GATE.max_gap.limit is None
    found = gate.checks(run(), run(), Gate(), {})
    assert {check.verdict for check in found} <= {"ok", "skipped", "disabled"}


@pytest.mark.parametrize(
    ("before", "after", "loosens"),
    [
        ({"protected": True}, {}, True),
        ({}, {"protected": True}, False),
        ({"bands": [30]}, {"bands": [40]}, True),
        ({}, {"bands": [30]}, False),
    ],
)
def test_the_gate_sees_what_hides_a_gap(before: Any, after: Any, loosens: bool) -> None:
    (found,) = changes(schema(age=before), schema(age=after), ({}, {}))
    assert found.loosens is loosens


def predictions(weights: Any = 1.0) -> Predictions:
    """Return probabilities of 0.001 to 1, of which the upper half comes true."""
    probability = np.arange(1, 1001) / 1000
    y_true = (probability > 0.5).astype(np.int64)
    weights = np.broadcast_to(np.asarray(weights, dtype=np.float64), 1000)
    groups, held = np.arange(1000, dtype="u8"), np.zeros(1000, dtype=bool)
    return Predictions(pd.DataFrame(), y_true, probability, weights, groups, held)


def test_thresholds_are_spread_over_the_shares_flagged() -> None:
    found = compared(predictions(), 0.3, Evaluate().costs)
    assert [one.threshold for one in found] == [0.25, 0.3, 0.5, 0.75, 0.9, 0.95]
    assert [one.threshold for one in found if one.is_used] == [0.3]
    at = {one.threshold: one for one in found}
    assert (at[0.75].flagged, at[0.75].precision, at[0.75].recall) == (0.251, 1.0, 251 / 500)
    assert at[0.3].precision == pytest.approx(500 / 701)
    assert {one.cost for one in found} == {None}


def test_the_cost_of_errors_is_that_of_a_row() -> None:
    costs = Evaluate.model_validate(
        {"costs": {"false_positive": 2.0, "false_negative": 10.0}}
    ).costs
    at = {one.threshold: one for one in compared(predictions(), 0.3, costs)}
    assert at[0.3].cost == pytest.approx(2.0 * 201 / 1000)
    assert at[0.75].cost == pytest.approx(10.0 * 249 / 1000)
    weights = np.where(np.arange(1000) < 500, 0.0, 1.0)  # none of the negatives counts
    at = {one.threshold: one for one in compared(predictions(weights), 0.3, costs)}
    assert at[0.75].cost == pytest.approx(10.0 * 249 / 500)


def test_equal_predictions_have_few_thresholds() -> None:
    alike = predictions()
    alike = Predictions(**{**vars(alike), "prediction": np.full(1000, 1.0)})
    assert [one.threshold for one in compared(alike, 0.5, Evaluate().costs)] == [0.5]


def test_one_cost_alone_is_refused() -> None:
    given = PARAMS | {"evaluate": {"costs": {"false_positive": 1.0}}}
    with pytest.raises(InputError, match="false_negative is blank and the other cost is not; give"):
        parse(Params, given, paths.PARAMS)
    assert (
        Params.model_validate(PARAMS | {"evaluate": {"costs": None}}).evaluate.costs.false_positive
        is None
    )

"""Checks of a period say nothing where there is nothing to say, and weigh rows as training does."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA

from tabrail.config import Params
from tabrail.data.schema import Schema
from tabrail.monitoring import checks, drift, performance
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period

SHOPS = Schema.model_validate(SCHEMA)
SCORE = {"value": 0.7, "low": 0.6, "high": 0.8}
SPLIT = {
    "metrics": {"roc_auc": SCORE},
    "slices": {"city": {"Oslo": SCORE, "Ulm": SCORE}, "height": {"tall": SCORE}},
}
EXPECTED = Expected(
    version="model@v0.1.0",
    schema=SHOPS,
    params=Params.model_validate(PARAMS),
    evaluation={"main_metric": "roc_auc", "validation": SPLIT, "test": SPLIT, "scores": {}},
    distributions={"columns": {"age": {"missing": 0.0}}},
    importance={},
)


def period(rows: int = 200, **more: Any) -> Period:
    """Return a period of rows with known outcomes, of which the model knows all."""
    bought = np.arange(rows) % 2
    table = pd.DataFrame(
        {
            "customer": [f"{number // 2}" for number in range(rows)],
            "city": np.where(np.arange(rows) < rows / 2, "Oslo", "Ulm"),
            "bought": bought.astype(float),
        }
    )
    return Period("May", rows=rows, table=table, numbers=bought * 0.8 + 0.1, **more)


def test_slices_are_those_that_were_scored_and_are_still_here() -> None:
    found = performance.slices(period(), EXPECTED)
    assert sorted(found) == ["city Oslo", "city Ulm"]
    assert {point.value for point in found.values()} == {1.0}
    assert not any(point.beyond for point in found.values())


def test_slices_that_were_scored_by_another_metric_are_not_compared() -> None:
    own = {"cost": {"better": "lower", "unit": "unknown"}}
    content = EXPECTED.evaluation | {"main_metric": "cost", "metrics": own}
    expected = replace(EXPECTED, evaluation=content)
    assert expected.metric == "roc_auc"
    assert performance.slices(period(), expected) == {}
    assert performance.main_metric(period(), expected)[""].value == 1.0


@pytest.mark.parametrize("check", [performance.main_metric, performance.slices])
def test_few_known_outcomes_say_nothing(check: Any) -> None:
    few = period()
    few.table.loc[40:, "bought"] = np.nan
    assert check(few, EXPECTED) == {}


def test_calibration_needs_groups_enough() -> None:
    many = period()
    many.numbers = np.full(200, 0.3)
    many.table["customer"] = [f"{number // 3}" for number in range(200)]
    point = performance.calibration(many, EXPECTED)[""]
    assert point.value == pytest.approx(0.2)
    assert point.beyond
    few = period()  # the groups of a period are hashed once
    few.numbers = many.numbers
    few.table["customer"] = np.where(np.arange(200) < 100, "a", "b")
    assert performance.calibration(few, EXPECTED) == {}


def test_rows_of_a_table_have_their_weights_and_those_of_the_log_count_alike() -> None:
    columns = SCHEMA["columns"] | {"age": {"kind": "numeric", "min": 0}}
    weighted = Schema.model_validate(SCHEMA | {"columns": columns, "weight": "age"})
    table = pd.DataFrame({"age": [2.0, np.nan, 0.5]})
    assert performance.weights(table, weighted).tolist() == [2.0, 0.0, 0.5]
    assert performance.weights(table, SHOPS).tolist() == [1.0, 1.0, 1.0]
    assert performance.weights(table.drop(columns="age"), weighted).tolist() == [1.0, 1.0, 1.0]


def test_a_score_whose_interval_is_unknown_is_shown_and_not_judged() -> None:
    vague = SPLIT | {"metrics": {"roc_auc": SCORE | {"low": None, "high": None}}}
    expected = replace(EXPECTED, evaluation=EXPECTED.evaluation | {"validation": vague})
    assert performance.measured(expected) == SCORE
    expected = replace(expected, evaluation=expected.evaluation | {"test": vague})
    assert performance.measured(expected) is None
    assert performance.main_metric(period(), expected) == {}


def test_a_period_without_rows_has_no_points() -> None:
    empty = Period("May")
    for check in (checks.refused, checks.violations, checks.missing, checks.review, checks.latency):
        assert check(empty, EXPECTED) == {}
    for check in (checks.errors, drift.drift, drift.texts, drift.scores):
        assert check(empty, EXPECTED) == {}


def test_rows_that_break_the_schema_are_a_share_with_the_most_frequent_reason() -> None:
    faults = Counter({("age", "missing"): 3, ("", "no JSON"): 40, ("city", "unseen_category"): 99})
    found = period(rows=60, refused=40, violations=faults)
    point = checks.refused(found, EXPECTED)[""]
    assert (point.value, point.beyond) == (0.4, True)
    assert point.words == "most often request: no JSON"
    each = checks.violations(found, EXPECTED)
    assert each["request: no JSON"].value == 0.4
    assert each["age: missing"].value == 0.03


def test_times_are_judged_where_some_were_taken() -> None:
    served = pd.DataFrame({"latency_ms": [np.nan] * 4})
    assert checks.latency(period(served=served), EXPECTED) == {}
    served = pd.DataFrame({"latency_ms": [10.0] * 96 + [900.0] * 4 + [np.nan]})
    point = checks.latency(period(served=served), EXPECTED)[""]
    assert point.beyond
    assert point.words == "median 10 ms, 99th percentile 900 ms"
    two = pd.DataFrame({"latency_ms": [10.0, 10.0, 900.0, 900.0]})
    assert not checks.latency(period(served=two), EXPECTED)[""].beyond  # it may be chance


def test_the_largest_change_of_a_column_is_said_in_its_own_units() -> None:
    def numbers(*values: float, missing: float = 0.0) -> dict[str, Any]:
        shares = [0.0, 0.25, 0.5, 0.75, 0.95, 1.0]
        return {"missing": missing, "values": list(values), "up_to": shares}

    usual = numbers(0, 5, 10, 15, 19, 20)
    assert drift.from_to(usual, numbers(0, 5, 12, 15, 19, 20)) == (
        "median from 10 (interquartile range 5 to 15) to 12 (interquartile range 5 to 15)"
    )
    assert drift.from_to(usual, numbers(0, 5, 10, 15, 30, 40)) == "95th percentile from 19 to 30"
    gone = numbers(0, 5, 10, 15, 19, 20, missing=0.5)
    assert drift.from_to(usual, gone) == "missing from 0.0% to 50.0%"
    before = {"missing": 0.0, "shares": {"NO": 0.6, "Ulm": 0.4}, "other": 0.0}
    after = {"missing": 0.0, "shares": {"NO": 0.1, "Ulm": 0.7}, "other": 0.2}
    assert drift.from_to(before, after) == "NO from 60.0% to 10.0%"
    lost = {"missing": 0.9, "shares": {"NO": 0.06, "Ulm": 0.04}, "other": 0.0}
    assert drift.from_to(before, lost) == "missing from 0.0% to 90.0%"

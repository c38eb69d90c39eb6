"""A project's own metrics are computed as the library's are, and what is wrong in METRICS is said.

A list is checked before anything is scored, so that a long run does not end with a wrong entry.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SCHEMA
from sklearn import metrics as reference
from test_metrics import THRESHOLD, example

from tabrail.data.schema import Schema, Task
from tabrail.errors import InputError
from tabrail.evaluation.metric_list import MetricList, scoring
from tabrail.evaluation.metrics import METRICS, Metric

TARGETS: dict[Task, str] = {"binary": "bought", "multiclass": "city", "regression": "income"}
EVALUATION = {"validation": {"metrics": {"cost": {}, "brier": {}}}, "metrics": {"cost": {}}}


def schema(task: Task = "binary", **changes: Any) -> Schema:
    """Return the schema of a task."""
    columns = SCHEMA["columns"] | {"income": {"kind": "numeric"}}
    own = {"task": task, "target": TARGETS[task], "slices": [], "columns": columns}
    return Schema.model_validate(SCHEMA | own | changes)


def cost(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the mean cost of a row: 1 for a false alarm, 5 for a miss."""
    return float(np.mean((y_pred > y_true) + 5 * (y_true > y_pred)))


def missed(y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray) -> float:
    """Return the weight of what was missed."""
    return float(sample_weight @ (y_true > y_pred))


COST = Metric(cost, better="lower", on="decisions")
MISSED = Metric(missed, better="lower", on="decisions")


def refused(call: Callable[[], object]) -> str:
    """Return the message with which something is refused."""
    with pytest.raises(InputError) as found:
        call()
    return str(found.value)


@pytest.mark.parametrize("weights", ["ones", "draws"])
def test_own_metrics_are_scored_on_the_same_draws_as_those_of_the_library(weights: str) -> None:
    y_true, probability = example("binary")
    found = MetricList.of(schema(), ["recall", COST, MISSED, "brier"])
    assert found.names == ("recall", "cost", "missed", "brier")
    scorer = found.scorer(y_true, probability, THRESHOLD)
    drawn = np.ones((2, 500))
    if weights == "draws":
        drawn = np.random.default_rng(2).integers(0, 4, (2, 500)).astype(float)
    scores = scorer.under(drawn[:, scorer.order])
    assert tuple(scores) == found.names
    for place, row in enumerate(drawn):
        truth, decided = (np.repeat(a, row.astype(int)) for a in (y_true, probability >= THRESHOLD))
        expected = {
            "recall": reference.recall_score(truth, decided),
            "cost": np.mean((decided > truth) + 5 * (truth > decided)),
            "missed": np.sum(truth > decided),
            "brier": reference.brier_score_loss(y_true, probability, sample_weight=row),
        }
        assert {name: values[place] for name, values in scores.items()} == pytest.approx(expected)


def test_the_one_metric_that_is_needed_is_computed_alone() -> None:
    y_true, probability = example("binary")

    def never(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        raise AssertionError

    listed = MetricList.of(schema(), ["brier", COST, Metric(never, better="lower", on="decisions")])
    weights = np.ones((1, 500))
    for name in ("brier", "cost"):
        scores = listed.scorer(y_true, probability, THRESHOLD, only=name).under(weights)
        assert list(scores) == [name]


def test_own_metrics_get_labels_or_probabilities_of_several_classes() -> None:
    given: list[tuple[np.ndarray, np.ndarray]] = []

    def keep(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        given.append((y_true, y_pred))
        return 0.5

    listed = [
        Metric(keep, better="higher", on="decisions", name="labels"),
        Metric(keep, better="higher", on="probabilities", name="shares"),
    ]
    shares = np.array([[0.2, 0.7, 0.1], [0.5, 0.2, 0.3]])
    scorer = MetricList.of(schema("multiclass"), listed).scorer(np.array([2, 0]), shares, 0.5)
    assert scorer.under(np.ones((1, 2))) == {"labels": [0.5], "shares": [0.5]}
    (truth, labels), (_, probabilities) = given
    assert truth.tolist() == ["Ulm", "NO"]
    assert labels.tolist() == ["Oslo", "NO"]
    np.testing.assert_array_equal(probabilities, shares)


def test_own_metrics_of_numbers_get_the_numbers() -> None:
    def bias(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return np.array(np.mean(y_pred - y_true))  # of shape ()

    metric = Metric(bias, better="lower", on="values")
    scorer = MetricList.of(schema("regression"), [metric]).scorer(
        np.array([1.0, 2.0]), np.array([1.5, 4.5]), 0.5
    )
    assert scorer.under(np.array([[1.0, 1.0], [3.0, 1.0]]))["bias"].tolist() == [1.5, 1.0]


def test_without_a_list_a_project_has_all_metrics_of_its_task() -> None:
    found = MetricList.of(schema())
    assert found.names == METRICS["binary"]
    assert found.main("") == "roc_auc"
    assert found.content()["log_loss"] == {"better": "lower", "unit": "none"}


def test_the_main_metric_is_the_first_of_the_list_or_one_that_it_has() -> None:
    listed = MetricList.of(schema(), [COST, "roc_auc"])
    assert (listed.main(""), listed.main("roc_auc")) == ("cost", "roc_auc")
    assert listed.content()["cost"] == {"better": "lower", "unit": "unknown"}
    message = refused(lambda: listed.main("costs"))
    assert "evaluate.main_metric: 'costs' is not in METRICS (did you mean 'cost'?)" in message
    assert message.endswith("name one of these, or add it there: cost, roc_auc")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cost", "expected a list of names and Metric(…), got 'cost'; write, for example: METRICS"),
        ([], "got []; write, for example: METRICS = ['roc_auc', 'average_precision']"),
        (
            ["roc_auk"],
            ("'roc_auk' is not a metric of a binary task (did you mean 'roc_auc'?); it has:"),
        ),
        (
            [cost],
            ("cost is not a metric; expected a name or a Metric; write: Metric(cost, better=…,"),
        ),
        (
            [0.5],
            ("0.5 is not a metric; expected a name or a Metric; write: a name in quotation marks"),
        ),
        ([COST, COST], "cost is listed more than once; keep one, or give your own another name"),
        (
            [Metric(cost, better="lower", on="decisions", name="f1")],
            "f1 is a metric of the library; list it by name, 'f1', or give yours another name",
        ),
        (
            [Metric(cost, better="lower", on="values")],
            "cost: on='values' does not fit a binary task; expected on='decisions' or on='prob",
        ),
    ],
)
def test_what_is_wrong_in_a_list_is_said_with_what_to_write(given: Any, message: str) -> None:
    found = refused(lambda: MetricList.of(schema(), given))
    assert found.startswith("METRICS")
    assert message in found


def test_a_metric_that_knows_no_weights_does_not_fit_rows_that_have_some() -> None:
    weighted = schema(weight="age")
    assert MetricList.of(weighted, [MISSED]).names == ("missed",)
    message = refused(lambda: MetricList.of(weighted, [COST]))
    assert message.startswith("METRICS, cost: the rows have weights (`weight` in schema.yaml)")
    assert message.endswith("write: def cost(y_true, y_pred, sample_weight)")
    half = np.array([0.5, 1.0])
    assert refused(lambda: COST(np.array([0, 1]), np.array([0, 1]), half)) == message


def test_a_metric_must_be_defined_on_a_whole_split() -> None:
    listed = MetricList.of(schema(), ["roc_auc", COST])
    listed.require_finite({"roc_auc": np.nan, "cost": 0.0}, 1000)
    message = refused(lambda: listed.require_finite({"roc_auc": 0.5, "cost": np.nan}, 1000))
    assert message.startswith("METRICS, cost: the function returned no finite number for all 1,000")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            partial(Metric, "roc_auc"),  # type: ignore[arg-type]
            "got 'roc_auc' (str); list a metric of the library by its name alone, without Metric",
        ),
        (partial(Metric, None), ("expected a function(y_true, y_pred), got None (NoneType)")),  # type: ignore[arg-type]
        (partial(Metric, partial(cost)), "'' cannot be the name of a metric: expected at most 64"),
        (partial(Metric, cost, name="a.b"), "'a.b' cannot be the name of a metric"),
        (partial(Metric, cost), "Metric cost: better is '' (str); expected one of better='lower',"),
        (
            partial(Metric, cost, better="lowr"),  # type: ignore[arg-type]
            "better is 'lowr' (str) (did you mean 'lower'?); expected one of",
        ),
        (
            partial(Metric, cost, better="lower", on=["values"]),  # type: ignore[arg-type]
            "on is ['values'] (list); expected one of on='decisions', on='probabilities'",
        ),
        (
            partial(Metric, lambda y_true: 0.0, name="one", better="lower", on="values"),
            "Metric one: the function takes (y_true), expected (y_true, y_pred) or (y_true, y_pred,"
            " sample_weight) (too many positional arguments); give other arguments a default",
        ),
    ],
)
def test_a_metric_that_cannot_be_used_is_refused_where_it_is_made(
    make: Callable[[], Metric], message: str
) -> None:
    assert message in refused(make)


def test_a_function_whose_arguments_nobody_knows_may_be_a_metric() -> None:
    class Unknown:
        __signature__ = "none"

        def __call__(self, y_true: np.ndarray, y_pred: np.ndarray) -> int:
            return 3

    metric = Metric(Unknown(), better="lower", on="values", name="three")
    assert not metric.takes_weights
    assert metric(np.zeros(2), np.ones(2)) == 3.0


def test_a_metric_is_undefined_without_weight_or_where_it_is_infinite() -> None:
    def endless(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float("inf")

    rows = np.zeros(2)
    assert np.isnan(Metric(endless, better="lower", on="values")(rows, rows))
    assert np.isnan(COST(rows, rows, np.zeros(2)))


def test_an_error_in_a_metric_is_said_with_its_line() -> None:
    def wrong(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        y_true[0] = 1
        return 0.0

    metric = Metric(wrong, better="lower", on="decisions")
    line = wrong.__code__.co_firstlineno + 1
    message = refused(lambda: metric(np.zeros(1200), np.zeros(1200)))
    assert message == (
        "METRICS, wrong: the function raised ValueError: assignment destination is read-only "
        f"({Path(__file__).name}, line {line}), given 1,200 rows of decisions; correct it, and "
        "return float('nan') where it is undefined"
    )


@pytest.mark.parametrize(
    ("returned", "shown"),
    [
        (None, "None (NoneType)"),
        (True, "True (bool)"),
        ("0.5", "'0.5' (str)"),
        (np.zeros(1), "array([0.]) (ndarray)"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1… (list)"),
    ],
)
def test_a_metric_must_return_one_number(returned: Any, shown: str) -> None:
    metric = Metric(lambda y_true, y_pred: returned, better="lower", on="values", name="odd")
    message = refused(lambda: metric(np.zeros(2), np.zeros(2)))
    assert message == (
        f"METRICS, odd: the function returned {shown}, expected one number; let it return a float"
    )


def test_a_model_is_scored_anew_by_its_main_metric_if_there_is_what_computes_it() -> None:
    found = scoring("cost", schema(), EVALUATION, ["f1", COST])
    assert (found.name, found.remark) == ("cost", "")
    assert found.metrics.names == (*METRICS["binary"], "cost")
    assert scoring("f1", schema(), EVALUATION, None).name == "f1"


def test_without_the_function_of_its_main_metric_another_one_is_used_and_said() -> None:
    found = scoring("cost", schema(), EVALUATION, ["f1"])
    assert found.name == "brier"
    assert found.remark == (
        "cost is the project's own metric, and its function was not given: brier is used instead."
    )
    none = scoring("cost", schema(), EVALUATION | {"validation": {"metrics": {"cost": {}}}}, None)
    assert none.name == ""
    assert none.remark.endswith("METRICS has no metric of the library either.")
    message = refused(lambda: scoring("costs", schema(), EVALUATION, None))
    assert re.search(r"'costs' is not in METRICS \(did you mean 'cost'\?\)", message)

"""All that differs between two runs is listed, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest
from conftest import PARAMS, SCHEMA
from runs import evaluation, run, score

from tabrail.evaluation.replicates import Replicates
from tabrail.review.differences import Difference, ScoreDifference, StageDifference, between
from tabrail.review.snapshot import Snapshot


def main(before: dict[str, Any], after: dict[str, Any]) -> ScoreDifference:
    """Return how the first metric on validation differs."""
    found = between(run(evaluation=evaluation(before)), run(evaluation=evaluation(after)))
    return found.metrics[0]


def test_equal_runs_do_not_differ() -> None:
    found = between(run(), run())
    assert not found.any
    assert [one.direction for one in [*found.metrics, *found.slices]] == ["same"] * 4
    assert not between(Snapshot(), Snapshot()).any


@pytest.mark.parametrize(
    ("metric", "before", "after", "direction"),
    [
        ("roc_auc", 0.7, 0.8, "better"),
        ("roc_auc", 0.7, 0.66, "worse"),
        ("log_loss", 0.5, 0.4, "better"),
        ("brier", 0.1, 0.2, "worse"),
        ("mae", 10.0, 9.0, "better"),
        ("r2", 0.5, 0.9, "better"),
        ("accuracy", 0.5, 0.5, "same"),
        ("roc_auc", 0.7, None, "gone"),
        ("roc_auc", None, 0.7, "new"),
        ("roc_auc", None, None, "same"),
    ],
)
def test_a_score_gets_better_or_worse(
    metric: str, before: float | None, after: float | None, direction: str
) -> None:
    assert main({metric: before}, {metric: after}).direction == direction


def test_a_difference_has_the_interval_of_the_pairs() -> None:
    found = main({"roc_auc": 0.7}, {"roc_auc": 0.71})
    assert found.interval is not None
    assert found.interval == pytest.approx((0.01 - 0.012, 0.01 + 0.012), abs=0.001)
    same = main({"roc_auc": 0.7}, {"roc_auc": 0.7})
    assert same.interval == (0, 0)


def test_without_pairs_a_difference_has_no_interval() -> None:
    few = {"roc_auc": score(0.7, None, baseline_value=0.5)}
    assert main(few, {"roc_auc": 0.9}).interval is None
    assert main({"log_loss": 0.7}, {"roc_auc": 0.9, "log_loss": 0.7}).interval is None
    before = evaluation({"roc_auc": 0.7, "brier": 0.2})
    assert (
        between(run(evaluation=before, replicates=Replicates()), run()).metrics[0].interval is None
    )
    found = between(run(evaluation=before), run(evaluation=before)).metrics
    assert [one.interval is None for one in found] == [False, True, True, True]


def test_another_task_has_other_metrics() -> None:
    found = between(
        run(evaluation=evaluation({"mae": 9.0}, {"Oslo": 9.0})),
        run(evaluation=evaluation({"accuracy": 0.9}, {"Oslo": 0.9})),
    )
    told = {(one.where, one.metric): one.direction for one in [*found.metrics, *found.slices]}
    assert told == {
        ("validation", "accuracy"): "new",
        ("validation", "mae"): "gone",
        ("test", "accuracy"): "new",
        ("test", "mae"): "gone",
        ("city Oslo", "accuracy"): "new",
    }


def test_slices_come_and_go() -> None:
    before = evaluation(slices={"Oslo": 0.7, "Ulm": 0.7, "Rom": None})
    after = evaluation(slices={"Ulm": 0.6, "Rom": None, "NO": 0.7})
    found = between(run(evaluation=before), run(evaluation=after)).slices
    assert [(one.where, one.direction) for one in found] == [
        ("city Ulm", "worse"),
        ("city Rom", "same"),
        ("city NO", "new"),
        ("city Oslo", "gone"),
    ]


def test_values_are_named_by_the_keys_that_lead_to_them() -> None:
    params = deepcopy(PARAMS)
    params["train"]["options"] = {"LogisticRegression": {"C": 0.5}}
    params["train"]["search"]["values"] = {}
    del params["evaluate"]["threshold"]
    assert between(run(), run(params=params)).params == [
        Difference("train.options.LogisticRegression.C", None, 0.5),
        Difference("train.search.values.LogisticRegression.C", [0.01, 1.0, 100.0], None),
        Difference("evaluate.threshold", 0.3, None),
    ]


def test_a_value_may_become_a_section() -> None:
    found = between(run(params={"a": 1, "b": {"c": 2}}), run(params={"a": {"d": 3}, "b": None}))
    assert found.params == [Difference("a", 1, {"d": 3}), Difference("b.c", 2, None)]


def test_data_contract_and_libraries_are_compared() -> None:
    found = between(
        run(),
        run(
            data={"rows": {"raw": 600, "train": 500}, "missing_share": {"age": 0.0, "new": 0.5}},
            schema=SCHEMA | {"slices": ["city", "member"]},
            packages={"numpy": "2.5.0", "attrs": "1.0"},
        ),
    )
    assert found.any
    assert found.data == [
        Difference("rows.train", 400, 500),
        Difference("missing_share.new", None, 0.5),
    ]
    assert [str(one) for one in found.schema] == ["slices: city → city, member"]
    assert found.packages == [
        Difference("numpy", "2.4.6", "2.5.0"),
        Difference("attrs", None, "1.0"),
        Difference("six", "1.17.0", None),
    ]


def test_a_stage_says_why_it_ran() -> None:
    def stage(**changes: Any) -> dict[str, Any]:
        usual = {
            "cmd": "python -m x",
            "deps": [{"path": "a.py", "md5": "1"}, {"path": "b.py", "md5": "1"}],
            "params": {"params.yaml": {"train": {"seed": 0}}},
            "outs": [{"path": "model", "md5": "1"}],
        }
        return usual | changes

    base = {name: stage() for name in ("same", "file", "param", "command", "forced", "old")}
    head = base | {
        "file": stage(deps=[{"path": "a.py", "md5": "2"}, {"path": "c.py", "md5": "1"}]),
        "param": stage(params={"params.yaml": {"train": {"seed": 1}}}),
        "command": stage(cmd="python -m y"),
        "forced": stage(outs=[{"path": "model", "md5": "2"}]),
        "new": stage(),
    }
    del head["old"]
    assert between(run(stages=base), run(stages=head)).stages == [
        StageDifference("file", ["a.py", "c.py", "b.py"]),
        StageDifference("param", ["params.yaml: train.seed"]),
        StageDifference("command", ["the command"]),
        StageDifference("forced", ["only its outputs, no dependency"]),
        StageDifference("new", ["the stage is new"]),
        StageDifference("old", ["the stage was removed"]),
    ]

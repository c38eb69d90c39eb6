"""Intervals are the bootstrap's: as wide as theory says, over keys, under the rows' weights."""

import numpy as np
import pytest
from test_metrics import TASKS, THRESHOLD, example

from tabrail.data.identity import mixed
from tabrail.data.schema import Task
from tabrail.evaluation.intervals import Score, score
from tabrail.evaluation.metrics import METRICS, scorer


def found(
    task: Task,
    y_true: np.ndarray,
    prediction: np.ndarray,
    weights: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    resamples: int = 300,
) -> dict[str, Score]:
    """Return all scores with their intervals."""
    rows = len(y_true)
    weights = np.ones(rows) if weights is None else weights
    groups = mixed((np.arange(rows) if groups is None else groups).astype(np.uint64) + np.uint64(1))
    return score(scorer(task, y_true, prediction, THRESHOLD), weights, groups, resamples)


@pytest.mark.parametrize("task", TASKS)
def test_an_interval_covers_its_score_and_shrinks_with_more_rows(task: Task) -> None:
    few, many = (found(task, *example(task, rows)) for rows in (200, 5000))
    for name in METRICS[task]:
        assert few[name].low < few[name].value < few[name].high
        assert many[name].high - many[name].low < (few[name].high - few[name].low) / 2.5


def test_an_interval_is_as_wide_as_theory_says() -> None:
    # The mean of n Bernoulli draws: Brier's score of a constant 0 is the share of positives.
    y_true = (np.random.default_rng(3).random(4000) < 0.3).astype(np.int64)
    brier = found("binary", y_true, np.zeros(4000), resamples=2000)["brier"]
    expected = 2 * 1.96 * np.sqrt(y_true.mean() * (1 - y_true.mean()) / 4000)
    assert brier.high - brier.low == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("task", TASKS)
def test_copies_of_a_row_do_not_make_the_interval_narrower(task: Task) -> None:
    y_true, prediction = example(task, 400)
    once = found(task, y_true, prediction)
    copies = np.repeat(np.arange(400), 10)
    grouped = found(task, y_true[copies], prediction[copies], groups=copies)
    for name in METRICS[task]:
        assert grouped[name].low == pytest.approx(once[name].low)
        assert grouped[name].high == pytest.approx(once[name].high)


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_two_is_a_row_that_is_there_twice(task: Task) -> None:
    y_true, prediction = example(task, 400)
    weights = np.arange(400) % 3
    weighted = found(task, y_true, prediction, weights=weights.astype(float))
    copies = np.repeat(np.arange(400), np.maximum(weights, 1))
    there = (weights[copies] > 0).astype(float)
    repeated = found(task, y_true[copies], prediction[copies], weights=there, groups=copies)
    for name in METRICS[task]:
        for bound in ("value", "low", "high"):
            assert getattr(weighted[name], bound) == pytest.approx(getattr(repeated[name], bound))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["roc_auc", "roc_auc_ovr", "r2"])
def test_what_is_undefined_has_no_interval(name: str) -> None:
    (task,) = (task for task in TASKS if name in METRICS[task])
    _, prediction = example(task, 50)
    undefined = found(task, np.ones(50, dtype=np.int64), prediction)[name]
    assert np.isnan([undefined.value, undefined.low, undefined.high]).all()


@pytest.mark.filterwarnings("error")
def test_draws_without_the_rare_class_leave_an_interval_from_the_others() -> None:
    y_true, probability = example("multiclass", 60)
    y_true[:], y_true[:30], y_true[0] = 0, 1, 2
    rare = found("multiclass", y_true, probability)
    assert all(np.isfinite([value.low, value.high]).all() for value in rare.values())


@pytest.mark.parametrize("task", TASKS)
def test_a_handful_of_entities_gives_no_interval(task: Task) -> None:
    y_true, prediction = example(task)
    for value in found(task, y_true, prediction, groups=np.arange(500) % 9).values():
        assert np.isfinite(value.value)
        assert np.isnan([value.low, value.high]).all()


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("task", TASKS)
def test_a_handful_of_rows_is_scored(task: Task, rows: int) -> None:
    assert tuple(found(task, *example(task, rows))) == METRICS[task]

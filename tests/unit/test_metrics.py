"""Every score is scikit-learn's, under any weights of the rows."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference

from tabrail.data.schema import Task
from tabrail.errors import InputError
from tabrail.evaluation import sums
from tabrail.evaluation.metrics import LOWER_IS_BETTER, MEANINGS, METRICS, require, scorer

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
THRESHOLD = 0.4
CODES = np.arange(4)
REFERENCE: dict[Task, dict[str, Callable[..., float]]] = {
    "binary": {
        "roc_auc": reference.roc_auc_score,
        "average_precision": reference.average_precision_score,
        "log_loss": reference.log_loss,
        "brier": reference.brier_score_loss,
        "precision": lambda t, p, **w: reference.precision_score(t, p >= THRESHOLD, **w),
        "recall": lambda t, p, **w: reference.recall_score(t, p >= THRESHOLD, **w),
        "f1": lambda t, p, **w: reference.f1_score(t, p >= THRESHOLD, **w),
        "accuracy": lambda t, p, **w: reference.accuracy_score(t, p >= THRESHOLD, **w),
    },
    "multiclass": {
        "accuracy": lambda t, p, **w: reference.accuracy_score(t, p.argmax(axis=1), **w),
        "f1_macro": lambda t, p, **w: reference.f1_score(t, p.argmax(axis=1), average="macro", **w),
        "f1_weighted": lambda t, p, **w: reference.f1_score(
            t, p.argmax(axis=1), average="weighted", **w
        ),
        "log_loss": lambda t, p, **w: reference.log_loss(t, p, labels=CODES, **w),
        "roc_auc_ovr": lambda t, p, **w: reference.roc_auc_score(t, p, multi_class="ovr", **w),
    },
    "regression": {
        "mae": reference.mean_absolute_error,
        "rmse": reference.root_mean_squared_error,
        "r2": reference.r2_score,
        "median_absolute_error": reference.median_absolute_error,
    },
}
NAMES = [(task, name) for task in TASKS for name in METRICS[task]]
WEIGHTS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "ones": lambda random, rows: np.ones(rows),
    "draws": lambda random, rows: random.integers(0, 4, rows).astype(float),
    "any": lambda random, rows: random.random(rows),
}


def example(task: Task, rows: int = 500, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return y_true and prediction."""
    random = np.random.default_rng(1)
    if task == "binary":
        probability = random.random(rows).round(1 if ties else 6)
        return (random.random(rows) < probability).astype(np.int64), probability
    if task == "multiclass":
        drawn = random.dirichlet([0.5] * 4, rows)
        y_true = np.array([random.choice(4, p=shares) for shares in drawn])
        if ties:
            drawn = (drawn * 10).round() + 1
        return y_true, drawn / drawn.sum(axis=1, keepdims=True)
    y_true = random.normal(50, 9, rows).round(0 if ties else 6)
    return y_true, (y_true + random.normal(0, 3, rows)).round(0 if ties else 6)


def scores(
    task: Task, y_true: np.ndarray, prediction: np.ndarray, weights: np.ndarray
) -> dict[str, float]:
    """Return all scores under one set of weights."""
    found = scorer(task, y_true, prediction, THRESHOLD)
    return {name: values[0] for name, values in found.under(weights[None, found.order]).items()}


@pytest.mark.parametrize(("task", "name"), NAMES, ids=[f"{task}-{name}" for task, name in NAMES])
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_scores_are_those_of_scikit_learn(task: Task, name: str, ties: bool, kind: str) -> None:
    y_true, prediction = example(task, ties=ties)
    weights = WEIGHTS[kind](np.random.default_rng(2), len(y_true))
    wanted = REFERENCE[task][name](y_true, prediction, sample_weight=weights)
    assert scores(task, y_true, prediction, weights)[name] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_each_set_of_weights_is_scored_by_itself(task: Task) -> None:
    y_true, prediction = example(task)
    weights = np.random.default_rng(3).integers(0, 3, (5, len(y_true))).astype(float)
    found = scorer(task, y_true, prediction, THRESHOLD)
    together = found.under(weights[:, found.order])
    assert tuple(together) == METRICS[task]
    for place, row in enumerate(weights):
        alone = scores(task, y_true, prediction, row)
        assert {name: values[place] for name, values in together.items()} == pytest.approx(alone)


@pytest.mark.parametrize(("task", "name"), NAMES)
@pytest.mark.parametrize("kind", WEIGHTS)
def test_one_score_alone_has_the_same_bits_as_among_all(task: Task, name: str, kind: str) -> None:
    y_true, prediction = example(task, ties=True)
    weights = np.stack([WEIGHTS[kind](np.random.default_rng(n), len(y_true)) for n in range(5)])
    found = scorer(task, y_true, prediction, THRESHOLD)
    together, alone = found.under(weights), found.under(weights, name)
    assert list(alone) == [name]
    assert alone[name].tobytes() == together[name].tobytes()


def test_a_score_that_is_not_needed_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(*_: object) -> None:
        raise AssertionError("the area of a class was computed")

    monkeypatch.setattr("tabrail.evaluation.scores._Ranks.area", unwanted)
    found = scorer("multiclass", *example("multiclass"), THRESHOLD)
    weights = np.ones((1, len(found.order)))
    assert list(found.under(weights, "accuracy")) == ["accuracy"]
    with pytest.raises(AssertionError):
        found.under(weights)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rows", [200, 9000])
def test_blocks_of_any_size_give_the_same_bits(
    task: Task, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    y_true, prediction = example(task, rows)
    weights = np.random.default_rng(4).random((13, rows))
    found = scorer(task, y_true, prediction, THRESHOLD)
    made = []
    for cells in (1, 3 * rows, 10**9):
        monkeypatch.setattr(sums, "BLOCK_CELLS", cells)
        made.append({name: one.tobytes() for name, one in found.under(weights).items()})
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_the_better_direction_is_known(task: Task, name: str) -> None:
    y_true, bad = example(task)
    perfect = np.eye(4)[y_true] if task == "multiclass" else y_true.astype(float)
    ones = np.ones(len(y_true))
    better = scores(task, y_true, perfect, ones)[name] > scores(task, y_true, bad, ones)[name]
    assert better == (name not in LOWER_IS_BETTER)


@pytest.mark.filterwarnings("error")
def test_a_class_that_no_row_has_counts_in_no_mean() -> None:
    y_true, probability = example("multiclass")
    kept = (y_true != 2) & (probability.argmax(axis=1) != 2)
    found = scores("multiclass", y_true, probability, kept.astype(float))
    y_true, probability = y_true[kept], probability[kept]
    predicted = probability.argmax(axis=1)
    assert found["f1_macro"] == pytest.approx(
        reference.f1_score(y_true, predicted, average="macro")
    )
    areas = [reference.roc_auc_score(y_true == code, probability[:, code]) for code in (0, 1, 3)]
    assert found["roc_auc_ovr"] == pytest.approx(np.mean(areas))


UNDEFINED: dict[Task, set[str]] = {
    "binary": {"roc_auc"},
    "multiclass": {"roc_auc_ovr"},
    "regression": {"r2"},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rows", [1, 20])
def test_what_needs_two_outcomes_is_undefined_with_one(task: Task, rows: int) -> None:
    _, prediction = example(task, rows)
    # One tenth has no exact form: sums of it differ from products in the last digit.
    one = np.full(rows, 0.1) if task == "regression" else np.ones(rows, dtype=np.int64)
    found = scores(task, one, prediction, np.ones(rows))
    assert {name for name, value in found.items() if np.isnan(value)} == UNDEFINED[task]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", TASKS)
def test_without_any_weight_all_is_undefined_but_precision(task: Task) -> None:
    found = scores(task, *example(task), np.zeros(500))
    assert {name for name, value in found.items() if not np.isnan(value)} <= {"precision"}


def test_numbers_far_from_zero_are_scored_as_exactly() -> None:
    y_true, prediction = example("regression")
    near = scores("regression", y_true, prediction, np.ones(500))
    far = scores("regression", y_true + 1e9, prediction + 1e9, np.ones(500))
    assert far == pytest.approx(near, rel=1e-6)


def test_draws_of_one_value_only_have_no_r2() -> None:
    y_true, prediction = example("regression", 40)
    y_true[:8] = 0.1
    drawn = np.array([3.0] * 8 + [0.0] * 32)
    assert np.isnan(scores("regression", y_true, prediction, drawn)["r2"])


@pytest.mark.parametrize("task", TASKS)
def test_a_metric_of_another_task_is_refused(task: Task) -> None:
    for name in METRICS[task]:
        require(name, task)
    with pytest.raises(InputError) as refused:
        require("f2_macro", task)
    message = str(refused.value)
    assert message.startswith("params.yaml, evaluate.main_metric: 'f2_macro' is not a metric of a ")
    assert message.endswith(f"it has: {', '.join(METRICS[task])}")
    assert ("did you mean 'f1_macro'?" in message) == (task == "multiclass")


def test_every_metric_has_one_sentence_for_the_model_card() -> None:
    assert set(MEANINGS) == {name for names in METRICS.values() for name in names}
    for meaning in MEANINGS.values():
        assert meaning.endswith(".")
        assert meaning.count(". ") == 0

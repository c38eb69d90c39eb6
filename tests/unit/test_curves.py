"""The tables behind the plots have what dvc.yaml shows of them, and few lines."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from ruamel.yaml import YAML
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix
from test_metrics import TASKS, example

from tabrail.data.schema import Task
from tabrail.evaluation import curves
from tabrail.evaluation.plots import PLOTS, Plot, entries

CLASSES: dict[Task, list[str]] = {
    "binary": ["no", "yes"],
    "multiclass": ["NO", "Oslo", "Ulm", "007"],
    "regression": [],
}
ALL = [(task, plot) for task in TASKS for plot in PLOTS[task]]


def tables(
    task: Task, y_true: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, pd.DataFrame]:
    """Return all tables of a task."""
    weights = np.ones(len(y_true)) if weights is None else weights
    classes = CLASSES[task]
    if task == "multiclass" and prediction.shape[1] > len(classes):
        classes = [f"{code:03}" for code in range(prediction.shape[1])]
    return curves.tables(task, y_true, prediction, weights, classes, threshold=0.5)


@pytest.mark.parametrize("task", TASKS)
def test_every_plot_has_its_table(task: Task) -> None:
    found = tables(task, *example(task, 3000))
    assert [*found, "importance"] == [plot.name for plot in PLOTS[task]]
    for plot in PLOTS[task][:-1]:
        table = found[plot.name]
        assert {plot.x, plot.y} <= set(table.columns)
        assert 2 <= len(table) <= 202
        assert table.notna().all(axis=None)


@pytest.mark.parametrize(("task", "plot"), ALL, ids=[f"{task}-{plot.name}" for task, plot in ALL])
def test_every_plot_has_its_template(task: Task, plot: Plot) -> None:
    text = (ROOT / ".dvc/plots" / f"{plot.template}.json").read_text(encoding="utf-8")
    assert set(re.findall("<DVC_METRIC_([A-Z_]+)>", text)) >= {"DATA", "TITLE", "X", "Y"}
    assert json.loads(text)["$schema"].endswith("/v5.json")


def test_dvc_shows_the_plots_of_the_task() -> None:
    yaml = YAML(typ="safe")
    task = yaml.load(ROOT / "schema.yaml")["task"]
    shown = yaml.load(ROOT / "dvc.yaml")["stages"]["evaluate"]["plots"]
    assert shown == entries(task)


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_two_is_drawn_as_two(task: Task) -> None:
    y_true, prediction = example(task, 40)
    weights = np.arange(40) % 2 + 1
    once = tables(task, y_true, prediction, weights)
    places = np.repeat(np.arange(40), weights)
    twice = tables(task, y_true[places], prediction[places])
    for name in set(once) - {"confusion", "calibration"}:  # of rows, and in bins of equal rows
        pd.testing.assert_frame_equal(
            once[name].drop(columns="rows", errors="ignore").reset_index(drop=True),
            twice[name].drop(columns="rows", errors="ignore").reset_index(drop=True),
        )


@pytest.mark.parametrize("task", TASKS)
def test_a_bin_of_the_calibration_has_weighted_means(task: Task) -> None:
    y_true, prediction = example(task, 40)
    prediction[:] = prediction[0]
    weights = np.arange(40)
    found = tables(task, y_true, prediction, weights)["calibration"]
    right = y_true == prediction[0].argmax() if task == "multiclass" else y_true
    predicted = prediction[0].max() if task == "multiclass" else prediction[0]
    wanted = [[predicted, np.average(right, weights=weights)]]
    np.testing.assert_allclose(found.to_numpy(), wanted)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_calibration_is_that_of_scikit_learn(ties: bool) -> None:
    y_true, probability = example("binary", ties=ties)
    observed, predicted = calibration_curve(y_true, probability, n_bins=10, strategy="quantile")
    found = tables("binary", y_true, probability)["calibration"]
    np.testing.assert_allclose(found[["predicted", "observed"]], np.c_[predicted, observed])


def test_the_error_curve_says_how_many_rows_have_at_most_an_error() -> None:
    y_true, prediction = example("regression")
    curve = tables("regression", y_true, prediction)["errors"]
    errors = np.abs(y_true - prediction)
    assert curve["share"].tolist() == [(errors <= error).mean() for error in curve["error"]]
    assert curve["share"].iloc[-1] == 0.99


def test_the_confusion_matrix_is_that_of_scikit_learn() -> None:
    y_true, probability = example("multiclass")
    table = tables("multiclass", y_true, probability)["confusion"]
    counts = table.pivot(index="actual", columns="predicted", values="rows")
    names = CLASSES["multiclass"]
    wanted = confusion_matrix(y_true, probability.argmax(axis=1))
    assert counts.loc[names, names].to_numpy().tolist() == wanted.tolist()


def test_of_many_classes_the_frequent_ones_have_cells_of_their_own() -> None:
    random = np.random.default_rng(0)
    y_true = np.r_[np.arange(30), random.integers(17, 30, 2000)]
    table = tables("multiclass", y_true, random.dirichlet(np.ones(30), len(y_true)))["confusion"]
    assert len(table) == 14**2
    assert table["rows"].sum() == len(y_true)
    by_class = table.groupby("actual")["rows"].sum()
    assert list(by_class.index) == ["(others)", *(f"{code:03}" for code in range(17, 30))]
    assert by_class["(others)"] == 17
    assert by_class["020"] == (y_true == 20).sum()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("rows", [1, 20])
def test_rows_of_one_outcome_draw_no_nonsense(task: Task, outcome: int, rows: int) -> None:
    _, prediction = example(task, rows)
    y_true = np.full(rows, outcome, dtype=float if task == "regression" else np.int64)
    found = tables(task, y_true, prediction)
    for plot in PLOTS[task][:-1]:
        assert found[plot.name][[plot.x, plot.y]].notna().all(axis=None)
    if task == "binary":
        assert found["roc"].empty
        assert found["precision_recall"].empty == (outcome == 0)

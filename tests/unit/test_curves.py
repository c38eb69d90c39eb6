"""The tables behind the plots have what dvc.yaml shows of them, and few lines."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix
from test_metrics import TASKS, example

from tabrail import rendering
from tabrail.data.schema import Task
from tabrail.evaluation import curves

CLASSES: dict[Task, list[str]] = {
    "binary": ["no", "yes"],
    "multiclass": ["NO", "Oslo", "Ulm", "007"],
    "regression": [],
}


def plots(task: Task) -> dict[str, dict[str, Any]]:
    """Return what dvc.yaml of a task shows, by the name of the table."""
    pipeline = YAML(typ="safe").load(files(task)["dvc.yaml"])
    listed = pipeline["stages"]["evaluate"]["plots"]
    return {Path(path).stem: shown for plot in listed for path, shown in plot.items()}


def files(task: Task) -> dict[str, str]:
    """Return the files of a project with a table of its own."""
    answers = {**dict.fromkeys(rendering.ANSWERS, ""), "data_file": "a.csv", "target": "bought"}
    made = rendering.new_record(answers, "1.0.0")
    return rendering.files({**made, "data": {**made["data"], "task": task}})


ALL = [(task, name) for task in TASKS for name in plots(task)]


def tables(
    task: Task, truth: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, pd.DataFrame]:
    """Return all tables of a task."""
    weights = np.ones(len(truth)) if weights is None else weights
    classes = CLASSES[task]
    if task == "multiclass" and prediction.shape[1] > len(classes):
        classes = [f"{code:03}" for code in range(prediction.shape[1])]
    return curves.tables(task, truth, prediction, weights, classes, threshold=0.5)


@pytest.mark.parametrize("task", TASKS)
def test_every_plot_has_its_table(task: Task) -> None:
    found = tables(task, *example(task, 3000))
    shown = plots(task)
    assert [*found, "importance"] == list(shown)
    for name, table in found.items():
        assert {shown[name]["x"], shown[name]["y"]} <= set(table.columns)
        assert 2 <= len(table) <= 202
        assert table.notna().all(axis=None)


@pytest.mark.parametrize(("task", "name"), ALL, ids=[f"{task}-{name}" for task, name in ALL])
def test_every_plot_has_its_template(task: Task, name: str) -> None:
    text = files(task)[f".dvc/plots/{plots(task)[name]['template']}.json"]
    assert set(re.findall("<DVC_METRIC_([A-Z_]+)>", text)) >= {"DATA", "TITLE", "X", "Y"}
    assert json.loads(text)["$schema"].endswith("/v5.json")


@pytest.mark.parametrize("task", TASKS)
def test_git_has_the_tables_of_the_plots_and_they_persist(task: Task) -> None:
    assert all(shown["cache"] is False and shown["persist"] for shown in plots(task).values())


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_two_is_drawn_as_two(task: Task) -> None:
    truth, prediction = example(task, 40)
    weights = np.arange(40) % 2 + 1
    once = tables(task, truth, prediction, weights)
    places = np.repeat(np.arange(40), weights)
    twice = tables(task, truth[places], prediction[places])
    for name in set(once) - {"confusion", "calibration"}:  # of rows, and in bins of equal rows
        pd.testing.assert_frame_equal(
            once[name].drop(columns="rows", errors="ignore").reset_index(drop=True),
            twice[name].drop(columns="rows", errors="ignore").reset_index(drop=True),
        )


@pytest.mark.parametrize("task", TASKS)
def test_a_bin_of_the_calibration_has_weighted_means(task: Task) -> None:
    truth, prediction = example(task, 40)
    prediction[:] = prediction[0]
    weights = np.arange(40)
    found = tables(task, truth, prediction, weights)["calibration"]
    right = truth == prediction[0].argmax() if task == "multiclass" else truth
    predicted = prediction[0].max() if task == "multiclass" else prediction[0]
    wanted = [[predicted, np.average(right, weights=weights)]]
    np.testing.assert_allclose(found.to_numpy(), wanted)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_calibration_is_that_of_scikit_learn(ties: bool) -> None:
    truth, probability = example("binary", ties=ties)
    observed, predicted = calibration_curve(truth, probability, n_bins=10, strategy="quantile")
    found = tables("binary", truth, probability)["calibration"]
    np.testing.assert_allclose(found[["predicted", "observed"]], np.c_[predicted, observed])


def test_the_error_curve_says_how_many_rows_have_at_most_an_error() -> None:
    truth, prediction = example("regression")
    curve = tables("regression", truth, prediction)["errors"]
    errors = np.abs(truth - prediction)
    assert curve["share"].tolist() == [(errors <= error).mean() for error in curve["error"]]
    assert curve["share"].iloc[-1] == 0.99


def test_the_confusion_matrix_is_that_of_scikit_learn() -> None:
    truth, probability = example("multiclass")
    table = tables("multiclass", truth, probability)["confusion"]
    counts = table.pivot(index="actual", columns="predicted", values="rows")
    names = CLASSES["multiclass"]
    wanted = confusion_matrix(truth, probability.argmax(axis=1))
    assert counts.loc[names, names].to_numpy().tolist() == wanted.tolist()


def test_of_many_classes_the_frequent_ones_have_cells_of_their_own() -> None:
    random = np.random.default_rng(0)
    truth = np.r_[np.arange(30), random.integers(17, 30, 2000)]
    table = tables("multiclass", truth, random.dirichlet(np.ones(30), len(truth)))["confusion"]
    assert len(table) == 14**2
    assert table["rows"].sum() == len(truth)
    by_class = table.groupby("actual")["rows"].sum()
    assert list(by_class.index) == ["(others)", *(f"{code:03}" for code in range(17, 30))]
    assert by_class["(others)"] == 17
    assert by_class["020"] == (truth == 20).sum()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("rows", [1, 20])
def test_rows_of_one_outcome_draw_no_nonsense(task: Task, outcome: int, rows: int) -> None:
    _, prediction = example(task, rows)
    truth = np.full(rows, outcome, dtype=float if task == "regression" else np.int64)
    found = tables(task, truth, prediction)
    for name, shown in plots(task).items():
        if name != "importance":
            assert found[name][[shown["x"], shown["y"]]].notna().all(axis=None)
    if task == "binary":
        assert found["roc"].empty
        assert found["precision_recall"].empty == (outcome == 0)

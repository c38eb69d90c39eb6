"""A search tries what params.yaml lists, on folds that leak nothing, and keeps the best."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import edit
from stages import prepare, train

from tabrail import paths
from tabrail.config import load_params
from tabrail.data.identity import mixed
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.model import file as model
from tabrail.model import search
from tabrail.project.project import Project

LOGISTIC = "sklearn.linear_model.LogisticRegression"


def choose(**changes: object) -> None:
    """Search with logistic regression."""
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=LOGISTIC))
    edit(Path("params.yaml"), lambda p: p["train"]["search"].update(changes))


@pytest.mark.parametrize("method", ["random", "halving"])
def test_the_best_candidate_is_trained_and_all_are_listed(project: Path, method: str) -> None:
    choose(method=method, candidates=3)
    prepare.main()
    train.main()
    _, metadata = model.load(paths.MODEL, Path())
    table = pd.read_csv(paths.SEARCH)
    assert sorted(table["candidate"]) == ["C=0.01", "C=1.0", "C=100.0"]
    assert table["candidate"][0] == f"C={metadata.options['C']}"
    if method == "random":
        assert table["score"].is_monotonic_decreasing
    assert metadata.search["method"] == method
    before = paths.MODEL.read_bytes(), paths.SEARCH.read_bytes()
    train.main()
    assert (paths.MODEL.read_bytes(), paths.SEARCH.read_bytes()) == before


def test_without_a_search_the_table_is_empty(project: Path) -> None:
    prepare.main()
    train.main()
    assert paths.SEARCH.read_text(encoding="utf-8") == "candidate,rows,score,std\n"
    assert model.load(paths.MODEL, Path())[1].search == {}


@pytest.mark.parametrize(("task", "target"), [("multiclass", "city"), ("regression", "age")])
def test_other_tasks_are_searched_too(project: Path, task: str, target: str) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(task=task, target=target, slices=[]))
    choose(method="random", candidates=3)
    if task == "regression":
        ridge = {"estimator": "sklearn.linear_model.Ridge"}
        edit(Path("params.yaml"), lambda p: p["train"].update(ridge))
        choices = {"scoring": "r2", "values": {"Ridge": {"alpha": [0.1, 10.0]}}}
        edit(Path("params.yaml"), lambda p: p["train"]["search"].update(choices))
    prepare.main()
    train.main()
    assert len(pd.read_csv(paths.SEARCH)) == (2 if task == "regression" else 3)


def test_folds_keep_a_key_together_and_the_past_before_the_future(project: Path) -> None:
    prepare.main()
    rows, schema = Project.load().split("train"), load_schema()
    table = rows.table
    for fit, score in search._folds(rows, schema, load_params()):
        assert not set(table["customer"][fit]) & set(table["customer"][score])
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].update(method="time"))
    schema = schema.model_copy(update={"time": "seen"})
    for fit, score in search._folds(rows, schema, load_params()):
        assert table["seen"][fit].max() < table["seen"][score].min()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scoring": "roc"}, "train.search.scoring: 'roc' is not a scorer of scikit-learn"),
        ({"values": {}}, "train.search.values: there are no values to try for LogisticRegression"),
        ({"values": {"LogisticRegression": {"D": [1]}}}, "train.search: Invalid parameter 'D'"),
        ({"values": {"LogisticRegression": {"C": [-1.0, 1.0]}}}, "train.search: The 'C' parameter"),
        ({"folds": 5000}, "train.search.folds: 5000 folds need as many groups"),
        ({"method": "grid"}, "train.search.method: .*'none', 'random' or 'halving'.*got 'grid'"),
    ],
)
def test_a_wrong_search_is_named(project: Path, change: dict[str, object], message: str) -> None:
    prepare.main()
    choose(**({"method": "random"} | change))
    with pytest.raises(InputError, match=message):
        train.main()
    assert not paths.MODEL.exists()


def test_no_other_row_moves_a_row_to_another_fold() -> None:
    """So neither does a cleaning step that leaves rows out, nor a line of schema.yaml."""
    groups = mixed(np.arange(1, 401, dtype=np.uint64))
    fold = search.fold_of(groups, 3, 0)
    assert np.bincount(fold).min() > 100
    some = np.arange(400) % 7 != 0
    assert (search.fold_of(groups[some], 3, 0) == fold[some]).all()
    assert (search.fold_of(groups[::-1], 3, 0) == fold[::-1]).all()
    assert (search.fold_of(groups, 3, 1) != fold).any()


@pytest.mark.parametrize("count", [3, 4, 6])
def test_few_groups_leave_no_fold_empty(count: int) -> None:
    for start in range(20):
        groups = mixed(np.arange(start, start + count, dtype=np.uint64)).repeat(2)
        fold = search.fold_of(groups, 3, 0)
        assert set(fold) == {0, 1, 2}
        assert (fold[::2] == fold[1::2]).all()
    with pytest.raises(InputError, match="3 folds need as many groups of training rows; there are"):
        search.fold_of(groups[:4], 3, 0)


def test_folds_that_hold_all_rows_of_a_class_are_refused_with_what_to_set(project: Path) -> None:
    choose(method="random")
    prepare.main()
    train_rows = Project.load(Path()).split("train")
    first = train_rows.groups == train_rows.groups[0]
    rare = replace(train_rows, y_true=first.astype(np.int64))
    message = r"folds: one of the 2 folds has all training rows of a class; set more folds, another"
    with pytest.raises(InputError, match=message):
        list(search._folds(rare, load_schema(), load_params()))

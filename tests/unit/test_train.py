"""A wrong estimator or option is named, with what is allowed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from conftest import edit, shops
from stages import prepare, train

from tabrail import paths
from tabrail.data import tables
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.model import file as model
from tabrail.model.predict import predict

LOGISTIC = "sklearn.linear_model.LogisticRegression"


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (
            "sklearn.ensemle.RandomForestClassifier",
            {},
            "train.estimator: no module 'sklearn.ensemle'; .*uv add",
        ),
        ("RandomForestClassifier", {}, "'RandomForestClassifier' is not an import path"),
        (
            "sklearn.ensemble.RandomForrestClassifier",
            {},
            "no class 'RandomForrestClassifier' .did you mean 'RandomForestClassifier'",
        ),
        (
            "sklearn.ensemble.DecisionTreeClassifier",
            {},
            r"did you mean sklearn\.tree\.DecisionTreeClassifier",
        ),
        (".ensemble.RandomForestClassifier", {}, "is not an import path"),
        (
            "sklearn.ensemble.VotingClassifier",
            {},
            "train.options.VotingClassifier: .*missing 1 required",
        ),
        (
            "sklearn.ensemble.RandomForestClassifier",
            {"max_depth": 10**20},
            r"the stage train failed in src/shops/train.py, line \d+: .*train.options",
        ),
        (
            "sklearn.calibration.CalibratedClassifierCV",
            {},
            "cv: None: it holds out single rows, and so parts of groups",
        ),
        (
            "sklearn.linear_model.Ridge",
            {},
            "Ridge is not a classifier, and the task is binary, such as",
        ),
        ("collections.OrderedDict", {}, "OrderedDict is not a classifier"),
        ("sklearn.svm.LinearSVC", {}, "LinearSVC gives no probabilities"),
        (
            "sklearn.linear_model.LogisticRegression",
            {"c": 1},
            r"train.options.LogisticRegression.c: Log.* has no such option.*it has: .*C",
        ),
        (
            "sklearn.linear_model.LogisticRegression",
            {"C": -1.0},
            "The 'C' parameter of LogisticRegression must be .*train.options",
        ),
    ],
)
def test_a_wrong_knob_is_named_and_the_last_model_stays(
    project: Path, estimator: str, options: dict[str, object], message: str
) -> None:
    prepare.main()
    train.main()
    before = paths.MODEL.read_bytes()
    given = {estimator.rpartition(".")[2]: options}
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=estimator, options=given))
    with pytest.raises(InputError, match=message):
        train.main()
    assert paths.MODEL.read_bytes() == before


def test_missing_tables_say_how_to_make_them(project: Path) -> None:
    with pytest.raises(
        InputError, match=r"train\.parquet is missing; make it with: uv run dvc repro"
    ):
        train.main()


def put(key: str, value: object, inner: str | None, content: Any) -> None:
    """Set a key of a file's content, or one inside."""
    if inner:
        content[key][inner] = value
    else:
        content[key] = value


def test_weights_weigh(project: Path) -> None:
    table = shops()
    table.assign(w=np.where(table["bought"], 1.0, 0.01)).to_csv("data/raw/shops.csv", index=False)

    def change(schema: Any) -> None:
        schema["columns"]["w"] = {"kind": "numeric", "min": 0}

    edit(Path("schema.yaml"), change)
    means = []
    for weight in (None, "w"):
        edit(Path("schema.yaml"), partial(put, "weight", weight, None))
        prepare.main()
        train.main()
        pipeline, metadata = model.load(paths.MODEL, Path())
        rows = tables.read(paths.VALIDATION)
        means.append(predict(pipeline, metadata, rows, load_schema()).mean())
    assert "w" not in metadata.columns
    assert means[1] > means[0] + 0.08


def test_an_estimator_that_cannot_weigh_is_refused(project: Path) -> None:
    shops().assign(w=1).to_csv("data/raw/shops.csv", index=False)

    def change(schema: Any) -> None:
        schema["columns"]["w"] = {"kind": "numeric", "min": 0}
        schema["weight"] = "w"

    edit(Path("schema.yaml"), change)
    neighbors = {"estimator": "sklearn.neighbors.KNeighborsClassifier"}
    edit(Path("params.yaml"), lambda p: p["train"].update(neighbors))
    prepare.main()
    with pytest.raises(
        InputError, match=("KNeighborsClassifier does not accept row weights, as weight in")
    ):
        train.main()


def test_balanced_classes_are_an_option_of_the_estimator(project: Path) -> None:
    """Few positives: with `class_weight: balanced`, mean predictions come near one half."""
    means = []
    for options in ({}, {"class_weight": "balanced"}):
        edit(Path("params.yaml"), lambda p: p["train"].update(estimator=LOGISTIC))
        edit(Path("params.yaml"), partial(put, "train", {"LogisticRegression": options}, "options"))
        rare = shops(3000)
        rare = rare[~rare["bought"] | (rare.index % 20 == 0)]
        rare.to_csv("data/raw/shops.csv", index=False)
        prepare.main()
        train.main()
        pipeline, metadata = model.load(paths.MODEL, Path())
        rows = tables.read(paths.TRAIN)
        means.append(predict(pipeline, metadata, rows, load_schema()).mean())
    assert means[1] > 2.5 * means[0]


def test_a_class_that_training_has_not_gets_no_probability(project: Path) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(task="multiclass", target="city", slices=[]))
    edit(Path("schema.yaml"), lambda s: s["columns"]["city"]["categories"].insert(0, "Rome"))
    prepare.main()
    train.main()
    pipeline, metadata = model.load(paths.MODEL, Path())
    found = predict(pipeline, metadata, tables.read(paths.TEST), load_schema())
    assert metadata.classes == ["NO", "Oslo", "Ulm"]
    assert (found[:, 0] == 0).all()
    assert np.allclose(found.sum(axis=1), 1)


def test_a_model_of_another_task_is_refused(project: Path) -> None:
    prepare.main()
    train.main()
    edit(Path("schema.yaml"), lambda s: s.update(task="regression", target="age"))
    with pytest.raises(InputError, match=r"predicts bought \(binary: no, yes\), which is not what"):
        predict(*model.load(paths.MODEL, Path()), tables.read(paths.TEST), load_schema())


@pytest.mark.parametrize(
    ("task", "target", "estimator", "hint"),
    [
        ("regression", "age", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
        ("binary", "bought", "RandomForestRegressor", "RandomForestClassifier"),
    ],
)
def test_the_estimator_for_the_task_is_suggested(
    project: Path, task: str, target: str, estimator: str, hint: str
) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(task=task, target=target))
    path = {"estimator": f"sklearn.ensemble.{estimator}"}
    edit(Path("params.yaml"), lambda p: p["train"].update(path))
    prepare.main()
    with pytest.raises(InputError, match=f"the task is {task} .did you mean '{hint}'"):
        train.main()


@pytest.mark.parametrize("method", ["none", "random"])
def test_the_rows_are_read_and_the_model_is_serialized_once(
    project: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=LOGISTIC))
    edit(Path("params.yaml"), lambda p: p["train"]["search"].update(method=method, candidates=2))
    prepare.main()
    calls: list[str] = []

    def count(name: str, function: Callable[..., Any], *given: Any) -> Any:
        calls.append(name)
        return function(*given)

    for place, name in ((tables, "read"), (skops.io, "dumps")):
        monkeypatch.setattr(place, name, partial(count, name, getattr(place, name)))
    train.main()
    assert sorted(calls) == ["dumps", "read"]

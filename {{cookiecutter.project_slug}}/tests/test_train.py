"""A wrong estimator or option is named, with what is allowed."""

from pathlib import Path

import pytest
from conftest import edit

from {{ cookiecutter.__package }} import (
    paths,
    prepare,
    train,
)
from {{ cookiecutter.__package }}.errors import InputError


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (
            "sklearn.ensemle.RandomForestClassifier",
            {},
            "train.estimator: no module 'sklearn.ensemle'; .*uv add",
        ),
        ("RandomForestClassifier", {}, "'RandomForestClassifier' is no import path"),
        (
            "sklearn.ensemble.RandomForrestClassifier",
            {},
            "no class 'RandomForrestClassifier'; did you mean 'RandomForestClassifier'",
        ),
        (".ensemble.RandomForestClassifier", {}, "is no import path"),
        ("sklearn.ensemble.VotingClassifier", {}, "train.options: .*missing 1 required"),
        (
            "sklearn.ensemble.RandomForestClassifier",
            {"max_depth": 10**20},
            "train.options: ",
        ),
        (
            "sklearn.calibration.CalibratedClassifierCV",
            {},
            "cannot be stored safely: it holds sklearn.calibration._CalibratedClassifier",
        ),
        ("sklearn.linear_model.Ridge", {}, "Ridge is no scikit-learn classifier"),
        ("collections.OrderedDict", {}, "OrderedDict is no scikit-learn classifier"),
        ("sklearn.svm.LinearSVC", {}, "LinearSVC gives no probabilities"),
        (
            "sklearn.linear_model.LogisticRegression",
            {"c": 1},
            r"train.options.c: LogisticRegression has no such option.*it has: .*C",
        ),
        (
            "sklearn.linear_model.LogisticRegression",
            {"C": -1.0},
            "train.options: The 'C' parameter of LogisticRegression must be",
        ),
    ],
)
def test_a_wrong_knob_is_named_and_the_last_model_stays(
    project: Path, estimator: str, options: dict[str, object], message: str
) -> None:
    prepare.main()
    train.main()
    before = paths.MODEL.read_bytes()
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=estimator, options=options))
    with pytest.raises(InputError, match=message):
        train.main()
    assert paths.MODEL.read_bytes() == before


def test_missing_tables_say_how_to_make_them(project: Path) -> None:
    with pytest.raises(InputError, match=r"train\.parquet is missing; make it with: dvc repro"):
        train.main()

"""A model file loads safely, predicts the same, and is the same bytes for the same model."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from conftest import edit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from stages import prepare, train

from tabrail import paths
from tabrail.data import tables
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.model import file as model
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.proof import compile_pipeline
from tabrail.model.metadata import Metadata, read_metadata
from tabrail.model.predict import predict

CLASSIFIERS: dict[str, dict[str, Any]] = {
    "sklearn.ensemble.HistGradientBoostingClassifier": {"max_iter": 5},
    "sklearn.ensemble.RandomForestClassifier": {"n_estimators": 8, "n_jobs": 2},
    "sklearn.linear_model.LogisticRegression": {"C": 0.5},
    "sklearn.tree.DecisionTreeClassifier": {"max_depth": 3},
    "sklearn.neural_network.MLPClassifier": {"hidden_layer_sizes": [4], "max_iter": 500},
}
REGRESSORS: dict[str, dict[str, Any]] = {
    "sklearn.ensemble.HistGradientBoostingRegressor": {"max_iter": 5},
    "sklearn.ensemble.RandomForestRegressor": {"n_estimators": 8, "n_jobs": 2},
    "sklearn.linear_model.LinearRegression": {},
    "sklearn.tree.DecisionTreeRegressor": {"max_depth": 3},
    "sklearn.neural_network.MLPRegressor": {"hidden_layer_sizes": [4], "max_iter": 500},
}
if find_spec("xgboost"):  # of the optional dependency group
    CLASSIFIERS["xgboost.XGBClassifier"] = {"n_estimators": 5}
    REGRESSORS["xgboost.XGBRegressor"] = {"n_estimators": 5}
TARGETS = {"binary": "bought", "multiclass": "city", "regression": "age"}
CASES = [(task, path) for task in ("binary", "multiclass") for path in CLASSIFIERS]
CASES += [("regression", path) for path in REGRESSORS]


def choose(task: str, estimator: str) -> None:
    """Set task and estimator, and prepare the data."""
    name = estimator.rpartition(".")[2]
    options = {name: (CLASSIFIERS | REGRESSORS)[estimator]}
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=estimator, options=options))
    edit(Path("schema.yaml"), lambda s: s.update(task=task, target=TARGETS[task], slices=[]))
    prepare.main()


@pytest.mark.parametrize(("task", "estimator"), CASES)
def test_every_estimator_predicts_alike_after_loading(
    project: Path, task: str, estimator: str
) -> None:
    choose(task, estimator)
    train.main()
    pipeline, metadata = model.load(paths.MODEL, Path())
    schema = load_schema()
    table = tables.read(paths.TEST)
    prediction = predict(pipeline, metadata, table, schema)
    assert prediction.shape == ((len(table), 3) if task == "multiclass" else (len(table),))
    assert np.isfinite(prediction).all()
    again = predict(*model.load(paths.MODEL, Path()), table, schema)
    assert (again == prediction).all()
    assert list(metadata.columns) == schema.features
    assert metadata.classes == schema.classes
    known = json.loads(paths.DISTRIBUTIONS.read_bytes())
    compiled, reason = compile_pipeline(pipeline, metadata, schema, known)
    assert compiled, reason
    rows = Columns.of(table[schema.inputs])
    assert (compiled.score(rows).numbers == prediction).all()
    singly = [compiled.score(rows.row(place)).numbers for place in range(len(rows))]
    assert (np.concatenate(singly) == prediction).all()


TRAIN_EACH = """
import hashlib, sys
from pathlib import Path
from tabrail.run import run
for estimator in sys.argv[2:]:
    Path("params.yaml").write_text(Path(f"{estimator}.yaml").read_text())
    run("train")
    print("sha256", estimator, hashlib.sha256(Path("models/model.skops").read_bytes()).hexdigest())
"""


def test_equal_models_are_equal_to_the_byte(project: Path) -> None:
    for estimator in CLASSIFIERS:
        choose("binary", estimator)
        shutil.copy("params.yaml", f"{estimator}.yaml")
    printed = []
    for seed, threads in (("1", "1"), ("7", "2")):  # as on two machines
        environment = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads}
        command = [sys.executable, "-c", TRAIN_EACH, "train", *CLASSIFIERS]
        done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
        printed.append([line for line in done.stdout.splitlines() if line.startswith("sha256")])
    assert len(printed[0]) == len(CLASSIFIERS)
    assert printed[0] == printed[1]


def test_a_loaded_model_predicts_what_the_fitted_one_did(project: Path) -> None:
    prepare.main()
    train.main()
    pipeline, metadata = model.load(paths.MODEL, Path())
    table = tables.read(paths.TEST)[load_schema().inputs]
    before = pipeline.predict_proba(table)
    Path("again.skops").write_bytes(model.dump(pipeline, metadata, Path()))
    assert (model.load(Path("again.skops"), Path())[0].predict_proba(table) == before).all()
    assert Path("again.skops").read_bytes() == paths.MODEL.read_bytes()


def test_an_unseen_category_and_a_missing_value_get_a_prediction(project: Path) -> None:
    prepare.main()
    train.main()
    table = tables.read(paths.TEST)[load_schema().inputs][:2].copy()
    table.loc[0, "city"] = "Rome"
    table.loc[1, "income"] = np.nan
    assert np.isfinite(model.load(paths.MODEL, Path())[0].predict_proba(table)).all()


def test_the_facts_can_be_read_without_loading_the_model(project: Path) -> None:
    prepare.main()
    train.main()
    with zipfile.ZipFile(paths.MODEL) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    assert metadata["target"] == "bought"
    assert metadata["training_rows"] == len(tables.read(paths.TRAIN))
    assert set(metadata["versions"]) >= {"scikit-learn", "numpy"}


METADATA = Metadata("x", {}, {}, "binary", "y", ["no", "yes"], {}, 0, "", {})
DOCUMENTS = {"metadata.json": json.dumps(METADATA.content()).encode()}


def test_a_type_that_is_not_trusted_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    hostile = make_pipeline(FunctionTransformer(np.save))
    with pytest.raises(InputError, match=r"x cannot be stored safely: it holds numpy.*save"):
        model.dump(hostile, METADATA)
    path.write_bytes(model._canonical(skops.io.dumps(hostile), DOCUMENTS))
    with pytest.raises(
        InputError, match=r"types that are not trusted: numpy.*add them to trusted under"
    ):
        model.load(path)


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"\x80\x04pickle"])
def test_a_damaged_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"m\.skops is damaged or not a model of this project"):
        model.load(path)


def test_a_cut_off_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(model.dump(make_pipeline(FunctionTransformer()), METADATA)[:-40])
    with pytest.raises(InputError, match="damaged"):
        model.load(path)


def test_a_model_with_flipped_bytes_is_refused_or_whole(project: Path) -> None:
    prepare.main()
    train.main()
    good = paths.MODEL.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        bad = bytearray(good)
        for place in random.integers(0, len(bad), 8):
            bad[place] ^= 0xFF
        paths.MODEL.write_bytes(bad)
        try:
            model.load(paths.MODEL, Path())
        except InputError:
            refused += 1
    assert refused > 50


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing; make it with: uv run dvc repro"):
        model.load(tmp_path / "none.skops")


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"no member", b"no facts"])
def test_facts_that_cannot_be_read_are_one_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(content)
    if content.startswith(b"no "):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x" if content == b"no member" else "metadata.json", "{}")
    with pytest.raises(InputError, match=r"m\.skops is damaged or not a model of this project \("):
        read_metadata(path)
    path.unlink()
    with pytest.raises(InputError, match="is missing; make it with: uv run dvc repro"):
        read_metadata(path)


def test_what_no_file_can_hold_is_said_when_the_model_is_stored() -> None:
    odd = make_pipeline(FunctionTransformer(kw_args={"rows": (row for row in range(0))}))
    with pytest.raises(InputError, match=r"^the model cannot be stored: TypeError: .*generator"):
        model.dump(odd, METADATA)


def test_a_file_of_anything_but_a_pipeline_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(model._canonical(skops.io.dumps(FunctionTransformer()), DOCUMENTS))
    with pytest.raises(InputError, match="it holds a FunctionTransformer instead of a Pipeline"):
        model.load(path)


def test_a_process_that_loads_models_does_not_import_pytest() -> None:
    program = (
        "import sys; {} import tabrail.model.file, sklearn.utils._testing as helpers; "
        "print('pytest' in sys.modules, hasattr(helpers, 'skip_if_32bit')); import pytest"
    )
    for before, answer in (("", "False False"), ("import pytest;", "True True")):
        command = [sys.executable, "-c", program.format(before)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == answer

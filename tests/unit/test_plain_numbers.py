"""A model as plain numbers predicts what the pipeline does, or the model file has none."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import shops
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from test_compiled import KNOWN, all_kinds, fitted, ratio, schema
from trained import stand_in

from tabrail import paths
from tabrail.batch import score as batch
from tabrail.batch import scorer
from tabrail.data.schema import Schema, Task
from tabrail.errors import InputError
from tabrail.model import archive
from tabrail.model.compiled import last_step, plain, proof
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.plain import Plain, from_json, to_json
from tabrail.model.compiled.proof import drawn, plain_numbers
from tabrail.model.metadata import Metadata
from tabrail.model.predict import score

ESTIMATORS: list[tuple[Task, Any]] = [
    ("binary", HistGradientBoostingClassifier(max_iter=20)),
    ("multiclass", HistGradientBoostingClassifier(max_iter=20)),
    ("regression", HistGradientBoostingRegressor(max_iter=20)),
    ("regression", HistGradientBoostingRegressor(loss="poisson", max_iter=20)),
    ("regression", HistGradientBoostingRegressor(loss="absolute_error", max_iter=20)),
    ("binary", LogisticRegression()),
    ("multiclass", LogisticRegression()),
    *(("regression", one) for one in (ElasticNet(0.1), Lasso(0.1), LinearRegression(), Ridge())),
]


def kinds(task: Task) -> list[Any]:
    """Return what `features.build` makes of columns of all kinds but texts."""
    return [one for one in all_kinds(task) if one[0] != "note"]


def textless(given: Schema, *parts: Any) -> tuple[Pipeline, Metadata]:
    """Return a pipeline that is fitted on drawn rows, and metadata without measures of texts."""
    pipeline, metadata = fitted(given, *parts)
    return pipeline, replace(metadata, texts={})


@pytest.mark.parametrize(("task", "estimator"), ESTIMATORS, ids=str)
def test_every_kind_of_column_task_and_estimator(task: Task, estimator: Any) -> None:
    given = schema(task)
    pipeline, metadata = textless(given, kinds(task), estimator)
    content, reason = plain_numbers(pipeline, metadata, given, KNOWN)
    assert content, reason
    found = from_json(content)
    assert to_json(found) == content
    rows = drawn(given, KNOWN | {"columns": {}}, 300)  # others than those of the proof
    expected = score(pipeline, metadata, rows.frame(), given)
    for size in (0, 1, 7, 300):
        some = Columns.of(rows.frame().iloc[:size])
        got = found.score(some, metadata, given)
        np.testing.assert_array_equal(got.numbers, expected.numbers[:size])
        np.testing.assert_array_equal(got.held, expected.held[:size])


def test_steps_that_are_more_than_numbers_have_none() -> None:
    given, linear = schema(), LogisticRegression()
    own = ("own", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city"])
    numbers = schema("regression")
    for pipeline, metadata, described, why in (
        (*fitted(given, all_kinds("binary"), linear), given, "has texts"),
        (*textless(given, [*kinds("binary"), own], linear), given, "more than numbers"),
        (
            *textless(given, kinds("binary"), linear, FunctionTransformer(ratio)),
            given,
            "more than numbers",
        ),
        (*textless(numbers, kinds("regression"), ExtraTreesRegressor(3)), numbers, "another kind"),
    ):
        content, reason = plain_numbers(pipeline, metadata, described, KNOWN)
        assert (content, why in reason) == (None, True), reason


def test_a_large_model_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LARGEST", 100)
    given = schema()
    pipeline, metadata = textless(given, kinds("binary"), LogisticRegression())
    content, reason = plain_numbers(pipeline, metadata, given, KNOWN)
    assert (content, "take more than 100 bytes" in reason) == (None, True)


def test_numbers_that_predict_something_else_are_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = schema("regression")
    pipeline, metadata = textless(given, kinds("regression"), HistGradientBoostingRegressor())
    sums = last_step.sums
    monkeypatch.setattr(last_step, "sums", lambda row, steps, begin: sums(row, steps[1:], begin))
    content, reason = plain_numbers(pipeline, metadata, given, KNOWN)
    assert (content, "unlike the pipeline" in reason) == (None, True)


def test_the_more_trees_the_fewer_rows_are_few() -> None:
    given = schema("multiclass")
    found = {}
    for steps in (1, 10):
        estimator = HistGradientBoostingClassifier(max_iter=steps)
        content, reason = plain_numbers(
            *textless(given, kinds("multiclass"), estimator), given, KNOWN
        )
        assert content, reason
        found[steps] = from_json(content).few_rows
    assert found == {1: plain.MOST_WALKS // 3, 10: plain.MOST_WALKS // 30}


def test_probabilities_at_their_ends() -> None:
    found = last_step.LINKS["logit"](np.array([[-1e4], [-700.0], [0.0], [1e4]]))
    np.testing.assert_array_equal(found[:, 1], [0.0, 1 / (1 + np.exp(700.0)), 0.5, 1.0])


def numbers_of(project: Path) -> dict[str, Any]:
    """Return the plain numbers in the model file."""
    with zipfile.ZipFile(project / paths.MODEL) as file:
        found: dict[str, Any] = json.loads(file.read("numbers.json"))
    return found


def rewrite(change: Callable[[dict[str, Any]], object] | None) -> None:
    """Change the plain numbers in the model file, or remove them."""
    members = archive.unpack(paths.MODEL.read_bytes())
    content = json.loads(members.pop("numbers.json"))
    if change:
        change(content)
        members["numbers.json"] = json.dumps(content).encode()
    paths.MODEL.write_bytes(archive.pack(members))


def few() -> Path:
    """Return a table of a few rows."""
    file = Path("few.csv")
    shops(60, seed=7).fillna({"income": 40.0}).to_csv(file, index=False)
    return file


def scores() -> pd.DataFrame:
    """Return what `predict` says of a few rows."""
    out = Path("scores.csv")
    batch.predict(few(), out, overwrite=True, untrusted=True)
    return pd.read_csv(out).drop(columns=["model", "scored_at"])


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_few_rows_and_many_get_the_same_scores(
    task: Task, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boosting = "Classifier" if task != "regression" else "Regressor"
    stand_in(task, project, f"sklearn.ensemble.HistGradientBoosting{boosting}")
    assert numbers_of(project)["last"]["kind"] == "trees"
    calls: list[int] = []
    real = Plain.score

    def counted(self: Plain, *given: Any) -> Any:
        calls.append(len(given[0]))
        return real(self, *given)

    monkeypatch.setattr(Plain, "score", counted)
    by_numbers = scores()
    assert calls == [0, 60]
    scorer._load.cache_clear()
    monkeypatch.setattr(Plain, "few_rows", 59)
    by_pipeline = scores()
    assert calls == [0, 60, 0]
    pd.testing.assert_frame_equal(by_numbers, by_pipeline)
    rewrite(None)  # as in a model of an earlier version
    pd.testing.assert_frame_equal(scores(), by_pipeline)


def test_few_rows_are_scored_without_the_libraries_that_train(project: Path) -> None:
    stand_in("binary", project)
    program = """
import sys
from pathlib import Path
from tabrail.batch import predict
print(predict(Path(sys.argv[1]), Path("out.csv"), untrusted=True))
print([name for name in ("sklearn", "skops", "scipy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(few())], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "60 rows scored by" in done.stdout


def test_a_model_that_is_replaced_meanwhile_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("binary", project, "sklearn.ensemble.HistGradientBoostingClassifier")
    monkeypatch.setattr(Plain, "few_rows", 0)
    real = Plain.score

    def replaced(self: Plain, *given: Any) -> Any:
        rewrite(None)  # while the first rows are scored
        return real(self, *given)

    monkeypatch.setattr(Plain, "score", replaced)
    with pytest.raises(InputError, match="was replaced while rows were scored"):
        scores()
    assert not Path("scores.csv").exists()


def edit_scaler(**changed: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the first scaler."""
    return lambda content: content["encoders"][0]["scaler"].update(changed)


def edit_categories(**changed: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the last column of categories."""
    return lambda content: [one for one in content["encoders"] if one["kind"] == "categories"][
        -1
    ].update(changed)


def edit_tree(place: int, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the first node of the first tree."""

    def change(content: dict[str, Any]) -> None:
        content["last"]["steps"][0][0][0][place] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("last"),
        lambda content: content["encoders"][0].update(kind="code"),
        lambda content: content["encoders"].pop(),
        edit_scaler(mean=[]),
        edit_scaler(flagged=[-1]),
        edit_scaler(scale=["a word"]),
        edit_scaler(fill=[float("nan")] * 9),
        edit_categories(places={"Oslo": 99}),
        edit_categories(block=[]),
        edit_tree(0, 10**6),
        edit_tree(0, -1),
        edit_tree(2, 0),  # a cycle
        edit_tree(3, 10**6),
        lambda content: content["last"]["steps"][0][0].clear(),
        lambda content: content["last"]["steps"][0].clear(),
        lambda content: content["last"].update(link="eval"),
        lambda content: content["last"].update(link="softmax"),  # of one sum
        lambda content: content["last"].update(begin=["NaN"]),
        edit_scaler(flagged=[10**30]),
    ],
    ids=range(19),
)
def test_damaged_numbers_are_refused(change: Any, project: Path) -> None:
    stand_in("binary", project, "sklearn.ensemble.HistGradientBoostingClassifier")
    rewrite(change)
    scorer._load.cache_clear()
    with pytest.raises(InputError, match="damaged or not a model of this project"):
        scores()


def test_weights_of_another_shape_are_refused(project: Path) -> None:
    stand_in("binary", project)
    rewrite(lambda content: content["last"]["weights"].pop())
    with pytest.raises(InputError, match="damaged or not a model"):
        plain.read(paths.MODEL)

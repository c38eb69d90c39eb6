"""A compiled pipeline predicts what the pipeline does, or it is not used, and somebody says why."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from serving import served
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from trained import stand_in

from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import Schema
from tabrail.features import dates, numbers, one_hot, target_mean, words
from tabrail.model import reference
from tabrail.model.compiled import boosting, encoders, last_step, proof
from tabrail.model.compiled import fitted as reading
from tabrail.model.compiled.columns import Columns, TableColumns
from tabrail.model.compiled.fitted import Others
from tabrail.model.compiled.proof import compile_pipeline, drawn
from tabrail.model.compiled.scorer import Compiled
from tabrail.model.derived import finite
from tabrail.model.metadata import Metadata
from tabrail.model.predict import score
from tabrail.model.release import load_release
from tabrail.model.texts import usual
from tabrail.serving import serve

CITIES = ["NO", "Oslo", "Ulm", "Ålesund", "'; DROP"]
COLUMNS: dict[str, Any] = {
    "age": {"kind": "numeric", "min": 0, "max": 120},
    "income": {"kind": "numeric", "nullable": True},
    "empty": {"kind": "numeric", "nullable": True},
    "city": {"kind": "categorical", "categories": CITIES},
    "shop": {"kind": "categorical", "categories": CITIES[:3], "nullable": True},
    "member": {"kind": "boolean", "nullable": True},
    "seen": {"kind": "datetime", "nullable": True},
    "note": {"kind": "text", "nullable": True},
    "bought": {"kind": "boolean"},
}
KNOWN: dict[str, Any] = {
    "columns": {"age": {"values": [0.0, 20.5, 80.25]}, "income": {"values": [-1e-9, 12345.678901]}},
    "dates": {},
}
ROWS = 600


def schema(task: Any = "binary") -> Schema:
    """Return the schema of a table with columns of all kinds."""
    given = {"name": "Shops", "task": task, "target": "bought", "columns": COLUMNS}
    if task == "regression":
        given["columns"] = COLUMNS | {"bought": {"kind": "numeric", "min": 0, "max": 2}}
    if task == "multiclass":
        few = {"kind": "categorical", "categories": ["none", "one", "more"]}
        given["columns"] = COLUMNS | {"bought": few}
    return Schema.model_validate(given)


def fitted(
    given: Schema, steps: list[Any], estimator: Any, first: Any = None
) -> tuple[Pipeline, Metadata]:
    """Return a pipeline that is fitted on drawn rows, and its metadata."""
    table = drawn(given, KNOWN, ROWS).frame().replace(proof.UNSEEN, "Bergen")
    table["empty"] = np.nan
    random = np.random.default_rng(1)
    chance = table["age"].to_numpy() / 120 + random.random(ROWS)
    classes = np.array(given.classes or ["0"])
    y_true = (
        chance if given.task == "regression" else classes[np.minimum(chance * 1.2, 1).astype(int)]
    )
    if given.task == "multiclass":
        y_true = classes[np.minimum(chance * 1.5, 2).astype(int)]
    names = ["first", "columns", "estimator"]
    parts = [first or FunctionTransformer(no_cleaning), ColumnTransformer(steps), estimator]
    pipeline = Pipeline(list(zip(names, parts, strict=True)))
    pipeline.fit(table, y_true)
    metadata = Metadata(
        estimator=type(estimator).__name__,
        options={},
        search={},
        task=given.task,
        target=given.target,
        classes=[] if given.task == "regression" else sorted(set(y_true)),
        columns={name: given.columns[name].kind for name in given.features},
        training_rows=ROWS,
        training_data="",
        versions={},
        limits=[0, 2] if given.task == "regression" else [],
        texts=usual(pipeline, table, ["note"]),
    )
    return pipeline, metadata


def all_kinds(task: Any) -> list[Any]:
    """Return what `features.build` makes of columns of all kinds."""
    return [
        ("numbers", numbers(), ["age", "income", "empty", "member"]),
        ("few", one_hot(120), ["city", "shop"]),
        ("many", target_mean(task), ["shop", "city"]),
        ("dates", dates(), ["seen"]),
        ("time", dates(with_years=False), ["seen"]),
        ("none", numbers(), []),
        ("note", words(task, 5), "note"),
    ]


BOOSTING = {"binary": HistGradientBoostingClassifier, "multiclass": HistGradientBoostingClassifier}


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_kind_of_column_and_task(task: Any) -> None:
    given = schema(task)
    estimator = BOOSTING.get(task, HistGradientBoostingRegressor)(max_iter=30)
    pipeline, metadata = fitted(given, all_kinds(task), estimator)
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled, reason
    assert not any(isinstance(one, Others) for one in compiled.encoders)
    rows = drawn(given, KNOWN | {"columns": {}}, 300)  # others than those of the proof
    expected = score(pipeline, metadata, rows.frame(), given)
    for size in (1, 2, boosting.MOST_ROWS, boosting.MOST_ROWS + 1, 300):
        for start in range(0, min(300, 20 * size), size):
            places = range(start, min(start + size, 300))
            some = Columns.of(rows.frame().iloc[places.start : places.stop])
            found = compiled.score(some)
            assert (found.numbers == expected.numbers[places.start : places.stop]).all()
            assert (found.held == expected.held[places.start : places.stop]).all()
            for name, measured in found.texts.items():
                np.testing.assert_array_equal(
                    measured, expected.texts[name][places.start : places.stop]
                )


@pytest.mark.parametrize(
    ("transformer", "columns"),
    [
        (StandardScaler(), ["age"]),
        ("passthrough", ["age"]),
        (make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), ["age", "income"]),
        (make_pipeline(SimpleImputer(strategy="constant", fill_value=-1), MinMaxScaler()), ["age"]),
        (make_pipeline(SimpleImputer(), StandardScaler(with_mean=False)), ["income"]),
        (make_pipeline(SimpleImputer(), KBinsDiscretizer(3)), ["age", "income"]),  # sparse
        (OneHotEncoder(handle_unknown="ignore"), ["city", "shop"]),  # sparse
        (OneHotEncoder(handle_unknown="ignore", drop="first"), ["city", "shop"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["age"]),  # numbers
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city"]),
        (FunctionTransformer(lambda rows: rows.isna().to_numpy(float)), ["shop", "seen"]),
    ],
    ids=range(11),
)
def test_transformers_of_ones_own(transformer: Any, columns: list[str]) -> None:
    given = schema()
    steps = [("own", transformer, columns), ("numbers", numbers(), ["age"])]
    pipeline, metadata = fitted(given, steps, LogisticRegression())
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled, reason


def test_another_first_step_and_another_last_one() -> None:
    given = schema("regression")

    def derive(rows: pd.DataFrame) -> pd.DataFrame:
        tables.append(len(rows))
        return rows.assign(old=rows["age"] > 60, city=rows["city"].str.upper())

    tables: list[int] = []
    steps = [("numbers", numbers(), ["age", "income", "old"]), ("cities", one_hot(1), ["city"])]
    pipeline, metadata = fitted(given, steps, ExtraTreesRegressor(5), FunctionTransformer(derive))
    selected = [*pipeline.steps[:2], ("few", SelectKBest(k=3)), pipeline.steps[2]]
    rows = drawn(given, KNOWN, ROWS)
    pipeline = Pipeline(selected).fit(rows.frame(), rows.numbers("age") / 60)
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled, reason
    tables.clear()
    compiled.score(rows)
    assert tables == [ROWS]  # one table for all rows


def older(rows: pd.DataFrame, than: float) -> pd.DataFrame:
    """Return the rows with a mark for those of a higher age."""
    return rows.assign(old=rows["age"] > than)


class Older(TransformerMixin, BaseEstimator):
    """Does the same as a transformer."""

    def fit(self, rows: pd.DataFrame, y: Any = None) -> "Older":
        self.than_ = 60.0
        return self

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        return older(rows, self.than_)


@pytest.mark.parametrize("first", [FunctionTransformer(older, kw_args={"than": 60.0}), Older()])
def test_first_steps_of_every_kind(first: Any) -> None:
    given = schema()
    steps = [("numbers", numbers(), ["age", "old"])]
    pipeline, metadata = fitted(given, steps, LogisticRegression(), first)
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled, reason
    assert compiled.first is not None
    before = [("same", "passthrough"), ("age", FunctionTransformer(older, kw_args={"than": 30.0}))]
    compiled, reason = compile_pipeline(
        Pipeline([*before, *pipeline.steps]), metadata, given, KNOWN
    )
    assert compiled, reason


def ratio(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a ratio, which is infinite where the age is 0."""
    return rows.assign(ratio=100 / rows["age"], old=rows["age"] > 60)


@pytest.mark.parametrize("transformer", [numbers(), make_pipeline(SimpleImputer(), MinMaxScaler())])
def test_an_infinite_number_is_scored_as_a_missing_one(transformer: Any) -> None:
    given = schema()
    steps = [("numbers", transformer, ["ratio", "old"]), ("words", words("binary", 5), "note")]
    pipeline, metadata = fitted(
        given,
        steps,
        LogisticRegression(),
        FunctionTransformer(lambda rows: finite(ratio(rows))),
    )
    expected = score(pipeline, metadata, zeros(given).frame(), given).numbers
    pipeline.steps[0] = ("first", FunctionTransformer(ratio))
    found = score(pipeline, metadata, zeros(given).frame(), given).numbers
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(found).all()
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled, reason
    np.testing.assert_array_equal(compiled.score(zeros(given)).numbers, expected)


def zeros(given: Schema) -> Columns:
    """Return rows some of whose ages are 0."""
    table = drawn(given, KNOWN, 100).frame()
    table.loc[::3, "age"] = 0.0
    return Columns.of(table)


def same(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, as the generated `derive` does."""
    return rows


def test_a_function_that_changes_nothing_is_not_called() -> None:
    given = schema()
    called: list[Any] = []
    pipeline, metadata = fitted(
        given, all_kinds("binary"), LogisticRegression(), FunctionTransformer(same)
    )
    compiled = Compiled(pipeline, metadata, given)
    pipeline.steps[0][1].transform = called.append
    compiled.score(drawn(given, KNOWN, 3))
    assert called == []


def test_columns_are_the_same_as_a_table() -> None:
    rows = drawn(schema(), KNOWN, 50)
    again = Columns.of(rows.frame())
    for other in (again, TableColumns(rows.frame())):
        pd.testing.assert_frame_equal(other.frame(), rows.frame())
        pd.testing.assert_frame_equal(other.frame(["city", "age"]), rows.frame(["city", "age"]))
        assert len(other) == 50
        np.testing.assert_array_equal(other.numbers("income"), rows.numbers("income"))
        np.testing.assert_array_equal(other.dates("seen"), rows.dates("seen"))
        found = [None if word != word else word for word in other.words("shop")]
        assert found == rows.words("shop")


def unlike(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one part of what is compiled say something else than the pipeline."""
    if what == "categories":
        monkeypatch.setattr(reading, "UNKNOWN", "Oslo")
    matrix = encoders.Scaler.matrix
    sizes = {"numbers": (0, 1e9), "many rows": (1, 1e9), "one row": (0, 1)}
    if what in sizes:
        more, most = sizes[what]

        def other(self: encoders.Scaler, given: Any) -> np.ndarray:
            return matrix(self, given) + (more < len(given[0]) <= most)

        monkeypatch.setattr(encoders.Scaler, "matrix", other)


@pytest.mark.parametrize("what", ["categories", "numbers", "many rows", "one row"])
def test_a_compiled_model_that_predicts_something_else_is_not_used(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = schema()
    pipeline, metadata = fitted(given, all_kinds("binary"), LogisticRegression())
    assert compile_pipeline(pipeline, metadata, given, KNOWN)[0]
    unlike(what, monkeypatch)
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert compiled is None
    assert "unlike the pipeline" in reason


def test_a_wrong_tree_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    given = schema("regression")
    pipeline, metadata = fitted(
        given, all_kinds("regression"), HistGradientBoostingRegressor(max_iter=9)
    )
    sums = last_step.sums
    monkeypatch.setattr(last_step, "sums", lambda row, steps, begin: sums(row, steps[:-1], begin))
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert (compiled, "rows, given one by one, unlike" in reason) == (None, True)


def test_columns_that_are_chosen_by_their_places_are_not_compiled() -> None:
    given = schema()
    steps = [("numbers", numbers(), slice(0, 2))]
    pipeline, metadata = fitted(given, steps, HistGradientBoostingClassifier(max_iter=3))
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert (compiled, "by their places" in reason) == (None, True)


def test_without_columns_there_is_nothing_to_compile() -> None:
    given = schema()
    pipeline, metadata = fitted(given, all_kinds("binary"), LogisticRegression())
    compiled, reason = compile_pipeline(Pipeline(pipeline.steps[2:]), metadata, given, KNOWN)
    assert (compiled, "no ColumnTransformer" in reason) == (None, True)


def test_a_pipeline_that_fails_on_a_drawn_row_is_not_compiled() -> None:
    given = schema()
    own = OrdinalEncoder(handle_unknown="error", encoded_missing_value=-1)
    pipeline, metadata = fitted(given, [("own", own, ["city"])], LogisticRegression())
    compiled, reason = compile_pipeline(pipeline, metadata, given, KNOWN)
    assert (compiled, "ValueError" in reason) == (None, True)


def test_the_server_says_which_one_scores(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stand_in("binary", project)
    with served() as client:
        about = client.get("/model").json()
        assert (about["scorer"], about["scorer_note"]) == ("compiled", None)
    unlike("numbers", monkeypatch)
    serve.prepare(None, 0.0, None, None)  # type: ignore[arg-type]
    assert "is slower for few rows: compiled, the model predicts" in caplog.text
    with served() as client:
        about = client.get("/model").json()
        assert about["scorer"] == "pipeline"
        assert "unlike the pipeline" in about["scorer_note"]
        (row,) = client.get("/openapi.json").json()["components"]["schemas"]["Row"]["examples"]
        answer = client.post("/predict", json={"rows": [row]})
    release = load_release()
    [found] = answer.json()["predictions"]
    expected = release.predict(reference.table([row], release.schema))
    assert [found["probability"]] == expected.tolist()

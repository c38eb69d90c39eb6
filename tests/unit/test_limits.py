"""Predictions are held to the limits of the target everywhere, marked and counted."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from conftest import edit, shops
from serving import body, logged, served, typical
from stages import evaluate, prepare, train
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data import tables
from tabrail.data.conform import conform
from tabrail.data.schema import Schema, load_schema
from tabrail.log import database
from tabrail.log.entries import MARKS, Prediction, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model import file
from tabrail.model.limits import hold, of_target
from tabrail.model.predict import predict
from tabrail.model.release import load_release
from tabrail.model.saving import load_model
from tabrail.monitoring.monitor import monitor
from tabrail.monitoring.page import page
from tabrail.project.project import Project

LINEAR = "sklearn.linear_model.LinearRegression"


@pytest.fixture
def limited(project: Path) -> Path:
    """Stand in a trained linear model of a number that is 0 for most and grows late."""

    def schema(content: Any) -> None:
        content.update(task="regression", target="income", slices=[])
        content["columns"]["note"]["kind"] = "ignored"  # words take most of the time
        content["columns"]["income"].update(nullable=False, min=0)

    edit(Path("schema.yaml"), schema)
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=LINEAR))
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(main_metric="rmse", resamples=100))
    table = shops()
    table.assign(income=(table["age"] - 55.0).clip(lower=0)).to_csv(
        "data/raw/shops.csv", index=False
    )
    for stage in (prepare, train, evaluate):
        stage.main()
    return project


def raw(table: pd.DataFrame) -> np.ndarray:
    """Return what the fitted pipeline itself says."""
    pipeline, _ = file.load(paths.MODEL, Path())
    found: np.ndarray = pipeline.predict(table[load_schema().inputs])
    return found


@pytest.mark.parametrize(
    ("limits", "held", "found"),
    [
        ([], [], [-2.0, 0.0, 3.0, np.inf]),
        ([0.0, None], [0], [0.0, 0.0, 3.0, np.inf]),
        ([None, 2.5], [2, 3], [-2.0, 0.0, 2.5, 2.5]),
        ([-1.0, 1.0], [0, 2, 3], [-1.0, 0.0, 1.0, 1.0]),
    ],
)
def test_numbers_beyond_a_limit_are_held_to_it(
    limits: list[float | None], held: list[int], found: list[float]
) -> None:
    numbers, marks, *_ = hold(np.array([-2.0, 0.0, 3.0, np.inf, np.nan]), limits)
    assert numbers[:4].tolist() == found
    assert np.isnan(numbers[4])
    assert np.flatnonzero(marks).tolist() == held


def test_only_a_number_has_limits(project: Path) -> None:
    schema = load_schema()
    assert of_target(schema) == []
    content = schema.model_dump() | {"task": "regression", "slices": []}
    assert of_target(Schema(**content | {"target": "age"})) == [0.0, 120.0]
    del content["columns"]["age"]["min"], content["columns"]["age"]["max"]
    assert of_target(Schema(**content | {"target": "age"})) == []


def test_every_way_of_scoring_holds_and_counts(limited: Path) -> None:
    validation = tables.read(paths.VALIDATION)
    beyond = raw(validation) < 0
    assert 0 < beyond.sum() < len(beyond)
    numbers, held, *_ = load_model(Project.load()).score(validation)
    assert (numbers[beyond] == 0).all()
    assert (held == beyond).all()
    evaluation = json.loads(paths.EVALUATION.read_text())
    assert evaluation["held"]["validation"] == beyond.sum()
    error = np.sqrt(np.mean((numbers - validation["income"]) ** 2))
    assert evaluation["validation"]["metrics"]["rmse"]["value"] == pytest.approx(error, rel=1e-4)
    told = f"{beyond.sum()} of {len(beyond)} predictions were outside the limits of income (min 0)"
    assert f"- On validation, {told}, and are clipped to them." in paths.MODEL_CARD.read_text()

    table, schema = shops(60, seed=7), load_schema()
    table.fillna({"income": 1.0}).to_csv("new.csv", index=False)
    expected = raw(conform(table, schema)[0]) < 0
    done = CliRunner().invoke(cli.app, ["predict", "new.csv", "out.csv"])
    assert f"\n{expected.sum()} of 60 predictions were outside the limits" in done.output
    written = pd.read_csv("out.csv")
    assert list(written)[-2:] == ["scored_at", "held"]
    assert written["held"].tolist() == expected.tolist()
    assert written["prediction"].min() == 0

    result = monitor([Path("new.csv")])
    assert result.content()["periods"][0]["held"] == expected.sum()
    assert f"{expected.sum()} of 60 predictions were outside the limits of income" in result.text()
    assert "clipped to a limit" in page(result)


def test_the_api_the_log_and_the_metrics_mark_held_predictions(limited: Path) -> None:
    young, old = (typical() | {"age": age} for age in (19, 85))
    with served() as client:
        headers = {"content-type": "application/json"}
        answer = client.post("/predict", content=body(young, old), headers=headers).json()
        metrics = client.get("/metrics").text
        described = client.get("/openapi.json").json()["components"]["schemas"]["Prediction"]
    assert [one["held"] for one in answer["predictions"]] == [True, False]
    assert answer["predictions"][0]["prediction"] == 0
    assert "predictions_held_total 1.0" in metrics
    assert described["properties"]["held"]["type"] == "boolean"
    assert sorted((one["numbers"][0] == 0, one["held"]) for one in logged()) == [
        (False, False),
        (True, True),
    ]
    edit(Path("params.yaml"), lambda p: p["monitor"].update(min_rows=1))
    [*_, last] = monitor([]).content()["periods"]
    assert (last["rows"], last["held"]) == (2, 1)
    later = utc_now() + timedelta(days=2)  # without a newer entry, the clock is taken to be wrong
    with PredictionLog() as log:
        log.write(
            [
                Prediction(
                    "f" * 32, "champion", later, "m", True, {}, [1.0], "1", False, 1.0, "r" * 32
                )
            ]
        )
        log.forget(utc_now() + timedelta(days=1))
        with log._engine.connect() as connection:
            assert not connection.execute(sa.select(MARKS)).all()


def test_a_log_of_before_gets_the_table_of_marks(limited: Path) -> None:
    with PredictionLog() as log, log._engine.begin() as connection:
        MARKS.drop(connection)
    with PredictionLog() as log:
        assert database.has_tables(log._engine)
        assert log.predictions(utc_now() - timedelta(days=1), utc_now()).empty


def test_a_model_without_limits_predicts_as_before(limited: Path) -> None:
    pipeline, metadata = file.load(paths.MODEL, Path())
    assert metadata.limits == [0.0, None]
    table, schema = tables.read(paths.VALIDATION), load_schema()
    before = replace(metadata, limits=[])
    assert "limits" not in before.content()
    assert predict(pipeline, before, table, schema).min() < 0


def test_without_limits_nothing_is_marked(project: Path) -> None:
    stand_in("regression", project)
    shops(20, seed=7).fillna({"income": 40.0}).to_csv("new.csv", index=False)
    CliRunner().invoke(cli.app, ["predict", "new.csv", "out.csv"], catch_exceptions=False)
    assert list(pd.read_csv("out.csv"))[-1] == "scored_at"
    assert "held" not in json.loads(paths.EVALUATION.read_text())
    assert "held" not in paths.MODEL_CARD.read_text()
    with served() as client:
        headers = {"content-type": "application/json"}
        answer = client.post("/predict", content=body(typical()), headers=headers).json()
    assert "held" not in answer["predictions"][0]
    assert load_release().metadata.limits == []

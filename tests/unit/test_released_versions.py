"""What a released version of the library has made works with this one."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from support.projects import Project
from support.released import RELEASED, Released

pytestmark = pytest.mark.parametrize("released", RELEASED, ids=lambda one: one.version)
PREDICTED = ["date", "flight", "probability", "prediction"]


def tabrail(project: Project, *arguments: str, code: int = 0, **extra: str) -> str:
    """Run a command of this version of the library in a project."""
    command = (sys.executable, "-m", "tabrail", *arguments)
    return project.run(*command, code=code, **extra)


def test_a_model_predicts_as_it_did(released: Released, tmp_path: Path) -> None:
    project = released.project(tmp_path / "project")
    scored = tmp_path / "predictions.csv"
    printed = tabrail(project, "predict", str(released.folder / "rows.parquet"), str(scored))
    assert "200 rows scored" in printed
    before = pd.read_csv(released.folder / "predictions.csv")
    pd.testing.assert_frame_equal(
        pd.read_csv(scored)[PREDICTED], before[PREDICTED], check_exact=False, rtol=1e-8
    )


def test_a_prediction_log_is_monitored(released: Released, tmp_path: Path) -> None:
    project = released.project(tmp_path / "project")
    log = released.prediction_log(tmp_path)
    # September has other weather than the months of training, so that an alert is right.
    printed = tabrail(project, "monitor", "--json", code=1, PREDICTION_LOG=log)
    found = json.loads(printed)
    assert sum(period["rows"] for period in found["periods"]) == 200
    (metric,) = (one for one in found["checks"] if one["check"] == "main_metric")
    assert any(metric["periods"])


def test_a_prediction_log_is_exported(released: Released, tmp_path: Path) -> None:
    project = released.project(tmp_path / "project")
    log = released.prediction_log(tmp_path)
    tabrail(project, "export", "exported.parquet", PREDICTION_LOG=log)
    exported = pd.read_parquet(project.path / "exported.parquet")
    rows = pd.read_parquet(released.folder / "rows.parquet")
    assert len(exported) == len(rows) == 200
    assert set(exported.columns) == set(rows.columns)

"""What the launch checklist tries fails when it does not work, and says what to do."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from runs import Repository

from tabrail import paths
from tabrail.errors import InputError
from tabrail.project import git, uv
from tabrail.review import rehearsal

SEEN = {"ready": 200, "good": 200, "broken": 422, "logged": 1}


@pytest.fixture(autouse=True)
def _project(project: Path) -> None:
    Path("pyproject.toml").write_text("[dependency-groups]\nxgboost = []\n")


def answer(
    patch: pytest.MonkeyPatch, *, code: int = 0, out: Any = None, err: str = ""
) -> list[Any]:
    """Let uv be a program that prints something; return the commands that it gets."""
    commands: list[Any] = []

    def fake(*arguments: str) -> subprocess.CompletedProcess[str]:
        commands.append(arguments)
        return subprocess.CompletedProcess(arguments, code, json.dumps(out), err)

    patch.setattr(uv, "run", fake)
    return commands


@pytest.mark.parametrize(
    ("changed", "verdicts", "words"),
    [
        ({}, ["ok", "ok"], "accepts a good row and refuses a broken one"),
        ({"ready": 503}, ["FAILED", "ok"], "answered with (503, 200, 422); expected: (200, 200"),
        ({"good": 422, "logged": 0}, ["FAILED", "FAILED"], "answered with (200, 422, 422)"),
        ({"broken": 200}, ["FAILED", "ok"], "answered with (200, 200, 200)"),
        ({"broken": 500}, ["FAILED", "ok"], "answered with (200, 200, 500)"),
        ({"logged": 0}, ["ok", "FAILED"], "accepts a good row"),
    ],
)
def test_the_server_must_answer_and_log(
    changed: dict[str, int], verdicts: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = answer(monkeypatch, out=SEEN | changed)
    found = list(rehearsal.server_answers())
    assert [check.verdict for check in found] == verdicts
    assert [check.name for check in found] == ["api", "log"]
    assert words in found[0].detail
    assert {"--isolated", "--group=serve"} <= set(commands[0])


def test_a_server_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, code=1, err="error: the server does not start: no module\n")
    (check,) = rehearsal.server_answers()
    assert (check.name, check.verdict) == ("api", "FAILED")
    assert check.detail == "the server does not start: no module"


def test_monitoring_must_run_and_may_raise_an_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = rehearsal.monitor_runs()
    assert missing.verdict == "FAILED"
    assert missing.fix == "run: uv run dvc pull data/prepared/test.parquet"
    paths.TEST.parent.mkdir(parents=True, exist_ok=True)
    paths.TEST.touch()
    answer(monkeypatch, out={"alerts": []})
    assert rehearsal.monitor_runs().detail == "monitoring runs on the test rows; no alert"
    answer(monkeypatch, code=1, out={"alerts": [{"check": "drift", "about": "city"}]})
    check = rehearsal.monitor_runs()
    assert (check.verdict, check.detail) == (
        "ok",
        "monitoring runs on the test rows; alerts: drift city",
    )
    answer(monkeypatch, code=2, err="error: a column is missing\n")
    check = rehearsal.monitor_runs()
    assert (check.verdict, check.detail) == ("FAILED", "a column is missing")


def test_the_way_back_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository()
    repository.commit("First")
    assert rehearsal.way_back(None).verdict == "ok"
    git.git("tag", "model@v0.1.0")
    assert rehearsal.way_back("model@v0.1.0").detail == "model@v0.1.0 is this commit"
    Path("note.txt").write_text("later")
    repository.commit("Later")

    def bundled(folder: Path, revision: str) -> None:
        folder.mkdir()
        (folder / "pyproject.toml").write_text("[dependency-groups]\nxgboost = []\n")
        estimator = "train: {estimator: xgboost.XGBClassifier}\n"
        (folder / "params.yaml").write_text(estimator)

    monkeypatch.setattr(rehearsal, "bundle", bundled)
    commands = answer(monkeypatch)
    assert "fetched into a scratch folder" in rehearsal.way_back("model@v0.1.0").detail
    assert "--group=xgboost" in commands[0]  # by the version's own params.yaml
    assert not Path(commands[0][2]).exists()
    answer(monkeypatch, code=1, err="error: the model's reference predictions differ by 0.2\n")
    check = rehearsal.way_back("model@v0.1.0")
    assert (check.verdict, "differ by 0.2" in check.detail) == ("FAILED", True)

    def gone(folder: Path, revision: str) -> None:
        raise InputError("the model cannot be fetched; run: uv run dvc fetch")

    monkeypatch.setattr(rehearsal, "bundle", gone)
    check = rehearsal.way_back("model@v0.1.0")
    assert (check.verdict, check.fix) == ("FAILED", "run: uv run dvc fetch")

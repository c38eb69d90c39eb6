"""Projects made from real tables of every kind: trained, better than guessing, served, watched."""

import contextlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from filelock import FileLock
from support import own_tables
from support.in_process import Results, call, edit, record_model, run_stages, succeed, write_project
from support.own_tables import BY_NAME, TABLES, Table
from support.projects import TEMPLATE, shared_folder, user_environment

from tabrail.ingest import ingest
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.project import code
from tabrail.project.settings import load_settings
from tabrail.serving import create_app
from tabrail.serving.service import Setup

pytestmark = pytest.mark.ci("it asks the package index for real tables")

LINEAR = {
    "binary": "sklearn.linear_model.LogisticRegression",
    "multiclass": "sklearn.linear_model.LogisticRegression",
    "regression": "sklearn.linear_model.Ridge",
}
ESTIMATORS = (
    "sklearn.tree.DecisionTree",
    "sklearn.ensemble.RandomForest",
    "sklearn.neural_network.MLP",
    "xgboost.XGB",
)
# One of each task, with the fewest rows: what is tried on them is tried many times.
OF_EACH_TASK = ["titanic", "penguins", "houses"]
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all workers, with the tables in it."""
    folder = shared_folder(tmp_path_factory) / "own-tables"
    with FileLock(f"{folder}.lock"):
        if not (folder / "written").exists():
            shutil.rmtree(folder, ignore_errors=True)  # an earlier worker's, which failed
            (folder / "tables").mkdir(parents=True)
            write = ["uv", "run", "--no-project", own_tables.__file__, str(folder / "tables")]
            subprocess.run(write, env=user_environment(), check=True)
            (folder / "written").touch()
    return folder


def made(shared: Path, name: str) -> Path:
    """Return the project of a table; the first that asks makes and runs it. Do not change it."""
    table, folder = BY_NAME[name], shared / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            words = {"data_file": table.file, "target": table.target, "project_slug": name}
            write_project(folder, project_name=name.title(), description=name, **words)
            with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
                patch.setattr(ingest, "_dvc_add", lambda: None)
                file = str(shared / "tables" / table.file)
                succeed("ingest", file, "--target", table.target, "--yes")
                run_stages()
            (folder / "done").touch()
    return folder


@pytest.fixture
def stand_in(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that copies the project of a table, to be changed, and goes there."""

    def go(name: str) -> Results:
        project = tmp_path / name
        shutil.copytree(made(shared, name), project)
        monkeypatch.chdir(project)
        return Results(Path())

    return go


def test_the_manual_shows_what_is_said_of_the_penguins(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (TEMPLATE / "docs/data.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(penguins.csv.gz: .*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    file = str(shared / "tables/penguins.csv.gz")
    assert succeed("ingest", file, "--target", "species", "--dry-run").startswith(shown)


def set_estimator(path: str) -> None:
    """Change the line of params.yaml that names the estimator."""
    edit("params.yaml", lambda params: params["train"].update(estimator=path))


def ignore_columns_after(count: int, target: str) -> None:
    """Ignore all columns but the first ones and the target; more of them take long to evaluate."""

    def shorter(schema: Any) -> None:
        for name in list(schema["columns"])[count:]:
            if name != target:
                schema["columns"][name] = {"kind": "ignored"}

    edit("schema.yaml", shorter)
    run_stages("prepare")


def prepared(column: str) -> dict[str, list[str]]:
    """Return a column of each prepared table as text."""
    tables = {split: pd.read_parquet(f"data/prepared/{split}.parquet") for split in SPLITS}
    return {split: table[column].astype("str").tolist() for split, table in tables.items()}


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_table_becomes_a_project_that_has_learned(shared: Path, table: Table) -> None:
    project = made(shared, table.name)
    results = Results(project)
    schema = results.content("schema.yaml")
    assert (schema["task"], schema["target"]) == (table.task, table.target)
    kinds = {name: schema["columns"][name]["kind"] for name in table.kinds}
    assert kinds == dict(table.kinds)

    assert results.score(table.metric) >= table.at_least
    assert results.lead(table.metric) > 0
    assert results.lead(results.evaluation["main_metric"]) > 0

    card = (project / "reports" / "model_card.md").read_text(encoding="utf-8")
    datasheet = (project / "docs" / "datasheet.md").read_text(encoding="utf-8")
    assert table.target in card
    assert [name for name in schema["columns"] if name not in datasheet] == []
    assert not re.search("flight", card + datasheet, re.IGNORECASE)


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_its_model_is_served_and_watched(
    shared: Path, tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made(shared, table.name))
    code.forget(load_settings(Path()).package)  # another test has a project of the same name
    log = PredictionLog(f"sqlite:///{tmp_path / 'log.sqlite'}")
    application = create_app(Setup(load_release(Path()), None, 0.0, log, ""))
    with log, TestClient(application, "http://localhost") as client:
        (row,) = client.get("/openapi.json").json()["components"]["schemas"]["Row"]["examples"]
        answer = client.post("/predict", json={"rows": [row, row]})
        assert answer.status_code == 200, answer.text
        first, second = answer.json()["predictions"]
        assert first | {"id": ""} == second | {"id": ""}
        answer = client.post("/explain", json={"row": row})
        assert answer.status_code == 200, answer.text
        columns = Results(Path()).content("schema.yaml")["columns"]
        explained = answer.json()["columns"]
        assert explained
        assert {one["column"] for one in explained} <= set(columns)
        assert table.target in client.get("/").text
    # Most of these rows are those of training: nothing can have moved.
    page = tmp_path / "page.html"
    assert "All is well" in succeed("monitor", "data/raw", "--output", str(page))
    assert page.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_EACH_TASK)
def test_another_estimator_is_another_line(name: str, stand_in: Any) -> None:
    table = BY_NAME[name]
    stand_in(name)
    ignore_columns_after(12, table.target)
    suffix = "Regressor" if table.task == "regression" else "Classifier"
    for path in [LINEAR[table.task], *(f"{estimator}{suffix}" for estimator in ESTIMATORS)]:
        set_estimator(path)
        for stage in ("train", "evaluate"):
            done = call("run", stage)
            assert (done.code, done.crash, done.warned) == (0, None, ()), done.output
            assert "Warning" not in done.output
            if stage == "train":
                record_model()
        assert Results(Path()).lead(table.metric) > 0, path
        assert path in Path("reports/model_card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("method", ["random", "halving"])
def test_a_search_finds_options(method: str, stand_in: Any) -> None:
    before = stand_in("titanic").score("log_loss")
    search = {"method": method, "candidates": 4, "folds": 2}
    edit("params.yaml", lambda params: params["train"]["search"].update(search))
    run_stages("train", "evaluate")
    assert "HistGradientBoostingClassifier" in Path("reports/model_card.md").read_text("utf-8")
    tried = pd.read_csv("reports/plots/search.csv")
    scores = tried["score"][tried["rows"] == tried["rows"].iloc[0]].tolist()
    assert len(tried) == 4
    assert scores == sorted(scores, reverse=True)
    # What the search promises from its folds, and validation confirms, is no worse by far.
    assert Results(Path()).score("log_loss") < before + 0.05


def test_the_past_predicts_the_future(stand_in: Any) -> None:
    stand_in("hotels")
    edit("schema.yaml", lambda schema: schema.update(time="arrival_date"))
    edit("params.yaml", lambda params: params["prepare"]["split"].update(method="time"))
    run_stages()
    days = prepared("arrival_date")
    assert max(days["train"]) < min(days["validation"])
    assert max(days["validation"]) < min(days["test"])
    assert Results(Path()).lead("r2") > 0


def test_rows_of_one_key_stay_together(stand_in: Any) -> None:
    stand_in("patients")
    edit("schema.yaml", lambda schema: schema.update(key=["id"]))
    run_stages()
    patients = {split: set(ids) for split, ids in prepared("id").items()}
    assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == 312
    assert Results(Path()).lead("r2") > 0
    assert "id" not in set(pd.read_csv("reports/plots/importance.csv")["column"])


def test_rows_weigh_what_a_column_says(stand_in: Any) -> None:
    before = dict(stand_in("crashes").evaluation)
    edit("schema.yaml", lambda schema: schema.update(weight="weight"))
    run_stages()
    results = Results(Path())
    assert results.evaluation["validation"] != before["validation"]
    assert results.lead("roc_auc") > 0
    assert "weight" not in set(pd.read_csv("reports/plots/importance.csv")["column"])


def test_rare_cases_are_found_when_they_are_worth_more(stand_in: Any) -> None:
    stand_in("crashes")
    edit("params.yaml", lambda params: params["evaluate"].update(threshold=0.9))
    run_stages("evaluate")
    before = Results(Path()).score("recall")
    options = {"HistGradientBoostingClassifier": {"class_weight": "balanced"}}
    edit("params.yaml", lambda params: params["train"].update(options=options))
    run_stages("train", "evaluate")
    assert Results(Path()).score("recall") > before
    assert Results(Path()).score("roc_auc") > 0.8

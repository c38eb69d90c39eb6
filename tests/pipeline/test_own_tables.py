"""Projects made from real tables of every kind: set up, trained, better than guessing."""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock
from support import own_tables
from support.own_tables import BY_NAME, TABLES, Table
from support.projects import Project, generated, shared_folder, user_environment
from support.served import serving

LINEAR = {
    "binary": "sklearn.linear_model.LogisticRegression",
    "multiclass": "sklearn.linear_model.LogisticRegression",
    "regression": "sklearn.linear_model.Ridge",
}
ESTIMATORS = (
    "sklearn.tree.DecisionTree",
    "sklearn.ensemble.RandomForest",
    "sklearn.ensemble.HistGradientBoosting",
    "sklearn.neural_network.MLP",
    "xgboost.XGB",
)
# One of each task, with the fewest rows: what is tried on them is tried many times.
OF_EACH_TASK = ["titanic", "penguins", "houses"]
ERRORS = {"log_loss", "brier", "mae", "rmse", "median_absolute_error"}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all workers, with the tables in it."""
    folder: Path = shared_folder(tmp_path_factory) / "own"
    with FileLock(f"{folder}.lock"):
        if not (folder / "written").exists():
            shutil.rmtree(folder, ignore_errors=True)  # an earlier worker's, which failed
            (folder / "tables").mkdir(parents=True)
            write = ["uv", "run", own_tables.__file__, str(folder / "tables")]
            subprocess.run(write, env=user_environment(), check=True)
            (folder / "written").touch()
    return folder


def made(shared: Path, name: str) -> Project:
    """Return the project of a table; the first that asks generates it. Do not change it."""
    table, output = BY_NAME[name], shared / name
    with FileLock(f"{output}.lock"):
        if not (output / "done").exists():
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir()
            generated(
                output,
                project_name=name.title(),
                data_file=str(shared / "tables" / table.file),
                target=table.target,
            )
            (output / "done").touch()
    return Project(output / name)


def copy(project: Project, name: str) -> Project:
    """Clone a project with its environment and data, to be changed."""
    cloned = project.clone_with_environment(name)
    cloned.uv("dvc", "pull", "--quiet")
    return cloned


def read_text(project: Project, name: str) -> str:
    """Return a file's text."""
    return Path(project.path, name).read_text(encoding="utf-8")


def read(project: Project, name: str) -> Any:
    """Return what a YAML or JSON file holds."""
    return yaml.safe_load(read_text(project, name))


def edit(project: Project, name: str, pattern: str, new: str) -> None:
    """Replace the one place in a file that a pattern finds."""
    path = project.path / name
    changed, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1, f"{name}: {count} times {pattern}"
    path.write_text(changed, encoding="utf-8")


def score(project: Project, metric: str) -> float:
    """Return a validation score."""
    found: float = read(project, "reports/metrics.json")[f"validation.{metric}"]
    return found


def better_than_guessing(project: Project, metric: str) -> bool:
    """Return whether a validation score is better than the baseline's."""
    found = read(project, "reports/evaluation.json")["validation"]["metrics"][metric]
    lead: float = found["value"] - found["baseline_value"]
    return lead < 0 if metric in ERRORS else lead > 0


def texts(project: Project) -> dict[str, str]:
    """Return the tracked files that people read."""
    names = [n for n in project.run("git", "ls-files").splitlines() if not n.endswith("page.html")]
    return {name: (project.path / name).read_text(encoding="utf-8") for name in names}


def rows_of(project: Project, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(read_text(project, name))))


def prepared(project: Project, column: str) -> dict[str, list[str]]:
    """Return a column of each prepared table as text; read by the project's own pandas."""
    code = (
        "import json, sys, pandas as pd; "
        "print(json.dumps({s: pd.read_parquet(f'data/prepared/{s}.parquet')[sys.argv[1]]"
        ".astype('str').tolist() for s in ('train', 'validation', 'test')}))"
    )
    found: dict[str, list[str]] = json.loads(project.uv("python", "-c", code, column))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_table_becomes_a_project_that_has_learned(shared: Path, table: Table) -> None:
    project = made(shared, table.name)
    assert project.run("git", "status", "--porcelain") == ""
    assert len(project.run("git", "log", "--format=%h").splitlines()) == 1
    assert "Data and pipelines are up to date." in project.uv("dvc", "status")
    assert project.uv("dvc", "data", "status", "--not-in-remote", "--json").strip() == "{}"
    project.uv(table.name, "verify")

    contract = read(project, "schema.yaml")
    assert (contract["task"], contract["target"]) == (table.task, table.target)
    kinds = {name: contract["columns"][name]["kind"] for name in table.kinds}
    assert kinds == dict(table.kinds)

    assert score(project, table.metric) >= table.at_least
    assert better_than_guessing(project, table.metric)
    assert better_than_guessing(project, read(project, "params.yaml")["evaluate"]["main_metric"])

    files = texts(project)
    about_flights = {name for name, text in files.items() if re.search("flight", text, re.I)}
    assert about_flights == set()
    columns = contract["columns"]
    card, datasheet = files["reports/model_card.md"], files["docs/datasheet.md"]
    assert table.target in card
    assert [name for name in columns if name not in datasheet] == []
    assert str(shared) not in "".join(files.values())


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_its_model_is_served_and_watched(shared: Path, tmp_path: Path, table: Table) -> None:
    project = made(shared, table.name)
    with serving(project, tmp_path, name=table.name) as server:
        _, described = server.ask("GET", "/openapi.json")
        (row,) = described["components"]["schemas"]["Row"]["examples"]
        status, answer = server.ask("POST", "/predict", {"rows": [row, row]})
        assert status == 200, answer
        first, second = answer["predictions"]
        assert first | {"id": ""} == second | {"id": ""}
        status, reasons = server.ask("POST", "/explain", {"row": row})
        assert status == 200, reasons
        columns = read(project, "schema.yaml")["columns"]
        assert reasons["columns"]
        assert {one["column"] for one in reasons["columns"]} <= set(columns)
        assert table.target in server.text("GET", "/")[1]
    assert server.logged() == {first["id"], second["id"]}
    # Most of these rows are those of training: nothing can have moved.
    printed = project.uv(table.name, "monitor", "data/raw", "--output", str(tmp_path / "page.html"))
    assert "All is well" in printed
    assert (tmp_path / "page.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_EACH_TASK)
def test_such_a_project_passes_its_own_checks(shared: Path, name: str) -> None:
    project = copy(made(shared, name), f"{name}-checked")
    project.uv("ruff", "check")
    project.uv("ruff", "format", "--check")
    project.uv("mypy")
    project.uv("pre-commit", "run", "--all-files")
    # The others make a small project for each test, whatever this one is about.
    about_this = [
        f"tests/{path.name}"
        for path in sorted(Path(project.path, "tests").glob("test_*.py"))
        if "ROOT" in path.read_text(encoding="utf-8")
    ]
    assert "tests/test_graph.py" in about_this
    project.uv("pytest", *about_this)
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_EACH_TASK)
def test_another_estimator_is_another_line(shared: Path, name: str) -> None:
    table = BY_NAME[name]
    project = copy(made(shared, name), f"{name}-estimators")
    project.run("uv", "sync", "--quiet", "--group", "xgboost")
    suffix = "Regressor" if table.task == "regression" else "Classifier"
    tried = [LINEAR[table.task], *(f"{estimator}{suffix}" for estimator in ESTIMATORS)]
    knobs = read(project, "params.yaml")
    for number, estimator in enumerate(tried):
        experiment = ("--name", f"try-{number}", "--set-param", f"train.estimator={estimator}")
        output = project.uv("--group", "xgboost", "dvc", "exp", "run", *experiment)
        assert "Warning" not in output, output
        assert better_than_guessing(project, table.metric), (estimator, output)
        assert estimator in read_text(project, "reports/model_card.md")
        # The text may differ in more: DVC has a layout of its own.
        knobs["train"]["estimator"] = estimator
        assert read(project, "params.yaml") == knobs
    shown = list(csv.DictReader(io.StringIO(project.uv("dvc", "exp", "show", "--csv"))))
    assert {row["train.estimator"] for row in shown} >= set(tried)
    assert all(row[f"validation.{table.metric}"] for row in shown if row["Experiment"])
    assert f"validation.{table.metric}" in project.uv("dvc", "metrics", "diff", "--all")


def test_a_search_finds_options(shared: Path) -> None:
    project = copy(made(shared, "titanic"), "titanic-searched")
    before = score(project, "log_loss")
    for method in ("random", "halving"):
        knobs = {"method": method, "candidates": 4, "folds": 2}
        given = [f"--set-param=train.search.{name}={value}" for name, value in knobs.items()]
        project.uv("dvc", "exp", "run", *given)
        assert "HistGradientBoostingClassifier" in read_text(project, "reports/model_card.md")
        tried = rows_of(project, "reports/plots/search.csv")
        scores = [float(row["score"]) for row in tried if row["rows"] == tried[0]["rows"]]
        assert len(tried) == 4
        assert scores == sorted(scores, reverse=True)
        # What the search promises from its folds, and validation confirms, is no worse by far.
        assert score(project, "log_loss") < before + 0.05


def test_the_past_predicts_the_future(shared: Path) -> None:
    project = copy(made(shared, "hotels"), "hotels-in-time")
    if read(project, "schema.yaml").get("time") is None:
        edit(project, "schema.yaml", r"^target: .*", r"\g<0>\ntime: arrival_date")
    edit(project, "params.yaml", r"^    method: hash", "    method: time")
    project.uv("dvc", "repro")
    days = prepared(project, "arrival_date")
    assert max(days["train"]) < min(days["validation"])
    assert max(days["validation"]) < min(days["test"])
    assert better_than_guessing(project, "r2")


def test_rows_of_one_key_stay_together(shared: Path) -> None:
    project = copy(made(shared, "patients"), "patients-apart")
    if read(project, "schema.yaml").get("key") != ["id"]:
        edit(project, "schema.yaml", r"^key: .*", "key: [id]")
    project.uv("dvc", "repro")
    patients = {split: set(ids) for split, ids in prepared(project, "id").items()}
    assert sum(map(len, patients.values())) == len(set.union(*patients.values())) == 312
    assert better_than_guessing(project, "r2")
    named = {row["column"] for row in rows_of(project, "reports/plots/importance.csv")}
    assert "id" not in named


def test_rows_weigh_what_a_column_says(shared: Path) -> None:
    project = copy(made(shared, "crashes"), "crashes-weighed")
    before = read(project, "reports/metrics.json")
    edit(project, "schema.yaml", r"^target: .*", r"\g<0>\nweight: weight")
    project.uv("dvc", "repro")
    assert read(project, "reports/metrics.json") != before
    assert better_than_guessing(project, "roc_auc")
    named = {row["column"] for row in rows_of(project, "reports/plots/importance.csv")}
    assert "weight" not in named


def test_rare_cases_are_found_when_they_are_worth_more(shared: Path) -> None:
    project = copy(made(shared, "crashes"), "crashes-balanced")
    before = score(project, "recall")
    balance = "train.options.HistGradientBoostingClassifier.class_weight=balanced"
    project.uv("dvc", "exp", "run", f"--set-param=+{balance}")
    assert score(project, "recall") > before
    assert score(project, "roc_auc") > 0.8

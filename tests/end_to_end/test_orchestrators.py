"""The parts `airflow` and `kubeflow`, run by Airflow and by Kubeflow's local runner."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from end_to_end.copies import copied
from end_to_end.reader import Reader, page
from support.environments import own_environment
from support.forge import edit, git, origin_and_author
from support.github_stub import __file__ as stub
from support.projects import (
    STORAGE,
    TEMPLATE,
    Project,
    add_parts,
    ran,
    shared_folder,
    user_environment,
)
from support.served import serving

pytestmark = [pytest.mark.ci("it installs Airflow or Kubeflow's SDK"), pytest.mark.slow]

SEPTEMBER = TEMPLATE / "sample" / "flights-2013-09.parquet"
RUN_LOCALLY = """
import sys
from kfp import local
sys.path.insert(0, "kubeflow")
from pipeline import pipeline
local.init(local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[1])
pipeline(repository=sys.argv[2])
"""


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's command, in an environment of its own, once for all workers."""
    folder = shared_folder(tmp_path_factory) / "airflow"
    return own_environment(folder, "apache-airflow>=3.1,<4") / "airflow"


class Place:
    """A worker's folder with the clones, as airflow.md describes it."""

    def __init__(self, finished: Project, airflow: Path, folder: Path) -> None:
        self.airflow = airflow
        self.folder = folder
        self.origin, self.author = origin_and_author(finished, folder)
        add_parts(self.author, "airflow")
        self.author.commit("Add Airflow")
        git(self.author, "push", "--quiet", "origin", "HEAD:main")
        shutil.copytree(finished.path.with_name(STORAGE), folder / STORAGE)
        for name in ("retrain", "monitor"):
            clone = ("clone", "--quiet", "--single-branch", str(self.origin), str(folder / name))
            git(self.author, *clone)
        for key, value in (("user.name", "Airflow"), ("user.email", "airflow@example.com")):
            git(Project(folder / "retrain"), "config", key, value)
        gh = folder / "tools" / "gh"
        gh.parent.mkdir()
        gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stub}" "$@"\n', encoding="utf-8")
        gh.chmod(0o755)

    def environment(self, **values: str) -> None:
        """Write what tasks get to know."""
        path = f"{self.folder / 'tools'}:{Path(sys.executable).parent}:$PATH"
        github = {"GH_TOKEN": "token", "STUB_USER": "ada", "PATH": path}
        github["STUB_STATE"] = str(self.folder / "github.json")
        lines = [f'{name}="{value}"\n' for name, value in {**github, **values}.items()]
        (self.folder / "environment").write_text("".join(lines), encoding="utf-8")

    def call(self, *command: str, code: int = 0) -> str:
        """Run Airflow, with nothing of these tests' environment but what a user has."""
        variables = user_environment(
            AIRFLOW_HOME=str(self.folder / "airflow"),
            AIRFLOW__CORE__DAGS_FOLDER=str(self.author.path / "dags"),
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            FLIGHT_DELAYS_PLACE=str(self.folder),
        )
        done = subprocess.run(
            [str(self.airflow), *command],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout


@pytest.fixture
def place(finished: Project, airflow: Path, tmp_path: Path) -> Place:
    """A worker's folder, and Airflow's database."""
    found = Place(finished, airflow, tmp_path)
    found.call("db", "migrate")
    found.call("dags", "reserialize")
    assert "No data found" in found.call("dags", "list-import-errors")
    return found


def test_airflow_proposes_what_new_rows_teach(place: Place) -> None:
    git(place.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(place.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(place.author, "push", "--quiet", "--tags")
    new = place.folder / "new"
    new.mkdir()
    shutil.copy(SEPTEMBER, new)
    place.environment(NEW_DATA=str(new), EXTEND="yes")
    said = place.call("dags", "test", "flight_delays_retrain")
    assert f"added to data/raw: {SEPTEMBER.name}" in said
    git(place.author, "fetch", "--quiet", "origin")
    (branch,) = git(place.author, "branch", "--remotes", "--list", "origin/train/*").split()
    changed = git(place.author, "diff", "--name-only", "origin/main", branch).splitlines()
    assert {"data/raw.dvc", "dvc.lock", "schema.yaml"} < set(changed)
    assert {name.split("/")[0] for name in changed} == {
        "data",
        "dvc.lock",
        "reports",
        "schema.yaml",
    }
    assert git(place.author, "log", "-1", "--format=%an %s", branch) == "Airflow Train main"
    state = json.loads((place.folder / "github.json").read_text(encoding="utf-8"))
    (request,) = state["pull_requests"]
    assert f"origin/{request['head']}" == branch
    assert "<!-- model comparison -->" in request["body"]
    # What waits to be merged is not proposed again, and nothing is released.
    assert "already exists, with the same results" in place.call(
        "dags", "test", "flight_delays_retrain"
    )
    tags = git(place.author, "ls-remote", "--tags", "origin")
    assert "#prod#2" not in tags
    clone = Project(place.folder / "retrain")
    assert git(clone, "status", "--porcelain") == ""
    # With the rows in main, nothing is new.
    git(place.author, "push", "--quiet", "origin", f"{branch}:main")
    said = place.call("dags", "test", "flight_delays_retrain")
    assert "There are no new rows." in said
    assert "There is nothing to propose." in said


def test_an_alert_fails_the_task(place: Place, finished: Project) -> None:
    table = pd.read_parquet(finished.path / "data" / "raw").drop(columns="late")
    table = table.sample(600, random_state=0)
    rows = json.loads(table.to_json(orient="records", date_format="iso"))
    with serving(finished, place.folder) as served:
        for start in range(0, len(rows), 100):
            status, _ = served.ask("POST", "/predict", {"rows": rows[start : start + 100]})
            assert status == 200
    place.environment(PREDICTION_LOG=f"sqlite:///{served.log}")
    first = place.call("dags", "test", "flight_delays_monitor")
    same = [{**row, "carrier": "UA", "seats": 400} for row in rows]
    with serving(finished, place.folder) as served:
        for start in range(0, len(same), 100):
            status, _ = served.ask("POST", "/predict", {"rows": same[start : start + 100]})
            assert status == 200
    said = place.call("dags", "test", "flight_delays_monitor", code=1)
    assert "returned a non-zero exit code 1" in said
    assert "carrier" in said
    assert "<html" in (place.folder / "monitor" / "log" / "monitor.html").read_text("utf-8")
    assert "returned a non-zero" not in first


def test_kubeflow_runs_the_stages(finished: Project, tmp_path: Path) -> None:
    project = copied(finished, tmp_path)
    # A component works in a clone somewhere else.
    storage = str(tmp_path / STORAGE)
    edit(project, ".dvc/config", f"../../{STORAGE}", storage)
    with Reader(project) as reader:
        reader.read(page("kubeflow.md"))
    compiled = (tmp_path / "pipeline.yaml").read_bytes()
    kfp = ("--group", "kubeflow", "python")
    project.uv(*kfp, "kubeflow/pipeline.py", "../again.yaml")
    assert (tmp_path / "again.yaml").read_bytes() == compiled
    edit(project, "params.yaml", "max_iter: 100\n", "max_iter: 20\n")
    project.commit("Train for less long")
    (tmp_path / "local.py").write_text(RUN_LOCALLY, encoding="utf-8")
    said = project.uv(*kfp, str(tmp_path / "local.py"), str(tmp_path / "root"), str(project.path))
    assert ran(said.replace("    Running", "Running")) == ["train", "evaluate"]
    (bundle,) = (tmp_path / "root").glob("*/run-3/after")
    (report,) = (tmp_path / "root").glob("*/report/page")
    assert report.read_text(encoding="utf-8").startswith("<!-- model report -->")
    git(project, "fetch", "--quiet", str(bundle), "HEAD")
    changed = git(project, "diff", "--name-only", "HEAD", "FETCH_HEAD").splitlines()
    assert {"dvc.lock", "reports/metrics.json"} < set(changed)
    # The same as by hand, and in the DVC remote.
    project.uv("dvc", "repro")
    assert project.read("dvc.lock") == project.run("git", "show", "FETCH_HEAD:dvc.lock")
    assert "in sync" in project.uv("dvc", "status", "--cloud")

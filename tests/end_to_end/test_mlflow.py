"""Runs, versions and aliases on a real MLflow server, with SQLite."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from end_to_end.copies import copied
from end_to_end.reader import Reader, page
from support.forge import be_quick, git
from support.github_runner import Runner, on_branch
from support.github_service import GitHub, passed
from support.projects import Project, add_parts, hashes

pytestmark = pytest.mark.ci("it installs MLflow's server, and trains")

NAME = "flight-delays"
TRACK = ("--group", "mlflow", "tabrail", "track")


def ask(server: str, question: str, body: dict[str, Any] | None = None, **asked: str) -> Any:
    """Ask MLflow's REST API, without its client."""
    address = f"{server}/api/2.0/mlflow/{question}"
    method = "POST" if body else "GET"
    answer = httpx.request(method, address, params=asked, json=body, timeout=60)
    return answer.raise_for_status().json()


def runs(server: str, name: str = NAME) -> list[Any]:
    """Return the runs of an experiment."""
    found = ask(server, "experiments/get-by-name", experiment_name=name)["experiment"]
    asked = {"experiment_ids": [found["experiment_id"]]}
    return list(ask(server, "runs/search", asked).get("runs", []))


def aliases(server: str) -> dict[str, str]:
    """Return the version of Git that each alias leads to."""
    model = ask(server, "registered-models/get", name=NAME)["registered_model"]
    found = {}
    for alias in model.get("aliases", []):
        one = ask(server, "model-versions/get", name=NAME, version=alias["version"])
        found[alias["alias"]] = values(one["model_version"]["tags"])["gto_version"]
    return found


def values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a list of keys and values says."""
    return {pair["key"]: pair["value"] for pair in pairs}


def leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return what stands below some keys, by the way to it."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        below = isinstance(value, dict)
        found |= leaves(value, f"{prefix}{key}.") if below else {f"{prefix}{key}": value}
    return found


@pytest.mark.slow
def test_the_page_and_what_follows(
    finished: Project, mlflow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
    project = copied(finished, tmp_path, origin=True)
    with Reader(project) as reader:
        reader.read(page("mlflow.md"))
    (run,) = runs(mlflow)  # from two commands of the page
    assert run["info"]["status"] == "FINISHED"
    tags = values(run["data"]["tags"])
    lock = (project.path / "dvc.lock").read_bytes()
    assert tags["dvc_lock_sha256"] == hashlib.sha256(lock).hexdigest()
    assert aliases(mlflow) == {"prod": "model@v0.1.0"}

    shown = json.loads(project.uv("dvc", "metrics", "show", "--json"))
    (of_dvc,) = shown[""]["data"].values()
    assert values(run["data"]["metrics"]) == leaves(of_dvc["data"])
    params = leaves(yaml.safe_load(project.read("params.yaml")))
    logged = values(run["data"]["params"])
    known = {key for key in logged if not key.startswith("tool.tabrail.")}
    assert {key.partition(".")[0] for key in known} == {"prepare", "train", "evaluate", "card"}
    for key in known:
        text = params[key] if isinstance(params[key], str) else json.dumps(params[key])
        assert logged[key] == text
    assert {key for key in params if key.startswith(("prepare", "train", "evaluate"))} <= known

    place = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    address = f"{mlflow}/api/2.0/mlflow-artifacts/artifacts/{place}/model/model.skops"
    content = httpx.get(address, timeout=60).raise_for_status().content
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert md5 == hashes(project)["models/model.skops"] == tags["model_md5"]

    # A run that was broken off: the same one is completed, and no metric has two values.
    broken = {"run_id": run["info"]["run_id"], "status": "FAILED"}
    ask(mlflow, "runs/update", broken)
    assert "is logged: " in project.uv(*TRACK)
    (again,) = runs(mlflow)
    assert again["info"]["run_id"] == run["info"]["run_id"]
    assert again["info"]["status"] == "FINISHED"
    key = run["data"]["metrics"][0]["key"]
    history = ask(mlflow, "metrics/get-history", run_id=run["info"]["run_id"], metric_key=key)
    assert len(history["metrics"]) == 1

    # The next version is promoted, and rolled back.
    project.edit("params.yaml", "max_iter: 100\n", "max_iter: 20\n")
    project.uv("dvc", "repro")
    project.commit("Train for less long")
    release(project, "v0.2.0", register=True)
    assert "alias prod of flight-delays is version 2" in project.uv(*TRACK)
    assert aliases(mlflow) == {"prod": "model@v0.2.0"}
    assert len(runs(mlflow)) == 2
    release(project, "v0.1.0")
    assert "alias prod of flight-delays is version 1" in project.uv(*TRACK)
    assert aliases(mlflow) == {"prod": "model@v0.1.0"}
    for version in ("v0.1.0", "v0.2.0"):
        project.uv("gto", "deprecate", "model", version, "prod", "--push")
    assert "alias prod of flight-delays is deleted" in project.uv(*TRACK)
    assert aliases(mlflow) == {}

    # Without the group, and under another name.
    project.run("uv", "sync", "--quiet")
    printed = project.uv("tabrail", "track", code=1)
    assert printed.startswith("error: MLflow's client is not installed in this environment; run:")
    project.uv(*TRACK, "--rev", "model@v0.1.0", "--model", "another")
    assert len(runs(mlflow, "another")) == 1
    assert project.run("git", "status", "--porcelain") == ""


def release(project: Project, version: str, *, register: bool = False) -> None:
    """Let a version be in prod, and register it before if it is new."""
    project.uv("dvc", "push", "--quiet")
    if register:
        project.uv("gto", "register", "model", "--version", version, "--push")
    assign = ("gto", "assign", "model", "--version", version, "--stage", "prod")
    project.uv(*assign, "--force", "--push")


def test_the_workflow_of_github(
    finished: Project,
    mlflow: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    be_quick(tmp_path_factory, monkeypatch)
    world = GitHub(finished, tmp_path)
    add_parts(world.author, "mlflow")
    world.author.run("uv", "lock")
    world.author.commit("Log runs to MLflow")
    git(world.author, "push", "--quiet", "origin", "HEAD:main")
    workflow = world.author.path / ".github" / "workflows" / "track.yaml"

    def runner(name: str, event: dict[str, Any], **secrets: str) -> Runner:
        folder = tmp_path / name
        shutil.copytree(world.storage, folder / world.storage.name)
        return Runner(workflow, world.origin, folder, event, secrets=secrets)

    without = runner("without", on_branch("push", "main"))
    assert "uv " not in passed(without.run("track")).output
    assert "the secret MLFLOW_TRACKING_URI is missing" in without.summary
    by_others = on_branch("workflow_run", "main", workflow_run={"event": "pull_request"})
    assert runner("others", by_others).run("track").result == "skipped"

    pushed = runner("pushed", on_branch("push", "main"), MLFLOW_TRACKING_URI=mlflow)
    assert "is logged: " in passed(pushed.run("track")).output
    git(world.author, "tag", "-a", "model@v0.1.0", "-m", "Register")
    git(world.author, "tag", "-a", "model#prod#1", "-m", "Assign")
    git(world.author, "push", "--quiet", "--tags")
    event = on_branch("workflow_run", "main", workflow_run={"event": "workflow_dispatch"})
    done = passed(runner("released", event, MLFLOW_TRACKING_URI=mlflow).run("track"))
    assert "was logged before: " in done.output
    assert aliases(mlflow) == {"prod": "model@v0.1.0"}
    assert len(runs(mlflow)) == 1

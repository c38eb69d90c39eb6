"""The code that runs is the code that DVC hashed, or the stage refuses in one sentence."""

import json
import os
import re
import time
import zipfile
from typing import Any

import pytest
from end_to_end import edits
from end_to_end.copies import copied
from end_to_end.markdown import blocks
from end_to_end.reader import page, section
from support.projects import PACKAGE, Project, hashes, ran

LONG = pytest.mark.ci("takes half a minute")
pytestmark = pytest.mark.usefixtures("offline")
LATEST_END_S = 300
FEATURE = "dew_point_spread"


@pytest.fixture(scope="module")
def one(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose code the tests restore when they have changed it."""
    return copied(finished, tmp_path_factory.mktemp("one"))


@pytest.fixture
def project(one: Project) -> Project:
    """The project as it was committed, with its data."""
    one.run("git", "reset", "--quiet", "--hard")
    one.run("git", "clean", "--quiet", "--force", "-d")
    one.run("uv", "sync", "--quiet", "--locked")
    one.uv("dvc", "checkout", "--quiet", "--force")
    return one


@pytest.fixture(scope="module")
def other(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A second clone, whose stages all fail when they run."""
    other = copied(finished, tmp_path_factory.mktemp("other"))
    for stage in ("prepare", "train", "evaluate"):
        path = other.path / PACKAGE / f"{stage}.py"
        text = path.read_text(encoding="utf-8")
        path.write_text(f'{text}    raise RuntimeError("code of another clone")\n', "utf-8")
    features = other.path / PACKAGE / "features.py"
    features.write_text('raise RuntimeError("code of another clone")\n', "utf-8")
    return other


def active(other: Project) -> dict[str, str]:
    """Return the variables of a shell in which another clone's environment is active."""
    environment = other.path / ".venv"
    scripts = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"VIRTUAL_ENV": str(environment), "PATH": scripts}


def add_feature(project: Project) -> None:
    """Add the manual's feature from two columns."""
    for block in blocks(section(page("change.md"), "A feature from two columns")):
        if block.language == "python":
            edits.follow(block, project.path)


def stored(project: Project) -> tuple[str, dict[str, Any]]:
    """Return the pipeline in the model file, as text, and what the file says of itself."""
    with zipfile.ZipFile(project.path / "models/model.skops") as archive:
        return archive.read("schema.json").decode(), json.loads(archive.read("metadata.json"))


def applied(project: Project, name: str) -> None:
    """Take over an experiment, and check that its model is of its own code."""
    project.uv("dvc", "exp", "apply", name)
    assert FEATURE in project.read(f"{PACKAGE}/features.py")
    assert FEATURE in stored(project)[0]
    assert "up to date" in project.uv("dvc", "status")
    project.uv("tabrail", "predict", "data/raw", "../out.csv", "--overwrite")


@LONG
@pytest.mark.parametrize("stage", ["prepare", "train", "evaluate"])
def test_another_clones_environment_is_active(project: Project, other: Project, stage: str) -> None:
    printed = project.run("tabrail", "run", stage, **active(other))
    assert "another clone" not in printed
    assert "up to date" in project.uv("dvc", "status")


@LONG
def test_another_clones_source_is_on_the_path(project: Project, other: Project) -> None:
    before = hashes(project)
    add_feature(project)
    source = str(other.path / "src")
    assert ran(project.uv("dvc", "repro", "train", PYTHONPATH=source)) == ["train"]
    assert FEATURE in stored(project)[0]
    assert hashes(project)["models/model.skops"] != before["models/model.skops"]


@LONG
@pytest.mark.parametrize("start", [("exp", "run", "--run-all"), ("queue", "start")])
def test_an_experiment_that_waited_while_the_files_were_restored(
    project: Project, start: tuple[str, ...]
) -> None:
    before = hashes(project)
    add_feature(project)
    name = f"spread-{start[0]}"
    project.uv("dvc", "exp", "run", "--queue", "--name", name)
    project.run("git", "restore", "--staged", "--worktree", ".")
    project.uv("dvc", *start)
    latest = time.monotonic() + LATEST_END_S
    while re.search("Queued|Running", state := project.uv("dvc", "queue", "status")):
        assert time.monotonic() < latest, state
        time.sleep(1)
    assert hashes(project) == before
    assert FEATURE not in project.read(f"{PACKAGE}/features.py")
    applied(project, name)


@LONG
def test_an_experiment_in_a_temporary_folder(project: Project, other: Project) -> None:
    add_feature(project)
    project.run("dvc", "exp", "run", "--temp", "--name", "spread-temp", **active(other))
    project.run("git", "restore", "--staged", "--worktree", ".")
    applied(project, "spread-temp")


def test_a_module_that_is_not_listed_fails_the_stage(project: Project) -> None:
    (project.path / PACKAGE / "seats.py").write_text('"""Seats."""\n\nFEW = 10\n', "utf-8")
    project.edit(
        f"{PACKAGE}/train.py",
        "from flight_delays.features",
        "from flight_delays import seats\nfrom flight_delays.features",
    )
    failed = project.uv("tabrail", "run", "train", code=None)
    assert f"add under stages.train.deps:\n      - {PACKAGE}/seats.py\n" in failed
    assert "Traceback" not in failed
    project.edit(
        "dvc.yaml",
        f"      - {PACKAGE}/train.py\n",
        f"      - {PACKAGE}/train.py\n      - {PACKAGE}/seats.py\n",
    )
    project.uv("tabrail", "run", "train")


@pytest.mark.parametrize("name", ["tabrail", "numpy"])
def test_another_version_than_locked_is_refused(project: Project, name: str) -> None:
    lock = project.read("uv.lock")
    changed, count = re.subn(
        rf'(\[\[package\]\]\nname = "{name}"\nversion = )"[^"]+"', r'\1"0.0.1"', lock
    )
    assert count
    (project.path / "uv.lock").write_text(changed, "utf-8")
    refused = project.run(".venv/bin/tabrail", "run", "train", code=1)
    assert len(refused.splitlines()) == 1
    assert name in refused
    assert "0.0.1" in refused
    assert "uv sync" in refused


def test_another_python_than_that_of_the_project_is_refused(project: Project) -> None:
    (project.path / ".python-version").write_text("3.9\n", "utf-8")
    refused = project.run(".venv/bin/tabrail", "run", "train", code=1)
    assert len(refused.splitlines()) == 1
    assert ".python-version says 3.9" in refused
    assert "uv sync" in refused


@pytest.mark.parametrize("stage", ["prepare", "train", "evaluate"])
def test_a_library_of_other_results_shows_and_is_refused(project: Project, stage: str) -> None:
    settings = project.read("pyproject.toml")
    table, results = settings.split("[tool.tabrail.results]")
    number = re.search(rf"^{stage} = (\d+)$", results, re.MULTILINE)
    assert number
    results = results.replace(number[0], f"{stage} = 99")
    (project.path / "pyproject.toml").write_text(f"{table}[tool.tabrail.results]{results}", "utf-8")
    changed = json.loads(project.run("uv", "run", "--quiet", "dvc", "status", "--json"))
    assert set(changed) == {stage}
    assert f"tool.tabrail.results.{stage}" in json.dumps(changed)
    refused = project.uv("tabrail", "run", stage, code=1)
    assert f"{stage} = 99" in refused
    assert f"computes {number[1]}" in refused


@LONG
def test_an_edited_clean_trains_again_even_if_the_rows_stay_the_same(project: Project) -> None:
    before = hashes(project)
    project.edit(f"{PACKAGE}/prepare.py", "    return rows\n", "    return rows.copy()\n")
    assert ran(project.uv("dvc", "repro"))[:2] == ["prepare", "train"]
    after = hashes(project)
    prepared = [name for name in before if name.startswith("data/prepared")]
    assert prepared
    assert all(before[name] == after[name] for name in prepared)
    assert after["models/model.skops"] != before["models/model.skops"]

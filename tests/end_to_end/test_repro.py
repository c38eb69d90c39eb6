"""The generated pipeline is reproducible, rebuilds what changed, and loses nothing."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.projects import ANOTHER_MACHINE, PACKAGE, Project, hashes, ran, user_environment

OUTPUTS = ["data/prepared", "models", "reports", "dvc.lock"]


def contents(project: Project) -> dict[str, bytes]:
    """Return every output of the pipeline, byte for byte."""
    found: list[Path] = []
    for name in OUTPUTS:
        path = project.path / name
        found += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {str(path.relative_to(project.path)): path.read_bytes() for path in sorted(found)}


def changed(project: Project) -> list[str]:
    """Return what is not as it was committed."""
    return project.run("git", "status", "--porcelain").splitlines()


def test_a_fresh_clone_has_everything_after_pull(clone: Project) -> None:
    assert "Data and pipelines are up to date." in clone.uv("dvc", "status")
    assert ran(clone.uv("dvc", "repro")) == []
    assert clone.run("git", "status", "--porcelain") == ""


@pytest.mark.ci("it takes half a minute")
def test_a_clone_with_raw_data_alone_makes_the_same_results_in_other_circumstances(
    finished: Project,
) -> None:
    project = finished.clone_with_environment("from-raw-data")
    project.uv("dvc", "pull", "data/raw")
    shutil.rmtree(project.path / "reports")
    printed = project.uv("dvc", "repro", **ANOTHER_MACHINE)
    assert ran(printed) == ["prepare", "train", "evaluate"]
    assert changed(project) == []
    assert hashes(project) == hashes(finished)


def test_what_changed_is_rebuilt_and_nothing_else(clone: Project) -> None:
    clone.edit("params.yaml", "learning_rate: 0.1", "learning_rate: 0.05")
    assert ran(clone.uv("dvc", "repro")) == ["train", "evaluate"]
    assert "validation.roc_auc" in clone.uv("dvc", "metrics", "diff")
    clone.edit(f"{PACKAGE}/evaluate.py", "METRICS: ", "# A comment.\nMETRICS: ")
    assert ran(clone.uv("dvc", "repro")) == ["evaluate"]
    assert ran(clone.uv("dvc", "repro")) == []


def test_a_forgotten_dependency_is_named(clone: Project) -> None:
    # Both train and evaluate import it; only train has the module of `clean` behind it.
    behind = f"      - {PACKAGE}/prepare.py\n      - {PACKAGE}/train.py\n"
    clone.edit("dvc.yaml", f"      - {PACKAGE}/features.py\n{behind}", behind)
    output = clone.uv("dvc", "repro", "--force", "--single-item", "train", code=255)
    assert "add under stages.train.deps:" in output
    assert f"      - {PACKAGE}/features.py" in output


def test_bad_input_stops_the_pipeline_and_leaves_the_last_results(clone: Project) -> None:
    before = contents(clone)
    raw = clone.path / "data/raw/flights.parquet"
    raw.chmod(0o644)
    raw.write_bytes(raw.read_bytes()[:1000])
    output = clone.uv("dvc", "repro", code=255)
    assert f"error: {Path('data/raw/flights.parquet')} is damaged or cut off" in output
    assert "failed to reproduce 'prepare'" in output
    assert contents(clone) == before


def test_a_wrong_parameter_stops_the_pipeline_and_leaves_the_last_results(clone: Project) -> None:
    before = contents(clone)
    clone.edit("params.yaml", "learning_rate: 0.1", "learning_rat: 0.1")
    output = clone.uv("dvc", "repro", code=255)
    assert "HistGradientBoostingClassifier.learning_rat: HistGradientBoosting" in output
    assert "has no such option" in output
    assert "did you mean 'learning_rate'?" in output
    assert contents(clone) == before


def test_an_untrusted_model_is_not_loaded(clone: Project) -> None:
    code = """
import zipfile
import numpy
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

with zipfile.ZipFile("models/model.skops") as archive:
    metadata = archive.read("metadata.json")
skops.io.dump(make_pipeline(FunctionTransformer(numpy.save)), "hostile.skops")
with zipfile.ZipFile("hostile.skops", "a") as archive:
    archive.writestr("metadata.json", metadata)
"""
    clone.uv("python", "-c", code)
    (clone.path / "hostile.skops").replace(clone.path / "models/model.skops")
    predict = ("tabrail", "predict", "data/raw", "predictions.csv")
    output = clone.uv(*predict, code=1)
    assert "error: models/model.skops is not the recorded one" in output
    output = clone.uv(*predict, "--untrusted", code=1)
    assert "error: models/model.skops holds types that are not trusted: numpy" in output
    assert not (clone.path / "predictions.csv").exists()


@pytest.mark.ci("it takes half a minute")
def test_a_killed_run_leaves_the_last_results(clone: Project) -> None:
    """Everything would change, and the run is killed wherever it is after a while."""
    before = contents(clone)
    clone.edit("params.yaml", "validation: 0.2 ", "validation: 0.3 ")
    for seconds in (1.5, 2.0, 2.5):
        with subprocess.Popen(
            ["uv", "run", "tabrail", "run", "prepare"],
            cwd=clone.path,
            env=user_environment(),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            time.sleep(seconds / 4)
            os.killpg(process.pid, signal.SIGKILL)
        now = contents(clone)
        stayed = {now[name] == before[name] for name in before if name.endswith(".parquet")}
        assert len(stayed) == 1  # all of them, or, where the kill came too late, none
    assert ran(clone.uv("dvc", "repro")) == ["prepare", "train", "evaluate"]
    assert not list(clone.path.glob("data/prepared/*.tmp"))


@pytest.mark.ci("it takes half a minute")
def test_the_model_is_read_by_the_line_of_the_model_card(finished: Project) -> None:
    code = "from tabrail import Project, load_model; print(load_model(Project.load()))"
    assert "HistGradientBoostingClassifier" in finished.uv("python", "-c", code)


def test_a_warning_about_the_projects_own_code_fails_its_tests(clone: Project) -> None:
    old = 'calm = pd.to_numeric(rows["wind_speed"], errors="coerce") == 0'
    deprecated = 'warnings.warn("old", DeprecationWarning, stacklevel={})'
    clone.edit(f"{PACKAGE}/prepare.py", "import pandas", "import warnings\nimport pandas")
    clone.edit(f"{PACKAGE}/prepare.py", old, f"{old}\n        {deprecated.format(1)}")
    assert "DeprecationWarning: old" in clone.uv("pytest", code=1)
    clone.edit(f"{PACKAGE}/prepare.py", deprecated.format(1), deprecated.format(2))  # its caller's
    assert "passed" in clone.uv("pytest")

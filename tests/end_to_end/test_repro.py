"""The generated pipeline is reproducible, rebuilds what changed, and loses nothing."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml
from support.projects import AUTHOR, Project, generated, user_environment

OUTPUTS = ["data/prepared", "models", "reports", "dvc.lock"]


def ran(output: str) -> list[str]:
    """Return the stages that `dvc repro` says it ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def replace(project: Project, name: str, old: str, new: str) -> None:
    """Change a file's text."""
    path = project.path / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def contents(project: Project) -> dict[str, bytes]:
    """Return every output of the pipeline, byte for byte."""
    found: list[Path] = []
    for name in OUTPUTS:
        path = project.path / name
        found += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return {str(path.relative_to(project.path)): path.read_bytes() for path in sorted(found)}


def hashes(project: Project) -> dict[str, str]:
    """Return the hash of every output in dvc.lock."""
    lock: dict[str, Any] = yaml.safe_load((project.path / "dvc.lock").read_text())
    return {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}


def test_two_generations_have_the_same_hashes(finished: Project, tmp_path: Path) -> None:
    hostile = user_environment(
        PYTHONHASHSEED="42", OMP_NUM_THREADS="2", TZ="Asia/Kathmandu", LC_ALL="C"
    )
    other = generated(tmp_path, environment=hostile, **AUTHOR)
    assert hashes(other) == hashes(finished)
    assert len(hashes(other)) == 4 + 1 + 2 + 8  # prepare, model, its reports, evaluate


def test_a_fresh_clone_has_everything_after_pull(clone: Project) -> None:
    assert "Data and pipelines are up to date." in clone.uv("dvc", "status")
    assert ran(clone.uv("dvc", "repro")) == []
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_clone_with_raw_data_alone_makes_the_same_results(finished: Project) -> None:
    project = finished.clone_with_environment("from-raw-data")
    project.uv("dvc", "pull", "data/raw")
    shutil.rmtree(project.path / "reports")
    assert ran(project.uv("dvc", "repro")) == ["prepare", "train", "evaluate"]
    assert project.run("git", "status", "--porcelain") == ""


def test_what_changed_is_rebuilt_and_nothing_else(clone: Project) -> None:
    replace(clone, "params.yaml", "learning_rate: 0.1", "learning_rate: 0.05")
    assert ran(clone.uv("dvc", "repro")) == ["train", "evaluate"]
    assert "validation.roc_auc" in clone.uv("dvc", "metrics", "diff")
    replace(
        clone,
        "src/flight_delays/evaluation/curves.py",
        "import numpy",
        "# A comment.\nimport numpy",
    )
    assert ran(clone.uv("dvc", "repro")) == ["evaluate"]
    assert ran(clone.uv("dvc", "repro")) == []


def test_a_forgotten_dependency_is_named(clone: Project) -> None:
    replace(clone, "dvc.yaml", "      - src/flight_delays/features.py\n", "")
    output = clone.uv("pytest", "tests/test_graph.py", code=1)
    assert "add to the deps of train in dvc.yaml" in output
    assert "src/flight_delays/features.py" in output


def test_bad_input_stops_the_pipeline_and_leaves_the_last_results(clone: Project) -> None:
    before = contents(clone)
    raw = clone.path / "data/raw/flights.parquet"
    raw.chmod(0o644)
    raw.write_bytes(raw.read_bytes()[:1000])
    output = clone.uv("dvc", "repro", code=255)
    assert f"error: {Path('data/raw/flights.parquet')} is damaged or cut off" in output
    assert "failed to reproduce 'prepare'" in output
    assert contents(clone) == before


def test_a_wrong_knob_stops_the_pipeline_and_leaves_the_last_results(clone: Project) -> None:
    before = contents(clone)
    replace(clone, "params.yaml", "learning_rate: 0.1", "learning_rat: 0.1")
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
    facts = archive.read("facts.json")
skops.io.dump(make_pipeline(FunctionTransformer(numpy.save)), "hostile.skops")
with zipfile.ZipFile("hostile.skops", "a") as archive:
    archive.writestr("facts.json", facts)
"""
    clone.uv("python", "-c", code)
    (clone.path / "hostile.skops").replace(clone.path / "models/model.skops")
    output = clone.uv("python", "-m", "flight_delays.evaluate", code=1)
    assert "error: models/model.skops holds types that are not trusted: numpy" in output


def test_a_killed_run_leaves_the_last_results(clone: Project) -> None:
    """Everything would change, and the run is killed wherever it is after a while."""
    before = contents(clone)
    replace(clone, "params.yaml", "validation: 0.2 ", "validation: 0.3 ")
    for seconds in (1.5, 2.0, 2.5):
        with subprocess.Popen(
            ["uv", "run", "python", "-m", "flight_delays.prepare"],
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


def test_a_stale_result_can_be_committed_but_not_pushed(clone: Project, tmp_path: Path) -> None:
    clone.uv("pre-commit", "install")
    clone.run("git", "init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    clone.run("git", "remote", "set-url", "origin", str(tmp_path / "origin.git"))
    replace(clone, "params.yaml", "max_iter: 100", "max_iter: 20")
    assert "not committed: params.yaml" in clone.uv("tabrail", "verify", code=1)
    clone.run("git", "commit", "--all", "--message", "Work in progress")
    output = clone.run("git", "push", "origin", "main", code=1)
    assert "changed since the last run: train; run: uv run dvc repro" in output
    clone.uv("dvc", "repro")
    assert "not committed: dvc.lock" in clone.run("git", "push", "origin", "main", code=1)
    clone.run("git", "add", "--all")
    clone.run("git", "commit", "--message", "Fewer iterations")
    clone.run("git", "push", "origin", "main")
    assert clone.uv("dvc", "data", "status", "--not-in-remote", "--json").strip() == "{}"


def test_a_model_that_came_from_elsewhere_is_read_where_it_lies(finished: Project) -> None:
    code = (
        "from pathlib import Path; from flight_delays import model; "
        "print(model.load(Path('models/model.skops'))[1].estimator)"
    )
    assert "HistGradientBoostingClassifier" in finished.uv("python", "-c", code)

"""The three stages make the same bytes as ever, for each task, with the locked versions.

A difference means that results of every project change with the next version of the library: raise
the stage's number in src/tabrail/results.py, then write the new hashes:

    .venv/bin/python -m pytest -n 0 tests/pipeline/test_golden.py --write-golden
"""

import contextlib
import hashlib
import json
import random
import shutil
import zipfile
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from support.in_process import Results, run_stages, succeed, write_project
from support.projects import TEMPLATE, shared_folder

from tabrail.ingest import ingest

GOLDEN = Path(__file__).with_name("golden.json")
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
RENDERED = TEMPLATE / "{{cookiecutter.project_slug}}"
TARGETS = {"sample": "late", "multiclass": "breed", "regression": "weight"}
PLACES = ("data/prepared", "models", "reports")
# What a run measures of the machine, and what names versions, is no result.
OF_THE_MACHINE = ("bytes", "python", "versions")


def animals(rows: int = 900) -> str:
    """Return a table with columns of every kind, and gaps, as CSV."""
    draw = random.Random(7)  # noqa: S311 (a table, no secret)
    lines = ["number,seen,breed,coat,age,height,note,weight"]
    for number in range(rows):
        breed = draw.choices(["Afghan", "Beagle", "Collie", "Dachshund"], [4, 3, 2, 1])[0]
        age = draw.randint(1, 15)
        height = round(20 + 12 * len(breed) + draw.gauss(0, 9), 1)
        coat = draw.choice(["short", "long", "wire", ""])
        note = draw.choice(["likes tea", "barks at trains", "sleeps", "likes trains"])
        seen = date(2023, 1, 1) + timedelta(days=number % 700)
        weight = round(height / 4 + age / 3 + draw.gauss(0, 2), 2)
        shown = "" if draw.random() < 0.05 else height
        lines.append(f"d{number:04},{seen},{breed},{coat},{age},{shown},{note},{weight}")
    return "\n".join([*lines, ""])


@pytest.fixture(params=TARGETS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of a task, which has run: look at it, but do not change it."""
    name: str = request.param
    folder = shared_folder(tmp_path_factory) / f"golden-{name}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)  # an earlier worker's, which failed
            folder.mkdir()
            make(name, folder)
            (folder / "done").touch()
    return folder / name


def make(name: str, folder: Path) -> None:
    """Make the project of a task in a folder, and run it."""
    project = folder / name
    project.mkdir()
    with contextlib.chdir(project), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_dvc_add", lambda: None)
        if name == "sample":
            write_project(project)
            (schema,) = RENDERED.glob("*schema.yaml*")
            shutil.copy(schema, "schema.yaml")
            Path("data", "raw").mkdir(parents=True)
            (sample,) = (RENDERED / "data" / "raw").iterdir()
            shutil.copy(sample, "data/raw/flights.parquet")
        else:
            Path("../animals.csv").write_text(animals(), encoding="utf-8")
            words = {"data_file": "animals.csv", "target": TARGETS[name], "project_slug": "animals"}
            write_project(project, project_name="Animals", description="Made up.", **words)
            succeed("ingest", "../animals.csv", "--target", TARGETS[name], "--yes")
        run_stages()


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of everything that the stages wrote."""
    found = {}
    for path in sorted(path for place in PLACES for path in (folder / place).rglob("*")):
        if path.is_file() and path.name != ".gitignore":
            content = without_machine(path) if path.suffix in {".json", ".skops", ".md"} else b""
            name = path.relative_to(folder).as_posix()
            found[name] = hashlib.sha256(content or path.read_bytes()).hexdigest()
    return found


def without_machine(path: Path) -> bytes:
    """Return what a file says, but for versions and what was measured of this machine."""
    if path.suffix == ".json":
        return canonical(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".md":  # the model card names the library's version
        return path.read_text(encoding="utf-8").replace(version("tabrail"), "").encode()
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    texts = {name for name in parts if name.endswith(".json")}
    return b"\0".join(
        name.encode() + (canonical(json.loads(part)) if name in texts else part)
        for name, part in sorted(parts.items())
    )


def canonical(content: Any) -> bytes:
    """Return a document as bytes; the code of the project has tests of its own."""
    for place in (content, content.get("model") if isinstance(content, dict) else None):
        if isinstance(place, dict):
            for key in (*OF_THE_MACHINE, "_skops_version", "code"):
                place.pop(key, None)
    return json.dumps(content, sort_keys=True).encode()


@pytest.mark.golden
def test_results_are_the_same_bytes_as_ever(made: Path, pytestconfig: pytest.Config) -> None:
    found = digests(made)
    if pytestconfig.getoption("--write-golden"):
        known = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
        text = json.dumps(known | {made.name: found}, indent=2, sort_keys=True)
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))[made.name]


def test_a_project_of_each_task_learns(made: Path) -> None:
    results = Results(made)
    tasks = {"sample": "binary", "multiclass": "multiclass", "regression": "regression"}
    assert results.content("schema.yaml")["task"] == tasks[made.name]
    assert results.lead(results.evaluation["main_metric"]) > 0


def test_stages_that_run_again_make_the_same_bytes(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if made.name == "sample":
        return  # in a clone, on another machine so to speak: tests/end_to_end/test_repro.py
    project = tmp_path / "again"
    shutil.copytree(made, project)
    monkeypatch.chdir(project)
    for name in ("data/prepared", "models"):
        shutil.rmtree(name)
    run_stages()
    assert digests(project) == digests(made)


@pytest.mark.golden
def test_the_versions_are_those_on_which_the_hashes_hold() -> None:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    wanted = dict(line.split("==") for line in lines)
    assert {name: version(name) for name in wanted} == wanted

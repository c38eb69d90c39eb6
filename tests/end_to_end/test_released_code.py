"""A released model predicts as when it was released, whatever becomes of main."""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from end_to_end import edits
from end_to_end.copies import copied
from end_to_end.markdown import blocks
from end_to_end.reader import page, section
from support.projects import PACKAGE, Project
from support.served import serving

pytestmark = [pytest.mark.ci("takes a minute"), pytest.mark.usefixtures("offline")]
TAG = "model@v0.1.0"
CELSIUS = """    rows = rows.assign(temp=(pd.to_numeric(rows["temp"]) - 32) / 1.8)
    return rows
"""
ONE_IN = 199  # rows of the table that are served


@dataclass(frozen=True)
class World:
    """A project whose code has moved on after a release.

    Attributes:
        main: the project, with another `clean` and another `derive` than at the release.
        released: a clone of it at the tag.
        rows: rows to score.
        table: a file of them.
        expected: what the model predicted of them when it was released.
        monitored: what `monitor` found in the raw table then.
    """

    main: Project
    released: Project
    rows: list[dict[str, Any]]
    table: Path
    expected: list[float]
    monitored: list[Any]


@pytest.fixture(scope="module")
def world(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Release a model, and change the code on main; shared by the tests of this module."""
    folder = tmp_path_factory.mktemp("world")
    main = copied(finished, folder, origin=True)
    rows = pd.read_parquet(main.path / "data/raw").iloc[::ONE_IN].drop(columns="late")
    table = folder / "rows.parquet"
    rows.to_parquet(table, index=False)
    main.uv("gto", "register", "model", "--version", "v0.1.0", "--push")
    main.uv("gto", "assign", "model", "--version", "v0.1.0", "--stage", "prod", "--push")
    expected, found = scored(main, table), monitored(main, main.path / "data/raw")
    change(main)
    assert scored(main, table) != expected
    main.run("git", "clone", "--quiet", "--branch", TAG, ".", "../released")
    released = Project(folder / "released")
    needed = ("models/model.skops", "data/prepared/test.parquet")  # the latter by compare
    released.run("uv", "run", "--quiet", "--locked", "dvc", "pull", *needed)
    days = rows["date"].dt.strftime("%Y-%m-%d")
    given = json.loads(rows.assign(date=days).to_json(orient="records"))
    return World(main, released, given, table, expected, found)


def change(project: Project) -> None:
    """Change `clean` and `derive`, train, and commit."""
    project.edit(f"{PACKAGE}/prepare.py", "    return rows\n", CELSIUS)
    project.edit(
        "schema.yaml",
        "temp: {kind: numeric, nullable: true, min: -40, max: 130",
        "temp: {kind: numeric, nullable: true, min: -60, max: 130",
    )
    for block in blocks(section(page("change.md"), "A feature from two columns")):
        if block.language == "python":
            edits.follow(block, project.path)
    project.uv("dvc", "repro", "--quiet")
    project.uv("dvc", "push", "--quiet")
    project.commit("Measure in degrees Celsius")
    project.run("git", "push", "--quiet", "--no-verify")


def scored(project: Project, table: Path) -> list[float]:
    """Return a project's predictions of a table."""
    project.uv("tabrail", "predict", str(table), "../out.parquet", "--overwrite")
    found = pd.read_parquet(project.path.parent / "out.parquet")["probability"]
    return [float(number) for number in found]


def monitored(project: Project, data: Path) -> list[Any]:
    """Return what a project's `monitor` finds in a table, check by check."""
    printed = project.uv("tabrail", "monitor", str(data), "--json", code=None)
    checks: list[Any] = json.loads(printed)["checks"]
    assert checks
    return checks


def served(project: Project, world: World, folder: Path, *options: str) -> list[dict[str, Any]]:
    """Return what a server of a project answers of the rows, and what it says of itself."""
    with serving(project, folder, *options) as server:
        status, answer = server.ask("POST", "/predict", {"rows": world.rows})
        assert status == 200, answer
        predictions: list[dict[str, Any]] = answer["predictions"]
        return predictions


def probabilities(predictions: list[dict[str, Any]]) -> list[float]:
    """Return the probabilities in an answer."""
    return [one["probability"] for one in predictions]


def test_the_tags_clone_predicts_as_when_it_was_released(world: World, tmp_path: Path) -> None:
    assert scored(world.released, world.table) == world.expected
    assert probabilities(served(world.released, world, tmp_path)) == world.expected
    assert monitored(world.released, world.main.path / "data/raw") == world.monitored


def test_main_compares_with_the_released_model_by_its_own_code(world: World) -> None:
    found = json.loads(world.main.uv("tabrail", "compare", "../released", "--json"))
    assert TAG in json.dumps(found)
    program = (
        "import json, pandas as pd; from pathlib import Path; "
        "from tabrail.model.release import load_release; "
        "from tabrail.data.schema import load_schema; "
        "release = load_release(Path('../released')); assert release.separate; "
        f"rows = release.clean(pd.read_parquet({str(world.table)!r})); "
        "print(json.dumps(release.predict(rows).tolist()))"
    )
    printed = world.main.uv("python", "-c", program)
    assert json.loads(printed.splitlines()[-1]) == world.expected


def test_a_challenger_predicts_by_its_own_code(world: World, tmp_path: Path) -> None:
    own = probabilities(served(world.main, world, tmp_path))
    options = ("--challenger", "../released", "--share")
    shadow = served(world.main, world, tmp_path, *options, "0")
    assert probabilities(shadow) == own
    answered = served(world.main, world, tmp_path, *options, "1")
    assert probabilities(answered) == world.expected


def test_a_rollback_predicts_as_before(world: World) -> None:
    main, folder = world.main, world.main.path.parent
    main.uv("gto", "register", "model", "--version", "v0.2.0", "--push")
    main.uv("gto", "assign", "model", "--version", "v0.2.0", "--stage", "prod", "--push")
    newer = scored(main, world.table)
    main.run("git", "clone", "--quiet", "--branch", "model@v0.2.0", ".", "../serves")
    serves = Project(folder / "serves")
    pull = ("uv", "run", "--quiet", "--locked", "dvc", "pull", "--force", "models/model.skops")
    serves.run(*pull)
    assert scored(serves, world.table) == newer
    main.uv("gto", "assign", "model", "--version", "v0.1.0", "--stage", "prod", "--force", "--push")
    assert main.uv("gto", "show", "model#prod", "--ref").strip() == TAG
    serves.run("git", "fetch", "--quiet", "--tags")
    serves.run("git", "checkout", "--quiet", TAG)
    serves.run(*pull)
    assert scored(serves, world.table) == world.expected


@pytest.fixture(scope="module")
def bundle(world: World) -> Project:
    """A bundle of the released version, with the environment of a server."""
    world.main.uv("tabrail", "bundle", "../bundle", "--rev", TAG)
    bundle = Project(world.main.path.parent / "bundle")
    bundle.run(*["uv", "sync", "--quiet", "--locked", "--no-default-groups", "--group", "serve"])
    return bundle


@pytest.fixture
def model(bundle: Project) -> Iterator[Path]:
    """The bundle's model file, which is as it was after the test."""
    path = bundle.path / "models/model.skops"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def start(bundle: Project, *options: str) -> str:
    """Start a server that must refuse to."""
    return bundle.run(".venv/bin/tabrail", "serve", "--port", "0", *options, code=1)


def test_a_bundle_serves_the_released_model(world: World, bundle: Project, tmp_path: Path) -> None:
    found = served(bundle, world, tmp_path)
    assert probabilities(found) == world.expected
    note = json.loads(bundle.read("release.json"))
    assert note["version"] == TAG
    tagged = world.main.run("git", "rev-list", "-n1", TAG).strip()
    assert note["commit"] == tagged
    assert not (bundle.path / ".git").exists()
    assert not (bundle.path / ".venv/bin/dvc").exists()


def test_a_bundle_refuses_a_changed_model(
    world: World, bundle: Project, model: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(model, "a") as archive:
        archive.comment = b"changed"
    refused = start(bundle)
    assert "not the recorded one" in refused
    assert len(refused.splitlines()) == 1
    found = served(bundle, world, tmp_path, "--untrusted")
    assert probabilities(found) == world.expected


def test_a_type_that_is_only_imported_is_refused_even_if_untrusted(
    bundle: Project, model: Path, tmp_path: Path
) -> None:
    module = bundle.path / PACKAGE / "shell.py"
    module.write_text('"""Calls of the shell."""\n\nfrom os import system\n', "utf-8")
    changed = tmp_path / "changed.skops"
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                text, count = re.subn(
                    r"flight_delays\.features", "flight_delays.shell", content.decode()
                )
                text = text.replace('"derive"', '"system"')
                assert count
                content = text.encode()
            new.writestr(name, content)
    shutil.copy(changed, model)
    try:
        refused = start(bundle, "--untrusted")
    finally:
        module.unlink()
    assert "types that are not trusted: flight_delays.shell.system" in refused
    assert len(refused.splitlines()) == 1

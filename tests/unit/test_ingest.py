"""A table comes in whole or not at all, with its schema, and nothing that was there is lost."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, edit, shops
from ruamel.yaml import YAML
from stages import evaluate, prepare, train
from typer.testing import CliRunner

from tabrail import documents, paths, record, rendering
from tabrail.cli import app as cli
from tabrail.config import load_params
from tabrail.data.schema import load_schema
from tabrail.dvc import cached
from tabrail.dvc.hashes import md5
from tabrail.ingest import ingest, readme, transaction
from tabrail.project import code

PLOTS = {
    "binary": ["roc", "precision_recall", "calibration", "confusion", "importance"],
    "multiclass": ["confusion", "class_scores", "calibration", "importance"],
    "regression": ["calibration", "errors", "importance"],
}
TARGETS = {"binary": "bought", "multiclass": "city", "regression": "income"}
FILES = (
    *("params.yaml", "dvc.yaml", ".tabrail.json", ".dvc/config", ".dvcignore", ".gitignore"),
    "pyproject.toml",
    *(f"src/flight_delays/{name}.py" for name in rendering.MODULES),
)


def call(*arguments: str, code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["ingest", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def contents() -> dict[str, bytes]:
    """Return every file of the project but those of Git and DVC, byte for byte."""
    files = [path for path in Path().rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if path.parts[0] not in (".git", ".dvc")}


def tracked() -> bool:
    """Say whether data/raw is as DVC knows it."""
    done = subprocess.run(["dvc", "status", "data/raw.dvc"], capture_output=True, text=True)
    return "up to date" in done.stdout


def stand_in_empty(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project without data or a schema, with a table of 600 rows beside it."""
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", list(sys.path))
    code.forget("flight_delays")
    for name in FILES:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, name)
    subprocess.run(["git", "init", "--quiet"], check=True)
    shops().drop(columns="seen").to_csv("../shops.csv", index=False)
    return project


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in this project as it is without data or a schema, with a table beside it."""
    return stand_in_empty(tmp_path / "project", monkeypatch)


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave DVC out, which takes a second each time, where the data is not what matters."""
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize("task", TARGETS)
def test_a_new_table_becomes_a_project_that_runs(empty: Path, task: str) -> None:
    printed = call("../shops.csv", "--target", TARGETS[task])
    assert f"predicts     {TARGETS[task]} (task: {task}" in printed
    contract = load_schema()
    assert (contract.task, contract.target, contract.key) == (task, TARGETS[task], ["customer"])
    listed = YAML(typ="safe").load(paths.PIPELINE)["stages"]["evaluate"]["plots"]
    names = [Path(path).stem for plot in listed for path in plot]
    assert names == PLOTS[task]
    for stage in (prepare, train, evaluate):
        stage.main()
    assert sorted(path.stem for path in paths.PLOTS.iterdir()) == sorted([*names, "search"])
    assert f"`{TARGETS[task]}`" in paths.DATASHEET.read_text(encoding="utf-8")


@pytest.mark.usefixtures("untracked")
def test_tasks_there_and_back_leave_the_files_as_they_were(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    call("../shops.csv", "--target", "bought", "--replace")
    before = {name: Path(name).read_text(encoding="utf-8") for name in FILES[:2]}
    for target in ("age", "city", "age", "bought"):
        call("../shops.csv", "--target", target, "--replace")
    assert {name: Path(name).read_text(encoding="utf-8") for name in FILES[:2]} == before


def test_a_dry_run_writes_nothing_and_needs_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops().to_csv(tmp_path / "shops.csv", index=False)
    monkeypatch.chdir(tmp_path)
    printed = call("shops.csv", "--target", "bought", "--dry-run")
    assert "600 rows, 8 columns" in printed
    assert [path.name for path in Path().iterdir()] == ["shops.csv"]


@pytest.mark.usefixtures("untracked")
def test_a_dry_run_of_more_rows_says_what_they_would_change(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    shops()[:50].assign(city="Rome").to_csv("../more.csv", index=False)
    before = contents()
    printed = call("../more.csv", "--dry-run")
    assert "city" in printed
    assert "Rome" in printed
    assert "would be added to data/raw: more.csv" in printed
    assert contents() == before


@pytest.mark.usefixtures("untracked")
def test_a_folder_of_parts_comes_in_as_it_is(empty: Path) -> None:
    for name, part in (("2023/a", shops()[:300]), ("2024/b", shops()[300:])):
        file = Path(f"../parts/{name}.parquet")
        file.parent.mkdir(parents=True)
        part.to_parquet(file)
    call("../parts", "--target", "bought")
    assert [path.as_posix() for path in sorted(paths.RAW.rglob("*.parquet"))] == [
        "data/raw/2023/a.parquet",
        "data/raw/2024/b.parquet",
    ]


def raw() -> list[str]:
    """Return the names of the files in data/raw."""
    return sorted(path.name for path in paths.RAW.iterdir())


def test_data_that_lies_in_its_place_already_is_taken_as_it_is(empty: Path) -> None:
    paths.RAW.mkdir(parents=True)
    shutil.copy("../shops.csv", paths.RAW)
    call("data/raw", "--target", "bought")
    assert raw() == [".salt", "shops.csv"]
    assert tracked()


def test_a_rating_names_the_command_that_predicts_the_number(empty: Path) -> None:
    table = shops().drop(columns="seen")
    table["my rating"] = 1 + table["age"] % 5
    table.to_csv("../shops.csv", index=False)
    said = call("../shops.csv", "--target", "my rating")
    begin, end = "uv run tabrail ingest ", " --replace"
    command = said[said.index(begin) + len(begin) : said.index(end)] + end
    assert "task: regression" in call(*shlex.split(command))
    assert load_schema().task == "regression"


@pytest.mark.usefixtures("untracked")
def test_data_without_a_salt_gets_none_before_there_are_new_rows(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    (paths.RAW / ".salt").unlink()
    before = contents()
    assert "nothing was added" in call("data/raw")
    assert contents() == before
    more()
    call("../more.csv")
    assert raw() == [".salt", "more.csv", "shops.csv"]


def test_what_is_replaced_is_in_the_cache(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    pointer, salt = Path("data/raw.dvc").read_bytes(), (paths.RAW / ".salt").read_bytes()
    shops(300, seed=3).to_csv("../other.csv", index=False)
    call("../other.csv", "--target", "bought", "--replace")
    assert raw() == [".salt", "other.csv"]
    assert (paths.RAW / ".salt").read_bytes() == salt
    Path("data/raw.dvc").write_bytes(pointer)
    subprocess.run(["dvc", "checkout", "--quiet", "--force", "data/raw.dvc"], check=True)
    assert raw() == [".salt", "shops.csv"]


@pytest.mark.parametrize("edited", [False, True])
def test_dvc_adds_what_is_replaced_only_if_the_cache_lacks_it(
    empty: Path, monkeypatch: pytest.MonkeyPatch, *, edited: bool
) -> None:
    call("../shops.csv", "--target", "bought")
    if edited:
        shutil.copy("../shops.csv", paths.RAW / "by_hand.csv")
        with (paths.RAW / "by_hand.csv").open("a", encoding="utf-8") as file:
            file.write("\n")
    replaced = [md5(path) for path in paths.RAW.iterdir()]
    calls: list[None] = []
    add = ingest._dvc_add
    monkeypatch.setattr(ingest, "_dvc_add", lambda: calls.append(add()))
    shops(300, seed=3).to_csv("../other.csv", index=False)
    call("../other.csv", "--target", "bought", "--replace")
    assert len(calls) == 1 + edited
    assert all((cached.OBJECTS / one[:2] / one[2:]).is_file() for one in replaced)
    assert tracked()


@pytest.mark.usefixtures("untracked")
def test_what_a_replacement_changes_is_said(empty: Path) -> None:
    printed = call("../shops.csv", "--target", "bought")
    assert "data/raw" not in printed.splitlines()[-1]
    paths.LOCK.write_text("schema: '2.0'\n")

    def said(*arguments: str) -> list[str]:
        lines = call(*arguments, "--target", "bought", "--replace").splitlines()
        words = ("files in", "added to", "removed from", "replaced in", "new col", "columns that")
        return [one for one in lines if any(word in one for word in (*words, "name: "))]

    now = "; now run: uv run dvc repro"
    assert said("data/raw") == [f"the files in data/raw stay as they are{now}"]
    assert said("data/raw", "--dry-run") == ["the files in data/raw stay as they are"]
    new = shops(700, seed=3).drop(columns=["note", "seen"])
    new["online"], new["by post"] = ["yes", "no"] * 350, [1.5, 2.5] * 350
    new.to_csv("../new shops.csv", index=False)
    columns = [
        "new columns: online, by post",
        "columns that are gone: note",
        "name: New shops (was Shops; to keep that, add --name Shops)",
    ]
    assert said("../new shops.csv", "--dry-run") == [
        *columns,
        "would be removed from data/raw: shops.csv",
        "would be added to data/raw: new shops.csv",
    ]
    assert said("../new shops.csv") == [
        *columns,
        "removed from data/raw: shops.csv",
        f"added to data/raw: new shops.csv{now}",
    ]
    assert raw() == [".salt", "new shops.csv"]
    new[:650].to_csv("../new shops.csv", index=False)
    assert said("../new shops.csv") == [f"replaced in data/raw: new shops.csv{now}"]


def write_about_columns(schema: Any) -> None:
    """Write what no values suggest."""
    schema["columns"]["income"].update(unit="€", description="Before tax")
    schema["columns"]["age"].update(unit="years")
    schema["columns"]["city"].update(sensitive=True)


def test_what_was_written_about_columns_stays_if_the_table_is_replaced(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    paths.LOCK.write_text("schema: '2.0'\n")
    edit(paths.SCHEMA, write_about_columns)
    table = shops(300, seed=3).drop(columns="note").assign(age="old")
    table.to_csv("../other.csv", index=False)
    printed = call("../other.csv", "--target", "bought", "--replace")
    assert printed.splitlines()[-1].endswith("other.csv; now run: uv run dvc repro")
    assert "city (sensitive as before)" in printed
    columns = documents.read_yaml(paths.SCHEMA)["columns"]
    assert (columns["income"]["unit"], columns["income"]["description"]) == ("€", "Before tax")
    assert columns["city"]["sensitive"] is True
    assert "unit" not in columns["age"]  # it is no number any more
    renamed = {name: f"{name}_2" for name in table if name not in ("income", "bought")}
    table.rename(columns=renamed).to_csv("../other.csv", index=False)
    call("../other.csv", "--target", "bought", "--replace")
    assert "unit" not in documents.read_yaml(paths.SCHEMA)["columns"]["income"]  # of another table


def more(rows: int = 90, **changes: Any) -> None:
    """Write a table with other customers to ../more.csv."""
    table = shops(rows, seed=9).drop(columns="seen")
    table.assign(customer=table["customer"].str.replace("0", "9"), **changes).to_csv(
        "../more.csv", index=False
    )


def test_more_rows_that_conform_are_added(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    contract, salt = paths.SCHEMA.read_bytes(), (paths.RAW / ".salt").read_bytes()
    more()
    assert "added to data/raw: more.csv" in call("../more.csv")
    assert raw() == [".salt", "more.csv", "shops.csv"]
    assert (paths.RAW / ".salt").read_bytes() == salt
    assert paths.SCHEMA.read_bytes() == contract
    assert tracked()
    assert "nothing was added" in call("../more.csv")


@pytest.mark.usefixtures("untracked")
def test_a_wider_contract_is_shown_and_asked_for(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    more(city="Rome", age=[*range(20, 109), 500])
    before = contents()
    printed = call("../more.csv", code=1)
    assert "city: 1 new: Rome" in printed
    assert "age: max" in printed
    assert "nothing was changed; correct the data, or accept with --yes" in printed
    assert contents() == before
    call("../more.csv", "--yes")
    assert "Rome" in (load_schema().columns["city"].categories or [])
    assert load_schema().columns["age"].max == 500
    prepare.main()


REFUSED: dict[str, tuple[Callable[[], Any], tuple[str, ...], str]] = {
    "other content": (
        lambda: shops(40).to_csv("../new/shops.csv", index=False),
        ("../new/shops.csv",),
        r"data/raw/shops.csv already exists with other content",
    ),
    "other columns": (
        lambda: shops().drop(columns="age").to_csv("../new/a.csv", index=False),
        ("../new/a.csv",),
        "has no column 'age'",
    ),
    "other separators": (
        lambda: shops().to_csv("../new/a.csv", index=False, sep=";"),
        ("../new/a.csv",),
        "delimiter ';'",
    ),
    "other target": (
        lambda: shops().to_csv("../new/a.csv", index=False),
        ("../new/a.csv", "--target", "age"),
        "this project predicts 'bought', not 'age'",
    ),
    "no target": (
        lambda: shops().to_csv("../new/a.csv", index=False),
        ("../new/a.csv", "--replace"),
        "no target is given; name the column to predict",
    ),
    "unknown target": (
        lambda: shops().to_csv("../new/a.csv", index=False),
        ("../new/a.csv", "--replace", "--target", "bougt"),
        "did you mean 'bought'",
    ),
    "rows that are there already": (
        lambda: shutil.copy("../shops.csv", "../new/a.csv"),
        ("../new/a.csv",),
        "600 of 600 rows are in the data already, or come twice",
    ),
    "no outcomes yet": (
        lambda: more(bought=None),
        ("../more.csv",),
        "90 of 90 rows have no bought",
    ),
    "personal values": (
        lambda: more(city="ada@example.com"),
        ("../more.csv",),
        "city has new values that look personal",
    ),
    "too many categories": (
        lambda: more(600, city=[f"town {place}" for place in range(600)]),
        ("../more.csv",),
        "city has more than 200 new values",
    ),
    "an option for new tables": (
        more,
        ("../more.csv", "--task", "binary"),
        "'binary' is for a new table",
    ),
    "one name": (
        lambda: (
            shops().to_csv("../new/a.csv", index=False),
            shops().to_csv("../a.csv", index=False),
        ),
        ("../new/a.csv", "../a.csv"),
        "have the same name",
    ),
    "no file": (lambda: None, ("../shop.csv",), "did you mean 'shops.csv'"),
}


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(empty: Path, case: str) -> None:
    call("../shops.csv", "--target", "bought")
    before = contents()
    Path("../new").mkdir()
    spoil, arguments, message = REFUSED[case]
    spoil()
    printed = call(*arguments, code=1)
    assert printed.startswith("error: ")
    assert message in printed
    assert contents() == before


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize("replace", [True, False])
@pytest.mark.parametrize("step", ["copy", "write", "move", "track"])
def test_stopping_half_way_loses_nothing(
    empty: Path, monkeypatch: pytest.MonkeyPatch, step: str, replace: bool
) -> None:
    call("../shops.csv", "--target", "bought")
    before = contents()
    more(city="Rome")

    def stop(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    where = {
        "copy": (shutil, "copyfile"),
        "write": (Path, "write_text"),
        "move": (transaction.Transaction, "put_in_place"),
        "track": (ingest, "_dvc_add"),
    }
    arguments = ["../more.csv", *(["--target", "bought", "--replace"] if replace else ["--yes"])]
    with monkeypatch.context() as patch:
        patch.setattr(*where[step], stop)
        call(*arguments, code=130)
    assert contents() == before
    call(*arguments)  # it can simply be done again
    assert (paths.RAW / "more.csv").exists()
    assert not list(Path("data").glob("*.tmp"))
    load_schema()


def everything() -> dict[str, bytes]:
    """Return every file of the project, and what Git has staged."""
    return contents() | {"index": subprocess.check_output(["git", "ls-files", "--stage"])}


def test_data_that_dvc_cannot_track_is_not_kept(empty: Path) -> None:
    Path(".dvc/config.local").write_text("[cache]\ndir = ../schema.yaml\n", encoding="utf-8")
    subprocess.run(["git", "add", "--all"], check=True)
    before = everything()
    printed = call("../shops.csv", "--target", "bought", code=1)
    assert "error: DVC cannot track data/raw: " in printed
    assert "[Errno " in printed  # and not the address of its support
    assert printed.endswith("correct that, then repeat the command\n")
    assert everything() == before


def test_who_stops_it_while_dvc_is_at_work_changes_nothing(
    empty: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subprocess.run(["git", "add", "--all"], check=True)
    before = everything()
    slow = tmp_path / "slow/dvc"
    slow.mkdir(parents=True)
    begun = "pathlib.Path('../begun').write_text(pathlib.Path('schema.yaml').read_text())"
    (slow / "__init__.py").touch()
    (slow / "__main__.py").write_text(f"import pathlib, time\n{begun}\ntime.sleep(600)\n")
    command = [sys.executable, "-m", "tabrail", "ingest", "../shops.csv", "--target", "bought"]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(slow.parent)}) as process:
        while not Path("../begun").exists() and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
    assert process.returncode == 130
    assert "target: bought" in Path("../begun").read_text(encoding="utf-8")
    assert everything() == before


@pytest.mark.usefixtures("untracked")
def test_edited_files_are_left_and_what_to_change_in_them_is_said(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace("method: none ", "method: random "), encoding="utf-8")
    edited = paths.PARAMS.read_bytes()
    printed = call("../shops.csv", "--target", "income", "--replace")
    assert paths.PARAMS.read_bytes() == edited
    assert (
        "params.yaml was edited and is left unchanged; edit it by hand for this table:"
    ) in printed
    assert "-  estimator: sklearn.ensemble.HistGradientBoostingClassifier" in printed
    assert "+  estimator: sklearn.ensemble.HistGradientBoostingRegressor" in printed
    assert "dvc.yaml was edited" not in printed
    assert "errors.csv" in paths.PIPELINE.read_text(encoding="utf-8")
    # A table of the same kind asks for no change, so there is nothing to say.
    assert "was edited" not in call("../shops.csv", "--target", "income", "--replace")


@pytest.mark.usefixtures("untracked")
def test_edited_code_is_left_and_its_lines_with_columns_that_are_gone_are_named(
    empty: Path,
) -> None:
    call("../shops.csv", "--target", "bought")
    features, helper = (Path(f"src/flight_delays/{name}.py") for name in ("features", "helper"))
    text = features.read_text(encoding="utf-8")
    features.write_text(f"{text}SPENT = 'income'\nYEARS = [\"age\", 'income']\n", encoding="utf-8")
    helper.write_text("# age and income\nAGE = 'age'\n\nTARGET = 'bought'\n", encoding="utf-8")
    edited = {path: path.read_bytes() for path in (features, helper)}
    shops().drop(columns=["seen", "age", "income"]).to_csv("../fewer.csv", index=False)
    printed = call("../fewer.csv", "--target", "bought", "--replace")
    assert {path: path.read_bytes() for path in edited} == edited
    lines = len(text.splitlines())
    assert [line for line in printed.splitlines() if "speaks of" in line] == [
        f"{features}, line {lines + 1} speaks of income, which this table lacks.",
        f"{features}, line {lines + 2} speaks of age, income, which this table lacks.",
        f"{helper}, line 2 speaks of age, which this table lacks.",
    ]
    # These columns are no longer in the schema, so a second time there is nothing to say of them.
    assert "speaks of" not in call("../fewer.csv", "--target", "bought", "--replace")


@pytest.mark.usefixtures("untracked")
def test_a_datasheet_that_a_person_has_filled_in_is_left(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    with paths.DATASHEET.open("a", encoding="utf-8") as file:
        file.write("Collected by Ada.\n")
    printed = call("../shops.csv", "--target", "age", "--replace")
    assert "docs/datasheet.md was edited and is left unchanged" in printed
    assert paths.DATASHEET.read_text(encoding="utf-8").endswith("Collected by Ada.\n")


@pytest.mark.usefixtures("untracked")
def test_the_record_follows_the_table(empty: Path) -> None:
    call("../shops.csv", "--target", "income")
    known = record.load()
    assert known.data["task"] == "regression"
    assert known.data["target"] == "income"
    assert known.data["sample"] is False
    for path in (paths.PARAMS, paths.PIPELINE, paths.DATASHEET):
        assert known.is_as_generated(path)
    assert known.rendered()[paths.PARAMS] == paths.PARAMS.read_text(encoding="utf-8")


@pytest.mark.usefixtures("untracked")
def test_what_its_owner_has_removed_stays_away(empty: Path) -> None:
    before = contents()
    call("../shops.csv", "--target", "income")
    new = set(contents()) - set(before)
    assert new == {"schema.yaml", "docs/datasheet.md", "data/raw/shops.csv", "data/raw/.salt"}


PLACE = "<!-- example: here -->\n{}<!-- end of example -->\n"


def test_the_readme_gets_the_command_of_each_new_table_and_keeps_all_else(empty: Path) -> None:
    page = Path("README.md")
    page.write_bytes(b"# Ours\r\n" + PLACE.format("old\n").encode() + b"More\n")
    call("../shops.csv", "--target", "bought")
    text = page.read_bytes().decode()
    assert text.startswith("# Ours\r\n<!-- example: here -->\n")
    assert text.endswith("<!-- end of example -->\nMore\n")
    assert "old" not in text
    (command,) = re.findall(r"^curl .*/predict .*$", text, re.MULTILINE)
    (row,) = json.loads(shlex.split(command)[-1])["rows"]
    assert "bought" not in row
    assert {"age", "city"} <= set(row)
    text = paths.SCHEMA.read_text(encoding="utf-8")
    text = re.sub(r"^  age: .*", "  age: {kind: ignored}", text, flags=re.MULTILINE)
    text = re.sub(r"^slices: .*\n", "", text, flags=re.MULTILINE)
    paths.SCHEMA.write_text(text, encoding="utf-8")
    call("../shops.csv", "--target", "bought", "--replace")
    assert '"age"' not in page.read_text()
    assert '"city"' in page.read_text()
    described = paths.DATASHEET.read_text(encoding="utf-8")
    assert "| age |" not in described
    assert "| city |" in described
    assert "Columns that are not read, for the reasons in `schema.yaml`: `age`." in described
    call("../shops.csv", "--target", "income", "--replace")
    assert '"bought"' in page.read_text()
    assert '"income"' not in page.read_text()
    assert page.read_text().count("curl") == 1


@pytest.mark.parametrize("before", [b"# Ours\n", b"\xff" + PLACE.format("").encode()])
def test_a_readme_without_a_place_for_the_command_stays_as_it_is(
    empty: Path, before: bytes
) -> None:
    Path("README.md").write_bytes(before)
    call("../shops.csv", "--target", "bought")
    assert Path("README.md").read_bytes() == before


def test_a_command_that_nobody_could_read_is_left_to_the_pages(empty: Path) -> None:
    row = {f"column {number}": 0.5 for number in range(500)}
    Path("README.md").write_text(PLACE.format("old\n"))
    assert readme.texts(row, "binary") == {Path("README.md"): PLACE.format("")}


@pytest.mark.usefixtures("untracked")
def test_the_experiments_of_the_readme_have_the_estimator_of_the_task(empty: Path) -> None:
    template = rendering.TEMPLATES / "README.md.jinja"
    lines = re.findall(r"^uv run dvc exp run --name trees-.*$", template.read_text(), re.MULTILINE)
    assert len(lines) == 2
    page = Path("README.md")
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    call("../shops.csv", "--target", "income")
    assert page.read_text().count("HistGradientBoostingRegressor.max_iter") == 2
    assert "Classifier" not in page.read_text()
    call("../shops.csv", "--target", "bought", "--replace")
    assert page.read_text().splitlines() == lines


@pytest.mark.usefixtures("untracked")
def test_rows_without_a_target_are_tolerated_as_they_are(empty: Path) -> None:
    table = shops().drop(columns="seen").astype({"bought": object})
    table.loc[table.index % 5 == 0, "bought"] = np.nan
    table.to_csv("../shops.csv", index=False)
    assert "drops        120 rows without a value of bought" in call(
        "../shops.csv", "--target", "bought"
    )
    assert load_params().prepare.tolerance.unlabeled > 0.2
    prepare.main()
    assert pd.read_parquet(paths.TRAIN)["bought"].notna().all()


@pytest.mark.usefixtures("untracked")
def test_the_contract_reads_as_it_was_written(empty: Path) -> None:
    call("../shops.csv", "--target", "bought")
    text = paths.SCHEMA.read_text(encoding="utf-8")
    assert "# " in text
    assert documents.read_yaml(paths.SCHEMA)["columns"]["age"]["kind"] == "numeric"

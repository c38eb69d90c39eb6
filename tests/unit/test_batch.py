"""A scheduled batch scores each table once, whole or not at all, and takes up what is missing."""

import json
import os
import shlex
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import shops
from generated import made
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths, rendering
from tabrail.batch import pending, score
from tabrail.batch.scorer import Loaded
from tabrail.cli import app as cli
from tabrail.files import held
from tabrail.model.limits import Predicted
from tabrail.project import registry

INCOMING, SCORED, REJECTED = Path("incoming"), Path("scored"), Path("rejected")


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project with two tables that have come in."""
    stand_in("binary", project)
    arrive("a.csv")
    arrive("b.csv", age=3)
    return project


def arrive(name: str, **values: Any) -> None:
    """Let a table of 40 rows come in."""
    path = INCOMING / name
    path.parent.mkdir(exist_ok=True)
    table = shops(40, seed=7).fillna({"income": 40.0}).assign(**values)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")


def call(*options: object, code: int = 0) -> str:
    """Run the command and return what it prints."""
    given = ["batch", str(INCOMING), str(SCORED), *map(str, options)]
    done = CliRunner().invoke(cli.app, given)
    assert done.exit_code == code, done.output
    return done.output


def scored() -> dict[str, bytes]:
    """Return what is in the folder of the scores, but the lock."""
    return {path.name: path.read_bytes() for path in SCORED.iterdir() if path.name != pending.LOCK}


def logged() -> list[dict[str, Any]]:
    """Return the log, without what differs between runs."""
    lines = paths.BATCH_LOG.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_table_is_scored_once(shop: Path) -> None:
    assert call().splitlines()[-1] == "tables scored: 2, failed: 0, scored before: 0"
    first = scored()
    assert sorted(first) == ["a.csv", "b.csv"]
    assert len(pd.read_csv(SCORED / "a.csv")) == 40
    arrive("c.parquet")
    printed = call().splitlines()
    assert printed[-1] == "tables scored: 1, failed: 0, scored before: 2"
    assert printed[0].startswith("ok      incoming/c.parquet: 40 rows scored by md5:")
    assert scored() == first | {"c.parquet": scored()["c.parquet"]}
    names = [Path(entry["table"]).name for entry in logged()]
    assert names == ["a.csv", "b.csv", "c.parquet"]
    assert all("40 rows scored by md5:" in entry["said"] for entry in logged())


def test_scores_of_another_version_are_named(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = iter(["model@v0.1.0", "model@v0.2.0", "model@v0.1.0", "model@v0.1.0"])
    monkeypatch.setattr(registry, "model_version", lambda: next(versions))
    monkeypatch.setattr(score, "registry", Namespace(model_version=lambda: "any"))
    assert "scored before by" not in call()
    arrive("c.csv")
    said = "scored before by model@v0.1.0, not by model@v0.2.0: 2 (the last one: scored/b.csv)."
    assert said in call()
    assert [entry["model"] for entry in logged()] == ["model@v0.1.0"] * 2 + ["model@v0.2.0"]
    printed = call()  # after a rollback
    assert "by model@v0.2.0, not by model@v0.1.0: 1 (the last one: scored/c.csv)" in printed
    assert printed.count("scored before by") == 1
    (SCORED / "c.csv").unlink()
    assert "scored before by" not in call()


def test_a_version_that_was_registered_later_is_no_other_one(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call()
    monkeypatch.setattr(registry, "model_version", lambda: "model@v0.1.0")
    monkeypatch.setattr(pending, "registered", lambda _: "model@v0.1.0")
    assert "scored before by" not in call()


def test_a_table_that_fails_holds_up_no_other_and_is_tried_again(shop: Path) -> None:
    arrive("a.csv", age=-1)
    printed = call(code=1)
    assert "FAILED  incoming/a.csv: " in printed
    assert printed.splitlines()[-1] == "tables scored: 1, failed: 1, scored before: 0"
    assert list(scored()) == ["b.csv"]
    assert "40 cannot be scored" in logged()[0]["error"]
    assert "failed: 1, scored before: 1" in call(code=1)
    arrive("a.csv")
    assert "scored: 1, failed: 0, scored before: 1" in call()


def test_rows_that_break_the_schema_go_to_a_folder(shop: Path) -> None:
    table = shops(40, seed=7).fillna({"income": 40.0})
    table.loc[0, "age"] = -1
    table.to_csv(INCOMING / "a.csv", index=False)
    call("--rejected", REJECTED)
    assert len(pd.read_csv(REJECTED / "a.csv")) == 1
    assert len(pd.read_csv(SCORED / "a.csv")) == 39


def full_disk() -> None:
    """Do what a disk does."""
    raise OSError(28, "No space left on device")


def stop() -> None:
    """Do what a scheduler does."""
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(("trouble", "code"), [(stop, 130), (full_disk, 1)])
def test_what_fails_half_way_leaves_nothing_and_is_done_by_the_next_run(
    shop: Path, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[], None], code: int
) -> None:
    calls, real = [], Loaded.score

    def troubled(*arguments: Any) -> Predicted:
        calls.append(arguments)
        if len(calls) == 4:  # of the second table, whose first call asks for the columns
            trouble()
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Loaded, "score", troubled)
        call("--rejected", REJECTED, code=code)
    before = scored()
    assert list(before) == ["a.csv"]
    assert [path.name for path in REJECTED.iterdir()] == ["a.csv"]
    assert "scored: 1, failed: 0, scored before: 1" in call("--rejected", REJECTED)
    assert scored()["a.csv"] == before["a.csv"]
    assert sorted(scored()) == ["a.csv", "b.csv"]


def test_scores_are_put_in_place_after_the_rejected_rows(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed, real = [], Path.replace

    def replace(self: Path, target: Path) -> Path:
        placed.append(target)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    call("--rejected", REJECTED)
    assert placed[:2] == [REJECTED / "a.csv", SCORED / "a.csv"]


def test_a_killed_run_leaves_no_half_of_a_file(shop: Path) -> None:
    program = """
import os, signal, sys
from tabrail.batch.scorer import Loaded
from tabrail.cli.app import app
real, calls = Loaded.score, []
def score(*arguments):
    calls.append(arguments)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
Loaded.score = score
app()
"""
    command = [sys.executable, "-c", program, "batch", str(INCOMING), str(SCORED)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -9
    whole = scored()["a.csv"]
    with paths.BATCH_LOG.open("ab") as log:  # nor does half a line spoil the log
        log.write(b'{"at": "2026')
    assert "scored: 1, failed: 0, scored before: 1" in call()
    assert sorted(scored()) == ["a.csv", "b.csv"]
    assert scored()["a.csv"] == whole
    assert Path(json.loads(paths.BATCH_LOG.read_text().splitlines()[-1])["table"]).name == "b.csv"


def test_two_runs_do_not_work_at_once(shop: Path) -> None:
    with held(SCORED / pending.LOCK):
        assert "error: another run writes to scored" in call(code=1)
    assert scored() == {}
    call()


def test_a_table_that_changes_afterwards_is_said_and_not_scored_again(shop: Path) -> None:
    call()
    before = scored()
    os.utime(INCOMING / "a.csv", (1, 1))  # its content is what it was
    call()
    arrive("a.csv", age=5)
    printed = call(code=1)
    assert "it has changed since it was scored; to score it again, run: rm scored/a.csv" in printed
    assert scored() == before
    (SCORED / "a.csv").unlink()
    call()
    assert scored()["a.csv"] != before["a.csv"]


def test_scores_that_no_run_has_logged_are_logged(shop: Path) -> None:
    call()
    paths.BATCH_LOG.unlink()
    call()
    assert [entry["said"] for entry in logged()] == [pending.UNKNOWN] * 2
    arrive("a.csv", age=5)
    assert "it has changed since" in call(code=1)


def test_what_is_still_written_waits_and_what_is_no_table_fails(shop: Path) -> None:
    for name in (".hidden.csv", "c.csv.tmp", "d.csv.part", "_SUCCESS", "e.xlsx"):
        (INCOMING / name).write_text("half", encoding="utf-8")
    printed = call(code=1)
    assert "FAILED  incoming/e.xlsx: incoming/e.xlsx is not a table" in printed
    assert sorted(scored()) == ["a.csv", "b.csv"]


def test_a_folder_of_parts_is_one_table(shop: Path) -> None:
    (INCOMING / "may").mkdir()
    for name in ("a.csv", "b.csv"):
        (INCOMING / name).rename(INCOMING / "may" / name)
    call()
    call()
    assert len(pd.read_csv(SCORED / "may.csv")) == 80


@pytest.mark.parametrize(
    ("incoming", "options", "message"),
    [
        ("nowhere", ["scored"], "nowhere is not a folder; create it with: mkdir -p nowhere"),
        ("incoming", ["incoming"], "incoming would be among the tables to score"),
        ("incoming", ["incoming/scored"], "incoming/scored would be among the tables"),
        ("incoming", ["scored", "--rejected", "scored"], "scored is for the scores"),
    ],
)
def test_folders_that_cannot_be_meant_are_refused(
    shop: Path, incoming: str, options: list[str], message: str
) -> None:
    done = CliRunner().invoke(cli.app, ["batch", incoming, *options])
    assert done.exit_code == 1
    assert done.output.startswith(f"error: {message}")


def test_two_tables_are_not_written_to_one_file(shop: Path) -> None:
    arrive("c.tsv")
    arrive("c.tsv.csv")
    assert "would both be scored/c.tsv.csv; rename one" in call(code=1)


@pytest.mark.parametrize("name", ["cron", "service"])
def test_the_schedulers_command_scores_what_came_in(shop: Path, name: str) -> None:
    files = rendering.files(made() | {"parts": ["batch"]})
    text = files[f"batch/flight_delays-batch.{name}"]
    (line,) = (line for line in text.splitlines() if " tabrail " in line)
    arguments = shlex.split(line.partition(" tabrail ")[2].partition(" >")[0])
    assert arguments[-2:] == ["--stage", "prod"]
    Path("batch").mkdir()
    INCOMING.rename("batch/incoming")
    done = CliRunner().invoke(cli.app, arguments[:-2])
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv("batch/scored/a.csv")) == 40

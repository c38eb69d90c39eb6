"""`tabrail ingest --split` brings in the parts of a large file, whole or not at all."""

import errno
import gzip
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.killed import DYING
from test_ingest import call, contents, stand_in_empty

from tabrail import paths
from tabrail.data import salt as salts
from tabrail.data import tables
from tabrail.ingest import cut, ingest, parts, transaction


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project without data, with a table of 600 rows, of which a "megabyte" has some."""
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    monkeypatch.setattr(cut, "MEGABYTE", 1000)
    return stand_in_empty(tmp_path / "project", monkeypatch)


def names() -> list[str]:
    """Return the names of the tables in data/raw."""
    return [path.name for path in tables.find(paths.RAW)]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_cut_table_has_the_schema_and_the_salt_of_the_whole(suffix: str) -> None:
    content = Path("../shops.csv").read_bytes()
    file = Path(f"../shops.csv{suffix}")
    file.write_bytes(gzip.compress(content) if suffix else content)
    whole = call(str(file), "--target", "bought")
    read = [path.read_bytes() for path in (paths.SCHEMA, paths.DATASHEET, paths.RAW / salts.NAME)]
    shutil.rmtree(paths.RAW)
    printed = call(str(file), "--target", "bought", "--replace", "--split", "9")
    assert printed.startswith(whole)
    assert f"added to data/raw: shops-00000.csv{suffix}, " in printed
    assert names() == [f"shops-{n:05}.csv{suffix}" for n in range(len(names()))]
    assert len(names()) > 2
    cut_ = [path.read_bytes() for path in (paths.SCHEMA, paths.DATASHEET, paths.RAW / salts.NAME)]
    assert cut_ == read
    assert not transaction.FOLDER.exists()
    # The parts are not cut again, and nothing is new.
    assert "nothing was added" in call("data/raw", "--split", "9")
    assert "nothing was added" in call(str(file), "--split", "9")


def test_more_rows_are_cut_and_small_files_and_those_that_are_there_stay_whole() -> None:
    lines = Path("../shops.csv").read_text().splitlines(keepends=True)
    Path("../shops.csv").write_text("".join(lines[:301]))
    more = Path("../more.csv")
    more.write_text("".join([lines[0], *lines[301:]]))
    call("../shops.csv", "--target", "bought")
    before = contents()
    printed = call("../more.csv", "--split", "9", "--dry-run", "--yes")
    assert "would be added to data/raw: more.csv, cut into about 2 parts" in printed
    assert contents() == before
    assert "nothing was added" in call("../shops.csv", "--split", "9")
    assert names() == ["shops.csv"]
    call("../more.csv", "--split", "9", "--yes")
    assert names() == ["more-00000.csv", "more-00001.csv", "shops.csv"]
    before = contents()
    assert "already (more-00000.csv, more-00001.csv)" in call("../more.csv", "--split", "5", code=1)
    more.write_text("".join([lines[0], *lines[301:-1]]))
    assert "with other content" in call("../more.csv", "--split", "9", "--yes", code=1)
    assert contents() == before


@pytest.mark.parametrize("step", ["write", "check", "begin"])
def test_what_fails_leaves_no_part_behind(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    before = contents()

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "write":
        monkeypatch.setattr(parts, "sync", fail)
    elif step == "check":
        monkeypatch.setattr(cut, "_require_same_rows", fail)
    else:
        monkeypatch.setattr(transaction, "write_texts", fail)
    printed = call("../shops.csv", "--target", "bought", "--split", "9", code=1)
    assert "No space left on device; make room on the disk, then repeat the command" in printed
    if step == "write":
        assert f"error: {cut.FOLDER / 'shops-00000.csv'}: No space left" in printed
    assert contents() == before
    assert not transaction.FOLDER.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_full_disk_while_cutting_is_said_with_the_file(
    monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    before = contents()
    name = parts.name

    def full(file: Path, number: int) -> Path:
        found = name(file, number)
        if number == 1:
            found.symlink_to("/dev/full")
        return found

    content = Path("../shops.csv").read_bytes()
    Path("../shops.csv.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr(parts, "name", full)
    printed = call(f"../shops.csv{suffix}", "--target", "bought", "--split", "9", code=1)
    assert printed.endswith(
        f"error: {cut.FOLDER}/shops-00001.csv{suffix}: No space left on device; make room on the "
        "disk, then repeat the command\n"
    )
    assert contents() == before


KILLED = (
    DYING
    + """
from pathlib import Path
from tabrail.cli.app import program
from tabrail.ingest import cut, ingest, parts, transaction

cut.MEGABYTE = 1000
ingest._dvc_add = lambda: None
owners = {
    "cut": (parts, "sync"), "check": (cut, "_require_same_rows"),
    "take": (transaction, "_take"), "rename": (Path, "rename"),
    "texts": (transaction, "write_texts"), "track": (ingest, "_dvc_add"),
    "end": (transaction, "_end"),
}
dying(*owners[place], times)
program()
"""
)


@pytest.mark.ci("it kills twenty times")
@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGKILL")
@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("cut", 0),
        ("cut", 1),
        ("check", 0),
        ("take", 1),
        ("rename", 1),  # of the parts, to what comes in
        ("rename", -2),  # to data/raw
        ("rename", -1),
        ("texts", 1),
        ("track", 0),
        ("end", 0),
    ],
)
def test_what_kill_9_leaves_is_undone_or_finished(
    monkeypatch: pytest.MonkeyPatch, place: str, times: int, more: bool
) -> None:
    arguments = ["../shops.csv", "--target", "bought", "--split", "9"]
    if more:  # rows that are added to others: each part is moved alone
        lines = Path("../shops.csv").read_text().splitlines(keepends=True)
        Path("../shops.csv").write_text("".join(lines[:301]))
        Path("../more.csv").write_text("".join([lines[0], *lines[301:]]))
        call(*arguments[:3])
        arguments = ["../more.csv", "--split", "9", "--yes"]
    before = contents()
    shutil.copytree(".", "../kept")
    renames: list[Path] = []
    rename = Path.rename

    def counted(path: Path, target: Path) -> Path:
        renames.append(path)
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", counted)
        call(*arguments)
    after = contents()
    for entry in Path().iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.copytree("../kept", ".", dirs_exist_ok=True)
    assert contents() == before
    number = times if times >= 0 else len(renames) + times
    command = [sys.executable, "-c", KILLED, place, str(number), "ingest", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    if place in ("cut", "check", "take"):  # nothing has come to data/raw
        shutil.copytree(transaction.FOLDER, "../left")
        shutil.rmtree(transaction.FOLDER)
        assert contents() == before
        shutil.copytree("../left", transaction.FOLDER)
    call(*arguments)
    assert contents() == after
    assert not transaction.FOLDER.exists()


def test_parts_that_a_killed_ingest_has_left_are_removed_by_the_next_one() -> None:
    left = cut.FOLDER / "other-00000.csv"
    left.parent.mkdir(parents=True)
    left.write_text("a")
    call("../shops.csv", "--target", "bought", "--split", "9")
    assert not transaction.FOLDER.exists()
    assert "other-00000.csv" not in names()

"""Files are whole and of one process, and an ingest that stops half-way is undone or finished."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from runs import Repository

import tabrail
from tabrail import files, paths
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.ingest import ingest as ingesting
from tabrail.ingest import transaction
from tabrail.run import run

LIBRARY = Path(tabrail.__file__).parent


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Files


def test_two_that_write_one_file_leave_it_whole() -> None:
    out = Path("page.html")
    with replacing(out) as [first]:
        with replacing(out) as [second]:
            assert first.exists()
            first.write_text("first, begun")
            second.write_text("second")
        assert out.read_text() == "second"
        assert not second.exists()
        first.write_text("first")
    assert out.read_text() == "first"
    assert list(Path().iterdir()) == [out]


KILLED = """
import os, pathlib, sys
from tabrail.files import replacing
with replacing(pathlib.Path("scores.csv")) as [temporary]:
    temporary.write_text("half of it")
    os._exit(9)
"""


def test_what_a_killed_process_leaves_is_removed_by_the_next() -> None:
    assert subprocess.run([sys.executable, "-c", KILLED], check=False).returncode == 9
    (left,) = Path().glob("*.tmp")
    assert left.read_text() == "half of it"
    Path("scores.csv.notes.tmp").write_text("a person's")
    with replacing(Path("scores.csv")) as [temporary]:
        temporary.write_text("all of it")
    assert sorted(path.name for path in Path().iterdir()) == ["scores.csv", "scores.csv.notes.tmp"]


def test_a_new_file_that_another_process_takes_for_a_leftover_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    locks: list[int] = []
    real = files._lock

    def lock(descriptor: int) -> None:
        locks.append(descriptor)
        (path,) = Path().glob("*.tmp")
        if len(locks) == 1:  # the other one has it, and will remove it
            path.unlink()
            raise BlockingIOError
        if len(locks) == 2:  # the other one has just removed it
            path.unlink()
        real(descriptor)

    monkeypatch.setattr(files, "_lock", lock)
    with replacing(Path("a")) as [temporary]:
        temporary.write_text("whole")
    assert len(locks) == 3
    assert [path.name for path in Path().iterdir()] == ["a"]


def test_a_file_is_on_the_disk_before_it_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').resolve().suffix}")
        real_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        done.append("rename")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    Path("there").mkdir()
    with replacing(Path("there/a.csv"), Path("there/b.csv")) as temporaries:
        for temporary in temporaries:
            temporary.write_text("whole")
    assert done == ["sync .tmp", "sync .tmp", "rename", "rename", "sync "]


WRITERS = {
    "documents.py",  # write_texts, to the paths that `replacing` yields
    *("data/outputs.py", "data/prepare.py", "data/tables.py", "data/validate.py"),  # likewise
    "data/prepare_parts.py",  # likewise
    *("model/saving.py", "upgrade/upgrade.py"),  # likewise
    "files.py",
    *("ingest/transaction.py", "ingest/parts.py"),  # in a folder of its own, and from there
    *("data/without.py", "dvc/stores.py"),  # in a folder that is removed; `ingest` goes on
    # In a temporary folder.
    *("review/bundle.py", "review/line_ends.py", "review/merge_data.py", "testing.py"),
    "project/archive.py",  # in that of `bundle`
    "review/hook.py",  # to a path that `replacing` yields
    *("batch/pending.py", "project/cost.py"),  # a line at the end of a log
}


def test_nothing_is_written_but_by_the_one_way() -> None:
    """A new module that writes belongs into the list, once it writes to paths of `replacing`."""
    modules = [path for path in LIBRARY.rglob("*.py") if "templates" not in path.parts]
    assert {
        path.relative_to(LIBRARY).as_posix()
        for path in modules
        if any(map(writes, ast.walk(ast.parse(path.read_bytes()))))
    } == WRITERS


def writes(node: ast.AST) -> bool:
    """Say whether a node of Python code is a call that writes or moves a file."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    name, first = node.func.attr, node.args[0] if node.args else None
    if name == "open":
        return isinstance(first, ast.Constant) and str(first.value)[0] in "wax"
    if name == "replace":  # of a string or a data class it has other arguments
        return len(node.args) == 1 and not node.keywords
    return name in {
        *("write_text", "write_bytes", "rename", "copyfile", "copy", "copy2", "move"),
        *("ParquetWriter", "to_parquet", "savefig"),
    } and not (name == "copy" and not node.args)


# An ingest


class Killed(BaseException):
    """What happens at some moment."""


def track() -> None:
    """Do what `dvc add` does, as far as files go: the pointer says what is in data/raw."""
    names = sorted(path.name for path in paths.RAW.iterdir())
    Path("data/raw.dvc").write_text(" ".join(names))
    Path("data/.gitignore").write_text("/raw\n")
    Repository.git(None, "add", "data/raw.dvc", "data/.gitignore")  # type: ignore[arg-type]
    ended()


def ended() -> None:
    """Give a moment between DVC's end and that of the ingest."""


TEXTS = {
    Path("schema.yaml"): "new\n",
    Path("params.yaml"): "new\n",
    Path("docs/datasheet.md"): "new\n",
}


def ingest(*, replace: bool) -> None:
    """Bring in ../new.csv and two texts that change, and one that is new."""
    copies = {paths.RAW / "more/new.csv": Path("../new.csv")}
    with transaction.begun(copies, "salt", replace=replace) as changes:
        if replace and paths.RAW.exists():
            track()
        changes.put_in_place(TEXTS)
        track()


def state() -> dict[str, Any]:
    """Return all that an ingest may change: files, with their modes, and what Git has staged.

    Temporary files are left out: Git ignores them, and whoever writes next removes them.
    """
    found: dict[str, Any] = {
        path.as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in Path().rglob("*")
        if path.is_file() and path.parts[0] != ".git" and ".tmp" not in str(path)
    }
    found["index"] = subprocess.check_output(["git", "ls-files", "--stage"])
    return found


@pytest.fixture(params=["replace", "first", "add"])
def how(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Stand in a project, with data or without; return whether an ingest is to replace it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the disk's time, hundreds of times
    Path("new.csv").write_text("new")
    project = tmp_path / "project"
    (project / "data/raw").mkdir(parents=True)
    monkeypatch.chdir(project)
    repository = Repository()
    for path in list(TEXTS)[:2]:
        path.write_text("old\n")
    Path("params.yaml").chmod(0o600)
    Path(".gitignore").write_text("*.tmp\n")
    if request.param == "first":
        shutil.rmtree("data")
    else:
        Path("data/raw/old.csv").write_text("old")
        track()
    repository.commit()
    is_replaced: bool = request.param != "add"
    return is_replaced


STEPS: list[tuple[Any, str]] = [
    *((Path, name) for name in ("rename", "replace", "write_text", "unlink")),
    *((shutil, name) for name in ("copyfile", "rmtree")),
    *((sys.modules[__name__], name) for name in ("track", "ended")),
]


def hooked(patch: pytest.MonkeyPatch, hook: Callable[[], None]) -> None:
    """Have something called before each step that an ingest makes."""
    for owner, name in STEPS:
        real = getattr(owner, name)

        def step(*given: Any, _real: Any = real, **named: Any) -> Any:
            hook()
            return _real(*given, **named)

        patch.setattr(owner, name, step)


@pytest.fixture
def moments(how: bool, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a copy of the project for each moment of an ingest; stand where it was done."""
    copies: list[Path] = []

    def copy() -> None:
        copies.append(Path(f"../moment-{len(copies)}").resolve())
        subprocess.run(["cp", "-a", ".", copies[-1]], check=True)

    with monkeypatch.context() as patch:
        hooked(patch, copy)
        ingest(replace=how)
    return copies


def test_an_ingest_that_is_killed_at_any_moment_is_undone_or_finished(
    how: bool, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    after = state()
    monkeypatch.chdir(moments[0])
    before = state()
    said: list[str] = []
    ends = []
    for moment in moments:
        monkeypatch.chdir(moment)
        transaction.recover(track, said.append)
        now = state()
        ends.append("before" if now["schema.yaml"] == before["schema.yaml"] else "after")
        assert now == {"before": before, "after": after}[ends[-1]], moment
        assert not transaction.FOLDER.exists()
    assert ends == sorted(ends, reverse=True)
    assert set(ends) == {"before", "after"}
    assert said[0] == "The last ingest was interrupted. Its changes are undone."
    assert said[-1].endswith("after all files were in place. It is finished now.")


@pytest.mark.parametrize(
    "how", ["replace", pytest.param("add", marks=pytest.mark.ci("much the same"))], indirect=True
)
def test_an_ingest_that_is_interrupted_at_any_moment_has_changed_nothing(
    how: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, moment = state(), 0
    shutil.copytree(".", tmp_path / "done")
    while state() == before:
        steps = count()

        def stop(moment: int = moment, steps: Iterator[int] = steps) -> None:
            if next(steps) == moment:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            hooked(patch, stop)
            with suppress(KeyboardInterrupt):
                ingest(replace=how)
        moment += 1
    now = state()
    transaction.recover(track, lambda _: None)
    assert moment > 20
    assert not transaction.FOLDER.exists()
    monkeypatch.chdir(tmp_path / "done")
    ingest(replace=how)
    assert now == state()


@pytest.mark.parametrize("how", ["replace"], indirect=True)
def test_a_pointer_that_dvc_was_writing_is_written_again(
    how: bool, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    after = state()
    monkeypatch.chdir(moments[-3])

    def strict() -> None:
        pointer = Path("data/raw.dvc")
        assert not pointer.exists() or pointer.read_text() != "outs:\n- md"
        track()

    Path("data/raw.dvc").write_text("outs:\n- md")
    transaction.recover(strict, lambda _: None)
    assert state() == after


@pytest.mark.parametrize("how", ["replace"], indirect=True)
def test_what_somebody_has_edited_since_is_not_undone(
    how: bool, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    (last,) = [path for path in moments if half_written(path)][-1:]
    monkeypatch.chdir(last)
    Path("schema.yaml").write_text("edited\n")
    transaction.recover(track, said.append)
    assert Path("schema.yaml").read_text() == "edited\n"
    assert Path("params.yaml").read_text() == "old\n"
    assert said[0] == "schema.yaml was edited since and is left unchanged"


def half_written(project: Path) -> bool:
    """Say whether the schema is the new one and the datasheet is missing."""
    new = (project / "schema.yaml").read_text() == "new\n"
    return new and not (project / "docs/datasheet.md").exists()


@pytest.mark.parametrize("how", ["replace"], indirect=True)
def test_data_that_somebody_has_put_there_since_is_not_lost(
    how: bool, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (last,) = [path for path in moments if half_written(path)][-1:]
    monkeypatch.chdir(last)
    Path("data/raw/other.csv").write_text("other")
    with pytest.raises(InputError, match=r"other files by now: other.csv; move them elsewhere"):
        transaction.recover(track, lambda _: None)
    Path("data/raw/other.csv").rename("../other.csv")
    transaction.recover(track, lambda _: None)
    assert [path.name for path in paths.RAW.iterdir()] == ["old.csv"]


@pytest.mark.parametrize("how", ["add"], indirect=True)
def test_while_an_ingest_is_to_be_finished_no_stage_runs(
    how: bool, moments: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(next(path for path in moments if half_written(path)))
    Path("pyproject.toml").write_text('[tool.tabrail]\npackage = "shops"\n')
    with pytest.raises(InputError, match="or undo it with: uv run tabrail ingest data/raw"):
        run("prepare")
    with pytest.raises(InputError, match="uv run tabrail ingest"), alone(dry_run=True):
        pass
    with alone(dry_run=False):
        assert not transaction.FOLDER.exists()


@contextmanager
def alone(*, dry_run: bool) -> Iterator[None]:
    with ingesting.alone(lambda _: None, dry_run=dry_run):
        yield


def test_a_lock_that_cannot_be_written_is_no_other_ingest() -> None:
    """On a full disk SQLite fails in the same call, for another reason."""
    transaction.LOCK.parent.mkdir(parents=True)
    transaction.LOCK.write_text("This is no database.\n" * 10, encoding="utf-8")
    refused = pytest.raises(InputError, match="cannot be written: file is not a database")
    with refused, alone(dry_run=False):
        pass


def test_two_ingests_do_not_run_at_once() -> None:
    Path(".dvc").mkdir()
    with alone(dry_run=False):
        refused = pytest.raises(InputError, match="another ingest is running in this project")
        with refused, alone(dry_run=False):
            pass
        with alone(dry_run=True):
            pass
    with alone(dry_run=False):
        pass

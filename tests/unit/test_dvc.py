"""What is asked of DVC, with a real repository and a folder as its remote."""

import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from dvc.repo import Repo

from tabrail.dvc import asking, command
from tabrail.dvc.repository import opened
from tabrail.errors import InputError
from tabrail.project import git

PIPELINE = """\
stages:
  copy:
    cmd: cp data/raw/a.csv b.csv
    deps: [data/raw]
    outs: [b.csv]
"""


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def repro() -> None:
    with Repo() as repo:
        repo.reproduce()


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project that has run and pushed; return the folder that is its remote."""
    here = tmp_path / "here"
    (here / "data/raw").mkdir(parents=True)
    monkeypatch.chdir(here)
    git.git("init", "--quiet", "--initial-branch", "main")
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text(
        "[core]\n    analytics = false\n    remote = s\n['remote \"s\"']\n    url = ../../store\n"
    )
    Path(".dvc/.gitignore").write_text("/cache\n/tmp\n/config.local\n")
    Path("data/raw/a.csv").write_text("1")
    Path("data/raw/b.csv").write_text("2")
    Path("dvc.yaml").write_text(PIPELINE)
    with Repo() as repo:
        repo.add(["data/raw"])
        repo.reproduce()
    with opened() as repo:
        assert repo.push() == 3  # two files, and the list of them; the result is one of the two
    return tmp_path / "store"


def ask_remote() -> list[str]:
    with opened() as repo:
        return repo.not_in_remote()


def stale() -> list[str]:
    with opened() as repo:
        return repo.stale()


def test_what_has_run_is_not_stale_wherever_its_data_is() -> None:
    assert stale() == []
    shutil.rmtree("data/raw")
    Path("b.csv").unlink()
    shutil.rmtree(".dvc/cache")
    assert stale() == []


def test_what_would_run_is_named() -> None:
    Path("dvc.yaml").write_text(PIPELINE.replace("cmd: cp", "cmd: cp -v"))
    assert stale() == ["copy"]


def test_data_that_its_pointer_does_not_name_is_named() -> None:
    Path("data/raw/a.csv").write_text("3")
    assert stale() == ["copy", "data/raw.dvc"]


def test_a_pointer_that_the_last_run_did_not_see_is_named_without_data() -> None:
    Path("data/raw/a.csv").write_text("3")
    with Repo() as repo:
        repo.add(["data/raw"])
    shutil.rmtree("data/raw")
    assert stale() == ["copy"]


@pytest.mark.parametrize("kept", ["cache", "no cache"])
def test_each_file_is_looked_for_in_the_remote(store: Path, kept: str) -> None:
    assert ask_remote() == []
    if kept == "no cache":
        shutil.rmtree(".dvc/cache")
    (file,) = (path for path in store.rglob("*") if path.is_file() and path.read_text() == "2")
    file.unlink()
    assert ask_remote() == ["data/raw/b.csv"]


def test_what_others_have_deleted_is_seen(store: Path) -> None:
    with opened() as repo:
        model = "c4ca4238a0b923820dcc509a6f75849b"  # of a file with the text 1
        assert repo.lacks([model]) == set()
        shutil.rmtree(store / "files")
        assert repo.lacks([model]) == {model}


def test_a_file_that_is_missing_in_a_folder_is_pushed(store: Path) -> None:
    """DVC itself would look for the list of the folder's files alone."""
    (file,) = (path for path in store.rglob("*") if path.is_file() and path.read_text() == "2")
    file.unlink()
    with Repo() as repo:
        assert repo.push() == 0
    with opened() as repo:
        assert repo.not_in_remote() == ["data/raw/b.csv"]
        assert repo.push() == 1
        assert repo.not_in_remote() == []


def test_a_remote_that_is_a_folder_is_known_by_its_path(store: Path) -> None:
    with opened() as repo:
        assert repo.folder_of_remote() == store


def test_a_remote_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.1)
    with Repo() as repo:
        kind = type(repo.cloud.get_remote().fs)
    with opened() as repo:
        monkeypatch.setattr(kind, "exists", lambda *_, **__: time.sleep(60))
        with pytest.raises(InputError, match=r"cannot be reached: no answer within 0.1 seconds$"):
            repo.not_in_remote()


def test_the_cause_is_what_the_remote_says(store: Path) -> None:
    """Not what DVC makes of it for people who ask for help."""
    store.rename(store.with_name("moved"))
    store.write_text("a file")
    with pytest.raises(InputError) as refused:
        ask_remote()
    assert str(refused.value).startswith("the DVC remote cannot be reached: ")
    assert "Not a directory" in str(refused.value)
    assert "troubles" not in str(refused.value)


def test_the_innermost_cause_is_named() -> None:
    error: Exception = RuntimeError("unexpected error")
    error.__cause__ = OSError("no route\nto host")
    assert asking.cause(error) == "no route to host"
    error = ImportError("s3 requires dvc-s3")
    error.__context__ = ModuleNotFoundError("No module named 's3'")
    assert asking.cause(error) == "s3 requires dvc-s3"
    assert asking.cause(KeyError()) == "KeyError"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("dvc.yaml", "stages: [", "dvc.yaml"),
        ("dvc.yaml", "stages: {a: {cmd: x, depz: [y]}}", "dvc.yaml"),
        (".dvc/config", "['remote \"s\"']\n    url = ../../store\n", "no remote specified"),
        (".dvc/config", "[core\n", "Invalid"),
    ],
)
def test_a_wrong_file_is_named(file: str, text: str, words: str) -> None:
    Path(file).write_text(text)

    def ask() -> None:
        with opened() as repo:
            repo.stale()
            repo.not_in_remote()

    with pytest.raises(InputError, match=words):
        ask()


def test_what_a_full_disk_leaves_in_the_way_is_named_with_the_way_out() -> None:
    """DVC stages its pointer in Git, and an empty lock of that object is left where it failed."""
    Path("new").mkdir()
    Path("new/rows.csv").write_text("a\n1\n", encoding="utf-8")
    config = Path(".dvc/config")
    config.write_text(config.read_text().replace("[core]", "[core]\n    autostage = true"))
    assert not command.failure("add", "new")
    digest = git.git("ls-files", "--stage", "new.dvc").split()[1]
    stored = Path(".git/objects", digest[:2], digest[2:])
    git.git("rm", "--cached", "--quiet", "new.dvc")
    lock = stored.with_name(f"{stored.name}.lock")
    stored.unlink()
    lock.touch()
    reason = command.failure("add", "new")
    way_out = reason.partition("; if no other DVC or Git process is running, run: ")[2]
    assert way_out.startswith("rm -f ")
    subprocess.run(shlex.split(way_out), check=True)
    assert not lock.exists()
    assert not command.failure("add", "new")


def test_a_lock_that_a_kill_has_cut_off_is_named_with_the_way_out() -> None:
    """DVC empties the file before it writes to it, and reads nothing but JSON afterwards."""
    Path("new").mkdir()
    Path("new/rows.csv").write_text("a\n1\n", encoding="utf-8")
    lock = Path(".dvc/tmp/rwlock")
    lock.parent.mkdir(exist_ok=True)
    advice = "; if no other DVC process is running, run: rm -f .dvc/tmp/rwlock"
    for left in ("", '{"write": {'):
        lock.write_text(left, encoding="utf-8")
        assert command.failure("add", "new").endswith(advice)
        with pytest.raises(InputError, match=f"{advice}$"), opened(), Repo() as repo:
            repo.add("new")
        assert lock.read_text(encoding="utf-8") == left  # another DVC may be at work
    lock.unlink()
    assert not command.failure("add", "new")
    assert command.lock_advice() == ""

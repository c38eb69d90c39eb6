"""Two people who both brought data in: a merge has the files of both, or is refused."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.merge import merge

POINTER = Path("data/raw.dvc")


def add(name: str, text: str) -> None:
    """Bring a file into data/raw, as `ingest` does."""
    Path("data/raw", name).write_text(text, encoding="utf-8")
    with Repo() as repo:
        repo.add(["data/raw"])


def commit(message: str) -> None:
    git.git("add", "--all")
    git.git("commit", "--quiet", "--message", message)


def branch(name: str, start: str, **files: str) -> None:
    """Commit more data on a new branch."""
    git.git("switch", "--quiet", "--create", name, start)
    checkout()
    for file, text in files.items():
        add(f"{file}.csv", text)
    commit(f"Data of {name}")


def checkout() -> None:
    with Repo() as repo:
        repo.checkout(force=True)


def files(revision: str = "HEAD") -> dict[str, str]:
    """Return what data/raw has at a revision: texts by name."""
    git.git("switch", "--quiet", "--detach", revision)
    checkout()
    return {path.name: path.read_text() for path in sorted(Path("data/raw").iterdir())}


def run(command: list[str]) -> int:
    """Run Git alone: nothing here has an environment of its own."""
    return subprocess.run(command).returncode if command[0] == "git" else 0


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a project with data that DVC tracks."""
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text(
        "[core]\n    analytics = false\n    remote = s\n['remote \"s\"']\n    url = ../store\n"
    )
    Path(".dvc/.gitignore").write_text("/cache\n/tmp\n/old\n")
    Path("data/raw").mkdir(parents=True)
    Path("dvc.yaml").write_text("stages: {}\n")
    Path("dvc.lock").write_text("schema: '2.0'\n")
    Path("uv.lock").write_text("version = 1\n")
    Path(".gitignore").write_text("*.tmp\n")
    git.git("init", "--quiet", "--initial-branch", "main")
    git.git("config", "user.name", "Ada Byron")
    git.git("config", "user.email", "ada@example.com")
    add("first.csv", "1")
    commit("Start")


def test_the_files_of_both_sides_are_there() -> None:
    branch("theirs", "main", theirs="2")
    branch("ours", "main", ours="3")
    said: list[str] = []
    merge("theirs", said.append, run)
    assert "data/raw.dvc has the files of both sides" in said
    assert files("ours") == {"first.csv": "1", "ours.csv": "3", "theirs.csv": "2"}


def test_a_file_that_both_have_brought_is_for_a_person() -> None:
    branch("theirs", "main", new="2")
    branch("ours", "main", new="3")
    head = git.commit("HEAD")
    with pytest.raises(InputError, match=r"both sides changed new.csv in data/raw,") as refused:
        merge("theirs", print, run)
    assert (git.commit("HEAD"), git.git("status", "--porcelain")) == (head, "")
    assert not git.succeeds("merge", "theirs")
    (commands,) = re.findall("data with: (.*), then", str(refused.value))
    for command in commands.split(" && "):
        subprocess.run(shlex.split(command), check=True)
    merge("", print, run)
    assert files("ours") == {"first.csv": "1", "new.csv": "2"}


def test_the_same_file_of_both_is_no_conflict() -> None:
    branch("theirs", "main", new="2", theirs="4")
    branch("ours", "main", new="2", ours="3")
    merge("theirs", print, run)
    assert list(files("ours")) == ["first.csv", "new.csv", "ours.csv", "theirs.csv"]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_sides_data_is_not_taken_for_both(side: str) -> None:
    branch("theirs", "main", theirs="2")
    branch("ours", "main", ours="3")
    assert not git.succeeds("merge", "theirs")
    git.git("checkout", f"--{side}", "--", str(POINTER))
    git.git("add", str(POINTER))
    lost = {"ours": "theirs", "theirs": "ours"}[side]
    with pytest.raises(InputError, match=f"lacks files that one side added: {lost}.csv") as refused:
        merge("theirs", print, run)
    command, _, again = str(refused.value).partition("run: ")[2].partition(" && ")
    assert again == "uv run tabrail merge"
    subprocess.run(shlex.split(command), check=True)
    merge("", print, run)
    assert files("ours") == {"first.csv": "1", "ours.csv": "3", "theirs.csv": "2"}


def test_a_file_that_one_side_removed_stays_away() -> None:
    add("old.csv", "0")
    commit("Old")
    git.git("switch", "--quiet", "--create", "theirs")
    Path("data/raw/old.csv").unlink()
    add("theirs.csv", "2")
    commit("Remove old.csv")
    branch("ours", "main", ours="3")
    merge("theirs", print, run)
    assert list(files("ours")) == ["first.csv", "ours.csv", "theirs.csv"]


def test_what_was_picked_has_the_files_of_both() -> None:
    branch("theirs", "main", theirs="2")
    branch("ours", "main", ours="3")
    assert not git.succeeds("cherry-pick", "theirs")
    merge("", print, run)
    assert list(files("ours")) == ["first.csv", "ours.csv", "theirs.csv"]
    assert git.commit("CHERRY_PICK_HEAD") is None


def test_without_the_lists_of_files_nothing_is_merged() -> None:
    branch("theirs", "main", theirs="2")
    branch("ours", "main", ours="3")
    for file in Path(".dvc/cache").rglob("*.dir"):
        file.unlink()
    with pytest.raises(InputError, match=r"is neither here nor in the DVC remote; ask who"):
        merge("theirs", print, run)
    assert git.commit("MERGE_HEAD") is None


def test_the_lists_of_files_come_from_the_remote(tmp_path: Path) -> None:
    branch("theirs", "main", theirs="2")
    branch("ours", "main", ours="3")
    (tmp_path / ".dvc/cache").rename(tmp_path / "store")
    merge("theirs", print, run)
    (tmp_path / "store").rename(tmp_path / ".dvc/old")
    shutil.copytree(tmp_path / ".dvc/old", tmp_path / ".dvc/cache", dirs_exist_ok=True)
    assert list(files("ours")) == ["first.csv", "ours.csv", "theirs.csv"]

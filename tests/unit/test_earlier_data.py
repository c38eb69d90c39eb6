"""`prepare` refuses data that an earlier commit had and HEAD has not; new data passes."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.earlier_data import POINTER, refuse_earlier_data

FILE = Path("data/raw/a.csv")


def data(text: str) -> None:
    """Let data/raw be something, and DVC track it as `dvc repro` does."""
    FILE.write_text(text, encoding="utf-8")
    with Repo() as repo:
        repo.add(["data/raw"])


def commit(text: str) -> None:
    """Commit other data."""
    data(text)
    git.git("add", "--all")
    git.git("commit", "--quiet", "--message", f"Data {text}")


def checked(root: Path = Path()) -> str:
    return refuse_earlier_data(root)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a project whose data has had three versions."""
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir(parents=True)
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    analytics = false\n")
    Path(".dvc/.gitignore").write_text("/cache\n/tmp\n")
    git.git("init", "--quiet", "--initial-branch", "main")
    git.git("config", "user.name", "Ada Byron")
    git.git("config", "user.email", "ada@example.com")
    for text in ("one", "two", "three"):
        commit(text)


def test_the_data_of_head_and_new_data_pass() -> None:
    assert checked() == ""
    data("four")
    assert checked() == ""
    shutil.rmtree("data/raw")
    FILE.parent.mkdir()
    assert checked() == ""


def test_a_pointer_without_a_size_is_compared_by_content() -> None:
    lines = POINTER.read_text().splitlines(keepends=True)
    POINTER.write_text("".join(line for line in lines if "size" not in line))
    assert checked() == ""
    FILE.write_text("one")
    with pytest.raises(InputError, match="not the one that HEAD names"):
        checked()


def stay_on_another_branch() -> None:
    git.git("switch", "--quiet", "--create", "other", "HEAD^")
    commit("of another branch")
    git.git("switch", "--quiet", "main")


def keep_in_a_stash() -> None:
    data("stashed")
    git.git("stash")


def tag_and_leave() -> None:
    git.git("switch", "--quiet", "--detach")
    commit("of a tag")
    git.git("tag", "v1")
    git.git("switch", "--quiet", "main")


@pytest.mark.parametrize(
    ("before", "text", "where"),
    [
        (lambda: None, "one", r"commit \w+ \(Data two\)|commit \w+ \(Data one\)"),
        (lambda: None, "two", r"commit \w+ \(Data t"),
        (stay_on_another_branch, "of another branch", r"commit \w+ \(Data of another branch\)"),
        (keep_in_a_stash, "stashed", r"a stash \(git stash list\)"),
        (tag_and_leave, "of a tag", r"commit \w+ \(Data of a tag\)"),
    ],
)
@pytest.mark.parametrize("pointed", [True, False], ids=["repro", "single item"])
def test_data_of_another_commit_is_refused(
    before: Callable[[], object], text: str, where: str, pointed: bool
) -> None:
    before()
    git.git("checkout", "HEAD", "--", str(POINTER))
    if pointed:
        data(text)
        git.git("add", str(POINTER))  # as `core.autostage` does
    else:
        FILE.write_text(text)
    with pytest.raises(InputError, match=where) as refused:
        checked()
    assert "not the one that HEAD names" in str(refused.value)


@pytest.mark.parametrize("way", ["To get HEAD's data", "To go back to this data on purpose"])
def test_both_ways_out_help(way: str) -> None:
    data("one")
    git.git("add", str(POINTER))
    with pytest.raises(InputError) as refused:
        checked()
    (commands,) = re.findall(rf"{way}, run: (.*?)(?:\. |$)", str(refused.value))
    git_command, dvc_command = commands.split(" && ")
    subprocess.run(shlex.split(git_command), check=True, capture_output=True)
    with Repo() as repo:
        if "checkout" in dvc_command:
            repo.checkout(force=True)
        else:
            assert dvc_command == "uv run dvc repro"
    assert checked() == ""
    assert FILE.read_text() == ("three" if "HEAD's" in way else "one")


def test_a_merge_may_bring_the_others_data() -> None:
    git.git("switch", "--quiet", "--create", "theirs")
    commit("four")
    git.git("switch", "--quiet", "--create", "ours", "main")
    Path("b.txt").write_text("b")
    git.git("add", "b.txt")
    git.git("commit", "--quiet", "--message", "Ours")
    git.git("merge", "--quiet", "--no-commit", "--no-ff", "theirs")
    data("four")
    assert checked() == ""


def test_the_commit_of_a_rebase_that_has_ended_does_not_come_in() -> None:
    git.git("update-ref", "REBASE_HEAD", "HEAD^")  # Git leaves it there
    data("two")
    with pytest.raises(InputError, match="not the one that HEAD names"):
        checked()


def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    git.git("clone", "--quiet", "--depth=1", tmp_path.as_uri(), "shallow")
    assert checked(Path("shallow")).endswith("this clone is shallow")
    shutil.rmtree(".git")
    data_without_git = checked()
    assert data_without_git.endswith("no Git repository is here")


def test_before_the_first_commit_and_without_dvc_there_is_nothing_to_compare(
    tmp_path: Path,
) -> None:
    git.git("init", "--quiet", "new")
    assert checked(Path("new")) == ""
    POINTER.unlink()
    assert checked() == ""

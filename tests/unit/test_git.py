"""What Git refuses is told with its reason."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from runs import Repository

from tabrail.errors import InputError
from tabrail.project import git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with a commit."""
    here = tmp_path / "it's here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    repository = Repository()
    repository.commit("First", a_txt="1")
    return repository


@pytest.mark.parametrize("language", ["C", "de_DE.UTF-8"])
@pytest.mark.parametrize("command", ["diff", "log", "commit", "succeeds", "text"])
def test_a_folder_of_another_owner_is_told_with_the_command_that_helps(
    command: str, language: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: dict[str, Callable[[], object]] = {
        "diff": lambda: git.git("diff", "--name-only", "--relative"),
        "log": lambda: git.git("log"),
        "commit": lambda: git.commit("HEAD"),
        "succeeds": lambda: git.succeeds("rev-parse", "HEAD"),
        "text": lambda: git.text("HEAD", Path("a.txt")),
    }
    asking = questions[command]
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("LC_ALL", language)
    with pytest.raises(InputError) as refused:
        asking()
    reason, _, fix = str(refused.value).partition("; run: ")
    assert reason.startswith("fatal: detected dubious ownership in repository at ")
    subprocess.run(shlex.split(fix), check=True)
    asking()


def test_diff_without_a_repository_says_that_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match=r"^git diff --relative: fatal: not a git repository"):
        git.git("diff", "--relative")


def test_the_reason_is_gits_own_and_whole(repository: Repository) -> None:
    with pytest.raises(InputError, match=r"^git switch nowhere: fatal: invalid reference: nowhere"):
        git.git("switch", "nowhere")
    repository.git("switch", "--quiet", "--create", "other")
    repository.commit("Other", a_txt="2")
    repository.git("switch", "--quiet", "main")
    Path("a.txt").write_text("3")
    with pytest.raises(InputError, match=r"overwritten by checkout: a\.txt$"):
        git.git("switch", "other")
    Path(".gitignore").write_text("*.csv\n")
    Path("b.csv").write_text("")
    with pytest.raises(InputError, match=r"ignored by one of your \.gitignore files: b\.csv$"):
        git.git("add", "b.csv")
    with pytest.raises(InputError, match="no reason was given"):
        git.git("rev-parse", "--verify", "--quiet", "nowhere")


@pytest.mark.parametrize(
    ("printed", "is_full"),
    [
        ("fatal: sha1 file '.git/index.lock' write error. Out of diskspace", True),
        ("error: unable to write file reports/metrics.json", True),
        ("fatal: unable to write loose object file: No space left on device", True),
        ("error: Could not write new index file.", True),
        ("remote: fatal: write error: No space left on device\nerror: failed to push", False),
        ("error: unable to create file a.txt: Permission denied", False),
    ],
)
def test_a_full_disk_is_an_error_and_no_answer_of_git(
    printed: str, is_full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an answer of `git diff --quiet`, its exit code would mean that files differ."""
    failed = subprocess.CompletedProcess([], 128, "", printed)
    monkeypatch.setattr(git, "_call", lambda *_, **__: failed)
    if is_full:
        with pytest.raises(git.FullDiskError, match="; make room on the disk, then repeat the com"):
            git.succeeds("diff", "--quiet")
    else:
        assert not git.succeeds("diff", "--quiet")

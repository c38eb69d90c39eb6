"""What Git's hook is given, and the hook that gets all of it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc.repo import Repo
from runs import Repository

from tabrail.dvc.repository import opened
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review import hook, pushed, verify
from tabrail.review.check import Check
from tabrail.review.revision import checked_out

ZEROS = "0" * 40


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a project of DVC with a commit, a folder as its remote, and nothing pushed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    repository = Repository()
    Path(".dvc").mkdir()
    Path(".dvc/.gitignore").write_text("/cache\n/tmp\n/config.local\n")
    Path(".dvc/config").write_text(
        "[core]\n    analytics = false\n    remote = s\n['remote \"s\"']\n    url = ../../store\n"
    )
    Path("dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "store").mkdir()
    data("one")
    repository.commit("One")
    return repository


def data(text: str) -> None:
    Path("data.txt").write_text(text)
    with Repo() as repo:
        repo.add(["data.txt"])


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let `verify` note the data of which revision it was asked for."""
    found: list[str] = []

    def checks(*_: object, **__: object) -> Iterator[Check]:
        found.append(Path("data.txt.dvc").read_text().split()[3])
        yield Check("pipeline", "ok", "")

    monkeypatch.setattr(verify, "checks", checks)
    return found


def of(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def stored(tmp_path: Path) -> set[str]:
    files = (tmp_path / "store").glob("files/md5/*/*")
    return {f"{file.parent.name}{file.name}" for file in files}


def line(name: str, commit: str = "") -> str:
    return f"{name} {commit or git.commit(name)} {name} {ZEROS}\n"


def names(lines: list[str]) -> dict[str, str]:
    """Return the verdict on each thing that was asked, by its name."""
    return {check.name: check.verdict for check in pushed.checks(lines)}


def test_each_revision_is_checked_with_its_own_data(
    repository: Repository, judged: list[str], tmp_path: Path
) -> None:
    for branch in ("two", "three"):
        repository.git("checkout", "--quiet", "-b", branch, "main")
        data(branch)
        repository.commit(branch)
    repository.git("checkout", "--quiet", "main")
    data("nobody's")  # what lies here is not pushed
    names([line("refs/heads/two"), line("refs/heads/three"), line("refs/heads/two")])
    assert judged == [of("two"), of("three")]
    assert stored(tmp_path) == {of("two"), of("three")}
    assert len(git.git("worktree", "list").splitlines()) == 1


def test_a_deletion_and_what_is_no_project_are_not_checked(
    repository: Repository, judged: list[str]
) -> None:
    assert names([f"(delete) {ZEROS} refs/heads/two {git.commit('HEAD')}\n"]) == {}
    repository.git("checkout", "--quiet", "--orphan", "pages")
    repository.git("rm", "--quiet", "-r", "--cached", ".")
    Path("dvc.yaml").unlink()
    repository.git("add", "data.txt.dvc")
    repository.git("commit", "--quiet", "--message", "Pages")
    assert names([line("refs/heads/pages")]) == {"revision": "skipped"}
    assert judged == []


def test_of_what_is_known_there_only_the_data_is_asked_for(
    repository: Repository, judged: list[str], tmp_path: Path
) -> None:
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    repository.git("tag", "--annotate", "v1", "--message", "One")
    commit = repository.git("rev-parse", "v1").strip()  # of the tag, not of the commit
    assert names([line("refs/tags/v1", commit)]) == {"revision": "ok", "push": "ok", "data": "ok"}
    assert judged == []
    assert stored(tmp_path) == {of("one")}


def test_data_can_be_pushed_where_nothing_is_new(repository: Repository, tmp_path: Path) -> None:
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert names([]) == {"revision": "ok", "push": "ok", "data": "ok"}
    assert stored(tmp_path) == {of("one")}


def test_data_that_is_nowhere_is_missed(repository: Repository) -> None:
    for file in Path(".dvc/cache").rglob("*"):
        if file.is_file():
            file.unlink()
    repository.on_main(repository.git("rev-parse", "HEAD").strip())
    assert names([line("refs/heads/main")])["data"] == "FAILED"


def test_a_folder_that_is_gone_is_not_made_again(
    repository: Repository, judged: list[str], tmp_path: Path
) -> None:
    (tmp_path / "store").rmdir()
    *_, found = pushed.checks([line("refs/heads/main")])
    assert (found.name, found.verdict) == ("push", "FAILED")
    assert str(tmp_path / "store") in found.detail
    assert found.fix.endswith("git push --no-verify")
    assert not (tmp_path / "store").exists()
    assert judged == []


def test_the_settings_of_this_machine_hold_for_any_revision(
    repository: Repository, tmp_path: Path
) -> None:
    Path(".dvc/config.local").write_text("['remote \"s\"']\n    url = ../../elsewhere\n")
    with checked_out("HEAD") as config, opened(config=config) as repo:
        assert repo.folder_of_remote() == tmp_path / "elsewhere"
    Path(".dvc/config").write_text(
        "[core]\n    remote = t\n['remote \"t\"']\n    url = s3://bucket/folder\n"
    )
    repository.commit("Move")
    with (
        checked_out("HEAD") as config,
        opened(config=config) as repo,
        pytest.raises(InputError, match="s3 is supported, but requires 'dvc-s3'"),
    ):
        repo.folder_of_remote()


def test_a_revision_that_is_not_here_is_named(repository: Repository) -> None:
    with pytest.raises(InputError, match="this clone has no commit nowhere"):
        checked_out("nowhere").__enter__()


def test_pre_commit_alone_knows_one_branch_so_all_new_ones_are_checked(
    repository: Repository, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for branch in ("two", "three"):
        repository.git("checkout", "--quiet", "-b", branch, "main")
        data(branch)
        repository.commit(branch)
    monkeypatch.setenv("PRE_COMMIT", "1")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", str(git.commit("two")))
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/two")
    shown = [check.detail.split()[0] for check in pushed.checks([]) if check.name == "revision"]
    assert shown == ["two", "main", "three"]
    assert judged == [of("two"), of("one"), of("three")]
    script = git.path_of("hooks") / "pre-push.legacy"
    assert os.access(script, os.X_OK)
    assert script.read_text().endswith("cd '.' && exec uv run tabrail verify --pushed\n")
    subprocess.run(["sh", "-n", str(script)], check=True)
    judged.clear()
    assert names([]) == {}  # from now on, that one is called
    assert judged == []


def test_what_pre_commit_prints_last_says_that_the_hook_before_has_failed(
    repository: Repository, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def beside() -> dict[str, str]:
        with monkeypatch.context() as given:
            given.setenv(hook.BESIDE, "1")
            return names([line("main")])

    def last() -> dict[str, str]:
        with monkeypatch.context() as given:
            given.setenv("PRE_COMMIT", "1")
            return names([])

    assert not hook.is_complete()
    assert beside()["pipeline"] == "ok"
    assert last() == {}
    with monkeypatch.context() as given:
        given.setattr(verify, "checks", lambda *_, **__: iter([Check("drift", "FAILED", "")]))
        assert beside()["drift"] == "FAILED"
    assert last() == {"push": "FAILED"}
    assert last() == {}  # it is said once
    monkeypatch.setattr(verify, "checks", broken)
    with pytest.raises(InputError):
        beside()
    assert last() == {"push": "FAILED"}


def broken(*_: object, **__: object) -> Iterator[Check]:
    raise InputError("a file is damaged")


def test_a_hook_of_the_owner_is_left_alone(repository: Repository) -> None:
    script = git.path_of("hooks") / "pre-push.legacy"
    script.parent.mkdir(exist_ok=True)
    script.write_text("#!/bin/sh\nexit 0\n")
    assert not hook.is_complete()
    assert script.read_text() == "#!/bin/sh\nexit 0\n"
    script.write_text(f"#!/bin/sh\n{hook.COMMAND}\n")
    assert hook.is_complete()


def test_why_a_push_is_refused_is_said_where_the_file_lies(
    repository: Repository, judged: list[str]
) -> None:
    stage = {"cmd": "x", "deps": [{"path": "code.py"}]}
    Path("dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": {"train": stage}}))
    Path(".gitattributes").write_text("* text=auto eol=lf\n")
    Path("code.py").write_bytes(b"x = 1\r\n")
    old = repository.commit("One")
    repository.commit("Two")
    assert names([line("main")])["bytes"] == "FAILED"
    assert "bytes" not in names([line("old", old)])  # of what is not checked out, nothing is said

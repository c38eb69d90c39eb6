"""Two branches that both trained are merged by a run, and nothing that people wrote is decided."""

import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tabrail import documents
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.pipeline import generated
from tabrail.project.progress import how_to_end, in_progress
from tabrail.review import interrupted
from tabrail.review import merge as merging
from tabrail.review.merge import merge

PIPELINE = """\
stages:
  train:
    cmd: train
    outs:
      - model.bin
      - reports/card.txt: {cache: false, persist: true}
    metrics:
      - reports/numbers.txt: {cache: false}
"""
PARAMS = "a: 1\n\n\n\nb: 1\n\n\n\nc: 1\n"
WHAT_RUNS = ["lock", "checkout", "repro", "commit"]


class Runner:
    """Notes the commands. A run's results are what params.yaml says; Git's own really run."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.failing = ""

    def __call__(self, command: list[str]) -> int:
        self.commands.append(command)
        if self.failing in command:
            return 1
        if command[0] == "git":
            return subprocess.run(command, capture_output=True).returncode
        if "repro" in command:
            train()
        return 0

    def names(self) -> list[str]:
        """Return what was run, a word for each."""
        known = ("lock", "checkout", "pull", "repro", "commit")
        return [word for command in self.commands for word in command if word in known]


@pytest.fixture
def runner() -> Runner:
    return Runner()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Stand in a repository, or a folder of one, with a project that has been trained."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    git.git("init", "--quiet", "--initial-branch", "main")
    project = tmp_path / getattr(request, "param", ".")
    project.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(project)
    Path("reports").mkdir()
    write("dvc.yaml", PIPELINE)
    write("params.yaml", PARAMS)
    write("uv.lock", "version = 1\npackage = []\n")
    write("raw.dvc", "md5: 1\n")
    train()
    git.git("config", "user.name", "Ada Byron")
    git.git("config", "user.email", "ada@example.com")
    commit("base")


def write(name: str, text: str) -> None:
    Path(name).write_text(text, encoding="utf-8", newline="\n")


def read(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def param(old: str, new: str) -> None:
    write("params.yaml", read("params.yaml").replace(old, new))


def train() -> None:
    """Write what a run makes of the parameters: all that Git tracks of it."""
    params = " ".join(read("params.yaml").split())
    for name in ("dvc.lock", *generated()):
        write(name, result(params))


def result(params: str) -> str:
    return f"start: 0\nparams: {params!r}\nend: 0\n"


def commit(message: str) -> None:
    git.git("add", "--all")
    git.git("commit", "--quiet", "--message", message)


def branches(theirs: Callable[[], None], ours: Callable[[], None]) -> None:
    """Let two branches change something, each from where main is; end on `ours`."""
    for name, change in (("theirs", theirs), ("ours", ours)):
        git.git("switch", "--quiet", "--create", name, "main")
        change()
        commit(name)


def training(old: str, new: str) -> Callable[[], None]:
    """Return the work of somebody who changes a parameter and trains."""

    def work() -> None:
        param(old, new)
        train()

    return work


def both_train() -> None:
    """Let both branches change a parameter of their own, and train."""
    branches(training("a: 1", "a: 2"), training("c: 1", "c: 2"))


def state() -> tuple[str, str, str]:
    """Return all that Git knows of the present state."""
    return git.git("rev-parse", "HEAD"), git.git("status", "--porcelain"), git.git("diff")


def results() -> set[str]:
    return {read(name) for name in ("dvc.lock", *generated())}


@pytest.mark.parametrize("repository", [".", "models/shops"], indirect=True)
@pytest.mark.parametrize("begun", [False, True])
def test_the_results_are_those_of_both_changes(
    begun: bool, runner: Runner, said: list[str]
) -> None:
    both_train()
    if begun:
        assert not git.succeeds("merge", "theirs")
    merge("theirs", said.append, runner)
    assert results() == {result("a: 2 b: 1 c: 2")}
    assert runner.names() == WHAT_RUNS
    assert len(git.git("log", "-1", "--format=%P").split()) == 2
    assert git.git("log", "-1", "--format=%B").strip() == "Merge branch 'theirs' into ours"
    assert git.git("status", "--porcelain") == ""
    assert "git push" in said[-1]


def test_without_uv_nothing_is_begun(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_train()
    before = state()
    monkeypatch.setenv("UV", "/nowhere/uv")
    with pytest.raises(InputError, match="uv was not found; install it"):
        merge("theirs", said.append, runner)
    assert state() == before
    assert not runner.commands
    assert not said


def test_before_the_run_all_results_are_of_one_side(runner: Runner, said: list[str]) -> None:
    """Git would merge these line by line without a conflict: results of a run that never was."""
    text = "one: 1\n\n\n\n\n\ntwo: 2\n"
    for name in ("dvc.lock", "reports/numbers.txt", "reports/card.txt"):
        write(name, text)
    commit("base")

    def change(number: str) -> Callable[[], None]:
        def work() -> None:
            for name in ("dvc.lock", "reports/numbers.txt"):
                write(name, text.replace(number, "9"))

        return work

    branches(change("1"), change("2"))
    ours = results()
    runner.failing = "repro"
    with pytest.raises(InputError, match="repro failed, and the merge is still in progress"):
        merge("theirs", said.append, runner)
    assert results() == ours
    assert "those of this side" in " ".join(said)


def test_a_lock_that_a_kill_of_dvc_has_cut_off_is_named(runner: Runner, said: list[str]) -> None:
    both_train()
    Path(".dvc/tmp").mkdir(parents=True)
    Path(".dvc/tmp/rwlock").touch()
    runner.failing = "repro"
    with pytest.raises(
        InputError, match=r"if no other DVC process is running, run: rm -f \.dvc/tmp/rwlock"
    ):
        merge("theirs", said.append, runner)


def test_results_of_the_only_side_that_trained_are_kept(runner: Runner, said: list[str]) -> None:
    branches(training("a: 1", "a: 2"), lambda: write("notes.md", "note\n"))
    runner.failing = "repro"
    with pytest.raises(InputError):
        merge("theirs", said.append, runner)
    assert results() == {result("a: 2 b: 1 c: 1")}
    assert "those of the other side" in " ".join(said)


@pytest.mark.parametrize("remover", ["ours", "theirs"])
def test_a_result_that_one_side_no_longer_has_is_gone(
    remover: str, runner: Runner, said: list[str]
) -> None:
    def remove() -> None:
        line = "      - reports/card.txt: {cache: false, persist: true}\n"
        write("dvc.yaml", read("dvc.yaml").replace(line, ""))
        git.git("rm", "--quiet", "reports/card.txt")
        train()

    change = training("a: 1", "a: 2")
    branches(*((change, remove) if remover == "ours" else (remove, change)))
    merge("theirs", said.append, runner)
    assert not Path("reports/card.txt").exists()
    assert git.git("status", "--porcelain") == ""
    assert results() == {result("a: 2 b: 1 c: 1")}


def test_a_result_that_one_side_has_new_is_there(runner: Runner, said: list[str]) -> None:
    def add() -> None:
        more = "      - reports/card.txt: {cache: false, persist: true}\n"
        write("dvc.yaml", read("dvc.yaml").replace(more, more + more.replace("card", "more")))
        train()

    branches(add, training("a: 1", "a: 2"))
    merge("theirs", said.append, runner)
    assert git.git("show", "HEAD:reports/more.txt") == result("a: 2 b: 1 c: 1")


def conflicting() -> None:
    """Let both branches change the same parameter, and train."""
    branches(training("a: 1", "a: 2"), training("a: 1", "a: 3"))


def test_sources_in_conflict_are_refused_and_nothing_has_changed(
    runner: Runner, said: list[str]
) -> None:
    conflicting()
    before = state()
    with pytest.raises(InputError, match=r"both sides changed params.yaml; nothing was changed"):
        merge("theirs", said.append, runner)
    assert state() == before
    assert git.commit("MERGE_HEAD") is None
    assert runner.commands == []


def test_a_merge_of_the_person_is_left_as_it_is_until_sources_are_staged(
    runner: Runner, said: list[str]
) -> None:
    conflicting()
    git.succeeds("merge", "theirs")
    before = state()
    with pytest.raises(InputError, match=r"both sides changed params.yaml; resolve and git add"):
        merge("theirs", said.append, runner)
    assert state() == before
    write("params.yaml", PARAMS.replace("a: 1", "a: 4"))
    git.git("add", "params.yaml")
    param("c: 1", "c: 9")
    with pytest.raises(InputError, match=r"not staged: params.yaml"):
        merge("theirs", said.append, runner)
    assert runner.commands == []
    git.git("add", "params.yaml")
    merge("theirs", said.append, runner)
    assert results() == {result("a: 4 b: 1 c: 9")}


def test_a_file_of_data_in_conflict_is_for_a_person(runner: Runner, said: list[str]) -> None:
    Path(".dvc").mkdir()
    write(".dvc/config", "")
    write(".dvc/.gitignore", "*\n")
    branches(lambda: write("raw.dvc", "md5: 2\n"), lambda: write("raw.dvc", "md5: 3\n"))
    before = state()
    with pytest.raises(InputError, match=r"both sides changed raw.dvc; nothing was changed"):
        merge("theirs", said.append, runner)
    assert state() == before


def test_a_pipeline_in_conflict_is_a_source(runner: Runner, said: list[str]) -> None:
    def change(command: str) -> Callable[[], None]:
        return lambda: write("dvc.yaml", PIPELINE.replace("cmd: train", command))

    branches(change("cmd: one"), change("cmd: two"))
    with pytest.raises(InputError, match=r"both sides changed dvc.yaml; nothing was changed"):
        merge("theirs", said.append, runner)


def test_packages_in_conflict_are_the_other_sides_and_locked_anew(
    runner: Runner, said: list[str]
) -> None:
    def lock(version: int) -> Callable[[], None]:
        return lambda: write("uv.lock", f"version = {version}\npackage = []\n")

    branches(lock(2), lock(3))
    merge("theirs", said.append, runner)
    assert read("uv.lock") == "version = 2\npackage = []\n"
    assert runner.names() == WHAT_RUNS
    assert any("repeat the upgrades" in sentence for sentence in said)


def with_results(version: str) -> None:
    """Write results of a model that was trained with a version of a library."""
    score = {"value": 0.7, "low": 0.6, "high": 0.8, "baseline_value": 0.5}
    half = {"metrics": {"roc_auc": score}, "slices": {}}
    model = {"versions": {"skops": version}}
    run = {"main_metric": "roc_auc", "validation": half, "test": half, "model": model}
    write("reports/evaluation.json", json.dumps(run))


def test_other_libraries_make_everything_run(runner: Runner, said: list[str]) -> None:
    with_results("1")
    commit("base")
    upgraded = 'version = 1\n[[package]]\nname = "skops"\nversion = "2"\n'
    branches(lambda: write("uv.lock", upgraded), training("a: 1", "a: 2"))
    merge("theirs", said.append, runner)
    assert runner.names() == ["lock", "pull", "repro", "commit"]
    assert "--force" in runner.commands[2]


def test_a_failed_run_is_gone_on_with(runner: Runner, said: list[str]) -> None:
    both_train()
    runner.failing = "repro"
    with pytest.raises(InputError, match="fix the cause, git add the fix"):
        merge("theirs", said.append, runner)
    assert git.commit("MERGE_HEAD")
    write("dvc.lock", "stages: {}  # what one wrote before the next one failed\n")
    runner.failing = "commit"
    runner.commands.clear()
    seen: list[str] = []

    def run(command: list[str]) -> int:
        if "repro" in command:
            seen.append(read("dvc.lock"))
        return runner(command)

    with pytest.raises(InputError, match="git commit --no-edit --cleanup=strip failed"):
        merge("theirs", said.append, run)
    assert seen == ["stages: {}  # what one wrote before the next one failed\n"]
    runner.failing = ""
    merge("theirs", said.append, runner)
    assert git.commit("MERGE_HEAD") is None
    assert git.git("log", "-1", "--format=%B").strip() == "Merge branch 'theirs' into ours"
    assert results() == {result("a: 2 b: 1 c: 2")}


def test_uncommitted_changes_are_refused(runner: Runner, said: list[str]) -> None:
    both_train()
    param("b: 1", "b: 2")
    before = state()
    with pytest.raises(
        InputError, match=r"changes are not committed: params.yaml; commit or stash"
    ):
        merge("theirs", said.append, runner)
    assert state() == before


@pytest.mark.parametrize(
    ("begin", "begun", "made"),
    [
        (("rebase", "theirs"), "A rebase is in progress", "a: 2 b: 1 c: 2"),
        (("cherry-pick", "theirs"), "A cherry-pick is in progress", "a: 2 b: 1 c: 2"),
        (("revert", "HEAD~1"), "A revert is in progress", "a: 1 b: 1 c: 3"),
    ],
)
def test_what_else_stops_at_the_results_goes_on(
    begin: tuple[str, ...], begun: str, made: str, runner: Runner, said: list[str]
) -> None:
    both_train()
    if begin[0] == "revert":
        training("a: 1", "a: 2")()
        commit("change a")
        training("c: 2", "c: 3")()
        commit("change c")
    assert not git.succeeds(*begin)
    conflicts = git.git("diff", "--name-only", "--diff-filter=U").split()
    assert how_to_end(conflicts) == "run: uv run tabrail merge"
    merge("origin/main", said.append, runner)
    assert said[0].startswith(begun)
    assert results() == {result(made)}
    assert git.git("status", "--porcelain") == ""
    assert in_progress() is None
    assert len(git.git("log", "-1", "--format=%P").split()) == 1


def test_a_stash_in_conflict_is_not_taken_for_a_merge(runner: Runner, said: list[str]) -> None:
    both_train()
    training("b: 1", "b: 2")()
    git.git("stash")
    git.git("switch", "--quiet", "theirs")
    assert not git.succeeds("stash", "pop")
    before = state()
    with pytest.raises(InputError, match=r"in conflict, but not by a merge: dvc.lock") as refused:
        merge("theirs", said.append, runner)
    assert state() == before
    command, _, then = str(refused.value).partition("; run: ")[2].partition(" && ")
    assert then == "uv run dvc repro"
    subprocess.run(shlex.split(command), check=True)
    assert git.git("diff", "--name-only", "--diff-filter=U") == ""
    assert read("params.yaml") == PARAMS.replace("a: 1", "a: 2").replace("b: 1", "b: 2")


def test_nothing_is_merged_where_there_is_nothing(runner: Runner, said: list[str]) -> None:
    both_train()
    merge("main", said.append, runner)
    assert "Nothing to merge" in said[0]
    git.git("switch", "--quiet", "main")
    merge("theirs", said.append, runner)
    assert git.commit("HEAD") == git.commit("theirs")
    assert "Nothing to run" in said[1]
    assert runner.commands == []


def test_what_git_does_not_merge_is_said(runner: Runner, said: list[str]) -> None:
    with pytest.raises(InputError, match="this clone has no commit nowhere; run: git fetch"):
        merge("nowhere", said.append, runner)
    branches(lambda: write("notes.md", "theirs\n"), lambda: param("a: 1", "a: 2"))
    write("notes.md", "untracked\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"Git cannot merge theirs: .+overwritten by merge"):
            merge("theirs", said.append, runner)
        assert read("notes.md") == "untracked\n"


class KilledError(BaseException):
    """What happens at some moment: as after `kill -9`, nothing is done any more."""


LASTING = {"merge", "checkout", "rm", "add"}  # Git's commands that change something


def kill_after(
    patch: pytest.MonkeyPatch, number: int, runner: Runner
) -> Callable[[list[str]], int]:
    """Kill a merge after so many of the steps that change something; return what runs commands."""
    steps: list[object] = []

    def step() -> None:
        steps.append(None)
        if len(steps) == number:
            raise KilledError

    ask = git._run

    def asked(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        done = ask(*arguments, **options)
        if arguments[0] in LASTING:
            step()
        return done

    def run(command: list[str]) -> int:
        code = runner(command)
        step()
        return code

    patch.setattr(git, "_run", asked)
    return run


@pytest.mark.ci("it merges two dozen times")
def test_a_merge_that_was_killed_at_any_moment_is_taken_up_again(
    tmp_path: Path, runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_train()
    sides = git.git("rev-parse", "ours", "theirs").split()
    number, was_killed, trees = 0, True, set()
    while was_killed:
        number, was_killed = number + 1, False
        copy = tmp_path.with_name(f"{tmp_path.name}-{number}")
        shutil.copytree(tmp_path, copy)
        monkeypatch.chdir(copy)
        with monkeypatch.context() as patch:
            try:
                merge("theirs", said.append, kill_after(patch, number, runner))
            except KilledError:
                was_killed = True
        if git.commit("HEAD") == sides[0]:
            merge("theirs", said.append, runner)
        trees.add(git.git("rev-parse", "HEAD^{tree}"))
        assert git.git("log", "-1", "--format=%P").split() == sides
        assert git.git("status", "--porcelain") == ""
        assert results() == {result("a: 2 b: 1 c: 2")}
    assert number > 8
    assert len(trees) == 1


def test_a_lock_that_was_cut_off_is_taken_from_one_side_again(
    runner: Runner, said: list[str]
) -> None:
    both_train()
    runner.failing = "repro"
    with pytest.raises(InputError):
        merge("theirs", said.append, runner)
    ours = read("dvc.lock")
    for text in ("", "stages:\n  train:\n    cmd: x\n    deps:\n    - pa", "stages:\n  train:\n"):
        write("dvc.lock", text)
        with pytest.raises(InputError, match="repro failed"):
            merge("theirs", said.append, runner)
        assert read("dvc.lock") == ours
    whole = "stages:\n  train:\n    cmd: x\n    outs:\n    - path: model.bin\n      md5: 1\n"
    write("dvc.lock", whole)
    with pytest.raises(InputError, match="repro failed"):
        merge("theirs", said.append, runner)
    assert read("dvc.lock") == whole


def test_a_merge_that_has_its_commit_is_ended(runner: Runner, said: list[str]) -> None:
    both_train()
    merge("theirs", said.append, runner)
    merged = git.commit("HEAD")
    write(".git/MERGE_HEAD", git.git("rev-parse", "theirs"))
    write(".git/MERGE_MSG", "Merge\n")
    runner.commands.clear()
    merge("origin/main", said.append, runner)
    assert git.commit("HEAD") == merged
    assert git.commit("MERGE_HEAD") is None
    assert runner.commands == []
    assert said[-1].startswith("Done: merge. Next: git push")


def test_how_to_remove_what_a_killed_git_leaves_is_said(runner: Runner, said: list[str]) -> None:
    both_train()
    lock = Path(".git/index.lock")
    lock.touch()
    with pytest.raises(
        InputError, match="another Git process is running, or was killed"
    ) as refused:
        merge("theirs", said.append, runner)
    command = str(refused.value).partition(" run: ")[2].removesuffix(", then repeat the command")
    subprocess.run(shlex.split(command), check=True)
    assert not lock.exists()
    merge("theirs", said.append, runner)
    assert results() == {result("a: 2 b: 1 c: 2")}


def kill_git_while_it_writes(
    name: str, program: str = "tabrail.review.merge.merge('theirs', print)"
) -> None:
    """Run a line of Python with a Git that is killed as soon as it has written one file."""
    write(".git/info/attributes", f"{name} filter=deadly\n")
    git.git("config", "filter.deadly.smudge", "kill -9 $PPID; cat")
    program = f"import tabrail.review.merge; {program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "killed by signal 9" in done.stderr
    Path(".git/index.lock").unlink()
    Path(".git/info/attributes").unlink()


def bring_files() -> None:
    """Change a parameter, and bring two new files."""
    write("a_new.md", "a\n" * 5000)
    write("z_new.md", "z\n")
    training("a: 1", "a: 2")()


@pytest.mark.parametrize("name", ["params.yaml", "z_new.md", "dvc.lock"])
def test_a_git_that_was_killed_while_it_wrote_files_is_begun_again(
    name: str, runner: Runner, said: list[str]
) -> None:
    branches(bring_files, training("c: 1", "c: 2"))
    kill_git_while_it_writes(name)
    assert git.commit("MERGE_HEAD") is None
    merge("origin/main", said.append, runner)
    assert "Git was killed while it merged" in said[0]
    assert results() == {result("a: 2 b: 1 c: 2")}
    assert read("a_new.md") == "a\n" * 5000
    assert len(git.git("log", "-1", "--format=%P").split()) == 2


def test_a_merge_to_be_refused_in_which_git_was_killed_is_refused_rightly(
    runner: Runner, said: list[str]
) -> None:
    conflicting()
    before = state()
    kill_git_while_it_writes("dvc.lock")
    assert state() != before
    with pytest.raises(InputError, match=r"changed params\.yaml; nothing was changed; run: git me"):
        merge("theirs", said.append, runner)
    assert state() == before


def test_a_refused_merge_of_which_git_was_killed_while_it_undid_it_can_be_resolved(
    runner: Runner, said: list[str]
) -> None:
    conflicting()
    assert not git.succeeds("merge", "--no-commit", "theirs")
    kill_git_while_it_writes("params.yaml", program="tabrail.project.git.git('merge', '--abort')")
    with pytest.raises(InputError, match=r"both sides changed params\.yaml; resolve and git add"):
        merge("theirs", said.append, runner)
    write("params.yaml", PARAMS.replace("a: 1", "a: 4"))
    git.git("add", "params.yaml")
    merge("theirs", said.append, runner)
    assert results() == {result("a: 4 b: 1 c: 1")}
    assert len(git.git("log", "-1", "--format=%P").split()) == 2


def test_what_was_edited_after_git_was_killed_is_kept(runner: Runner, said: list[str]) -> None:
    branches(bring_files, training("c: 1", "c: 2"))
    kill_git_while_it_writes("z_new.md")
    write("a_new.md", "my own\n")
    with pytest.raises(InputError, match=r"have changed since then: a_new\.md; copy"):
        merge("theirs", said.append, runner)
    assert read("a_new.md") == "my own\n"


def test_a_merge_that_was_undone_is_not_taken_for_a_killed_one(
    runner: Runner, said: list[str]
) -> None:
    conflicting()
    with pytest.raises(InputError, match="both sides changed"):
        merge("theirs", said.append, runner)
    write("params.yaml", "edited\n")
    with pytest.raises(InputError, match=r"not committed: params\.yaml"):
        merge("theirs", said.append, runner)


def test_a_merge_that_git_could_not_write_is_not_gone_on_with(
    runner: Runner, said: list[str]
) -> None:
    """With the lock of a killed Git, it says that there are conflicts, and changes no file."""
    both_train()
    ours = git.commit("HEAD")
    lock = Path(".git/index.lock")
    lock.touch()
    subprocess.run(["git", "merge", "theirs"], capture_output=True, check=False)
    lock.unlink()
    if not git.commit("MERGE_HEAD"):  # a newer Git begins no merge beside a lock
        Path(".git/MERGE_HEAD").write_text(f"{git.commit('theirs')}\n", encoding="utf-8")
        Path(".git/MERGE_MSG").write_text("Merge branch 'theirs'\n", encoding="utf-8")
    with pytest.raises(InputError, match="has nothing of the other side; run: ") as refused:
        merge("theirs", said.append, runner)
    abort, again = str(refused.value).partition("; run: ")[2].split(", then: ")
    assert again == "uv run tabrail merge theirs"
    subprocess.run(shlex.split(abort), check=True)
    assert git.commit("HEAD") == ours
    merge("theirs", said.append, runner)
    assert results() == {result("a: 2 b: 1 c: 2")}


def full_at(
    patch: pytest.MonkeyPatch, number: int, runner: Runner, *, is_done: bool = False
) -> Callable[[list[str]], int]:
    """Let the disk be full at one of the steps that write; return what runs commands.

    Args:
        patch: undoes it.
        number: of the step, from 1.
        runner: runs the other commands.
        is_done: whether Git has written files of the working tree by then: its index comes last.
    """
    steps: list[object] = []
    ask, write_all = git._call, documents.write_texts

    def is_full() -> bool:
        steps.append(None)
        return len(steps) == number

    def asked(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        if not LASTING.intersection(arguments[:1]) or not is_full():
            return ask(*arguments, **options)
        index = Path(".git/index").read_bytes()
        if is_done:
            ask(*arguments, **options)
            Path(".git/index").write_bytes(index)
            Path(".git/MERGE_HEAD").unlink(missing_ok=True)
        reason = "fatal: sha1 file '.git/index.lock' write error. Out of diskspace"
        return subprocess.CompletedProcess(arguments, 128, "", reason)

    def written(texts: Any) -> None:
        if is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_all(texts)

    def run(command: list[str]) -> int:
        return 1 if is_full() else runner(command)

    patch.setattr(git, "_call", asked)
    patch.setattr(merging, "write_texts", written)
    patch.setattr(interrupted, "write_texts", written)
    return run


@pytest.mark.ci("it merges two dozen times")
def test_a_merge_for_which_the_disk_was_full_is_ended_by_the_next(
    tmp_path: Path, runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_train()
    before = state()
    sides = git.git("rev-parse", "ours", "theirs").split()
    number, was_full, as_before = 0, True, []
    while was_full:
        number, was_full = number + 1, False
        copy = tmp_path.with_name(f"{tmp_path.name}-{number}")
        shutil.copytree(tmp_path, copy)
        monkeypatch.chdir(copy)
        git.git("status")  # notes when the copies were made
        with monkeypatch.context() as patch:
            try:
                merge("theirs", said.append, full_at(patch, number, runner))
            except (OSError, InputError) as error:
                was_full = True
                text = str(error)
                sentences = ("No space left", "run: uv run tabrail merge", "repeat the command")
                assert any(sentence in text for sentence in sentences)
        if was_full:
            as_before.append(state() == before)
            assert as_before[-1] or git.commit("MERGE_HEAD")
            merge("theirs", said.append, runner)
        assert git.git("log", "-1", "--format=%P").split() == sides
        assert git.git("status", "--porcelain") == ""
        assert results() == {result("a: 2 b: 1 c: 2")}
    assert number > 8
    assert as_before[:2] == [True, True]  # the note, and Git's merge


def test_what_git_has_written_of_a_merge_until_the_disk_was_full_is_undone(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    branches(bring_files, training("c: 1", "c: 2"))
    write("z_new.md", "z")  # begins like the other side's, but is a person's
    before = state()
    for _ in range(2):
        with (
            monkeypatch.context() as patch,
            pytest.raises(InputError, match=r"Git cannot merge theirs: .+; make room on the disk"),
        ):
            merge("theirs", said.append, full_at(patch, 2, runner, is_done=True))
        assert state() == before
        assert not Path("a_new.md").exists()
    assert read("z_new.md") == "z"
    Path("z_new.md").unlink()
    merge("theirs", said.append, runner)
    assert results() == {result("a: 2 b: 1 c: 2")}


def test_what_cannot_be_undone_while_the_disk_is_full_is_undone_by_the_next(
    runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    branches(bring_files, training("c: 1", "c: 2"))
    with monkeypatch.context() as patch:
        run = full_at(patch, 2, runner, is_done=True)
        full = git._call

        def asked(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
            if arguments[0] == "reset":  # it has cut a file off
                write("params.yaml", PARAMS[:5])
                reason = "fatal: unable to write new index file: No space left on device"
                return subprocess.CompletedProcess(arguments, 128, "", reason)
            return full(*arguments, **options)

        patch.setattr(git, "_call", asked)
        with pytest.raises(
            InputError, match=r"to undo it and try again: uv run tabrail merge theirs$"
        ):
            merge("theirs", said.append, run)
    assert git.changed_files()
    merge("theirs", said.append, runner)
    assert "starts again" in said[0]
    assert results() == {result("a: 2 b: 1 c: 2")}


@pytest.mark.ci("it merges a dozen times")
def test_a_merge_to_be_refused_that_was_killed_at_any_moment_is_refused_rightly(
    tmp_path: Path, runner: Runner, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    conflicting()
    before = state()
    number, was_killed = 0, True
    while was_killed:
        number, was_killed = number + 1, False
        copy = tmp_path.with_name(f"{tmp_path.name}-{number}")
        shutil.copytree(tmp_path, copy)
        monkeypatch.chdir(copy)
        with monkeypatch.context() as patch:
            try:
                merge("theirs", said.append, kill_after(patch, number, runner))
            except KilledError:
                was_killed = True
            except InputError:
                pass
        begun = git.commit("MERGE_HEAD")
        with pytest.raises(InputError, match=r"both sides changed params\.yaml") as refused:
            merge("theirs", said.append, runner)
        if begun:
            assert "; resolve and git add them, then run: uv run tabrail merge" in str(refused)
            write("params.yaml", PARAMS)
            git.git("add", "params.yaml")
            merge("theirs", said.append, runner)
            assert results() == {result("a: 1 b: 1 c: 1")}
        else:
            assert "; nothing was changed; run: git merge theirs" in str(refused)
            assert state() == before
    assert number > 2


def test_a_person_may_keep_all_of_this_side(runner: Runner, said: list[str]) -> None:
    branches(lambda: param("a: 1", "a: 2"), training("a: 1", "a: 3"))
    assert not git.succeeds("merge", "theirs")
    git.git("checkout", "--ours", "params.yaml")
    git.git("add", "params.yaml")
    merge("theirs", said.append, runner)
    assert len(git.git("log", "-1", "--format=%P").split()) == 2
    assert results() == {result("a: 3 b: 1 c: 1")}


def test_a_merge_that_was_begun_again_takes_one_side_again(runner: Runner, said: list[str]) -> None:
    """Git merges these line by line without a conflict, and the first merge has left its note."""
    text = "one: 1\n\n\n\n\n\ntwo: 2\n"
    write("dvc.lock", text)
    commit("base")
    changes = [lambda old=old: write("dvc.lock", text.replace(old, "9")) for old in "12"]
    branches(*changes)
    ours = read("dvc.lock")
    runner.failing = "repro"
    for _ in range(2):
        with pytest.raises(InputError, match="repro failed"):
            merge("theirs", said.append, runner)
        assert read("dvc.lock") == ours
        git.git("merge", "--abort")


def test_after_a_kill_everything_still_runs_that_other_libraries_ask_for(
    runner: Runner, said: list[str]
) -> None:
    with_results("1")
    write("dvc.yaml", f"{PIPELINE}      - reports/evaluation.json: {{cache: false}}\n")
    commit("base")
    upgraded = 'version = 1\n[[package]]\nname = "skops"\nversion = "2"\n'
    branches(lambda: write("uv.lock", upgraded), lambda: param("a: 1", "a: 2"))

    def killed(command: list[str]) -> int:
        if "repro" not in command:
            return runner(command)
        with_results("2")  # the first results are there, and other stages would still have to run
        raise KilledError

    with pytest.raises(KilledError):
        merge("theirs", said.append, killed)
    runner.commands.clear()
    merge("theirs", said.append, runner)
    assert runner.names() == ["lock", "pull", "repro", "commit"]
    assert "--force" in runner.commands[2]


@pytest.mark.parametrize("left", [None, "", "\n"])
def test_a_merge_without_its_message_was_not_written_whole(
    runner: Runner, said: list[str], left: str | None
) -> None:
    branches(training("b: 1", "b: 2"), training("c: 1", "c: 2"))
    assert not git.succeeds("merge", "theirs")  # by a person, on a disk that is full
    Path(".git/MERGE_MSG").unlink()
    if left is not None:
        write(".git/MERGE_MSG", left)
    how = "is missing" if left is None else "is blank"
    with pytest.raises(InputError, match=rf"MERGE_MSG {how}; make room on the disk, ") as refused:
        merge("theirs", said.append, runner)
    assert runner.commands == []
    for line in str(refused.value).partition("run: ")[2].split(", then: uv run tabrail merge "):
        if line.startswith("git "):
            subprocess.run(shlex.split(line), check=True)
        else:
            merge(line, said.append, runner)
    assert read("params.yaml") == PARAMS.replace("b: 1", "b: 2").replace("c: 1", "c: 2")
    assert not in_progress()

"""Merge a branch after both sides trained: Git merges sources, and a run makes the results.

A rebase, a cherry-pick or a revert that stopped at the results is continued in the same way.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tabrail import paths
from tabrail.documents import read_yaml, write_texts
from tabrail.dvc import command as dvc
from tabrail.dvc import runs
from tabrail.errors import InputError
from tabrail.project import git, progress, uv
from tabrail.project.pipeline import generated
from tabrail.review import interrupted
from tabrail.review.check import some
from tabrail.review.merge_data import merge_data
from tabrail.review.snapshot import read
from tabrail.review.verify import versions_are_locked

Show = Callable[[str], None]
Run = Callable[[list[str]], int]

LOCK, PACKAGES = str(paths.LOCK), str(paths.PACKAGES)
CONFLICTS = "--diff-filter=U"
# This file in Git's folder has the merge, and what has been done or decided for it.
NOTE = "tabrail-merge"
ONE_SIDE = "the results are those of one side, until a run makes those of both"
ALL_AGAIN = "every stage runs again, because the libraries have changed"
NEXT = "Next: git push (its hook pushes the data first)"


def call(command: list[str]) -> int:
    """Run a command that prints to the screen; return its exit code."""
    return subprocess.run(command, check=False).returncode


def merge(revision: str, show: Show, run: Run = call) -> None:
    """Merge a branch or continue a merge in progress, and run the stages that it changed.

    Args:
        revision: the branch or commit to merge, unless a merge is in progress.
        show: shows a line to the user.
        run: runs a command, and returns its exit code.

    Raises:
        InputError: a person must decide something, or a command failed.
    """
    program = uv.program()  # without uv, the merge could not be finished
    if git.succeeds("merge-base", "--is-ancestor", "MERGE_HEAD", "HEAD"):
        git.git(
            "merge", "--quit"
        )  # its commit exists; Git was killed before it could delete its record
        show(f"Done: merge. {NEXT}")
        return
    other = progress.in_progress()
    started = other is None
    if other:
        show(f"A {progress.STEPS[other]} is in progress: it is continued")
    elif not _start(revision, show):
        return
    if other == "MERGE_HEAD" and ONE_SIDE not in _noted(other):
        _refuse_nothing()
    other = other or "MERGE_HEAD"
    written = {*generated("HEAD"), *generated(other), LOCK}
    _merge_data(other, show, started=started)
    _refuse_conflicts(set(_differing(CONFLICTS)) - written - {PACKAGES}, revision, started)
    _refuse_unstaged(set(_differing()) - written - {PACKAGES})

    # Not this side's: that would undo every upgrade that the other side has merged.
    if PACKAGES in _differing(CONFLICTS):
        git.git("checkout", other, "--", PACKAGES)
        show(f"{PACKAGES} is the other side's; repeat the upgrades that only this side had")
    _take_one_side(other, written, show)
    _do([program, "lock"], run, show)
    # dvc.lock has no versions of libraries. A run takes the data in this folder for the newest. It
    # would undo the changes of the other side. So first check out the data of the merge.
    if versions_are_locked(read()).verdict == "FAILED":
        _note(other, ALL_AGAIN)  # if a run is killed, its first new results would not show this
    for arguments in dvc.to_run_again(everything=ALL_AGAIN in _noted(other)):
        _do([program, "run", *arguments], run, show)

    made = [path for path in (*generated(), LOCK, PACKAGES) if Path(path).exists()]
    git.git("add", "--", *made)
    if other == "MERGE_HEAD":  # without an editor, Git would keep its comments in the message
        _do(["git", "commit", "--no-edit", "--cleanup=strip"], run, show)
    else:
        without_editor = ("git", "-c", "core.editor=true")
        _do([*without_editor, progress.STEPS[other], "--continue"], run, show)
    show(f"Done: {progress.STEPS[other]}. {NEXT}")


def _start(revision: str, show: Show) -> bool:
    """Start a merge; return whether there is anything to merge."""
    if begun := interrupted.undo():
        revision = begun
        show(f"Git was killed while it merged {begun}. The merge starts again.")
    if conflicts := _differing(CONFLICTS):
        how = progress.how_to_end(conflicts)
        raise InputError(f"files are in conflict, but not by a merge: {some(conflicts)}; {how}")
    if changed := git.changed_files():
        raise InputError(
            f"changes are not committed: {some(changed)}; commit or stash them, then {_again()}"
        )
    other = git.commit(revision)
    if other is None:
        raise InputError(f"this clone has no commit {revision}; run: git fetch origin")
    if git.succeeds("merge-base", "--is-ancestor", other, "HEAD"):
        show(f"Nothing to merge: HEAD has all of {revision}. For newer commits, run: git fetch")
        return False
    if git.succeeds("merge-base", "--is-ancestor", "HEAD", other):
        git.git("merge", "--ff-only", revision)
        show(f"Nothing to run: HEAD is now {revision}. For its data and model: uv run dvc pull")
        return False
    interrupted.merge(revision)
    return True


def _refuse_nothing() -> None:
    """Refuse a merge that Git has begun and could not write.

    Git takes this for a conflict without files. Continuing would drop all changes of the other
    side. On a full disk, even the commit message may be missing.
    """
    file = git.path_of("MERGE_MSG")
    message = file.read_text(encoding="utf-8") if file.exists() else ""
    if not message.strip():
        raise InputError(
            f"Git has begun a merge, but could not write all of it, as on a full disk: {file} is "
            f"{'blank' if file.exists() else 'missing'}; make room on the disk, copy what you have "
            f"resolved to another place, {_anew()}"
        )
    unlike = not git.succeeds("diff", "--quiet", _fork("MERGE_HEAD"), "MERGE_HEAD")
    named = re.search(r"Conflicts:\n.+\t", message)  # files that a person may have resolved since
    if unlike and not named and git.succeeds("diff", "--cached", "--quiet"):
        raise InputError(f"Git has begun a merge, but has nothing of the other side; {_anew()}")


def _anew() -> str:
    other = git.git("name-rev", "--name-only", "MERGE_HEAD").strip()
    return f"run: git merge --abort, then: uv run tabrail merge {other}"


def _refuse_conflicts(sources: set[str], revision: str, started: bool) -> None:
    """Refuse conflicts in files that people wrote, and undo a merge that was started here."""
    if not sources:
        return
    if started:
        git.git("merge", "--abort")
        how = f"nothing was changed; run: git merge {revision}; then resolve and git add them"
    else:
        how = "resolve and git add them"
    raise InputError(f"both sides changed {some(sorted(sources))}; {how}, then {_again()}")


def _refuse_unstaged(changed: set[str]) -> None:
    """Refuse changes that the run would read but the commit would lack."""
    if changed:
        raise InputError(
            f"files are changed, but not staged: {some(sorted(changed))}; git add them, "
            f"then {_again()}"
        )


def _take_one_side(other: str, written: set[str], show: Show) -> None:
    """Take all results from one side, so that they fit together. DVC finds the stages to run.

    A dvc.lock with lines of both sides would record a run that never happened.
    """
    if ONE_SIDE in _noted(other) and not set(_differing(CONFLICTS)) & written:
        if not _lock_is_whole():
            git.git("checkout", "--", LOCK)
        return  # an earlier call did this; keep what has been run since then
    trained = not git.succeeds("diff", "--quiet", _fork(other), "HEAD", "--", LOCK)
    side = "HEAD" if trained else other
    wanted = {*generated(), LOCK}
    for path in sorted(written):
        if path in wanted and git.succeeds("cat-file", "-e", f"{side}:./{path}"):
            git.git("checkout", side, "--", path)
        else:
            git.git("rm", "--force", "--quiet", "--ignore-unmatch", "--", path)
    _note(other, ONE_SIDE)
    show(f"{LOCK} and reports are those of {'this' if trained else 'the other'} side until the run")


def _merge_data(other: str, show: Show, *, started: bool) -> None:
    """Combine the data of both sides; if that fails, undo a merge that was started here."""
    try:
        merged = merge_data(_fork(other), other)
    except InputError:
        if started:
            git.git("merge", "--abort")
        raise
    for path in merged:
        show(f"{path} has the files of both sides")


def _fork(other: str) -> str:
    """Return the commit from which both sides start. In a cherry-pick, it is the parent."""
    if other == "MERGE_HEAD":
        return git.git("merge-base", "HEAD", other).strip()
    return git.git("rev-parse", f"{other}^").strip()


def _lock_is_whole() -> bool:
    """Return whether dvc.lock is complete for every stage: a kill may have cut it off."""
    try:
        return runs.are_whole(read_yaml(paths.LOCK))
    except InputError:
        return False


def _noted(other: str) -> list[str]:
    """Return the notes on this merge, without those on an earlier one of the same commits."""
    note = git.path_of(NOTE)
    lines = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
    return lines[1:] if lines[:1] == [_identity(other)] else []


def _note(other: str, line: str) -> None:
    """Add a note on this merge."""
    lines = dict.fromkeys([_identity(other), *_noted(other), line])
    write_texts({git.path_of(NOTE): "\n".join([*lines, ""])})


def _identity(other: str) -> str:
    """Return what identifies a merge: its commits, and when it began."""
    began = git.path_of(other)
    time = began.stat().st_mtime_ns if began.exists() else 0
    return " ".join([*git.git("rev-parse", "HEAD", other).split(), str(time)])


def _do(command: list[str], run: Run, show: Show) -> None:
    shown = [Path(command[0]).stem, *command[1:]]
    show(f"> {' '.join(shown)}")
    if run(command):
        what = f"{' '.join(shown[:4])} failed, and the merge is still in progress"
        if advice := dvc.lock_advice():
            raise InputError(f"{what}{advice}, then: uv run tabrail merge")
        raise InputError(f"{what}; fix the cause, git add the fix, then {_again()}")


def _differing(*options: str) -> list[str]:
    """Return the tracked files that differ from what is staged, or are in conflict."""
    return git.git("diff", "--name-only", "--relative", *options).splitlines()


def _again() -> str:
    return "run: uv run tabrail merge"

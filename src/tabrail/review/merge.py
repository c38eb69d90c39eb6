"""Merge a branch when both sides trained: Git merges sources, and a run makes the results."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tabrail import paths
from tabrail.errors import InputError
from tabrail.project import git, uv
from tabrail.project.pipeline import generated
from tabrail.review.check import some
from tabrail.review.snapshot import read
from tabrail.review.verify import versions_are_locked

Show = Callable[[str], None]
Run = Callable[[list[str]], int]

LOCK, PACKAGES = str(paths.LOCK), str(paths.PACKAGES)
CONFLICTS = "--diff-filter=U"
# A line in the message of the merge: Git forgets it when the merge ends, however it ends.
ONE_SIDE = "# The results are those of one side until a run makes those of both."


def call(command: list[str]) -> int:
    """Run a command that prints to the screen; return its exit code."""
    return subprocess.run(command, check=False).returncode


def merge(revision: str, show: Show, run: Run = call) -> None:
    """Merge a branch, or go on with the merge that is in progress, and run what changed by it.

    Args:
        revision: what to merge, unless a merge is in progress.
        show: shows a line to the user.
        run: runs a command, and returns its exit code.

    Raises:
        InputError: a person must decide something, or a command failed.
    """
    program = uv.program()  # without it, the merge could not be ended
    started = not git.commit("MERGE_HEAD")
    if not started:
        show("A merge is in progress: going on with it")
    elif not _start(revision, show):
        return
    written = {*generated("HEAD"), *generated("MERGE_HEAD"), LOCK}
    _refuse_conflicts(set(_differing(CONFLICTS)) - written - {PACKAGES}, revision, started)
    _refuse_unstaged(set(_differing()) - written - {PACKAGES})

    # Not this side's: that would take back every upgrade that the other side has merged.
    if PACKAGES in _differing(CONFLICTS):
        git.git("checkout", "MERGE_HEAD", "--", PACKAGES)
        show(f"{PACKAGES}: the other side's; what only this one had upgraded, upgrade again")
    _take_one_side(written, show)
    _do([program, "lock"], run, show)
    # dvc.lock knows nothing of libraries. A run takes the data that lies here for the newest, and
    # would take back what the other side has changed: first, have here what the merge says.
    trained_with_others = versions_are_locked(read()).verdict == "FAILED"
    fetch, force = (["pull"], ["--force"]) if trained_with_others else (["checkout"], [])
    _do([program, "run", "dvc", *fetch, "--allow-missing"], run, show)
    _do([program, "run", "dvc", "repro", "--pull", "--allow-missing", *force], run, show)

    made = [path for path in (*generated(), LOCK, PACKAGES) if Path(path).exists()]
    git.git("add", "--", *made)
    # Nobody edits the message, so Git would keep its own remarks in it.
    _do(["git", "commit", "--no-edit", "--cleanup=strip"], run, show)
    show("Merged. Next: git push (its hook pushes the data first)")


def _start(revision: str, show: Show) -> bool:
    """Start a merge; return whether there is anything to merge."""
    if conflicts := _differing(CONFLICTS):
        what = f"in conflict, but not by a merge: {some(conflicts)}"
        raise InputError(f"{what}; end that first (git status says how), then {_again()}")
    if changed := git.changed_files():
        raise InputError(f"not committed: {some(changed)}; commit or stash it, then {_again()}")
    other = git.commit(revision)
    if other is None:
        raise InputError(f"{revision} is no commit that is here; run: git fetch origin")
    if git.succeeds("merge-base", "--is-ancestor", other, "HEAD"):
        show(f"Nothing to merge: HEAD has all of {revision}; for what is new there: git fetch")
        return False
    if git.succeeds("merge-base", "--is-ancestor", "HEAD", other):
        git.git("merge", "--ff-only", revision)
        show(f"Nothing to run: HEAD is now {revision}. Its data and model: uv run dvc pull")
        return False
    git.succeeds("merge", "--no-commit", "--no-ff", revision)
    if not git.commit("MERGE_HEAD"):
        raise InputError(f"Git cannot merge {revision}; to see why: git merge --no-ff {revision}")
    return True


def _refuse_conflicts(sources: set[str], revision: str, started: bool) -> None:
    """Leave to a person what people wrote; a merge that was started here is undone."""
    if not sources:
        return
    if started:
        git.git("merge", "--abort")
        how = f"nothing was changed; run: git merge {revision}; then resolve and git add them"
    else:
        how = "resolve and git add them"
    if data := [path for path in sources if path.endswith(".dvc")]:
        side = f"git checkout --theirs {' '.join(sorted(data))}"
        how += f" (data: take one side's with {side}; what it lacks, ingest after the merge)"
    raise InputError(f"both sides changed {some(sorted(sources))}; {how}, then {_again()}")


def _refuse_unstaged(changed: set[str]) -> None:
    """Let nothing into the run that would not be in the commit."""
    if changed:
        raise InputError(
            f"changed, but not staged: {some(sorted(changed))}; git add it, then {_again()}"
        )


def _take_one_side(written: set[str], show: Show) -> None:
    """Take all results from one side, so that they fit together; DVC finds out what is to be run.

    Lines of both sides in one dvc.lock would be of a run that never was.
    """
    note = Path(git.git("rev-parse", "--git-path", "MERGE_MSG").strip())
    message = note.read_text(encoding="utf-8")
    if ONE_SIDE in message and not set(_differing(CONFLICTS)) & written:
        return  # by an earlier call; what has been run since then counts
    fork = git.git("merge-base", "HEAD", "MERGE_HEAD").strip()
    trained = not git.succeeds("diff", "--quiet", fork, "HEAD", "--", LOCK)
    side = "HEAD" if trained else "MERGE_HEAD"
    wanted = {*generated(), LOCK}
    for path in sorted(written):
        if path in wanted and git.succeeds("cat-file", "-e", f"{side}:./{path}"):
            git.git("checkout", side, "--", path)
        else:
            git.git("rm", "--force", "--quiet", "--ignore-unmatch", "--", path)
    note.write_text(f"{message}\n{ONE_SIDE}\n", encoding="utf-8")
    show(f"{LOCK} and reports: those of {'this' if trained else 'the other'} side, until the run")


def _do(command: list[str], run: Run, show: Show) -> None:
    shown = [Path(command[0]).stem, *command[1:]]
    show(f"> {' '.join(shown)}")
    if run(command):
        what = f"{' '.join(shown[:4])} failed, and the merge is still in progress"
        raise InputError(f"{what}; correct it and git add that, then {_again()}")


def _differing(*options: str) -> list[str]:
    """Return the tracked files that differ from what is staged, or are in conflict."""
    return git.git("diff", "--name-only", "--relative", *options).splitlines()


def _again() -> str:
    return "run: uv run tabrail merge"

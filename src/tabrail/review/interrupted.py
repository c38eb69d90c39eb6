"""Git's part of a merge. If Git could not finish, what it wrote is undone."""

from pathlib import Path

from tabrail.documents import write_texts
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.check import some

# This file in Git's folder has HEAD, the commit to merge and its name. Then come the untracked
# files that the merge would overwrite. Git itself records a merge only after it wrote the files.
NOTE = "tabrail-merge-begun"


def merge(revision: str) -> None:
    """Let Git merge into a clean working tree, without a commit; conflicts are not errors.

    Raises:
        InputError: Git failed, for example because the disk is full. Nothing has changed, unless
            the message names a command that undoes the rest.
    """
    git.merged(revision)  # writes most of the data first, so a full disk is noticed early
    _begin(revision)
    try:
        git.git("merge", "--no-commit", "--no-ff", revision)
    except InputError as error:
        is_full = isinstance(error, git.FullDiskError)
        if not is_full and git.commit("MERGE_HEAD") and git.git("ls-files", "--unmerged"):
            return
        git.succeeds("merge", "--quit")  # Git may have recorded the merge, but not its files
        reason = f"Git cannot merge {revision}: {error}"
        try:
            undo()
        except InputError:
            again = f"uv run tabrail merge {revision}"
            reason += f". Git has written a part of the merge; to undo it and try again: {again}"
        raise InputError(reason) from None
    finally:
        _end()


def undo() -> str | None:
    """Undo what Git wrote of a merge before it failed or was killed, and nothing else.

    Returns:
        The name of the commit to merge; None if there was no such merge.

    Raises:
        InputError: a file was changed, but not by this merge; or Git cannot write.
    """
    other, written = _written()
    if not written:
        return None
    sides = [git.merged(other) or other, "HEAD"]  # HEAD: undoing may have failed as well
    if strange := sorted(path for path in written if not any(_is_of(one, path) for one in sides)):
        raise InputError(
            f"Git was killed while it merged {other}, and these files have changed since then: "
            f"{some(strange)}; copy your changes to another place, then run: git reset --hard && "
            "uv run tabrail merge"
        )
    for path in written - set(git.tracked_files()):  # first, to free disk space for the others
        Path(path).unlink(missing_ok=True)
    git.git("reset", "--hard", "--quiet")
    return other


def _begin(revision: str) -> None:
    """Record the merge that is about to start, and the untracked files in its way."""
    commits = f"{git.commit('HEAD')} {git.commit(revision)} {revision}"
    write_texts({git.path_of(NOTE): "\n".join([commits, *sorted(_brought(revision)), ""])})


def _end() -> None:
    """Delete the record of the merge, unless Git wrote a part of it without recording it."""
    if git.commit("MERGE_HEAD") or not _written()[1]:
        git.path_of(NOTE).unlink(missing_ok=True)


def _written() -> tuple[str, set[str]]:
    """Return the commit to merge, and the files that changed; nothing if there is no record."""
    note = git.path_of(NOTE)
    if not note.exists():
        return "", set()
    commits, *before = note.read_text(encoding="utf-8").splitlines()
    head, other, revision = commits.split()
    if (head, other) != (git.commit("HEAD"), git.commit(revision)):
        return "", set()
    return revision, {*_changed(), *_brought(revision)} - set(before)


def _changed() -> list[str]:
    """Return the tracked files that differ from HEAD; unlike `git diff`, this writes nothing."""
    options = ("--porcelain", "-z", "--untracked-files=no", "--no-renames")
    listed = git.git("--no-optional-locks", "status", *options, "--", ".").split("\0")
    below_top = git.git("rev-parse", "--show-prefix").strip()
    return [entry[3:].removeprefix(below_top) for entry in listed if entry]


def _brought(revision: str) -> set[str]:
    """Return the files in the working tree that a commit has but HEAD does not."""
    new = git.git("diff", "--name-only", "--relative", "--diff-filter=A", "HEAD", revision)
    return {path for path in new.splitlines() if Path(path).exists()}


def _is_of(tree: str, path: str) -> bool:
    """Return whether a file is missing, or is the start of the tree's file."""
    here = Path(path)
    if not here.exists():
        return True
    text = git.text(tree, here)
    try:
        return text is not None and text.startswith(here.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return False

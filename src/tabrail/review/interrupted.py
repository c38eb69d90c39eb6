"""A merge that Git was killed in: what it had written by then is undone, and nothing else."""

from pathlib import Path

from tabrail.documents import write_texts
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.check import some

# In Git's folder: HEAD, the commit to merge and its name. Git notes a merge once it is written.
NOTE = "tabrail-merge-begun"


def begin(revision: str) -> None:
    """Note what is about to be merged into a clean working tree."""
    commits = f"{git.commit('HEAD')} {git.commit(revision)}"
    write_texts({git.path_of(NOTE): f"{commits} {revision}\n"})


def end() -> None:
    """Forget the merge, unless Git has been killed in it."""
    note = git.path_of(NOTE)
    if note.exists() and (git.commit("MERGE_HEAD") or not _written(_other(note))):
        note.unlink()


def undo() -> str | None:
    """Undo what a killed Git has written of a merge.

    Returns:
        what it was to merge; None, if there was no such merge.

    Raises:
        InputError: a file was changed, and not by this merge.
    """
    note = git.path_of(NOTE)
    if not note.exists() or not (other := _other(note)) or not (written := _written(other)):
        return None
    result = git.merged(other) or other
    if strange := sorted(path for path in written if not _is_of(result, path)):
        raise InputError(
            f"Git was killed while it merged {other}, and these are neither as before nor as "
            f"after it: {some(strange)}; keep elsewhere what you have written into them since, "
            "then run: git reset --hard && uv run tabrail merge"
        )
    git.git("reset", "--hard", "--quiet")
    for path in written - set(git.tracked_files()):
        Path(path).unlink(missing_ok=True)
    return other


def _other(note: Path) -> str:
    """Return what was to be merged into what is checked out now, if it is still that."""
    head, other, revision = note.read_text(encoding="utf-8").split()
    return revision if (head, other) == (git.commit("HEAD"), git.commit(revision)) else ""


def _written(other: str) -> set[str]:
    """Return the files that differ from HEAD, and those that only the merge would bring."""
    if not other:
        return set()
    new = git.git("diff", "--name-only", "--relative", "--diff-filter=A", "HEAD", other)
    return {*git.changed_files(), *(path for path in new.splitlines() if Path(path).exists())}


def _is_of(tree: str, path: str) -> bool:
    """Return whether a tree has all of a file: the file is missing, or begins as the tree's."""
    here = Path(path)
    if not here.exists():
        return True
    text = git.text(tree, here)
    try:
        return text is not None and text.startswith(here.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return False

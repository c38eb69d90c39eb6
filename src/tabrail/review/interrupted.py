"""Git's part of a merge: what it has written of one that it could not end is undone."""

from pathlib import Path

from tabrail.documents import write_texts
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.review.check import some

# In Git's folder: HEAD, the commit to merge and its name, then the untracked files that were there
# before, of those that the merge would bring. Git notes a merge of its own once it is written.
NOTE = "tabrail-merge-begun"


def merge(revision: str) -> None:
    """Let Git merge into a clean working tree, without a commit; conflicts are no error.

    Raises:
        InputError: Git cannot, such as on a full disk. Nothing has changed then, unless the message
            says what undoes the rest.
    """
    git.merged(revision)  # what it writes is the largest part: a full disk is noticed before
    _begin(revision)
    try:
        git.git("merge", "--no-commit", "--no-ff", revision)
    except InputError as error:
        is_full = isinstance(error, git.FullDiskError)
        if not is_full and git.commit("MERGE_HEAD") and git.git("ls-files", "--unmerged"):
            return
        git.succeeds("merge", "--quit")  # it may have noted the merge, and not what is in it
        reason = f"Git cannot merge {revision}: {error}"
        try:
            undo()
        except InputError:
            again = f"uv run tabrail merge {revision}"
            reason += f". It has written a part of the merge, which this undoes first: {again}"
        raise InputError(reason) from None
    finally:
        _end()


def undo() -> str | None:
    """Undo what Git has written of a merge before it failed or was killed, and nothing else.

    Returns:
        what it was to merge; None, if there was no such merge.

    Raises:
        InputError: a file was changed, and not by this merge; or Git cannot write.
    """
    other, written = _written()
    if not written:
        return None
    sides = [git.merged(other) or other, "HEAD"]  # HEAD: undoing may have failed as well
    if strange := sorted(path for path in written if not any(_is_of(one, path) for one in sides)):
        raise InputError(
            f"Git was killed while it merged {other}, and these are neither as before nor as "
            f"after it: {some(strange)}; keep elsewhere what you have written into them since, "
            "then run: git reset --hard && uv run tabrail merge"
        )
    for path in written - set(git.tracked_files()):  # first, to have the room for the others
        Path(path).unlink(missing_ok=True)
    git.git("reset", "--hard", "--quiet")
    return other


def _begin(revision: str) -> None:
    """Note what is about to be merged, and what lies in its way."""
    commits = f"{git.commit('HEAD')} {git.commit(revision)} {revision}"
    write_texts({git.path_of(NOTE): "\n".join([commits, *sorted(_brought(revision)), ""])})


def _end() -> None:
    """Forget the merge, unless a part of it is written that Git does not know of."""
    if git.commit("MERGE_HEAD") or not _written()[1]:
        git.path_of(NOTE).unlink(missing_ok=True)


def _written() -> tuple[str, set[str]]:
    """Return what was to be merged, and the files that are not as before; none without a note."""
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
    """Return the files here that HEAD does not have and a commit would bring."""
    new = git.git("diff", "--name-only", "--relative", "--diff-filter=A", "HEAD", revision)
    return {path for path in new.splitlines() if Path(path).exists()}


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

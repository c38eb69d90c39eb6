"""Check that data/raw is not the version of an earlier commit.

`dvc repro` assumes that the folder has the newest data, and writes its hash into data/raw.dvc
before a stage begins. So if data is not checked out after a `git pull`, it would silently replace
what others have committed.
"""

from contextlib import chdir
from pathlib import Path

from tabrail import paths
from tabrail.dvc import pointers
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.progress import in_progress

POINTER = paths.RAW_POINTER


def refuse_earlier_data(root: Path) -> str:
    """Check that data/raw is HEAD's version, or new: a version of no commit on any branch.

    Args:
        root: the project's root.

    Returns:
        The reason if this could not be checked; else blank.

    Raises:
        InputError: data/raw is the version of another commit or of a stash.
    """
    with chdir(root):
        return _refuse()


def _refuse() -> str:
    try:
        shallow = git.is_shallow()
    except (InputError, OSError):
        return f"{paths.RAW} was not compared with earlier commits: no Git repository is here"
    if shallow:
        return f"{paths.RAW} was not compared with earlier commits: this clone is shallow"
    here = pointers.digest_here(paths.RAW, POINTER) if git.commit("HEAD") else ""
    coming = in_progress()  # the data of that commit is allowed, too
    heads = ["HEAD", coming] if coming else ["HEAD"]
    if not here or any(here in (git.text(head, POINTER) or "") for head in heads):
        return ""
    if where := _where(here):
        raise InputError(
            f"{paths.RAW} is the version that {POINTER} names in {where}, not the one that HEAD "
            f"names. To get HEAD's data, run: git checkout HEAD -- {POINTER} && uv run dvc "
            f"checkout {POINTER}. To go back to this data on purpose, run: git commit {POINTER} "
            "--message 'Go back to earlier data' && uv run dvc repro"
        )
    return ""


def _where(digest: str) -> str:
    """Return the commit or stash in which data/raw.dvc has a hash; blank if there is none."""
    search = ("-1", "--format=commit %h (%s)", f"-S{digest}", "HEAD", "--branches", "--remotes")
    found = git.git("log", *search, "--tags", "--", str(POINTER)).strip()
    stashes = git.git("stash", "list", "--format=%H").split()
    if found or not stashes:
        return found
    options = ("--name-only", "--fixed-strings", "-e", digest)
    kept = git.succeeds("grep", "--quiet", *options, *stashes, "--", str(POINTER))
    return "a stash (git stash list)" if kept else ""

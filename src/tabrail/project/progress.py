"""Find an unfinished merge, rebase or the like of Git, and how to finish it."""

import shlex
from collections.abc import Sequence

from tabrail import paths
from tabrail.project import git
from tabrail.project.pipeline import generated

# The subcommand of an unfinished operation, by the reference that Git keeps meanwhile.
STEPS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "REBASE_HEAD": "rebase",
}


def in_progress() -> str | None:
    """Return the reference of an unfinished operation, such as MERGE_HEAD."""
    return next((name for name in STEPS if _is_there(name)), None)


def how_to_end(conflicts: Sequence[str]) -> str:
    """Return advice on files in conflict.

    Args:
        conflicts: the files.
    """
    if in_progress():
        return "run: uv run tabrail merge"
    made = {*generated("HEAD"), str(paths.LOCK)}
    take = f"git checkout HEAD -- {shlex.join(sorted(made.intersection(conflicts)))}"
    written = sorted(set(conflicts) - made)
    if not written:
        return f"run: {take} && uv run dvc repro"
    first = f"resolve {', '.join(written)} and git add it"
    return f"{first}, then: {take} && uv run dvc repro" if len(written) < len(conflicts) else first


def _is_there(name: str) -> bool:
    """Check whether a reference exists and is current; that of a rebase outlives it."""
    if name == "REBASE_HEAD":
        folders = ("rebase-merge", "rebase-apply")
        if not any(git.path_of(folder).exists() for folder in folders):
            return False
    return git.commit(name) is not None

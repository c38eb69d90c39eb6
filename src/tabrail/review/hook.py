"""The part of Git's pre-push hook that checks every pushed branch and tag.

pre-commit passes on the first branch only. Another hook with the ending `.legacy` gets Git's
complete input.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from tabrail.files import replacing
from tabrail.project import git
from tabrail.review.check import Check

BESIDE = "PRE_COMMIT_RUNNING_LEGACY"  # set for the hook that runs before that of pre-commit
PRE_COMMIT = "PRE_COMMIT"  # environment variable that pre-commit sets
COMMAND = "uv run tabrail verify --pushed"
LINES = (
    "#!/bin/sh",
    "# Checks all that is pushed. Written by the hook of .pre-commit-config.yaml, which gets the",
    "# first branch alone.",
)


def is_complete() -> bool:
    """Return whether the hook with the ending `.legacy` was there and got the complete input.

    If the hook is missing, it is written for the next push.
    """
    path = git.path_of("hooks").resolve() / "pre-push.legacy"
    if path.exists():  # a hook of the owner is not changed
        return COMMAND in path.read_text(encoding="utf-8")
    folder = git.git("rev-parse", "--show-prefix").strip() or "."
    text = "\n".join([*LINES, f"cd '{folder}' && exec {COMMAND}", ""])
    with replacing(path) as [temporary]:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.chmod(0o755)
    return False


def noted(checks: Iterator[Check]) -> Iterator[Check]:
    """Yield checks that the hook beside pre-commit's makes; note in .git until all have passed.

    pre-commit calls its own hook after that one, whatever it found, and prints what its own says.
    """
    if BESIDE not in os.environ:
        yield from checks
        return
    _note().touch()
    passed = True
    for check in checks:
        passed = passed and check.verdict != "FAILED"
        yield check
    if passed:
        _note().unlink(missing_ok=True)


def failed_beside() -> Iterator[Check]:
    """Yield that the hook beside pre-commit's has failed for this push, if it has."""
    if _note().exists():
        _note().unlink()
        what = "a check failed, see the lines above; Git pushes nothing"
        yield Check("push", "FAILED", what, "do what they say, and push again")


def _note() -> Path:
    return git.path_of("tabrail-push-failed")


def short(name: str) -> str:
    """Return the short name of a reference: a branch or a tag."""
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def refs_to_push() -> dict[str, str]:
    """Return the references that may be pushed, by their commits, if Git's input is not known.

    These are the branch that pre-commit names, and every branch and tag that no remote has.
    """
    named = os.environ.get("PRE_COMMIT_TO_REF", "HEAD")
    branch = os.environ.get("PRE_COMMIT_LOCAL_BRANCH", named)
    found = {git.commit(named) or named: short(branch)}
    listed = git.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split()
    for name in listed:
        commit = git.commit(name)
        if commit and not git.is_on_remote(commit):
            found.setdefault(commit, short(name))
    return found

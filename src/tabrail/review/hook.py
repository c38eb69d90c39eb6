"""The part of Git's hook pre-push that gets all that is pushed.

pre-commit hands on the first branch alone. A hook that stands beside its own, with the ending
`.legacy`, gets Git's own input.
"""

import os

from tabrail.files import replacing
from tabrail.project import git

PRE_COMMIT = "PRE_COMMIT"  # is set in the environment of what pre-commit calls
COMMAND = "uv run tabrail verify --pushed"
LINES = (
    "#!/bin/sh",
    "# Checks all that is pushed. Written by the hook of .pre-commit-config.yaml, which gets the",
    "# first branch alone.",
)


def is_complete() -> bool:
    """Return whether the hook beside pre-commit's has got what is pushed.

    If it is not there, it is written, for the next time.
    """
    path = git.path_of("hooks").resolve() / "pre-push.legacy"
    if path.exists():  # one of the owner's is left as it is
        return COMMAND in path.read_text(encoding="utf-8")
    folder = git.git("rev-parse", "--show-prefix").strip() or "."
    text = "\n".join([*LINES, f"cd '{folder}' && exec {COMMAND}", ""])
    with replacing(path) as [temporary]:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.chmod(0o755)
    return False


def short(name: str) -> str:
    """Return what people call a reference: a branch or a tag."""
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def refs_to_push() -> dict[str, str]:
    """Return what may be pushed, if Git has not said it: each new commit's name, by the commit.

    That is what pre-commit names, and every branch and tag that no remote has.
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

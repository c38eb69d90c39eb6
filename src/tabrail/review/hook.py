"""The part of Git's hook pre-push that gets all that is pushed.

pre-commit hands on the first branch alone. A hook that stands beside its own, with the ending
`.legacy`, gets Git's own input.
"""

import os

from tabrail.files import replacing
from tabrail.project import git

COMMAND = "uv run tabrail verify --pushed"
LINES = (
    "#!/bin/sh",
    "# Checks all that is pushed. Written by the hook of .pre-commit-config.yaml, which gets the",
    "# first branch alone.",
)


def is_called_alone() -> bool:
    """Return whether pre-commit calls, and nobody else has got what is pushed.

    Then this writes the missing hook, for the next time.
    """
    if "PRE_COMMIT" not in os.environ:
        return False
    path = git.path_of("hooks").resolve() / "pre-push.legacy"
    if path.exists() and COMMAND in path.read_text(encoding="utf-8"):
        return False
    if not path.exists():
        folder = git.git("rev-parse", "--show-prefix").strip() or "."
        text = "\n".join([*LINES, f"cd '{folder}' && exec {COMMAND}", ""])
        with replacing(path) as [temporary]:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.chmod(0o755)
    return True


def short(name: str) -> str:
    """Return what people call a reference: a branch or a tag."""
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def refs_to_push() -> dict[str, str]:
    """Return what may be pushed, if Git has not said it: each new commit's name, by the commit.

    That is what pre-commit names, and every branch and tag that no remote has.
    """
    named = os.environ.get("PRE_COMMIT_TO_REF", "HEAD")
    found = {git.commit(named) or named: os.environ.get("PRE_COMMIT_LOCAL_BRANCH", named)}
    listed = git.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split()
    for name in listed:
        commit = git.commit(name)
        if commit and not git.git("branch", "--remotes", "--contains", commit).strip():
            found.setdefault(commit, short(name))
    return found

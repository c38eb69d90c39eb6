"""Check each revision that Git pushes, and push its data first."""

import os
from collections.abc import Iterable, Iterator

from tabrail import paths
from tabrail.project import git
from tabrail.review import hook, remote, verify
from tabrail.review.check import Check
from tabrail.review.revision import checked_out

NONE = set("0")  # Git's hash for a missing commit, in a deletion


def checks(lines: Iterable[str]) -> Iterator[Check]:
    """Push the data of each revision that Git pushes, and check it, whatever is checked out.

    Args:
        lines: Git's input to its pre-push hook: for each reference its local name and commit, and
            its remote name and commit.
    """
    # Git sets these variables for its hooks. Each command here finds the repository without them.
    for name in git.git("rev-parse", "--local-env-vars").split():
        os.environ.pop(name, None)
    if hook.PRE_COMMIT in os.environ:
        if hook.is_complete():
            yield from hook.failed_beside()
            return
        references = hook.refs_to_push()
    else:
        given = list(lines)
        # Even if no commit is new, missing data can be pushed.
        references = _refs(given) if given else {git.git("rev-parse", "HEAD").strip(): "HEAD"}
    yield from hook.noted(
        check for commit, name in references.items() for check in _of_revision(commit, name)
    )


def _refs(lines: Iterable[str]) -> dict[str, str]:
    """Return the name under which each commit is pushed, by the commit."""
    found: dict[str, str] = {}
    for line in lines:
        name, commit, _, _ = line.split()
        if not set(commit) <= NONE:
            found.setdefault(git.commit(commit) or commit, hook.short(name))
    return found


def _of_revision(commit: str, name: str) -> Iterator[Check]:
    shown = f"{name} ({commit[:7]})"
    if git.text(commit, paths.PIPELINE) is None:
        yield Check("revision", "skipped", f"{shown} has no {paths.PIPELINE}")
        return
    yield Check("revision", "ok", shown)
    if commit == git.commit("HEAD"):
        here = verify.bytes_are_committed()
        if here.verdict == "FAILED":  # the next check also fails, but does not show why
            yield here
    known = git.is_on_remote(commit)
    with checked_out(commit) as config:
        push = remote.pushed(config)
        yield push
        if push.verdict == "FAILED":
            return
        if known:  # it was checked when it was pushed
            yield from remote.checks(config)
        else:
            yield from verify.checks(None, remote=True, config=config)

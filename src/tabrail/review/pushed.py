"""Check what Git pushes, each revision on its own, and push its data first."""

import os
from collections.abc import Iterable, Iterator

from tabrail import paths
from tabrail.project import git
from tabrail.review import hook, remote, verify
from tabrail.review.check import Check
from tabrail.review.revision import checked_out

NONE = set("0")  # what Git calls a commit that there is not: of a deletion


def checks(lines: Iterable[str]) -> Iterator[Check]:
    """Push the data of each revision that Git pushes, and check it, whatever is checked out.

    Args:
        lines: what Git hands to its hook pre-push: for each reference its name and commit here, and
            its name and commit there.
    """
    # Git tells its hooks where the repository is; each command here looks for it by itself.
    for name in git.git("rev-parse", "--local-env-vars").split():
        os.environ.pop(name, None)
    if hook.PRE_COMMIT in os.environ:
        references = {} if hook.is_complete() else hook.refs_to_push()
    else:
        given = list(lines)
        # If nothing is new, data that is missing can be pushed all the same.
        references = _refs(given) if given else {git.git("rev-parse", "HEAD").strip(): "HEAD"}
    for commit, name in references.items():
        yield from _of_revision(commit, name)


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
        if here.verdict == "FAILED":  # what follows shows it, but not why
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

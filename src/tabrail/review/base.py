"""Find the commit that a change is compared with."""

from dataclasses import dataclass

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.registry import MAIN, REMOTE

DEFAULT = MAIN
LOCAL = MAIN.removeprefix(f"{REMOTE}/")


@dataclass(frozen=True)
class Base:
    """A commit to compare with, and what people call it."""

    name: str
    commit: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.name} ({self.commit[:7]})"


def find(given: str | None) -> Base | None:
    """Return the commit that a change is compared with.

    This is the given revision. Without one, it is the merge base of HEAD and `origin/main`: later
    merges of others are not part of the change. On `origin/main` itself it is the commit before, or
    HEAD if there are uncommitted changes. Without a remote, a branch is compared with `main` here.

    Args:
        given: a revision, or a DVC experiment; blank for the commit that the change starts from.

    Returns:
        The commit; None if no revision was given and there is nothing to compare with.

    Raises:
        InputError: the commit is not in this clone, or the history that leads to it is missing.
    """
    if given:
        found = git.commit(given) or experiment(given)
        if found is None:
            raise InputError(f"this clone has no commit {given}; {_how_to_fetch(given)}")
        return Base(given, found)
    other, head = git.commit(DEFAULT), git.commit("HEAD")
    if other is None and git.is_shallow():
        raise InputError(f"this clone is shallow and lacks {DEFAULT}; {_how_to_fetch(DEFAULT)}")
    if other is None or head is None:
        return _of_local_main(head)
    try:
        fork = git.git("merge-base", other, head).strip()
    except InputError:
        why = "this clone is shallow" if git.is_shallow() else "their histories are unrelated"
        raise InputError(
            f"HEAD and {DEFAULT} have no commit in common ({why}); {_how_to_fetch(DEFAULT)}"
        ) from None
    if fork != head:
        return Base(DEFAULT, fork)
    if git.changed_files():
        return Base("HEAD", head)
    before = git.commit("HEAD^1")
    if before is None and git.is_shallow():
        raise InputError(f"this clone lacks the commit before HEAD; {_how_to_fetch(DEFAULT)}")
    return Base("the commit before", before) if before else None


def _of_local_main(head: str | None) -> Base | None:
    """Return where a branch has left `main` of this clone, if there is no remote."""
    if head is None or git.commit(LOCAL) is None or git.succeeds("remote", "get-url", REMOTE):
        return None
    try:
        fork = git.git("merge-base", LOCAL, head).strip()
    except InputError:  # unrelated histories
        return None
    return None if fork == head else Base(LOCAL, fork)


def experiment(name: str) -> str | None:
    """Return the commit of an experiment of DVC; None if there is none of this name.

    Where several have it, as of experiments that start from different commits, the one that starts
    from HEAD counts.

    Raises:
        InputError: several have it, and none of them starts from HEAD.
    """
    listed = git.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    found = {}
    for line in listed:
        reference, commit = line.split(" ")
        parts = reference.split("/", 4)  # refs/exps/01/23…/name
        if len(parts) == 5 and parts[4] == name and len(parts[2]) == 2:
            found["".join(parts[2:4])] = commit
    if len(found) < 2:
        return next(iter(found.values()), None)
    head = git.commit("HEAD")
    if head in found:
        return found[head]
    commits = ", ".join(found.values())
    raise InputError(f"{name} is the name of {len(found)} experiments; name a commit: {commits}")


def none_here() -> tuple[str, str]:
    """Return why there is nothing to compare with, and what to do if there should be."""
    if git.commit(DEFAULT):
        return f"HEAD is the first commit of {DEFAULT}", ""
    # A clone of one branch does not fetch the others.
    clone = "run: git remote set-branches origin '*' && git fetch origin"
    fix = f"if it has been pushed, {clone}" if git.succeeds("remote", "get-url", REMOTE) else ""
    return f"this clone has no {DEFAULT}", fix


def _how_to_fetch(name: str) -> str:
    if git.is_shallow():  # a shallow clone often has one branch only
        return "run: git remote set-branches origin '*' && git fetch --unshallow origin"
    return "run: git fetch origin" if name.startswith("origin/") else "see: git log --all"

"""Which commit a change is compared with."""

from dataclasses import dataclass

from tabrail.errors import InputError
from tabrail.project import git

DEFAULT = "origin/main"


@dataclass(frozen=True)
class Base:
    """A commit to compare with, and what people call it."""

    name: str
    commit: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.name} ({self.commit[:7]})"


def find(given: str | None) -> Base | None:
    """Return the commit that a change starts from.

    It is where the present branch left the other one, so that what others have merged since is not
    taken for a part of the change. On the other branch itself it is the commit before, or HEAD if
    there are changes that no commit has.

    Args:
        given: a revision; `origin/main`, if none is given and there is one.

    Returns:
        The commit; None if nothing was given and there is nothing to compare with.

    Raises:
        InputError: there is no such commit here, or no history that leads to it.
    """
    name = given or DEFAULT
    other = git.commit(name)
    if other is None:
        if given is None:
            return None
        raise InputError(f"{name} is no commit that is here; {_how_to_fetch(name)}")
    head = git.git("rev-parse", "HEAD").strip()
    try:
        fork = git.git("merge-base", other, head).strip()
    except InputError:
        why = "this clone is shallow" if git.is_shallow() else "they are of different repositories"
        raise InputError(
            f"HEAD and {name} have no commit in common ({why}); {_how_to_fetch(name)}"
        ) from None
    if fork != head:
        return Base(name, fork)
    if git.changed_files():
        return Base("HEAD", head)
    before = git.commit("HEAD^1")
    if before is None and git.is_shallow():
        raise InputError(f"this clone lacks the commit before HEAD; {_how_to_fetch(name)}")
    return Base("the commit before", before) if before else None


def _how_to_fetch(name: str) -> str:
    if git.is_shallow():  # which often knows of one branch alone
        return "run: git remote set-branches origin '*' && git fetch --unshallow origin"
    return "run: git fetch origin" if name.startswith("origin/") else "see: git log --all"

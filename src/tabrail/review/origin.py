"""Whether a version that is registered here would be everyone's: on main, with all tags known."""

from collections.abc import Iterator

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.registry import ARTIFACT
from tabrail.review.base import DEFAULT
from tabrail.review.check import Check, some

REMOTE = "origin"


def checks() -> Iterator[Check]:
    """Ask whether HEAD is on main, and whether the tags of the registry are all here."""
    yield head_is_on_main()
    yield tags_are_here()


def head_is_on_main() -> Check:
    """Ask Git whether `origin/main` has HEAD. A tag elsewhere does not come with `git pull`."""
    if git.commit(DEFAULT) is None:
        return Check("main", "skipped", f"no {DEFAULT} here")
    if git.succeeds("merge-base", "--is-ancestor", "HEAD", DEFAULT):
        return Check("main", "ok", f"HEAD is on {DEFAULT}")
    what = f"HEAD is not on {DEFAULT}, and a version is registered there"
    fix = "merge it, then: git switch main && git pull && uv run dvc pull"
    return Check("main", "FAILED", what, f"{fix} (or, if this is main: git push)")


def tags_are_here() -> Check:
    """Ask origin for the tags of the registry that this clone lacks."""
    if REMOTE not in git.git("remote").split():
        return Check("tags", "skipped", f"there is no {REMOTE}")
    patterns = [f"refs/tags/{ARTIFACT}{sign}*" for sign in "@#"]
    try:
        listed = git.over_network("ls-remote", "--refs", REMOTE, *patterns).split()[1::2]
    except InputError as error:
        return Check("tags", "skipped", f"{REMOTE} cannot be asked for its tags: {error}")
    here = set(git.git("tag", "--list").split())
    lacking = [
        name for name in (one.removeprefix("refs/tags/") for one in listed) if name not in here
    ]
    if lacking:
        what = f"{REMOTE} has tags that this clone lacks: {some(lacking)}"
        return Check("tags", "FAILED", what, f"run: git fetch --tags {REMOTE}")
    return Check("tags", "ok", f"the registry's tags of {REMOTE} are here")

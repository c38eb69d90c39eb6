"""Check that others will get a version registered here: HEAD is on main, and no tag is missing."""

from collections.abc import Iterator

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.registry import ARTIFACT
from tabrail.review.base import DEFAULT
from tabrail.review.check import Check, some

REMOTE = "origin"


def checks() -> Iterator[Check]:
    """Check that HEAD is on main, and that all tags of the registry are here."""
    yield head_is_on_main()
    yield tags_are_here()


def head_is_on_main() -> Check:
    """Check that `origin/main` has HEAD. `git pull` does not fetch a tag on another branch."""
    if git.commit(DEFAULT) is None:
        return Check("main", "skipped", f"this clone has no {DEFAULT}")
    if git.succeeds("merge-base", "--is-ancestor", "HEAD", DEFAULT):
        return Check("main", "ok", f"HEAD is on {DEFAULT}")
    what = f"HEAD is not on {DEFAULT}, but versions are registered there"
    fix = "merge it, then: git switch main && git pull && uv run dvc pull"
    return Check("main", "FAILED", what, f"{fix} (or, if this is main: git push)")


def tags_are_here() -> Check:
    """Check with origin that this clone lacks no tag of the registry."""
    if REMOTE not in git.git("remote").split():
        return Check("tags", "skipped", f"there is no {REMOTE}")
    patterns = [f"refs/tags/{ARTIFACT}{sign}*" for sign in "@#"]
    try:
        listed = git.over_network("ls-remote", "--refs", REMOTE, *patterns).split()[1::2]
    except InputError as error:
        return Check("tags", "skipped", f"the tags of {REMOTE} cannot be listed: {error}")
    here = set(git.git("tag", "--list").split())
    lacking = [
        name for name in (one.removeprefix("refs/tags/") for one in listed) if name not in here
    ]
    if lacking:
        what = f"{REMOTE} has tags that this clone lacks: {some(lacking)}"
        return Check("tags", "FAILED", what, f"run: git fetch --tags {REMOTE}")
    return Check("tags", "ok", f"this clone has all the registry's tags of {REMOTE}")

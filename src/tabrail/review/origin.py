"""Check that others will get a version registered here: HEAD is on main, and no tag is missing."""

from collections.abc import Iterator

from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.registry import REMOTE, after_a_move, moved, tags_here, tags_of_origin
from tabrail.review.base import DEFAULT
from tabrail.review.check import Check, some


def checks() -> Iterator[Check]:
    """Check that HEAD is on main, and that the registry's tags here are those of origin."""
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
    """Check with origin that this clone has the registry's tags, each with the same hash."""
    if REMOTE not in git.git("remote").split():
        return Check("tags", "skipped", f"there is no {REMOTE}")
    try:
        there = tags_of_origin()
    except InputError as error:
        return Check("tags", "skipped", f"the tags of {REMOTE} cannot be listed: {error}")
    if other := moved(there):
        what = f"{REMOTE} has other commits or texts for tags of this clone: {some(other)}"
        return Check("tags", "FAILED", what, after_a_move(other))
    if lacking := sorted(there.keys() - tags_here().keys()):
        what = f"{REMOTE} has tags that this clone lacks: {some(lacking)}"
        return Check("tags", "FAILED", what, f"run: git fetch --tags {REMOTE}")
    return Check("tags", "ok", f"this clone has all the registry's tags of {REMOTE}")

"""Find the version of a model in Git's tags."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tabrail import paths
from tabrail.dvc.hashes import line_of, md5
from tabrail.errors import InputError
from tabrail.project import git

ARTIFACT = "model"  # the model's name under `artifacts` in dvc.yaml
VERSION = re.compile(rf"{ARTIFACT}@v\d+\.\d+\.\d+")  # without GTO's tags that withdraw a version
BY_HASH = "md5:"
HASH_DIGITS = 12
REMOTE = "origin"
MAIN = f"{REMOTE}/main"


def model_version(folder: Path = Path()) -> str:
    """Return the version of a model, by its bytes and not by the commit that is checked out.

    Args:
        folder: the project's root, or that of another clone.

    Returns:
        The tag of its registration by GTO, such as model@v0.1.0 (the latest one, if there are
        several). Without such a tag, or without Git, it is the start of the file's MD5, such as
        md5:3730db064474. `git log -S 3730db064474 -- dvc.lock` finds the commit that made the
        model.
    """
    digest = md5(folder / paths.MODEL)
    return _released_version(digest, folder) or version_of(digest, folder)


def version_of(digest: str, folder: Path = Path()) -> str:
    """Return the version of a model, by the MD5 of its file; see `model_version`."""
    return _tag(digest, folder) or f"{BY_HASH}{digest[:HASH_DIGITS]}"


def registered(version: str) -> str:
    """Return the tag of a version that had only a hash, if it has been registered since."""
    digest = version.removeprefix(BY_HASH)
    return (version != digest and _tag(digest, Path())) or version


def released(stage: str) -> str | None:
    """Return the tag of the version that is in a stage, such as model@v0.1.0, if there is one.

    Raises:
        InputError: the commit in the stage has no version any more.
    """
    from gto.api import show
    from gto.exceptions import ArtifactNotFound

    try:
        found = show(".", f"{ARTIFACT}#{stage}")  # the version with the last assignment
    except ArtifactNotFound:  # nothing has ever been registered
        return None
    if not found:
        return None
    tag = f"{ARTIFACT}@{found[0]['version']}"
    if not VERSION.fullmatch(tag):  # GTO gives the commit instead
        raise InputError(_without_version(stage, found[0]))
    return tag


def _without_version(stage: str, found: Mapping[str, Any]) -> str:
    """Return a message about a stage whose commit has no version, from GTO's answer."""
    commit, assigned = found["commit_hexsha"], ""
    for one in found["stages"]:
        if one["stage"] == stage:
            assigned = one["assignments"][-1]["message"]  # "… to artifact model version v0.1.0"
    noted = re.search(r"v\d+\.\d+\.\d+", assigned)
    tag = f"{ARTIFACT}@{noted[0]}" if noted else f"{ARTIFACT}@<version>"
    return (
        f"commit {commit[:7]} is in the stage {stage!r}, but its tag {tag} is gone: somebody has "
        f"moved or deleted it. To see who made the tag that is there now, run: git show {tag}. "
        f"Then restore it: git tag --annotate --force {tag} {commit} --message Restore && "
        f"git push --force {REMOTE} refs/tags/{tag}; or assign another version to the stage"
    )


def require_merged(version: str, before: str | None = None) -> None:
    """Refuse a version whose commit is not on main: its tag can come from a branch of anybody.

    Args:
        version: its tag, such as model@v0.1.0.
        before: the commit that the tag had when the version was last fetched, if it was.

    Raises:
        InputError: this clone knows `origin/main`, which does not have the commit.
    """
    if not is_unmerged(version):
        return
    now = git.required_commit(version)
    if before and before != now:
        raise InputError(
            f"somebody has moved the tag {version} from commit {before[:7]} to {now[:7]}, which is "
            f"not on {MAIN}, so its code may never have been reviewed; find out who did it: "
            f"git show {version}. Then restore it: git tag --annotate --force {version} {before} "
            f"--message Restore && git push --force {REMOTE} refs/tags/{version}"
        )
    raise InputError(
        f"the commit of {version}, {now[:7]}, is not on {MAIN}, so its code may never have been "
        "reviewed. The version was registered on a branch, or somebody has moved the tag; to see "
        f"who made it, run: git show {version}. Merge the commit first, or register a version of "
        "main and assign that one"
        + ("; this clone is shallow: run git fetch --unshallow" if git.is_shallow() else "")
    )


def is_unmerged(revision: str) -> bool:
    """Check whether this clone knows `origin/main`, and it does not have a revision."""
    known = git.commit(MAIN) is not None
    return known and not git.succeeds("merge-base", "--is-ancestor", revision, MAIN)


def tags_of_origin() -> dict[str, str]:
    """Return the hash of each of the registry's tags that origin has, by its name.

    Raises:
        InputError: origin does not answer.
    """
    patterns = [f"refs/tags/{ARTIFACT}{sign}*" for sign in "@#"]
    listed = git.over_network("ls-remote", "--refs", REMOTE, *patterns).splitlines()
    pairs = (line.split("\t") for line in listed)
    return {name.removeprefix("refs/tags/"): value for value, name in pairs}


def tags_here() -> dict[str, str]:
    """Return the hash of each tag of this clone, by its name."""
    shown = "--format=%(objectname) %(refname:strip=2)"
    listed = git.git("for-each-ref", shown, "refs/tags").splitlines()
    return {name: value for value, name in (line.split(" ", 1) for line in listed)}


def moved(there: Mapping[str, str]) -> list[str]:
    """Return the tags that this clone has, too, but that are not the same on origin."""
    here = tags_here()
    return [name for name, value in there.items() if here.get(name, value) != value]


def after_a_move(tags: Sequence[str]) -> str:
    """Return what to do about tags that are not the same on origin."""
    them = "it" if len(tags) == 1 else "them"
    names = " ".join(shlex.quote(f"refs/tags/{tag}") for tag in tags)
    return (
        f"find out who moved {them}. Then restore {them} from this clone: git push --force "
        f"{REMOTE} {names}; or take over what {REMOTE} has: git fetch --tags --force {REMOTE}"
    )


def stages() -> dict[str, str]:
    """Return the tag of the version in each stage, without empty stages.

    Raises:
        InputError: the folder is not in a repository.
    """
    from gto.api import show

    git.git("rev-parse", "--git-dir")
    found = show(".").get(ARTIFACT, {}).get("stage", {})
    tags = {stage: f"{ARTIFACT}@{version}" for stage, version in found.items()}
    return {stage: tag for stage, tag in sorted(tags.items()) if VERSION.fullmatch(tag)}


def registered_at(commit: str) -> list[str]:
    """Return the tags of a commit's registered versions, without withdrawn ones."""
    from gto.api import show
    from gto.exceptions import ArtifactNotFound

    try:
        found = show(".", ARTIFACT)
    except ArtifactNotFound:
        return []
    tags = [f"{ARTIFACT}@{one['version']}" for one in found if one["commit_hexsha"] == commit]
    return [tag for tag in tags if VERSION.fullmatch(tag)]


def fetch_tags(say: Callable[[str], None]) -> None:
    """Fetch the registry's tags from origin, if it exists.

    A warning says if it does not answer, or if it has moved tags: those of this clone are kept.

    Args:
        say: shows the warning.
    """
    if not git.succeeds("remote", "get-url", REMOTE):
        return
    try:
        git.over_network("fetch", "--quiet", "--tags", REMOTE)
    except InputError as error:
        why = f"asking {REMOTE} failed: {error}"
        with suppress(InputError):  # it does not answer at all
            if other := moved(tags_of_origin()):  # Git takes the others, and does not say why
                names = ", ".join(other)
                why = f"{REMOTE} has moved tags: {names}; {after_a_move(other)}"
        say(f"warning: the stage is read from this clone, because {why}")


def versions(folder: Path = Path()) -> list[str]:
    """Return the tags of the registered versions, the latest one first.

    Args:
        folder: the project's root, or that of another clone.

    Raises:
        InputError: the folder is not in a repository.
    """
    listing = ("tag", "--list", f"{ARTIFACT}@*", "--sort=-version:refname")
    found = git.git("-C", str(folder), *listing).splitlines()
    return [tag for tag in found if VERSION.fullmatch(tag)]


def _released_version(digest: str, folder: Path) -> str | None:
    """Return the version in release.json, which `bundle` writes, if it is for this model."""
    release = folder / paths.RELEASE
    if (folder / paths.LOCK).exists() or not release.exists():
        return None
    try:
        content = json.loads(release.read_text(encoding="utf-8"))
        same = content["files"][paths.MODEL.as_posix()] == digest
        return str(content["version"]) if same else None
    except (ValueError, KeyError, TypeError):
        return None


def _tag(digest: str, folder: Path) -> str | None:
    """Return the latest version whose dvc.lock has a hash with this start."""
    try:
        tags = versions(folder)
        options = ("--name-only", "--fixed-strings", "-e", line_of(digest))
        search = ("-C", str(folder), "grep", *options, *tags, "--", paths.LOCK.as_posix())
        tagged = git.git(*search).splitlines() if tags else []
    except (InputError, OSError):  # no repository, no Git, or no tag has it
        return None
    return tagged[0].rpartition(":")[0] if tagged else None

"""Find the version of a model in Git's tags."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from tabrail import paths
from tabrail.dvc.hashes import line_of, md5
from tabrail.errors import InputError
from tabrail.project import git

ARTIFACT = "model"  # the model's name under `artifacts` in dvc.yaml
VERSION = re.compile(rf"{ARTIFACT}@v\d+\.\d+\.\d+")  # without GTO's tags that withdraw a version
BY_HASH = "md5:"
HASH_DIGITS = 12
MAIN = "origin/main"


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
    """Return the tag of the version that is in a stage, such as model@v0.1.0, if there is one."""
    from gto.api import show
    from gto.exceptions import ArtifactNotFound

    try:
        found = show(".", f"{ARTIFACT}#{stage}")  # the version with the last assignment
    except ArtifactNotFound:  # nothing has ever been registered
        return None
    return f"{ARTIFACT}@{found[0]['version']}" if found else None


def require_merged(version: str) -> None:
    """Refuse a version whose commit is not on main: its tag can come from a branch of anybody.

    Args:
        version: its tag, such as model@v0.1.0.

    Raises:
        InputError: this clone knows `origin/main`, which does not have the commit.
    """
    if git.commit(MAIN) is None or git.succeeds("merge-base", "--is-ancestor", version, MAIN):
        return
    raise InputError(
        f"the commit of {version} is not on {MAIN}, so its code may never have been reviewed; "
        "merge it first, or register a version of main and assign that one"
        + ("; this clone is shallow: run git fetch --unshallow" if git.is_shallow() else "")
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
    """Fetch the registry's tags from origin, if it exists; warn if it does not answer.

    Args:
        say: shows the warning.
    """
    if not git.succeeds("remote", "get-url", "origin"):
        return
    try:
        git.over_network("fetch", "--quiet", "--tags", "origin")
    except InputError as error:
        say(f"warning: the stage is read from this clone, because asking origin failed: {error}")


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

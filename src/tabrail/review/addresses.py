"""Find out whether uv.lock differs from HEAD only in the addresses of packages."""

import tomllib
from typing import Any

from tabrail import paths
from tabrail.project import git

OF_AN_INDEX = ("registry", "url", "size", "upload-time")


def only_addresses_changed() -> tuple[str, str] | None:
    """Compare the addresses in uv.lock with those of HEAD.

    With another package index, each `uv run` writes the addresses of that index.

    Returns:
        What differs, and what to do; None if nothing differs, or if more than addresses differs.
    """
    texts = (git.text("HEAD", paths.PACKAGES), _here())
    try:
        before, now = (tomllib.loads(text or "") for text in texts)
    except tomllib.TOMLDecodeError:
        return None
    if before == now or _without_addresses(before) != _without_addresses(now):
        return None
    old, new = (", ".join(sorted(_registries(lock))) for lock in (before, now))
    what = f"{paths.PACKAGES} has the packages of HEAD at other addresses ({old} → {new})"
    fix = (
        f"run: git checkout HEAD -- {paths.PACKAGES}, and set the environment variable UV_FROZEN "
        "to 1, which keeps uv from changing it; or commit it, if everybody uses this index"
    )
    return what, fix


def _here() -> str:
    path = paths.PACKAGES
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _without_addresses(content: Any) -> Any:
    """Return the content that does not depend on the index, with all lists sorted."""
    if isinstance(content, dict):
        kept = {key: value for key, value in content.items() if key not in OF_AN_INDEX}
        return {key: _without_addresses(value) for key, value in kept.items()}
    if isinstance(content, list):
        return sorted(map(_without_addresses, content), key=repr)
    return content


def _registries(lock: dict[str, Any]) -> set[str]:
    sources = (package.get("source", {}) for package in lock.get("package", []))
    return {source["registry"] for source in sources if "registry" in source}

"""What dvc.yaml says, here or in a commit."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from . import git, paths
from .documents import read_yaml
from .errors import InputError


def generated(revision: str | None = None) -> list[str]:
    """Return the files that the pipeline writes and Git tracks, in the order of dvc.yaml.

    Args:
        revision: whose dvc.yaml to read; the working tree's, if none is given.

    Raises:
        InputError: dvc.yaml is no YAML.
    """
    found: list[str] = []
    for stage in _pipeline(revision).get("stages", {}).values():
        for kind in ("outs", "metrics", "plots"):
            for entry in stage.get(kind, []):
                options: dict[str, Any] = {} if isinstance(entry, str) else entry
                found += [
                    path for path, how in options.items() if (how or {}).get("cache") is False
                ]
    return found


def _pipeline(revision: str | None) -> dict[str, Any]:
    if revision is None:
        return read_yaml(paths.PIPELINE) or {}
    text = git.text(revision, paths.PIPELINE) or ""
    try:
        return YAML(typ="safe", pure=True).load(text) or {}
    except YAMLError:
        raise InputError(f"{paths.PIPELINE} of {revision} is not valid YAML") from None

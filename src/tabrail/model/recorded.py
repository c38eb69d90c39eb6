"""Check that a model file is the recorded one."""

import json
from pathlib import Path
from typing import Any

from tabrail import paths
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError, missing_output
from tabrail.project.pipeline import recorded_model


def require_recorded(folder: Path = Path()) -> None:
    """Check the hash of a model file against dvc.lock, or release.json if there is no dvc.lock.

    This happens before the file is opened.

    Args:
        folder: the project's root, that of another clone, or a folder made by `bundle`.

    Raises:
        InputError: the file is missing, its hash is not recorded, or the hash differs.
    """
    path = paths.located(folder, paths.MODEL)
    if not path.exists():
        raise missing_output(path)
    source, wanted = _recorded(folder)
    if not wanted:
        raise InputError(
            f"{path} was never recorded: {source} has no hash of it. Make it with: uv run dvc "
            "repro. If you trust its source, add: --untrusted"
        )
    found = md5(path)
    if found != wanted:
        raise InputError(
            f"{path} is not the recorded one: its MD5 is {found}, and {source} says {wanted}. "
            "Fetch the recorded one with: uv run dvc checkout --force models, or dvc pull, or make "
            "it with: uv run dvc repro. If you trust the source of this one, add: --untrusted, or "
            "in Python untrusted=True"
        )


def _recorded(folder: Path) -> tuple[Path, str]:
    """Return the file with the model's recorded MD5, and the MD5; blank if there is none."""
    lock, note = (paths.located(folder, path) for path in (paths.LOCK, paths.RELEASE))
    if not lock.exists() and note.exists():
        try:
            content: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(
                f"{note} is damaged ({error}); make the folder again with: tabrail bundle"
            ) from None
        return note, content.get("files", {}).get(paths.MODEL.as_posix(), "")
    return lock, recorded_model(root=folder)

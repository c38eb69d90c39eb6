"""Open a project's folder with DVC; only for modules of this package."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tabrail.dvc.asking import cause
from tabrail.dvc.command import lock_advice
from tabrail.dvc.settings import Config
from tabrail.errors import InputError

if TYPE_CHECKING:
    from dvc.repo import Repo


@contextmanager
def session(root: Path = Path(), config: Config | None = None) -> Iterator["Repo"]:
    """Open a project's folder with DVC; see `repository.opened`."""
    try:
        from dvc.exceptions import DvcException
        from dvc.repo import Repo
    except ImportError:
        raise InputError("DVC is not installed in this environment; run: uv sync") from None
    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # the errors have what it would log
    try:
        with Repo(str(root), config=config) as repo:
            yield repo
    except DvcException as error:
        what, why = (str(error).splitlines() or [""])[0].strip(), cause(error)
        reason = why if not what or what in why else f"{what}: {why}"
        raise InputError(f"{reason}{lock_advice(root)}") from error

"""One of several processes of a server: it has the model of its parent, and ends with it."""

import hashlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

from tabrail import paths
from tabrail.errors import InputError

FILES = (paths.MODEL, paths.SCHEMA, paths.PARAMS, paths.EVALUATION)  # on which answers depend

logger = logging.getLogger(__name__)


def fingerprint(folders: Iterable[Path]) -> str:
    """Return what tells the models of some folders from others.

    Args:
        folders: roots of clones.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for file in FILES:
            digest.update(hashlib.sha256((folder / file).read_bytes()).digest())
    return digest.hexdigest()


def require_same(expected: str, found: str) -> None:
    """Check that a worker has the model of its parent.

    Raises:
        InputError: the folder has another one by now.
    """
    if expected != found:
        raise InputError(
            "the folder has another model or other parameters than when the server started, so "
            "this worker does not answer; start the server again, or restore what was there"
        )


def end_with_parent() -> None:
    """Let this process stop, as after SIGTERM, when the process that started it is gone."""
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    logger.error("the process that started this worker is gone; it stops")
    os.kill(os.getpid(), signal.SIGTERM)

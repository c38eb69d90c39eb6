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

FILES = (paths.MODEL, paths.SCHEMA, paths.PARAMS, paths.EVALUATION)  # answers depend on these

logger = logging.getLogger(__name__)


def fingerprint(folders: Iterable[Path]) -> str:
    """Return a hash that identifies the models of some folders.

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
        InputError: the folder has another model now.
    """
    if expected != found:
        raise InputError(
            "the model or the parameters in the folder have changed since the server started, so "
            "this worker does not answer; restart the server, or restore the earlier files"
        )


def end_with_parent() -> None:
    """Stop this process, as after SIGTERM, when its parent process has ended."""
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    logger.error("the process that started this worker has ended, so the worker stops")
    os.kill(os.getpid(), signal.SIGTERM)

"""Folders that tests of one process share, and that go with it."""

import atexit
import shutil
import tempfile
from pathlib import Path


def of_this_process(name: str) -> Path:
    """Make a folder that is removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

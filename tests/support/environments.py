"""Environments of tools that are too large for the one in which the tests run."""

import subprocess
import sys
from pathlib import Path

from filelock import FileLock


def own_environment(folder: Path, package: str) -> Path:
    """Install a package into an environment of its own, once for all workers.

    Args:
        folder: where the environment is, or is to be; its commands are in `bin`.
        package: such as "apache-airflow>=3.1,<4".

    Returns:
        The folder of its commands.
    """
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            uv = str(Path(sys.executable).with_name("uv"))
            subprocess.run([uv, "venv", "--quiet", "--clear", str(folder)], check=True)
            install = ["pip", "install", "--quiet", f"--python={folder}", package]
            subprocess.run([uv, *install], check=True)
            (folder / "done").touch()
    return folder / "bin"

"""Run uv, which installs packages and locks their versions."""

import os
import shutil
import subprocess

from tabrail.errors import InputError

# Variables of the environment that runs this, and not of those that uv is to make.
LEAVE_OUT = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")


def program() -> str:
    """Return the path of uv: that which runs this, or the one on the PATH.

    Raises:
        InputError: uv is not installed.
    """
    found = shutil.which(os.environ.get("UV") or "uv")  # `uv run` sets UV
    if not found:
        raise InputError("uv was not found; install it: https://docs.astral.sh/uv/")
    return found


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run uv in the current folder, and return its exit code and output.

    Args:
        arguments: those of the command.
        given: its standard input.

    Raises:
        InputError: uv is not installed.
    """
    environment = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    return subprocess.run(
        [program(), *arguments],
        input=given,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_line(text: str) -> str:
    """Return the last line of an error output, which says the reason."""
    lines = text.strip().splitlines()
    return lines[-1].strip().removeprefix("error: ") if lines else "no reason was given"

"""Run uv, which installs packages and locks their versions."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabrail import paths
from tabrail.config.estimators import package
from tabrail.errors import InputError

# Variables of the running environment, which must not affect environments that uv makes.
LEAVE_OUT = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")


def program() -> str:
    """Return the path of uv: the one that runs this process, or the one on the PATH.

    Raises:
        InputError: uv is not installed.
    """
    found = shutil.which(os.environ.get("UV") or "uv")  # `uv run` sets UV
    if not found:
        raise InputError("uv was not found; install it: https://docs.astral.sh/uv/")
    return found


def environment() -> dict[str, str]:
    """Return the variables of this process, without those of its Python environment."""
    return {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}


def server_groups(root: Path, estimator: str, *more: str) -> list[str]:
    """Return the options of uv for only the packages that a server needs.

    Args:
        root: the project's root, or that of a release.
        estimator: the import path of its estimator, whose package may have its own group.
        more: optional groups, used if the project has them.
    """
    content: dict[str, Any] = tomllib.loads((root / paths.PROJECT).read_text(encoding="utf-8"))
    known = content.get("dependency-groups", {})
    wanted = [name for name in (package(estimator), *more) if name in known]
    return ["--no-default-groups", *(f"--group={name}" for name in ("serve", *wanted))]


def run(
    *arguments: str, given: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run uv in the current folder, and return its exit code and output.

    Args:
        arguments: the arguments of the command.
        given: its standard input.
        variables: environment variables to set.

    Raises:
        InputError: uv is not installed.
    """
    return subprocess.run(
        [program(), *arguments],
        input=given,
        env=environment() | dict(variables or {}),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def last_line(text: str) -> str:
    """Return the last line of an error output, which has the reason."""
    lines = text.strip().splitlines()
    return lines[-1].strip().removeprefix("error: ") if lines else "no reason was given"

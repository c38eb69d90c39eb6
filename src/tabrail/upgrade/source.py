"""Find where another version of the library comes from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from tabrail.errors import InputError
from tabrail.project import uv
from tabrail.wheels import NAME, wheel_version

VENDOR = Path("vendor")


@dataclass(frozen=True)
class Source:
    """Where a version of the library comes from.

    Attributes:
        version: the version.
        wheel: the wheel to put into vendor/; None for the package index.
    """

    version: str
    wheel: Path | None = None

    @property
    def requirement(self) -> str:
        """The requirement for uv."""
        return str(self.wheel.resolve()) if self.wheel else f"{NAME}=={self.version}"

    @property
    def vendored(self) -> list[Path]:
        """The target path of the wheel, if there is one."""
        return [VENDOR / self.wheel.name] if self.wheel else []


def find_source(given: str, project: Mapping[str, Any]) -> Source:
    """Find the source of the requested version.

    Raises:
        InputError: the wheel is missing or damaged, or the index does not have the version.
    """
    if given.endswith(".whl") or "/" in given or os.sep in given:
        return Source(wheel_version(Path(given)), Path(given))
    is_vendored = NAME in project.get("tool", {}).get("uv", {}).get("sources", {})
    if not given and is_vendored:
        raise InputError(
            f"this project takes {NAME} from a wheel in {VENDOR}/, so the newest version cannot be "
            "looked up; give the new wheel, such as: uv run tabrail upgrade "
            f"../{NAME}-2.1.0-py3-none-any.whl, or, if {NAME} is on your package index, the "
            "version to take from there from now on, such as: uv run tabrail upgrade 2.1.0"
        )
    try:
        wanted = f"{NAME}=={Version(given)}" if given else NAME
    except InvalidVersion:
        raise InputError(
            f"{given!r} is neither a wheel nor a version; give a file such as "
            f"{NAME}-2.1.0-py3-none-any.whl, or a version such as 2.1.0"
        ) from None
    options = ("--no-deps", "--no-header", "--no-annotate", "--quiet")
    done = uv.run("pip", "compile", *options, "-", given=wanted)
    lines = [line for line in done.stdout.splitlines() if line.startswith(f"{NAME}==")]
    if done.returncode or not lines:
        raise InputError(
            f"the package index has no {wanted}, or cannot be reached: {uv.last_line(done.stderr)}"
        )
    return Source(lines[0].partition("==")[2].split()[0])

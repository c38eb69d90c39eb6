"""Read the table `[tool.tabrail]` of pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tabrail import paths
from tabrail.documents import parse
from tabrail.errors import InputError

TABLE = "tool.tabrail"


class Settings(BaseModel):
    """The table `[tool.tabrail]`.

    Attributes:
        package: import name of the project's package in src.
        clean: the cleaning function, as `package.module:name`; blank for none.
        metrics: the list of metrics, as `package.module:NAME`; blank for the task's metrics.
        trusted: types of other packages that a model file may hold, by import path.
        results: the numbers of the project's results; see `tabrail.results`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    package: str
    clean: str = ""
    metrics: str = ""
    trusted: list[str] = []
    results: dict[str, int] = {}


def load_settings(root: Path = Path()) -> Settings:
    """Read the project's settings.

    Raises:
        InputError: pyproject.toml is missing, is not TOML, or has no such table, or an invalid one.
    """
    path = root / paths.PROJECT
    content = read_table(path)
    if content is None:
        raise InputError(
            f'{path} has no table [{TABLE}]; expected one with package = "NAME", the package in src'
        )
    return parse(Settings, content, path)


def read_table(path: Path) -> dict[str, Any] | None:
    """Return the content of `[tool.tabrail]` in a pyproject.toml; None without it.

    Raises:
        InputError: the file is missing or is not TOML.
    """
    table: dict[str, Any] | None = _read(path).get("tool", {}).get("tabrail")
    return table


def named(root: Path) -> tuple[str, str]:
    """Return the project's name and version in pyproject.toml; the folder's name and 0 without.

    Raises:
        InputError: the file is missing or is not TOML.
    """
    project = _read(root / paths.PROJECT).get("project", {})
    return str(project.get("name") or root.name), str(project.get("version") or 0)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing in {Path.cwd()}; go to the project's root, or restore the file "
            f"with: git checkout -- {paths.PROJECT}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None


def find_root(start: Path | None = None) -> Path:
    """Return the project's root: this folder or the nearest one above with `[tool.tabrail]`.

    Raises:
        InputError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / paths.PROJECT).is_file() and read_table(folder / paths.PROJECT) is not None:
            return folder
    raise InputError(
        f"{here} is not in a project: no {paths.PROJECT} here or above has a table [{TABLE}]; "
        "change to the project's folder"
    )

"""Arguments and options that several verbs take, and the folder that they are seen from."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tabrail.errors import InputError, one_message

START = "TABRAIL_START"  # of the environment: where the user stood


def enter_project() -> None:
    """Go to the project's root, from wherever the user stands in it.

    Outside of a project this does nothing: the verb says what it misses.
    """
    from tabrail.project.settings import find_root

    os.environ[START] = str(Path.cwd())
    with one_message():
        try:
            os.chdir(find_root())
        except InputError:
            return


def given(text: str) -> Path:
    """Return a path as the user gave it, seen from the project's root."""
    start = Path(os.environ.get(START, ""))
    path = Path(text)
    if path.is_absolute() or start.resolve() == Path.cwd():
        return path
    return Path(os.path.relpath(start / path))


Tables = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="CSV, TSV or Parquet files, or folders.", parser=given),
]

Untrusted = Annotated[
    bool,
    typer.Option(
        "--untrusted",
        help="Load a model whose hash is not recorded. The list of trusted types still holds.",
    ),
]

BaseRevision = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REV",
        help="Compare with this commit. [default: where HEAD left origin/main, if that exists]",
    ),
]

"""Arguments and options of several commands, and the folder that paths are relative to."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tabrail.errors import InputError, one_message

START = "TABRAIL_START"  # environment variable: the folder in which the user called the command


def enter_project() -> None:
    """Change to the project's root from any folder inside the project.

    Outside a project, this does nothing: the command reports what is missing.
    """
    from tabrail.project.settings import find_root

    os.environ[START] = str(Path.cwd())
    with one_message():
        try:
            os.chdir(find_root())
        except InputError:
            return


def given(text: str) -> Path:
    """Return a path that the user gave, relative to the project's root."""
    start = Path(os.environ.get(START, ""))
    path = Path(text)
    if path.is_absolute() or start.resolve() == Path.cwd():
        return path
    return Path(os.path.relpath(start / path))


def refuse_untrusted(stage: str, *, untrusted: bool) -> None:
    """Refuse `--untrusted` with `--stage`, because the model of a stage is recorded.

    Raises:
        InputError: both are given.
    """
    if stage and untrusted:
        raise InputError(
            f"--untrusted loads a model file of this folder, but --stage {stage} takes one that "
            "is recorded; leave one of the two out"
        )


def absolute(options: Mapping[str, Path | None]) -> list[str]:
    """Return the options that are set, with absolute paths for a command in another folder."""
    given = {name: path for name, path in options.items() if path is not None}
    return [part for name, path in given.items() for part in (name, str(path.resolve()))]


Tables = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="CSV, TSV or Parquet files, or folders.", parser=given),
]

Untrusted = Annotated[
    bool,
    typer.Option(
        "--untrusted",
        help="Load a model whose hash is not recorded. It may still hold trusted types only.",
    ),
]

Stage = Annotated[
    str,
    typer.Option(
        "--stage",
        metavar="STAGE",
        help="Use the version in this stage, such as prod, with its own code.",
    ),
]

BaseRevision = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REV",
        help="Compare with this commit or DVC experiment. [default: the merge base of HEAD and "
        "origin/main, if any]",
    ),
]

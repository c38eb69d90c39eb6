"""Arguments and options that several verbs take, and the folder that they are seen from."""

import os
from collections.abc import Mapping
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


def refuse_untrusted(stage: str, *, untrusted: bool) -> None:
    """Refuse `--untrusted` beside a stage, whose model is the recorded one.

    Raises:
        InputError: both are given.
    """
    if stage and untrusted:
        raise InputError(
            f"--untrusted is for a model file of this folder, and --stage {stage} takes one that "
            "is recorded; leave one of the two out"
        )


def absolute(options: Mapping[str, Path | None]) -> list[str]:
    """Return options with paths, for a command that runs in another folder; without those unset."""
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
        help="Load a model whose hash is not recorded. The list of trusted types still holds.",
    ),
]

Stage = Annotated[
    str,
    typer.Option(
        "--stage",
        metavar="STAGE",
        help="Take the version that is in this stage, such as prod, with its own code.",
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

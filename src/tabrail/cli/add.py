"""Add a part to the project."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def add(
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="PART…", help="Without one, all are listed.")
    ] = None,
) -> None:
    """Add a part to the project: a workflow, a notebook, a development container.

    Its files are written, and keys are added to existing files. You see what changed, what to do
    next and the way back. A file that is there already is never overwritten, and adding a part
    twice changes nothing. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail import parts as verbs

        if parts:
            verbs.add(parts, typer.echo)
        else:
            typer.echo(verbs.listed())

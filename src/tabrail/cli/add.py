"""Add a part to the project."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def add(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="PART…", help="Parts to add. Without one, all parts are listed."),
    ] = None,
) -> None:
    """Add a part to the project, such as a workflow or a notebook.

    The command writes the part's files and adds keys to existing files. It shows what changed, what
    to do next and how to remove the part. It never overwrites an existing file. Adding a part that
    is already there changes nothing. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail import parts as verbs

        if parts:
            verbs.add(parts, typer.echo)
        else:
            typer.echo(verbs.listed())

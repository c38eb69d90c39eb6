"""Write the files that a server needs."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import given
from tabrail.errors import one_message


def bundle(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.", parser=given)],
    revision: Annotated[
        str,
        typer.Option("--rev", metavar="REV", help="A commit, branch or tag, such as model@v0.1.0."),
    ] = "HEAD",
) -> None:
    """Write a folder with all that a server of a revision needs.

    The folder has the model of the revision, its code, parameters and reports. The server then
    needs no Git. In the folder, `uv sync --locked --no-default-groups --group serve` makes the
    environment, and `uv run --no-sync tabrail serve` serves the model. A warning says if the
    revision is not on origin/main. Exit code 0: the folder is complete. 1: no folder was made.
    """
    with one_message():
        from tabrail.project.registry import MAIN, is_unmerged
        from tabrail.review.bundle import bundle

        typer.echo(bundle(folder, revision))
        if is_unmerged(revision):
            typer.echo(
                f"warning: {revision} is not on {MAIN}, so its code may never have been reviewed. "
                "Use this folder for tests only, or merge the commit first",
                err=True,
            )

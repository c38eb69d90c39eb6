"""Record what came true."""

from typing import Annotated

import typer

from tabrail.cli.arguments import Tables
from tabrail.errors import one_message


def outcomes(
    files: Tables,
    column: Annotated[
        str, typer.Option("--id", metavar="COLUMN", help="The column of the predictions' ids.")
    ] = "id",
) -> None:
    """Record what came true of predictions in the log, so that `monitor` can tell how good it was.

    A table needs the id that the server gave each prediction, and the target. Rows without a value
    yet are passed over, and a later word replaces an earlier one, so the command can be repeated.
    Exit code 0: something was recorded. 1: nothing was.
    """
    with one_message():
        from tabrail.log.outcomes import outcomes

        done = outcomes(files, column)
        typer.echo(done.text())
    raise typer.Exit(0 if done.recorded else 1)

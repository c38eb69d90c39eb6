"""Record outcomes."""

from typing import Annotated

import typer

from tabrail.cli.arguments import Tables
from tabrail.errors import one_message


def outcomes(
    files: Tables,
    column: Annotated[
        str, typer.Option("--id", metavar="COLUMN", help="The column with the predictions' ids.")
    ] = "id",
) -> None:
    """Record the outcomes of predictions, for `monitor` and `export`.

    A table needs two columns: the id that the server gave each prediction, and the target. Rows
    without a value are skipped. A later outcome replaces an earlier one, so the command can be
    repeated. Exit code 0: at least one outcome is recorded. 1: no outcome is recorded.
    """
    with one_message():
        from tabrail.log.outcomes import outcomes

        done = outcomes(files, column)
        typer.echo(done.text())
    raise typer.Exit(0 if done.recorded else 1)

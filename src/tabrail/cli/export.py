"""Export the prediction log as a table."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import given
from tabrail.errors import one_message


def export(
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A new .csv, .csv.gz or .parquet file.", parser=given),
    ],
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="Start: a date, a time (UTC), or days ago as in 7d.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="WHEN", help="End. [default: now]")] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists.")
    ] = False,
) -> None:
    """Write the logged rows with a known outcome as training data.

    The rows come from the prediction log. The table has the schema's columns, and `ingest` accepts
    it. Exit code 0: the table is written. 1: nothing is written.
    """
    with one_message():
        from tabrail.log.export import export

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(export(out, since, until, overwrite=overwrite))

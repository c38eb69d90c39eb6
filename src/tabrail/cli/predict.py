"""Score a table."""

import signal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Stage, Untrusted, absolute, given, refuse_untrusted
from tabrail.errors import one_message


def predict(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="A CSV, TSV or Parquet file, or a folder of them.", parser=given
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A new .csv, .csv.gz or .parquet file.", parser=given),
    ],
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Write rows that break the schema to this file, with reasons; score the others.",
            parser=given,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT and FILE.csv if they exist.")
    ] = False,
    stage: Stage = "",
    untrusted: Untrusted = False,
) -> None:
    """Predict every row of a table, which may be larger than memory.

    OUT gets one line for each row, in order: the row's number, key and identifiers, the prediction,
    the model's version and the time. A row that breaks schema.yaml makes the command refuse the
    table, unless --rejected names a file for such rows. --stage fetches the version in a stage of
    the registry, and lets it predict with its own code and packages. Exit code 0: everything is
    written. 1: nothing is written.
    """
    with one_message():
        refuse_untrusted(stage, untrusted=untrusted)
        if stage:
            from tabrail.deploy import deploy

            options = absolute({"--rejected": rejected}) + ["--overwrite"] * overwrite
            places = [str(table.resolve()), str(out.resolve())]
            deploy(stage, partial(typer.echo, err=True)).become(["predict", *places, *options])

        from tabrail.batch.score import predict

        # A scheduler's stop, like a person's, leaves nothing half written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(predict(table, out, rejected, overwrite=overwrite, untrusted=untrusted))

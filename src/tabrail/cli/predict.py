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
            help="Write rows that break the schema to this file, with reasons. Score the others.",
            parser=given,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT and FILE.csv if they exist.")
    ] = False,
    stage: Stage = "",
    untrusted: Untrusted = False,
) -> None:
    """Predict every row of a table, even if it is larger than memory.

    OUT gets one line for each row, in order: the row's number, key and identifiers, the prediction,
    the model's version and the time. If a row breaks schema.yaml, the command refuses the table,
    unless --rejected names a file for such rows. With --stage, it fetches the version in a stage of
    the registry. That version predicts with its own code and packages. Exit code 0: everything is
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

        # SIGTERM from a scheduler stops the command like Ctrl+C: no file is half written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(predict(table, out, rejected, overwrite=overwrite, untrusted=untrusted))

"""Score new tables, for a scheduler."""

import signal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tabrail import paths
from tabrail.cli.arguments import Stage, given
from tabrail.errors import one_message


def batch(
    incoming: Annotated[
        Path, typer.Argument(metavar="INCOMING", help="A folder of tables.", parser=given)
    ],
    scored: Annotated[
        Path, typer.Argument(metavar="SCORED", help="The folder for their scores.", parser=given)
    ],
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write rows that break the schema to this folder, with reasons. Score the others.",
            parser=given,
        ),
    ] = None,
    stage: Stage = "",
) -> None:
    """Score each table of a folder that has no scores yet.

    The file of scores has the table's name, and it is written completely or not at all. A table
    that has scores is not scored again; a line names each other version that made scores. If a
    table could not be scored, the next run tries again. Only one run works at a time.
    log/batch.jsonl gets a line for each table. Failures are printed to standard error. Exit code 0:
    every table has scores. 1: a table could not be scored, or has changed since it was scored.
    """
    with one_message():
        from tabrail.batch.pending import Score, score_pending
        from tabrail.batch.score import predict
        from tabrail.project.registry import model_version

        def here(table: Path, out: Path, rejected: Path | None, _: int) -> str:
            return predict(table, out, rejected, overwrite=True)

        # SIGTERM from a scheduler stops the command like Ctrl+C: no file is half written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        score: Score = here
        warn = partial(typer.echo, err=True)
        if stage:
            from tabrail.deploy import deploy

            deployed = deploy(stage, warn)
            score, version = deployed.predict, deployed.version
        else:
            version = model_version() if paths.MODEL.exists() else ""
        complete = score_pending(incoming, scored, rejected, score, version, typer.echo, warn)
    raise typer.Exit(0 if complete else 1)

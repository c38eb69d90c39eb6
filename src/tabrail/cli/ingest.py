"""Bring a table into the project."""

import signal
import sys
from typing import Annotated, Literal

import typer

from tabrail.cli.arguments import Tables
from tabrail.errors import one_message

Task = Literal["binary", "multiclass", "regression"]


def ingest(
    files: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")] = "",
    task: Annotated[
        Task | None, typer.Option(help="Kind of model. [default: what the target's values suggest]")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the data set.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Start over with this table and a new schema.")
    ] = False,
    split: Annotated[
        int | None,
        typer.Option(
            metavar="MB",
            min=1,
            help="Split each larger CSV file into parts of about this many megabytes.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Extend the schema without asking.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")
    ] = False,
) -> None:
    """Add a table to data/raw, and write its schema to schema.yaml.

    DVC tracks data/raw. New rows of the same table are added to those in data/raw. If they need a
    wider schema, the command shows the change and asks first. With --replace, or without a
    schema.yaml, it infers the schema from the table and needs --target. With --split, a large CSV
    file rows.csv becomes rows-00000.csv, rows-00001.csv and so on. Each part has the header. The
    megabytes are those of the file before compression. A .gz file is split into .gz files. Exit
    code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail.ingest import ingest as verb

        def ask(question: str) -> bool:
            return yes or (sys.stdin.isatty() and typer.confirm(question))

        # SIGTERM from a scheduler stops the command like Ctrl+C: nothing is half done.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        new = replace or (dry_run and bool(target))
        with verb.alone(typer.echo, dry_run=dry_run):
            if verb.starts_over(target, replace=new):
                verb.start(files, target, task, name, typer.echo, dry_run=dry_run, split=split or 0)
            else:
                verb.grow(files, task or name, typer.echo, ask, dry_run=dry_run, split=split or 0)

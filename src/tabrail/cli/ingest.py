"""Bring a table in."""

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
        Task | None, typer.Option(help="What to learn, if not what the target's values suggest.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the data is called.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Start over with this table and a new schema.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Extend the schema without being asked.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; write nothing.")
    ] = False,
) -> None:
    """Bring a table in: into data/raw, tracked by DVC, with its schema in schema.yaml.

    More of the same table is added to what is there. If new rows need a wider schema, you see how
    it would change and are asked first. With --replace, or without a schema.yaml, the schema is
    inferred from the table, and --target is needed. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail.ingest import ingest as verb

        def ask(question: str) -> bool:
            return yes or (sys.stdin.isatty() and typer.confirm(question))

        new = replace or (dry_run and bool(target))
        if verb.starts_over(target, replace=new):
            verb.start(files, target, task, name, typer.echo, dry_run=dry_run)
        else:
            verb.grow(files, task or name, typer.echo, ask, dry_run=dry_run)

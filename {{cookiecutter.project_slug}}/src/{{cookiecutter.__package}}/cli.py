"""The project's own commands; for all else, call `dvc`, `git` and `pytest` directly."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from .errors import one_message

Task = Literal["binary", "multiclass", "regression"]

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

Tables = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="CSV, TSV or Parquet files, or folders.")
]


@app.callback()
def project() -> None:
    """Commands of this project that no other tool has. Results come from `uv run dvc repro`."""


@app.command()
def ingest(
    files: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")] = "",
    task: Annotated[
        Task | None, typer.Option(help="What to learn, if not what the target's values suggest.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the data is called.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Start over with this table and a new contract.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Extend the contract without being asked.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what a new table holds; write nothing.")
    ] = False,
) -> None:
    """Bring a table in: into data/raw, tracked by DVC, with its contract in schema.yaml.

    More of the same table is added to what is there. If new rows need a wider contract, you see how
    it would change and are asked first. With --replace, or without a schema.yaml, the contract is
    inferred from the table, and --target is needed. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from . import ingest as verb

        def ask(question: str) -> bool:
            return yes or (sys.stdin.isatty() and typer.confirm(question))

        if verb.starts_over(target, replace=replace or dry_run):
            verb.start(files, target, task, name, typer.echo, dry_run=dry_run)
        else:
            verb.grow(files, task or name, typer.echo, ask)


@app.command()
def validate(
    files: Tables,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.csv",
            help="Write there the rows that `prepare` would drop, each with the reasons.",
        ),
    ] = None,
) -> None:
    """Hold tables against the contract in schema.yaml and say all that is wrong at once.

    Exit code 0: all is right. 1: something breaks the contract. 2: a file is no such table.
    """
    with one_message(code=2):
        from .documents import to_json
        from .validate import validate

        verdict = validate(files, rejected)
        typer.echo(to_json(verdict.content()).rstrip() if as_json else verdict.text())
    raise typer.Exit(1 if verdict.findings else 0)


@app.command()
def verify() -> None:
    """Check that the committed results are those of the committed code; exit code 1 if not.

    Nothing is run and no data is needed. Git's pre-push hook calls it.
    """
    from .verify import checks

    done = checks()
    for check in done:
        typer.echo(f"{'ok ' if check.passed else 'NO '} {check.name}: {check.detail}")
    raise typer.Exit(0 if all(check.passed for check in done) else 1)


if __name__ == "__main__":
    app()

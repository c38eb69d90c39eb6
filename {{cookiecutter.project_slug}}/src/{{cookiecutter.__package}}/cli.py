"""The project's own commands; for all else, call `dvc`, `git` and `pytest` directly."""

import signal
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


BaseRevision = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REV",
        help="Compare with where HEAD left this branch or commit. [default: origin/main, if here]",
    ),
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
def predict(
    table: Annotated[
        Path, typer.Argument(metavar="IN", help="A CSV, TSV or Parquet file, or a folder of them.")
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new .csv, .csv.gz or .parquet file.")
    ],
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="Write rows that break the contract there, with the reasons; score the others.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT and FILE.csv if they are there.")
    ] = False,
) -> None:
    """Let the model predict every row of a table, which may be larger than memory.

    OUT gets a line for each row, in order: the row's number, key and identifiers, the prediction,
    the model's version and the time. A row that breaks the contract in schema.yaml makes the
    command refuse the table, unless there is a file for such rows. Exit code 0: all is written.
    1: nothing is.
    """
    with one_message():
        from .predict import predict

        # A scheduler's stop, like a person's, leaves nothing half written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        typer.echo(predict(table, out, rejected, overwrite=overwrite))


@app.command()
def verify(
    base: BaseRevision = None,
    no_remote: Annotated[
        bool,
        typer.Option("--no-remote", help="Do not ask the DVC remote."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that the committed results are those of the committed code, and pass the gate.

    Nothing is run and no data is needed. Each line says what was asked, what was found and what to
    do. CI calls it for every change, and so does Git's pre-push hook. Exit code 0: all is well, or
    was accepted deliberately. 1: it is not.
    """
    with one_message():
        from dataclasses import asdict

        from .documents import to_json
        from .verify import checks

        passed, done = True, []
        for check in checks(base, remote=not no_remote):
            passed = passed and check.verdict != "FAILED"
            done.append(asdict(check))
            if not as_json:
                typer.echo(str(check))
        if as_json:
            typer.echo(to_json({"passed": passed, "checks": done}).rstrip())
    raise typer.Exit(0 if passed else 1)


@app.command()
def report(
    base: BaseRevision = None,
    plots_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the page of `dvc plots diff` is, to link to.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write there instead of printing.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON instead of Markdown.")] = False,
) -> None:
    """Say what a change does to the model: scores, slices, parameters, data, contract, libraries.

    All of it comes from what Git keeps, so neither data nor credentials are needed. Whether it may
    be merged is for `verify` to decide. Exit code 0: here is the report. 2: there can be none.
    """
    with one_message(code=2):
        from .documents import to_json, write_texts
        from .report import report

        made = report(base)
        content = to_json(made.content()) if as_json else made.markdown(plots_url)
        if output:
            write_texts({output: content})
        else:
            typer.echo(content.rstrip())


@app.command()
def merge(
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The branch or commit to merge.")
    ] = "origin/main",
) -> None:
    """Merge a branch when both sides trained: dvc.lock and reports conflict, and a run settles it.

    Also goes on with a `git merge` that ended in conflicts. What people wrote is never decided
    here: if such files are in conflict, the merge is refused, and nothing has changed. Exit code 0:
    merged, or nothing to merge. 1: refused or failed.
    """
    with one_message():
        from .merge import merge

        merge(revision, typer.echo)


if __name__ == "__main__":
    app()

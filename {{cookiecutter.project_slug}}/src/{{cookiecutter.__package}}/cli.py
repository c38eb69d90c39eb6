"""The project's own commands; for all else, call `dvc`, `git` and `pytest` directly."""

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def project() -> None:
    """Commands of this project that no other tool has. Results come from `uv run dvc repro`."""


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

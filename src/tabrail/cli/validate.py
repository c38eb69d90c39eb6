"""Check tables against the schema."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Tables, given
from tabrail.errors import one_message


def validate(
    files: Tables,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    rejected: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.csv",
            help="Write the rows that `prepare` would drop to this file, with reasons.",
            parser=given,
        ),
    ] = None,
) -> None:
    """Check tables against schema.yaml and report all violations.

    Exit code 0: no violation, or warnings only. 1: at least one violation. 2: a file cannot be read
    as a table.
    """
    with one_message(code=2):
        from tabrail.data.validate import validate
        from tabrail.documents import to_json
        from tabrail.project.project import Project

        verdict = validate(files, rejected, Project.load().clean)
        typer.echo(to_json(verdict.content()).rstrip() if as_json else verdict.text())
    raise typer.Exit(1 if verdict.has_errors else 0)

"""Show versions and paths for a bug report."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.errors import one_message


def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show versions, paths and the DVC remote for a bug report.

    The output has no secrets.
    """
    with one_message():
        import json

        from tabrail import info as facts

        found = facts.info(Path.cwd())
        typer.echo(
            json.dumps(found, indent=2, ensure_ascii=False) if as_json else facts.text(found)
        )

"""Report what a change does to the model."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import BaseRevision, given
from tabrail.errors import one_message


def report(
    base: BaseRevision = None,
    plots_url: Annotated[
        str,
        typer.Option(metavar="URL", help="Address of the page of `dvc plots diff`."),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file instead of printing.", parser=given),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not Markdown.")] = False,
) -> None:
    """Report what a change does to scores, slices, data and schema.

    The report also shows changed parameters and libraries. It reads only files that Git tracks, so
    it needs neither data nor credentials. `verify` decides whether the change can be merged. Exit
    code 0: the report is written. 2: it cannot be written.
    """
    with one_message(code=2):
        from tabrail.documents import to_json, write_texts
        from tabrail.review.report import report

        made = report(base)
        content = to_json(made.content()) if as_json else made.markdown(plots_url)
        if output:
            write_texts({output: content})
        else:
            typer.echo(content.rstrip())

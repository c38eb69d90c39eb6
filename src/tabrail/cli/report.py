"""Say what a change does to the model."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import BaseRevision, given
from tabrail.errors import one_message


def report(
    base: BaseRevision = None,
    plots_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the page of `dvc plots diff` is, to link to.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write there instead of printing.", parser=given),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON instead of Markdown.")] = False,
) -> None:
    """Say what a change does to the model: scores, slices, parameters, data, schema, libraries.

    All of it comes from what Git keeps, so neither data nor credentials are needed. Whether it may
    be merged is for `verify` to decide. Exit code 0: here is the report. 2: there can be none.
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

"""Watch the model."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Untrusted, given
from tabrail.errors import InputError, one_message


def monitor(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Tables to look at instead of the log.", parser=given),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="Start: a date, a time (UTC), or days ago as in 7d.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="WHEN", help="End; now, if not given.")] = "",
    output: Annotated[
        Path | None,
        typer.Option(metavar="PAGE.html", help="Write a page about it there.", parser=given),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    untrusted: Untrusted = False,
) -> None:
    """Say whether the rows that the model gets, its predictions and what came true are as expected.

    Looks at the prediction log (see `monitor` in params.yaml), or at tables, each a period, in the
    order given; with the target in them, at the live performance as well. Exit code 0: all is well.
    1: an alert. 2: there is no verdict.
    """
    with one_message(code=2):
        from tabrail.documents import to_json, write_texts
        from tabrail.monitoring.monitor import monitor
        from tabrail.project.project import Project

        if output and output.suffix != ".html":
            raise InputError(f"{output} is to be a page; choose a name that ends in .html")
        result = monitor(files or [], since, until, Project.load().metrics, untrusted=untrusted)
        if output:
            from tabrail.monitoring.page import page

            write_texts({output: page(result)})
        typer.echo(to_json(result.content()).rstrip() if as_json else result.text())
    raise typer.Exit(result.code)

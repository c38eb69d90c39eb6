"""Check the model's input, its predictions and its live performance."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Untrusted, given
from tabrail.errors import InputError, one_message


def monitor(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Tables to check instead of the log.", parser=given),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="Start: a date, a time (UTC), or days ago as in 7d.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="WHEN", help="End. [default: now]")] = "",
    output: Annotated[
        Path | None,
        typer.Option(metavar="PAGE.html", help="Write the result as an HTML page.", parser=given),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    untrusted: Untrusted = False,
) -> None:
    """Check the model's input, predictions and outcomes for drift.

    The rows come from the prediction log (see `monitor` in params.yaml). You can give tables
    instead: each table is a period, in the order given. If outcomes are known, live performance is
    also checked. Exit code 0: no alert. 1: an alert. 2: the check could not be made.
    """
    with one_message(code=2):
        from tabrail.documents import to_json, write_texts
        from tabrail.monitoring.monitor import monitor
        from tabrail.project.project import Project

        if output and output.suffix != ".html":
            raise InputError(
                f"--output writes an HTML page; got {output}, so choose a name that ends in .html"
            )
        result = monitor(files or [], since, until, Project.load().metrics, untrusted=untrusted)
        if output:
            from tabrail.monitoring.page import page

            write_texts({output: page(result)})
        typer.echo(to_json(result.content()).rstrip() if as_json else result.text())
    raise typer.Exit(result.code)

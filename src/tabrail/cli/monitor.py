"""Check the model's input, its predictions and its live performance."""

from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from tabrail import garbage
from tabrail.cli.arguments import Stage, Untrusted, absolute, given, refuse_untrusted
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
    stage: Stage = "",
    untrusted: Untrusted = False,
) -> None:
    """Check the model's input, predictions and outcomes for drift.

    The rows come from the prediction log (see `monitor` in params.yaml). You can give tables
    instead: each table is a period, in the order given. If outcomes are known, live performance is
    also checked. The checked-out model scores the tables. With --stage, the version in a stage of
    the registry scores them, with its own code and packages. Exit code 0: no alert. 1: an alert.
    2: the check could not be made.
    """
    with one_message(code=2):
        with garbage.postponed():
            from tabrail.documents import to_json, write_texts
            from tabrail.monitoring.monitor import monitor
            from tabrail.project.project import Project

        if output and output.suffix != ".html":
            raise InputError(
                f"--output writes an HTML page; got {output}, so choose a name that ends in .html"
            )
        refuse_untrusted(stage, untrusted=untrusted)
        if stage:
            _in_release(stage, files, since or until, ["--json"] * as_json, output)
        result = monitor(files or [], since, until, Project.load().metrics, untrusted=untrusted)
        if output:
            from tabrail.monitoring.page import page

            write_texts({output: page(result)})
        typer.echo(to_json(result.content()).rstrip() if as_json else result.text())
    raise typer.Exit(result.code)


def _in_release(
    stage: str, files: list[Path] | None, span: str, options: list[str], output: Path | None
) -> NoReturn:
    """Let the version in a stage check tables.

    Raises:
        InputError: there are no tables: the log says itself which model answered.
    """
    if not files or span:
        raise InputError(
            f"--stage {stage} is for tables; the prediction log says which model answered, so "
            "leave --stage out, or give files"
        )
    from tabrail.deploy import deploy

    options += absolute({"--output": output})
    places = [str(file.resolve()) for file in files]
    deploy(stage, partial(typer.echo, err=True)).become(["monitor", *places, *options])

"""Check that a change can be merged."""

from typing import Annotated

import typer

from ..errors import one_message
from .arguments import BaseRevision


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

        from ..documents import to_json
        from ..verify import checks

        passed, done = True, []
        for check in checks(base, remote=not no_remote):
            passed = passed and check.verdict != "FAILED"
            done.append(asdict(check))
            if not as_json:
                typer.echo(str(check))
        if as_json:
            typer.echo(to_json({"passed": passed, "checks": done}).rstrip())
    raise typer.Exit(0 if passed else 1)

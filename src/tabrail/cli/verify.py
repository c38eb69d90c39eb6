"""Check that a change can be merged."""

from typing import Annotated

import typer

from tabrail.cli.arguments import BaseRevision
from tabrail.errors import one_message


def verify(
    base: BaseRevision = None,
    no_remote: Annotated[
        bool,
        typer.Option("--no-remote", help="Do not ask the DVC remote."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that the committed results are those of the committed code, and pass the gate.

    Nothing is run and no data is needed. Each line shows what was checked, what was found and what
    to do. CI calls it for every change, and so does Git's pre-push hook. Exit code 0: every check
    passes or was accepted by a person. 1: a check fails.
    """
    with one_message():
        from tabrail.cli.answers import print_checks
        from tabrail.review.verify import checks

        passed = print_checks(checks(base, remote=not no_remote), as_json=as_json)
    raise typer.Exit(0 if passed else 1)

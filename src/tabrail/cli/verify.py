"""Check that a change can be merged."""

import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from tabrail import garbage
from tabrail.cli.arguments import BaseRevision
from tabrail.errors import InputError, one_message


def verify(
    base: BaseRevision = None,
    rev: Annotated[
        str | None,
        typer.Option("--rev", metavar="REV", help="Check this revision. [default: HEAD]"),
    ] = None,
    no_remote: Annotated[
        bool,
        typer.Option("--no-remote", help="Do not check the DVC remote."),
    ] = False,
    pushed: Annotated[
        bool,
        typer.Option(
            "--pushed", help="Push data and check what Git pushes. For Git's pre-push hook."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that committed results fit the code and pass the gate.

    The results must be those of the committed code. The command runs no stage and needs no data.
    Each line shows what was checked, what was found and what to do. CI calls it for every change,
    and so does Git's pre-push hook. Exit code 0: every check passes, or a person accepted its
    failure. 1: a check fails.
    """
    with one_message():
        with garbage.postponed():
            from tabrail.cli.answers import print_checks
            from tabrail.review import pushed as of_push
            from tabrail.review.revision import checked_out
            from tabrail.review.verify import checks

        if pushed:
            if base or rev or no_remote:
                raise InputError(
                    "--pushed checks what Git pushes; leave out --base, --rev and --no-remote"
                )
            passed = print_checks(of_push.checks(sys.stdin), as_json=as_json)
        else:
            with checked_out(rev) if rev else nullcontext() as config:
                found = checks(base, remote=not no_remote, config=config)
                passed = print_checks(found, as_json=as_json)
    raise typer.Exit(0 if passed else 1)

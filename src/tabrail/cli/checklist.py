"""Check that a model can be released."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def checklist(
    stage: Annotated[
        str, typer.Option(metavar="STAGE", help="Compare with the version that is in this stage.")
    ] = "prod",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that the model of this commit can be released: the launch checklist.

    All that `verify` asks, with the version in prod to compare with; then lock, model card, owner,
    runbook, and whether the model works, and how fast, in an environment that has only what a
    server has. Needs the model file. Exit code 0: all is well, or was accepted deliberately. 1: it
    is not.
    """
    with one_message():
        from tabrail.cli.answers import print_checks
        from tabrail.review.checklist import checks

        passed = print_checks(checks(stage), as_json=as_json)
    raise typer.Exit(0 if passed else 1)

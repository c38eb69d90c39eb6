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

    The checks of `verify` are made against the version in prod. Then follow the lock file, the
    plan, the datasheet, the decisions, the model card, the owner and the runbook. Last, in an
    environment that has only what a server has, the model is loaded and timed, the server answers,
    `monitor` runs on the test rows, and the version in prod is fetched as a rollback would fetch
    it. The model and the test rows are needed. Exit code 0: every check passes or was accepted by a
    person. 1: a check fails.
    """
    with one_message():
        from tabrail.cli.answers import print_checks
        from tabrail.review.checklist import checks

        passed = print_checks(checks(stage), as_json=as_json)
    raise typer.Exit(0 if passed else 1)

"""Check that a model can be released."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def checklist(
    stage: Annotated[
        str, typer.Option(metavar="STAGE", help="Compare with the version in this stage.")
    ] = "prod",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check whether the model of this commit can be released.

    This is the launch checklist. The command first runs the checks of `verify` against the version
    in prod. It then checks the lock file, the plan, the datasheet, the decisions, the model card,
    the owner and the runbook. Last comes a rehearsal in an environment that has only what a server
    has. There, the model is loaded and timed, the server answers, and `monitor` runs on the test
    rows. The version in prod is fetched as a rollback would fetch it. The command needs the model
    and the test rows. Exit code 0: every check passes, or a person accepted its failure. 1: a check
    fails.
    """
    with one_message():
        from tabrail.cli.answers import print_checks
        from tabrail.review.checklist import checks

        passed = print_checks(checks(stage), as_json=as_json)
    raise typer.Exit(0 if passed else 1)

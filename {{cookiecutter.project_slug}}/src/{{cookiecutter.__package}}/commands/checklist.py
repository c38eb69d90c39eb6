"""Check that a model can be released."""

from typing import Annotated

import typer

from ..errors import one_message


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
        from dataclasses import asdict

        from ..checklist import checks
        from ..documents import to_json

        passed, done = True, []
        for check in checks(stage):
            passed = passed and check.verdict != "FAILED"
            done.append(asdict(check))
            if not as_json:
                typer.echo(str(check))
        if as_json:
            typer.echo(to_json({"passed": passed, "checks": done}).rstrip())
    raise typer.Exit(0 if passed else 1)

"""Print the checks of `verify` and `checklist`."""

from collections.abc import Iterable
from dataclasses import asdict

import typer

from tabrail.documents import to_json
from tabrail.review.check import Check


def print_checks(checks: Iterable[Check], *, as_json: bool) -> bool:
    """Print each check when it is done, or all as JSON; return whether all passed."""
    passed, done = True, []
    for check in checks:
        passed = passed and check.verdict != "FAILED"
        done.append(asdict(check))
        if not as_json:
            typer.echo(str(check))
    if as_json:
        typer.echo(to_json({"passed": passed, "checks": done}).rstrip())
    return passed

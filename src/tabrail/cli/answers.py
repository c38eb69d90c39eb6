"""What verbs that ask questions print."""

from collections.abc import Iterable
from dataclasses import asdict

import typer

from tabrail.documents import to_json
from tabrail.review.check import Check


def print_checks(checks: Iterable[Check], *, as_json: bool) -> bool:
    """Print each check as soon as it is made, or all as JSON; return whether none failed."""
    passed, done = True, []
    for check in checks:
        passed = passed and check.verdict != "FAILED"
        done.append(asdict(check))
        if not as_json:
            typer.echo(str(check))
    if as_json:
        typer.echo(to_json({"passed": passed, "checks": done}).rstrip())
    return passed

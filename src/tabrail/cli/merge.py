"""Merge a branch when both sides trained."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def merge(
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The branch or commit to merge.")
    ] = "origin/main",
) -> None:
    """Merge a branch when both sides trained: dvc.lock and reports conflict, and a run settles it.

    Also goes on with a `git merge` that ended in conflicts. What people wrote is never decided
    here: if such files are in conflict, the merge is refused, and nothing has changed. Exit code 0:
    merged, or nothing to merge. 1: refused or failed.
    """
    with one_message():
        from tabrail.review.merge import merge

        merge(revision, typer.echo)

"""Merge a branch when both sides have trained."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def merge(
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The branch or commit to merge.")
    ] = "origin/main",
) -> None:
    """Merge a branch when both sides have trained: run the pipeline where generated files conflict.

    The command also continues a `git merge` that ended in conflicts. It never decides on files that
    people wrote: if such files conflict, the merge is refused and nothing changes. Exit code 0:
    merged, or there is nothing to merge. 1: refused or failed.
    """
    with one_message():
        from tabrail.review.merge import merge

        merge(revision, typer.echo)

"""Merge a branch when both sides have trained."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def merge(
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The branch or commit to merge.")
    ] = "origin/main",
) -> None:
    """Merge a branch after a model was trained on both sides.

    If generated files conflict, the command runs the pipeline to make them anew. It also continues
    a `git merge` that ended in conflicts. It never resolves conflicts in files that people wrote:
    it refuses such a merge and changes nothing. Exit code 0: merged, or there is nothing to merge.
    1: refused or failed.
    """
    with one_message():
        from tabrail.review.merge import merge

        merge(revision, typer.echo)

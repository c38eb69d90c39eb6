"""Run a stage."""

import traceback
from typing import Annotated

import typer

from tabrail import garbage
from tabrail.errors import InputError, one_message


def run(
    stage: Annotated[str, typer.Argument(help="A module of the project with a function main.")],
) -> None:
    """Run one stage of the pipeline, as dvc.yaml does.

    To run every changed stage, use `uv run dvc repro`. A stage is the module of this name in the
    project's package. The command calls its function main with the Project. Exit code 0: the stage
    succeeded, and dvc.yaml lists every module that it imports. 1: the stage failed, and its old
    results are unchanged.
    """
    with one_message():
        with garbage.postponed():
            from tabrail.run import run as run_stage

        try:
            run_stage(stage)
        except InputError as error:
            if error.__cause__ is not None:  # the project's own code failed: show where
                traceback.print_exception(error.__cause__)
            raise

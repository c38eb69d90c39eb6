"""Compare the model with another one on the same rows."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail import garbage
from tabrail.cli.arguments import Untrusted, given
from tabrail.errors import one_message


def compare(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Another clone of the project, with its model and its test rows.",
            parser=given,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not Markdown.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file instead of printing.", parser=given),
    ] = None,
    untrusted: Untrusted = False,
) -> None:
    """Compare the model with that of another clone on unseen rows.

    Both models score the test rows that this project has and the other clone does not have. Neither
    model has seen these rows. To get the other clone's files, run `dvc pull models/model.skops
    data/prepared/test.parquet` in it, for example at the tag of the model in prod. Exit code 0: the
    models are compared. 2: they cannot be compared.
    """
    with one_message(code=2):
        with garbage.postponed():
            from tabrail.documents import to_json, write_texts
            from tabrail.project.project import Project
            from tabrail.review.compare import compare

        made = compare(folder, Project.load().metrics, untrusted=untrusted)
        content = to_json(made.content()) if as_json else made.markdown()
        if output:
            write_texts({output: content})
        else:
            typer.echo(content.rstrip())

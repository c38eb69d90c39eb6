"""Compare the model with another one on the same rows."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Untrusted, given
from tabrail.errors import one_message


def compare(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Another clone of the project, with its model and its validation rows.",
            parser=given,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON instead of Markdown.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write there instead of printing.", parser=given),
    ] = None,
    untrusted: Untrusted = False,
) -> None:
    """Compare the model with that of another clone, on validation rows that neither has seen.

    A clone at the tag of the model in prod needs no more than `dvc pull models/model.skops
    data/prepared/validation.parquet`. Both models score the validation rows that are here and not
    there. Exit code 0: here is the comparison. 2: there can be none.
    """
    with one_message(code=2):
        from tabrail.documents import to_json, write_texts
        from tabrail.project.project import Project
        from tabrail.review.compare import compare

        made = compare(folder, Project.load().metrics, untrusted=untrusted)
        content = to_json(made.content()) if as_json else made.markdown()
        if output:
            write_texts({output: content})
        else:
            typer.echo(content.rstrip())

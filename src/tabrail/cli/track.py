"""Log a committed run to MLflow."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def track(
    revision: Annotated[
        str,
        typer.Option("--rev", metavar="REV", help="A commit, branch or tag, such as model@v0.1.0."),
    ] = "HEAD",
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Name of the experiment and the registered model. [default: the project's name]",
        ),
    ] = "",
) -> None:
    """Log a committed run and its model versions to MLflow.

    The environment variable MLFLOW_TRACKING_URI names the server. Parameters, metrics, reports and
    model are logged once for each content of dvc.lock. Versions and aliases follow the tags that
    GTO writes. Exit code 0: the server has everything. 1: something is missing there; run the
    command again to complete it.
    """
    with one_message():
        from tabrail.tracking.track import track

        track(revision, model, typer.echo)

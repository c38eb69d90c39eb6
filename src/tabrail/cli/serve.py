"""Serve the model."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tabrail import garbage
from tabrail.cli.arguments import Stage, Untrusted, absolute, given, refuse_untrusted
from tabrail.errors import one_message


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    challenger: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="A clone of this project with another model.", parser=given
        ),
    ] = None,
    share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the keys for which the challenger answers."),
    ] = 0.0,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Answer other machines without a key.")
    ] = False,
    stage: Stage = "",
    untrusted: Untrusted = False,
) -> None:
    """Serve the model as a REST API, with a page for people at /.

    The section serve of params.yaml has the limits. Every prediction is written to the prediction
    log. The environment variable PREDICTION_LOG names the log. The default is a SQLite file. With
    API_KEY in the environment, every request needs this key. Without it, the server answers only
    this machine, unless --no-key is given. A challenger also scores every row, and the log has both
    predictions. One model answers all rows of a group (key in schema.yaml). With --stage, the
    command fetches the version in a stage of the registry. That version is served with its own code
    and packages. Exit code 0: the server was asked to stop. 1: it could not start.
    """
    with one_message():
        refuse_untrusted(stage, untrusted=untrusted)
        os.environ["OMP_NUM_THREADS"] = "1"  # more threads slow a small batch down
        if stage:
            from tabrail.deploy import deploy

            address = ["--host", host, "--port", str(port), "--workers", str(workers)]
            options = [*address, "--share", str(share), *absolute({"--challenger": challenger})]
            options += ["--no-key"] if no_key else []
            deploy(stage, partial(typer.echo, err=True)).become(["serve", *options])

        with garbage.postponed():
            from tabrail.serving.serve import serve

        serve(host, port, workers, challenger, share, untrusted=untrusted, no_key=no_key)

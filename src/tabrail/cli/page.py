"""Write a page that predicts without a server."""

from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import Untrusted, given
from tabrail.errors import one_message


def page(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new .html file.", parser=given)],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT if it exists.")
    ] = False,
    untrusted: Untrusted = False,
) -> None:
    """Write a web page that predicts without a server.

    The page is one file, which predicts in the browser without a network. It holds the model, with
    all categories of training, and its model card: whoever gets it can read both. It needs a model
    without steps of your own. Exit code 0: the page is written. 1: nothing is written.
    """
    with one_message():
        from tabrail.serving.offline import write_page

        typer.echo(write_page(out, overwrite=overwrite, untrusted=untrusted))

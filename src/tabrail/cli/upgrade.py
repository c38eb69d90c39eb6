"""Take another version of the library into the project."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def upgrade(
    version: Annotated[
        str,
        typer.Argument(
            metavar="WHEEL|VERSION",
            help="A wheel, or a version on the package index. [default: the newest one there]",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Take another version of tabrail into the project: all of it, or nothing changes.

    The pin in pyproject.toml, the wheel in vendor, the numbers of results and uv.lock change
    together. Files that are as they were generated are renewed; those that you have edited stay,
    and you see what the library changed in them. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail.upgrade import upgrade as verb

        verb(version, typer.echo)

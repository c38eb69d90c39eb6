"""Upgrade the library in a project."""

from typing import Annotated

import typer

from tabrail.errors import one_message


def upgrade(
    version: Annotated[
        str,
        typer.Argument(
            metavar="WHEEL|VERSION",
            help="A wheel, or a version on the package index. [default: the newest one there; "
            "a project with a wheel in vendor has none]",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Upgrade tabrail in the project, completely or not at all.

    The pin in pyproject.toml, the wheel in vendor, the result versions and uv.lock change together.
    Files that you have not edited are renewed. Files that you have edited stay, and the command
    shows what the library changed in them. Exit code 0: done. 1: nothing has changed.
    """
    with one_message():
        from tabrail.upgrade.upgrade import upgrade as verb

        verb(version, typer.echo)

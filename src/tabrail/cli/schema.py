"""Write the schema in a format of others."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tabrail.cli.arguments import given
from tabrail.errors import one_message


class Format(StrEnum):
    """The formats that the schema can be written in."""

    ODCS = "odcs"


def schema(
    form: Annotated[
        Format,
        typer.Option("--format", help="odcs: the Open Data Contract Standard 3.1, as YAML."),
    ] = Format.ODCS,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file instead of printing.", parser=given),
    ] = None,
) -> None:
    """Write schema.yaml as a data contract, for catalogs and other tools that read the standard.

    The contract has all of schema.yaml: types, limits, categories, units and the parts that columns
    play. What the standard has no field for is in customProperties. Of sensitive columns, no values
    are written. The contract's id and version are those of [project] in pyproject.toml. It is
    written for others: change schema.yaml, and write it again. Exit code 0: the contract is
    written. 1: schema.yaml cannot be used.
    """
    with one_message():
        from tabrail import paths
        from tabrail.data.odcs import odcs
        from tabrail.data.schema import load_schema
        from tabrail.data.yaml_text import yaml_text
        from tabrail.documents import write_texts
        from tabrail.errors import InputError
        from tabrail.project.settings import find_root, named

        if output and output.resolve() == paths.SCHEMA.resolve():
            raise InputError(f"--output {output} would replace the schema; name another file")
        name, version = named(find_root())
        content = yaml_text(odcs(load_schema(), name, version))
        if output:
            write_texts({output: content})
        else:
            typer.echo(content.rstrip())

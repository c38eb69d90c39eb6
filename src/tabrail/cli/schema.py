"""Write the schema in the format of a standard."""

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
    """Write schema.yaml as a data contract for other tools.

    Data catalogs and other tools can read the contract, because it follows a standard. It has
    everything that is in schema.yaml: types, limits, categories, units and the roles of columns.
    Facts that the standard has no field for are in customProperties. No values of sensitive columns
    are written. The contract's id and version are those of [project] in pyproject.toml. Do not edit
    the contract: change schema.yaml, and write the contract again. Exit code 0: the contract is
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

"""Erase persons."""

import signal
import sys
from typing import Annotated

import typer

from tabrail.errors import InputError, one_message

STDIN = "-"


def forget(
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VALUE…",
            help="Values of the key. - reads them from standard input.",
        ),
    ] = None,
    column: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column of the key. [default: the only one]")
    ] = "",
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--prediction", metavar="ID", help="Also delete this prediction from the log."
        ),
    ] = None,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="Delete the recorded objects from DVC's cache and remotes for ever."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")
    ] = False,
) -> None:
    """Erase people from data/raw and the prediction log.

    A person is given by a value of the key in schema.yaml. The command also records in
    data/erased.txt which objects with data of these people DVC still keeps. The record has hashes
    and no values. Run the pipeline again and commit everything. Then, --purge deletes the recorded
    objects from DVC's cache and remotes, and nothing else. Exit code 0: done, or there was nothing
    to do. 1: nothing has changed.
    """
    with one_message():
        # SIGTERM from a scheduler stops the command like Ctrl+C: nothing is half done.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        given = list(values or [])
        if purge:
            if given or column or predictions:
                raise InputError("--purge takes neither VALUE, --column nor --prediction")
            from tabrail.erasure.purge import purge as delete

            typer.echo(delete(dry_run=dry_run))
            return
        if given == [STDIN]:
            given = [line for line in sys.stdin.read().splitlines() if line.strip()]
        if not given:
            raise InputError("who is to be forgotten? Name values of the key: forget VALUE…")
        from tabrail.erasure.forget import forget as erase
        from tabrail.ingest.ingest import alone

        with alone(typer.echo, dry_run=dry_run):
            erase(given, column, predictions or [], typer.echo, dry_run=dry_run)

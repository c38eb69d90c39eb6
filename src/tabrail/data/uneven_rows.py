"""Say why the first rows of a CSV file have other numbers of fields than its header."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from tabrail.data.edges import Row
from tabrail.errors import InputError

SAMPLE_ROWS = 1000
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
FEW_SHORT, MOST = 0.1, 0.9  # shares of the rows


def rows_of(text: str, delimiter: str, *, cut: bool) -> list[Row]:
    """Return the header and the first rows; nothing if they cannot be read.

    Args:
        text: the beginning of a file.
        delimiter: what is between the fields.
        cut: whether the file goes on, so that the last row may be a part of one.
    """
    rows: list[Row] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                return rows
    except csv.Error:
        return []
    return rows[:-1] if cut else rows


def refuse_shifted(path: Path, rows: Sequence[Row]) -> None:
    """Refuse a row that lacks a field in its middle, so that the others stand in wrong columns.

    Rows from whose end empty fields were left away are fine.

    Args:
        path: the file.
        rows: its header and its first rows.

    Raises:
        InputError: the message names the row.
    """
    names, *below = rows
    short = [(number, row) for number, row in enumerate(below, 1) if 2 <= len(row) < len(names)]
    if not short or len(short) > FEW_SHORT * len(below):
        return
    full = [row for row in below if len(row) == len(names)]
    numbers = [
        sum(_is_number(row[place]) for row in full) >= MOST * len(full)
        for place in range(len(names))
    ]
    for number, row in short:
        for name, cell, is_number in zip(names, row, numbers, strict=False):
            if is_number and cell.strip() and not _is_number(cell):
                raise InputError(
                    f"{path}: row {number} has {len(row)} of {len(names)} fields, and {cell!r} "
                    f"stands in the column {name!r}, which has numbers in the other rows: a field "
                    "is left out before it; write an empty field there"
                )


def one_more(path: Path, rows: Sequence[Row], delimiter: str, sign: str) -> InputError | None:
    """Say why each row has one field more than there are column names; None if they are no names.

    Args:
        path: the file.
        rows: its header and its first rows.
        delimiter: what is between the fields.
        sign: what that is called.
    """
    names, *below = rows
    longer = [row for row in below[:-1] if len(row) == len(names) + 1]
    if not longer or any(map(_is_number, names)):
        return None
    head = f"{path}: line 1 names {len(names)} columns, and each row has {len(longer[0])} fields"
    if all(row[-1].strip() == "" for row in longer):
        return InputError(
            f"{head}: each row ends in a {sign}, and line 1 does not; write a {sign} at the end of "
            "line 1, too"
        )
    first = [row[0].strip() for row in longer]
    if len(set(first)) == len(first):
        return InputError(
            f"{head}: the first field, such as {first[0]!r}, looks like a row's name, as R writes "
            f'it; write a name for it at the beginning of line 1, such as "row{delimiter}"'
        )
    return InputError(
        f"{head}: a field has a {sign} in it, such as in line 2: "
        f"{delimiter.join(longer[0])[:80]!r}; put quotes around such fields"
    )


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip()) is not None

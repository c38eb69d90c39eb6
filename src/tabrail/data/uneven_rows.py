"""Refuse rows of a CSV file that lack a field in the middle, which shifts the rest to the left."""

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
FEW_WORDS = 0.2  # share of distinct cells, up to which they are categories


def rows_of(text: str, delimiter: str, *, cut: bool) -> list[Row]:
    """Return the header and the first rows; nothing if they cannot be read.

    Args:
        text: the beginning of a file.
        delimiter: the field delimiter.
        cut: whether the file goes on after the text, so that the last row may be incomplete.
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


def refuse_shifted(
    path: Path, names: Sequence[str], sample: Sequence[Row], short: Sequence[tuple[int, Row]]
) -> None:
    """Refuse a row whose fields are in wrong columns.

    Rows that lack only empty fields at the end are accepted.

    Args:
        path: the file.
        names: the columns.
        sample: some rows; those with all fields show the contents of the columns.
        short: the rows with too few fields, by their numbers from 1.

    Raises:
        InputError: the message names the row.
    """
    full = [row for row in sample if len(row) == len(names)]
    values = [{cell.strip() for cell in cells} for cells in zip(*full, strict=True)]
    numbers = [sum(map(_is_number, cells)) >= MOST * len(full) for cells in zip(*full, strict=True)]
    words = [
        not is_number and len(found) <= FEW_WORDS * len(full)
        for is_number, found in zip(numbers, values, strict=True)
    ]
    for number, row in short if full else ():
        for place, cell in enumerate(map(str.strip, row)):
            further = range(place + 1, place + 1 + len(names) - len(row))
            is_word_of_another = (
                words[place]
                and cell not in values[place]
                and any(words[other] and cell in values[other] for other in further)
            )
            is_no_number = numbers[place] and not _is_number(cell)
            if cell and (is_no_number or is_word_of_another):
                others = "numbers" if is_no_number else "other words"
                raise InputError(
                    f"{path}: row {number:,} has {len(row)} of {len(names)} fields, and {cell!r} "
                    f"is in the column {names[place]!r}, which has {others} in the other rows: a "
                    "field before it is missing; write an empty field there"
                )


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip()) is not None

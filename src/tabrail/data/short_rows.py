"""Rows of a CSV file that have too few fields, wherever they stand: refused, or said in a note.

pandas fills them up in silence. So the fields of a file that Arrow has not read are counted.
"""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv

from tabrail.data.edges import Row, opened
from tabrail.data.schema import Csv
from tabrail.data.set_aside import SHOWN, SetAside
from tabrail.data.uneven_rows import FEW_SHORT, refuse_shifted

BLOCK = 1 << 22


@dataclass(frozen=True)
class Read:
    """What pandas has read of a file.

    Attributes:
        path: the file.
        form: how it is written.
        names: its columns.
        width: the most fields of a row; those beyond the names are empty.
        rows: how many rows pandas found.
    """

    path: Path
    form: Csv
    names: tuple[str, ...]
    width: int
    rows: int


def check(read: Read, sample: Sequence[Row], dropped: Collection[int], aside: SetAside) -> None:
    """Refuse rows whose fields stand in wrong columns, and note other rows that are short.

    Args:
        read: the file.
        sample: some of its rows.
        dropped: the places of the lines that were set aside.
        aside: takes the note.

    Raises:
        InputError: a field in the middle of a row was left out.
    """
    changed = read.path.stat()
    found = _short(read, changed.st_mtime_ns, changed.st_size)
    rows = [(number, row) for number, row in found if number - 1 not in dropped]
    refuse_shifted(read.path, read.names, sample, rows)
    if rows:
        numbers = ", ".join(f"{number:,}" for number, _ in rows[:SHOWN])
        more = " …" if len(rows) > SHOWN else ""
        has = "row has" if len(rows) == 1 else "rows have"
        aside.note(
            read.path,
            f"{len(rows):,} {has} too few fields, and the last ones were taken for empty "
            f"({'row' if len(rows) == 1 else 'rows'} {numbers}{more})",
        )


@lru_cache(maxsize=64)
def _short(read: Read, changed: int, size: int) -> tuple[tuple[int, Row], ...]:
    """Return the rows that have too few fields, with their numbers from 1; none if they are many.

    Args:
        read: the file.
        changed: when, so that a file that was written again is read again.
        size: how many bytes it has, for the same reason.
    """
    found: list[tuple[int, Row]] = []
    blank = 0
    most = FEW_SHORT * read.rows

    def add(row: Any) -> str:
        nonlocal blank
        if not row.text.strip():  # no row for pandas
            blank += 1
        elif row.actual_columns < len(read.names) and row.number > 1:
            cells = next(csv.reader([row.text], delimiter=read.form.delimiter))
            found.append((row.number - 1 - blank, cells))
        return "skip" if len(found) <= most else "error"

    encoding = {"cp1252": "windows-1252"}.get(read.form.encoding, read.form.encoding)
    names = [str(place) for place in range(read.width)]
    parse = ParseOptions(
        delimiter=read.form.delimiter, newlines_in_values=True, invalid_row_handler=add
    )
    try:
        with (
            opened(read.path) as file,
            open_csv(
                pa.PythonFile(file, "r"),
                read_options=ReadOptions(
                    use_threads=False, block_size=BLOCK, column_names=names, encoding=encoding
                ),
                parse_options=parse,
                convert_options=ConvertOptions(
                    include_columns=names[:1],
                    column_types={names[0]: pa.string()},
                    check_utf8=False,
                ),
            ) as reader,
        ):
            for _ in reader:
                pass
    except (pa.ArrowInvalid, UnicodeError):  # rows longer than a block, or many short ones
        return ()
    return tuple(found)

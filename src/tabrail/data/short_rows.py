"""Find rows of a CSV file with too few fields, and refuse or note them.

pandas pads them silently. So the fields of a file that Arrow has not read are counted.
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
    """The result of reading a file by pandas.

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
    """Refuse rows whose fields are in wrong columns, and note other short rows.

    Args:
        read: the file.
        sample: some of its rows.
        dropped: the positions of the lines that were set aside.
        aside: gets the note.

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
            f"{len(rows):,} {has} too few fields, and the last ones were read as empty "
            f"({'row' if len(rows) == 1 else 'rows'} {numbers}{more})",
        )


@lru_cache(maxsize=64)
def _short(read: Read, changed: int, size: int) -> tuple[tuple[int, Row], ...]:
    """Return the rows with too few fields, by their numbers from 1; none if there are many.

    Args:
        read: the file.
        changed: time of the last change, so that a file that was written again is read again.
        size: its size in bytes, for the same reason.
    """
    found: list[tuple[int, Row]] = []
    blank = 0
    most = FEW_SHORT * read.rows

    def add(row: Any) -> str:
        nonlocal blank
        if not row.text.strip():  # pandas skips it
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

"""Read CSV files chunk by chunk, as people and tools write them."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from tabrail.data import edges, extra_field, short_rows
from tabrail.data.csv_rows import Rows, options
from tabrail.data.schema import Csv, Schema
from tabrail.data.set_aside import SetAside, Sieve
from tabrail.data.written_text import plain
from tabrail.errors import InputError

csv.field_size_limit(2**31 - 1)  # prose may be longer than the default allows

MEASURED = ("numeric", "datetime")


class Layout(NamedTuple):
    """The layout of a CSV file.

    Attributes:
        header: the names in line 1; pandas numbers duplicate and blank ones.
        names: the columns in their plain form.
        extra: which field of the rows has no name above it.
        width: the most fields of a row.
        first: the first field of the first row.
    """

    header: list[str]
    names: list[str]
    extra: extra_field.Extra
    width: int
    first: str


def layout(path: Path, form: Csv) -> Layout:
    """Look at the header and the first rows of a file."""
    header = [str(name) for name in pd.read_csv(path, nrows=0, **options(form)).columns]
    names = [plain(name) for name in header]
    written, *rows = edges.start(path, form) or [[]]
    extra = extra_field.kind(written, rows) if len(written) == len(header) else ""
    first = rows[0][0] if rows else ""
    if extra == "first":
        return Layout(header, [extra_field.named(names), *names], extra, len(names) + 1, first)
    width = max(map(len, rows)) if extra else len(names)
    return Layout(header, names, extra, width, first)


def columns(path: Path, form: Csv) -> list[str]:
    """Return the names of a file's columns in normalized form.

    Raises:
        InputError: two columns have one name.
    """
    _refuse_twice(path, form)
    return layout(path, form).names


def chunks(path: Path, schema: Schema, rows: int, aside: SetAside) -> Iterator[pd.DataFrame]:
    """Read all columns of a file, as text.

    Args:
        path: the file.
        schema: gives its dialect, and the columns of measurements.
        rows: the most rows of a chunk.
        aside: counts the lines that are set aside.

    Yields:
        Chunks whose index counts the file's rows from 0, those that are set aside as well.

    Raises:
        InputError: rows have too many fields, or lack one in their middle.
    """
    form, found = schema.csv, layout(path, schema.csv)
    ends = edges.look(path, form)
    sieve = _sieve(schema, found, ends) if form.set_aside else None
    if path.suffix != ".gz" and form.encoding != "utf-16":
        _refuse_cut_off(path, form, found, sieve)
    if found.extra == "first":
        aside.note(path, extra_field.FIRST.format(repr(found.first)))
    elif found.extra:
        aside.note(path, extra_field.LAST)
    beyond = [str(place) for place in range(len(found.names), found.width)]
    reading = Rows(path, form, [*found.names, *beyond], rows, named=not found.extra)
    is_short, total, dropped = False, 0, set[int]()
    for chunk in reading:
        total += len(chunk)
        if beyond:
            _refuse_more(path, chunk, len(found.names))
            chunk = chunk.iloc[:, : len(found.names)]
        is_short = is_short or not (reading.is_even or chunk.iloc[:, -1].all())
        given = chunk.index
        if sieve:
            chunk = sieve.sifted(chunk, path, aside)
            if len(chunk) < len(given):
                dropped.update(given.difference(chunk.index).tolist())
        if len(chunk) or not len(given):
            yield chunk
        del chunk
    if is_short:
        read = short_rows.Read(path, form, tuple(found.names), found.width, total)
        short_rows.check(read, [*ends.first, *ends.last], dropped, aside)


def _sieve(schema: Schema, found: Layout, ends: edges.Edges) -> Sieve:
    kinds = {name: column.kind for name, column in schema.columns.items()}
    measured = [kinds.get(name) in MEASURED for name in found.names]
    names = [extra_field.NAME, *ends.header] if found.extra == "first" else ends.header
    return Sieve(replace(ends, names=names), np.flatnonzero(measured).tolist())


def _refuse_more(path: Path, chunk: pd.DataFrame, width: int) -> None:
    """Refuse rows that have values beyond the last name."""
    beyond = chunk.iloc[:, width:]
    filled = ((beyond != "") & beyond.notna()).any(axis="columns").to_numpy()
    if filled.any():
        row = int(chunk.index[int(filled.argmax())]) + 1
        raise InputError(
            f"{path}: row {row:,} has {chunk.shape[1]} fields, and there are {width} column names; "
            "put quotes around fields that contain the delimiter"
        )


def _refuse_twice(path: Path, form: Csv) -> None:
    """Refuse a CSV file with duplicate column names, which pandas would rename to a and a.1.

    Raises:
        InputError: the message has the name.
    """
    line = options(form) | {"header": None, "nrows": 1, "dtype": "str"}
    row = pd.read_csv(path, keep_default_na=False, skip_blank_lines=True, **line)
    names = [plain(name) for name in row.iloc[0].tolist() if isinstance(name, str)]
    words = [name for name in names if any(letter.isalpha() for letter in name)]
    if twice := sorted({name for name in words if words.count(name) > 1}):
        raise InputError(f"{path} has more than one column named {twice[0]!r}; rename one")


def _refuse_cut_off(path: Path, form: Csv, found: Layout, sieve: Sieve | None) -> None:
    """Refuse a CSV file that ends inside a row, which pandas would pad with missing values."""
    with path.open("rb") as file:
        file.readline()
        last = _last_line(file)
    if not last or last.count(b'"') % 2:  # the end of a field with line breaks
        return
    text = last.decode(form.encoding, "replace")
    cells = next(csv.reader([text], delimiter=form.delimiter))
    if len(cells) < len(found.names) and not (sieve and sieve.knows(cells)):
        # It may be the end of a row with line breaks and with a quote in plain text.
        with path.open(encoding=form.encoding, errors="replace", newline="") as whole:
            (cells,) = deque(csv.reader(whole, delimiter=form.delimiter), maxlen=1)
        if len(cells) >= len(found.names):
            return
        raise InputError(
            f"{path} is cut off: its last row has {len(cells)} of {len(found.names)} fields; fetch "
            "it again"
        )


def _last_line(file: BinaryIO) -> bytes:
    """Return the text after the last line end."""
    size, length = file.seek(0, 2), 65536
    while True:
        file.seek(max(0, size - length))
        tail = file.read()
        if b"\n" in tail or length >= size:
            return tail.rpartition(b"\n")[2]
        length *= 2

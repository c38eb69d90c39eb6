"""Read both ends of a CSV file: the first and the last rows, as they are written."""

import codecs
import csv
import gzip
import io
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, cast

from tabrail.data.schema import Csv

BLOCK = 1 << 16
LONGEST, FEWEST = 32 * BLOCK, 60  # bytes of wide rows to read until there are so many rows
Row = list[str]


@dataclass(frozen=True)
class Edges:
    """The first and the last rows of a file; in a short file, they overlap.

    Attributes:
        header: the names of the columns as they are written, without the blanks around them.
        names: the same, with a name for each field of the rows.
        first: the rows below the header.
        last: the last rows in their order.
        whole: whether `first` has all rows.
    """

    header: Row
    names: Row
    first: list[Row]
    last: list[Row]
    whole: bool


def look(path: Path, form: Csv) -> Edges:
    """Read both ends of a CSV file.

    Args:
        path: the file.
        form: its encoding and delimiter.
    """
    with opened(path) as file:
        start, size = file.read(BLOCK), BLOCK
        while True:
            whole = len(start) < size
            header, *first = _rows(start, form, cut=not whole) or [[]]
            if whole or len(first) >= FEWEST or size >= LONGEST:
                break
            start += file.read(size)
            size *= 2
        usual, _ = max(Counter(map(len, first)).items(), key=itemgetter(1), default=(0, 0))
        last = first if whole else _last(path, file, form, usual, size)
    header = [name.strip() for name in header]
    return Edges(header, header, first, last, whole)


def start(path: Path, form: Csv) -> list[Row]:
    """Return the header and the first rows.

    Args:
        path: the file.
        form: its encoding and delimiter.
    """
    with opened(path) as file:
        content, size = file.read(BLOCK), BLOCK
        while True:
            cut = len(content) == size
            rows = _rows(content, form, cut=cut)
            if not cut or len(rows) > 1 or size >= LONGEST:
                return rows
            content += file.read(size)
            size *= 2


def opened(path: Path) -> BinaryIO:
    """Open a CSV file, compressed or not."""
    return cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else path.open("rb"))


def _last(path: Path, file: BinaryIO, form: Csv, width: int, size: int) -> list[Row]:
    """Return the last rows; none if opening and closing quotes cannot be distinguished."""
    if path.suffix == ".gz":
        before = end = b""
        while block := file.read(size):
            before, end = end, block
        end = (before + end)[-size:]
    else:
        file.seek(max(0, file.seek(0, 2) - size))
        end = file.read()
    if form.encoding == "utf-16":
        with opened(path) as start:
            order = "utf-16-le" if start.read(2) == codecs.BOM_UTF16_LE else "utf-16-be"
        text = end[len(end) % 2 :].decode(order, "replace")
    else:
        text = end.decode(form.encoding, "replace")
    lines = text.partition("\n")[2]
    for guess in (lines, f'"{lines}'):  # the line may be inside a quoted cell
        rows = _parsed(guess, form)[1:]
        if sum(len(row) == width for row in rows) > len(rows) / 2:
            return rows
    return []


def _rows(content: bytes, form: Csv, *, cut: bool) -> list[Row]:
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    text = codecs.getincrementaldecoder(encoding)("replace").decode(content)
    rows = _parsed(text, form)
    return rows[:-1] if cut else rows


def _parsed(text: str, form: Csv) -> list[Row]:
    """Return the rows of a text; empty lines are skipped, as by pandas."""
    rows: list[Row] = []
    with suppress(csv.Error):  # the rows before it are enough
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter))
    return [row for row in rows if len(row) > 1 or (row and row[0].strip())]

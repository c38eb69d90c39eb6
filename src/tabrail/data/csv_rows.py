"""Read the rows of CSV files as they are written: all by Arrow, or some by pandas.

Arrow is five times as fast, but refuses uneven files. pandas reads those. Such a file has too few
fields in a row, a cell larger than a block, or lines of blanks. Where both can read a file, both
give the same rows. A test compares them on random files.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from tabrail.data.edges import opened
from tabrail.data.schema import Csv
from tabrail.errors import InputError

BLOCK = 1 << 18  # least bytes that are parsed at a time; no cell may be larger
WIDE = 1 << 12  # bytes of a block for each column
TAIL, FEW = 1 << 16, 16  # bytes to look at, at the end and at the start
STREAMED = ("utf-8", "latin-1", "cp1252")  # their last bytes can be decoded alone


class RefusedError(Exception):
    """Arrow cannot read the whole file."""


def options(form: Csv) -> dict[str, Any]:
    """Return the options for pandas to read CSV files of a dialect."""
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    return {"encoding": encoding, "sep": form.delimiter, "decimal": form.decimal}


class Rows:
    """The rows of a CSV file, chunk by chunk; each cell is text, and an absent one is empty.

    Attributes:
        is_even: whether all rows so far are known to have a field for each column.
    """

    def __init__(
        self, path: Path, form: Csv, columns: list[str], rows: int, *, named: bool = True
    ) -> None:
        """Say what to read.

        Args:
            path: the file.
            form: how it is written.
            columns: a name for each field of a row.
            rows: the most rows of a chunk.
            named: whether line 1 has a name for each field.
        """
        self._path, self._form, self._columns, self._rows = path, form, columns, rows
        self._named = named
        self.is_even = True

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield chunks whose index counts the file's rows from 0.

        Raises:
            InputError: a row has more fields than there are columns.
        """
        given, self.is_even = 0, self._named
        if self._named:
            try:
                for chunk in _by_arrow(self._path, self._form, self._columns, self._rows):
                    yield chunk
                    given += len(chunk)
                return
            except RefusedError:
                self.is_even = False
        names = None if self._named else list(range(len(self._columns)))
        for chunk in _by_pandas(self._path, self._form, self._columns, self._rows, names):
            if not len(chunk) or chunk.index[-1] >= given:
                yield chunk[chunk.index >= given]


def _by_arrow(path: Path, form: Csv, header: list[str], rows: int) -> Iterator[pd.DataFrame]:
    """Read chunks by Arrow.

    Raises:
        RefusedError: the file is not even, or it ends within quotes.
    """
    if len(header) < 2 or form.encoding not in STREAMED:
        raise RefusedError
    numbers = [str(place) for place in range(len(header))]
    start, last = 0, ""
    waiting = pa.table({number: pa.array([], pa.large_string()) for number in numbers})
    with opened(path) as file:
        if file.read(FEW).removeprefix(codecs.BOM_UTF8)[:1].isspace():  # no header yet
            raise RefusedError
        file.seek(0)
        source = _Remembering(file)
        with _opened(source, form, numbers) as reader:
            batches, more = list[pa.RecordBatch](), 0
            for batch in _batches(reader):
                last = batch.column(batch.num_columns - 1)[-1].as_py() if batch.num_rows else last
                batches.append(batch)
                more += batch.num_rows
                if waiting.num_rows + more < rows:
                    continue
                waiting = pa.concat_tables([waiting, pa.Table.from_batches(batches)])
                batches, more = [], 0
                while waiting.num_rows >= rows:
                    yield _frame(waiting[:rows], header, start)
                    start, waiting = start + rows, waiting[rows:]
            waiting = pa.concat_tables([waiting, pa.Table.from_batches(batches, waiting.schema)])
        if source.ends_within_quotes(last, form):
            raise RefusedError
    if waiting.num_rows or not start:
        yield _frame(waiting, header, start)


def _opened(source: "_Remembering", form: Csv, names: list[str]) -> pa.csv.CSVStreamingReader:
    types = dict.fromkeys(names, pa.large_string())
    try:
        return pa.csv.open_csv(
            pa.PythonFile(source, mode="r"),
            pa.csv.ReadOptions(
                column_names=names,
                skip_rows_after_names=1,
                block_size=max(BLOCK, WIDE * len(names)),
                encoding="utf8" if form.encoding == "utf-8" else form.encoding,
            ),
            pa.csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True),
            pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, UnicodeError):
        raise RefusedError from None


def _batches(reader: pa.csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowInvalid, UnicodeError):
            raise RefusedError from None
        yield batch


def _frame(table: pa.Table, header: list[str], start: int) -> pd.DataFrame:
    frame = table.combine_chunks().to_pandas()
    index = pd.RangeIndex(start, start + len(frame))
    return frame.set_axis(pd.Index(header), axis=1).set_axis(index)


class _Remembering:
    """A file that is read once from start to end, and keeps its last bytes."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._tail = file, b""

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        if block:
            known = b"" if len(block) >= TAIL else self._tail  # most blocks are longer
            self._tail = (known + block[-TAIL:])[-TAIL:]
        return block

    def close(self) -> None:
        """Do nothing: the caller closes the file."""

    def ends_within_quotes(self, last: str, form: Csv) -> bool:
        """Check whether the last cell may have an opening quote without a closing one."""
        cell = last.replace('"', '""')
        written = f'"{cell}'.encode(form.encoding)
        return len(written) > len(self._tail) or self._tail.endswith(written)


def _by_pandas(
    path: Path, form: Csv, header: list[str], rows: int, names: list[int] | None = None
) -> Iterator[pd.DataFrame]:
    # With a list of columns, pandas would not notice rows with too many fields.
    with pd.read_csv(
        path,
        dtype="str",
        na_values=[],
        keep_default_na=False,
        chunksize=rows,
        low_memory=False,
        names=names,
        header=0,
        **options(form),
    ) as reader:
        for chunk in reader:
            if not isinstance(chunk.index, pd.RangeIndex):
                raise InputError(f"{path} has more fields in its rows than in its header")
            yield chunk.set_axis(pd.Index(header), axis=1)

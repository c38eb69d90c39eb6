"""Write tables for other programs, chunk by chunk: CSV, compressed or not, and Parquet."""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import WriteOptions, write_csv

from tabrail import paths
from tabrail.data import tables
from tabrail.data.schema import Csv
from tabrail.errors import InputError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
COMPRESSION_LEVEL = 1  # gzip's fastest level: files are an eighth larger than at the default level
NO_TIME = r"( 00:00:00)?\.0+$"  # suffixes that a date or a whole second does not need


@contextmanager
def writer(
    path: Path, name: str, template: pd.DataFrame, form: Csv
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Open a file; yield a function that appends a chunk.

    Args:
        path: where to write.
        name: the final name of the file; its suffix gives the format.
        template: has the columns and types of every chunk to come.
        form: how CSV files are written.

    Raises:
        InputError: a CSV file's encoding lacks a letter.
    """
    with ExitStack() as opened:
        if name.endswith(".parquet"):
            yield opened.enter_context(tables.Writer(path, tables.form_of(template))).write
            return
        file: BinaryIO = opened.enter_context(path.open("wb"))
        if name.endswith(".gz"):  # no name and no time, so that equal tables give equal bytes
            file = cast("BinaryIO", gzip.GzipFile("", "wb", COMPRESSION_LEVEL, file, mtime=0))
        text = opened.enter_context(io.TextIOWrapper(file, form.encoding, newline=""))
        text.write(_csv(template, form, header=True))

        def append(chunk: pd.DataFrame) -> None:
            text.write(_csv(chunk, form, header=False))

        try:
            yield append
        except UnicodeEncodeError as error:
            letters = error.object[error.start : error.end]
            raise InputError(
                f"{name} is to be written in {form.encoding}, as {paths.SCHEMA} says of CSV files, "
                f"which has no {letters!r}; choose a name that ends in .parquet"
            ) from None


def _csv(table: pd.DataFrame, form: Csv, *, header: bool) -> str:
    """Return CSV; pyarrow is ten times as fast as pandas, but supports only one number format."""
    written = pa.Table.from_pandas(table, preserve_index=False)
    for place, field in enumerate(written.schema):
        words = None
        if pa.types.is_timestamp(field.type):
            words = pc.replace_substring_regex(written[place].cast(pa.string()), NO_TIME, "")
        elif pa.types.is_floating(field.type) and form.decimal != ".":
            words = pc.replace_substring(written[place].cast(pa.string()), ".", form.decimal)
        if words is not None:
            written = written.set_column(place, field.name, words)
    buffer = io.BytesIO()
    write_csv(written, buffer, WriteOptions(include_header=header, delimiter=form.delimiter))
    return buffer.getvalue().decode()

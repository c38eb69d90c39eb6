"""Rewrite a raw table without some of its rows; all others stay the same, byte for byte."""

import codecs
import csv
import gzip
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tabrail.data import edges, tables
from tabrail.data.identity import row_hashes
from tabrail.data.schema import Schema
from tabrail.errors import InputError

AT_ONCE = 100_000  # rows
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def write_without(source: Path, target: Path, rows: Collection[int], schema: Schema) -> None:
    """Write a table without some rows.

    Args:
        source: the table.
        target: the new file, whose name has the same suffix.
        rows: the positions of the rows to leave out, from 0, as in `tables.read_chunks`.
        schema: says how CSV files are written.

    Raises:
        InputError: the new table does not have all other rows, so it must not be used.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".parquet":
        _write_parquet(source, target, np.array(sorted(rows)))
    else:
        _write_csv(source, target, frozenset(rows), schema)
    _require_others(source, target, rows, schema)


def _write_csv(source: Path, target: Path, rows: frozenset[int], schema: Schema) -> None:
    """Write a CSV file without some records; Python and pandas agree on what a record is."""
    with edges.opened(source) as file:
        start = file.read(2)
        file.seek(0)
        encoding = UTF_16.get(start, schema.csv.encoding)
        text = io.TextIOWrapper(file, encoding, newline="")
        with target.open("wb") as raw:
            packed: BinaryIO = raw
            if source.suffix == ".gz":
                packed = cast("BinaryIO", gzip.GzipFile("", "wb", fileobj=raw, mtime=0))
            written = io.TextIOWrapper(packed, encoding, newline="")
            place = -1  # of the header
            for record in _records(text, schema.csv.delimiter):
                if not record.strip("\ufeff\r\n" + " \t".replace(schema.csv.delimiter, "")):
                    written.write(record)  # a blank line, which is not a record
                    continue
                if place not in rows:
                    written.write(record)
                place += 1
            written.flush()
            packed.close()


def _records(text: Iterator[str], delimiter: str) -> Iterator[str]:
    """Yield the records of a CSV file as written, with their line ends."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for number, line in enumerate(text):
            taken.append(line)
            yield line.removeprefix("\ufeff") if number == 0 else line

    for _ in csv.reader(lines(), delimiter=delimiter):
        yield "".join(taken)
        taken.clear()


def _write_parquet(source: Path, target: Path, rows: np.ndarray) -> None:
    with (
        pq.ParquetFile(source, pre_buffer=False) as file,
        pq.ParquetWriter(target, file.schema_arrow, compression=_compression(file)) as writer,
    ):
        first = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            places = np.arange(first, first + len(table))
            first += len(table)
            left = table.filter(pa.array(~np.isin(places, rows)))
            if len(left):
                writer.write_table(_compact(left).cast(file.schema_arrow))


def _compression(file: pq.ParquetFile) -> str:
    """Return the compression of a Parquet file, by its first column."""
    if not file.num_row_groups:
        return "none"
    name: str = file.metadata.row_group(0).column(0).compression
    return "none" if name == "UNCOMPRESSED" else name.lower()


def _compact(table: pa.Table) -> pa.Table:
    """Return a table with only the categories of its rows: a dictionary would keep the others."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(place).cast(field.type.value_type)
            encoded = pc.dictionary_encode(plain).cast(field.type)
            table = table.set_column(place, field.name, encoded)
    return table


def _require_others(source: Path, target: Path, rows: Collection[int], schema: Schema) -> None:
    """Compare the remaining rows with the original ones."""
    before, after = _hashes(source, schema), _hashes(target, schema)
    kept = np.ones(len(before), dtype=bool)
    kept[list(rows)] = False
    if not np.array_equal(before[kept], after):
        raise InputError(
            f"{source} cannot be written without {len(rows):,} of its rows: the others would "
            "change; save it as Parquet, or remove the rows at its source"
        )


def _hashes(file: Path, schema: Schema) -> np.ndarray:
    """Return a hash of each line of a table, including lines that are set aside."""
    form = schema.model_copy(update={"csv": schema.csv.model_copy(update={"set_aside": False})})
    names = tables.columns(file, form.csv)
    chunks = tables.read_chunks(file, form, AT_ONCE, names)
    return np.concatenate([np.empty(0, np.uint64), *(row_hashes(one, names) for one in chunks)])

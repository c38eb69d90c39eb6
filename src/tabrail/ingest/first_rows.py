"""Read the first rows of tables: the names of the columns, and the values of each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tabrail.data import cells, dialect, tables
from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.schema import Column, Csv, Schema
from tabrail.errors import InputError, nearest
from tabrail.ingest import part_types
from tabrail.ingest.blocks import numbers_blocks
from tabrail.ingest.kinds import Guess

ROWS, CELLS = 20_000, 2_000_000  # most rows to read
FEWEST_ROWS = 1000
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")  # pandas renames repeated ones: 1.5 and 1.5.1


@dataclass
class FirstRows:
    """The contents of the first rows.

    Attributes:
        rows: the number of rows.
        values: by column, the distinct values as text without surrounding blanks, in the order of
            their first rows, with their counts. Empty cells are left out.
        numbers: numeric columns of a Parquet file, which need no number format.
        typed: columns whose kind follows from the types of a Parquet file.
        categories: columns of type category in a Parquet file.
        blocks: columns whose numbers number blocks of rows, in each file.
        types: the types of each column in Parquet files.
    """

    rows: int = 0
    values: dict[str, Counter[str]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    typed: dict[str, Guess] = field(default_factory=dict)
    categories: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    types: part_types.Types = field(default_factory=dict)


def sample_size(columns: int) -> int:
    """Return how many rows of a table to sample."""
    return max(FEWEST_ROWS, min(ROWS, CELLS // columns))


def csv_format(files: Sequence[Path]) -> Csv:
    """Return the format of CSV files; the default for Parquet.

    Raises:
        InputError: they are not tables, or some are CSV and some are Parquet.
    """
    parquet = [file for file in files if file.suffix == ".parquet"]
    if parquet and len(parquet) < len(files):
        raise InputError("some files are CSV and some are Parquet; write all of them the same way")
    return Csv() if parquet else dialect.agree(files)


def column_names(files: Sequence[Path], form: Csv, target: str) -> list[str]:
    """Return the names of the columns, which must be the same in each file.

    Raises:
        InputError: they differ, one is duplicate, or the target is not among them.
    """
    first = tables.columns(files[0], form)
    for file in files:
        there = tables.columns(file, form)
        if twice := sorted({name for name in there if there.count(name) > 1}):
            raise InputError(f"{file} has more than one column named {twice[0]!r}; rename one")
        for name in first:
            if name not in there:
                raise InputError(
                    f"{file} has no column {name!r}, which {files[0]} has{nearest(name, there)}"
                )
        for name in there:
            if name not in first:
                raise InputError(f"{files[0]} has no column {name!r}, which {file} has")
    if target not in first:
        raise _no_target(first, files[0], target)
    if len(first) < 2:
        raise InputError(
            f"{files[0]} has only one column; there is nothing to learn {target!r} from"
        )
    return first


def read_first_rows(
    files: Sequence[Path], columns: Sequence[str], form: Csv, clean: Clean
) -> FirstRows:
    """Read the first rows of each file and count the distinct values of each column.

    Raises:
        InputError: a file cannot be read, or there are no rows.
    """
    first = FirstRows(values={name: Counter() for name in columns}, blocks=set(columns))
    everything: dict[str, Column] = {name: Column(kind="identifier") for name in columns}
    schema = Schema.model_construct(csv=form, missing=[], columns=everything)
    rows = sample_size(len(columns)) // len(files) + 1
    for file in files:
        if file.suffix == ".parquet":
            _read_types(file, first)
        for raw in islice(tables.read_chunks(file, schema, rows), 1):
            table = cleaned(raw, clean)
            first.rows += len(table)
            for name in columns:
                if name not in first.typed:
                    texts = cells.names(cells.present(table[name], []).dropna())
                    first.values[name].update(texts.tolist())
                    if len(texts) < len(table) or not numbers_blocks(name, texts):
                        first.blocks.discard(name)
    first.blocks -= first.typed.keys()
    if not first.rows:
        raise InputError(f"{files[0]} has column names but no rows")
    return first


def _read_types(file: Path, first: FirstRows) -> None:
    """Take the kinds of columns from the types of a Parquet file.

    Raises:
        InputError: a column has dates here, and values of another type in another file.
    """
    for name, part in zip(tables.columns(file, Csv()), pq.read_schema(file), strict=False):
        part_types.note(first.types, name, part.type, file)
        is_category = pa.types.is_dictionary(part.type)
        kind = part.type.value_type if is_category else part.type
        if is_category and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            first.categories.add(name)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            first.numbers.add(name)
        elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            first.typed[name] = Guess("datetime", f"of type {kind} in the file")
        elif not (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_string_view(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_null(kind)
            or pa.types.is_time(kind)
        ):
            reason = f"of type {str(kind)[:40]} in the file, which no model here can use"
            first.typed[name] = Guess("ignored", reason)


def _no_target(names: Sequence[str], file: Path, target: str) -> InputError:
    """Return the error for a missing target column, with the existing names."""
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    if len(numbers) >= max(1, len(names) / 2):
        return InputError(
            f"{file} has no column {target!r}: its first line looks like data ({names[0]!r}, "
            f"{names[1]!r} …); put a line with the columns' names above it"
        )
    if names[0].startswith(("#", "//")):
        return InputError(
            f"{file} has no column {target!r}: its first line begins with {names[0][:20]!r}, which "
            "looks like a comment; remove what is above the line with the columns' names"
        )
    folded = {name.strip().casefold(): name for name in names}
    same = folded.get(target.strip().casefold())
    hint = f" (did you mean {same!r}?)" if same else nearest(target, names)
    shown = ", ".join(repr(name) for name in names[:30]) + (" …" if len(names) > 30 else "")
    return InputError(f"{file} has no column {target!r}{hint}. It has: {shown}")

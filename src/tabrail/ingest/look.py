"""A first look at tables: the different values of each column in the first rows."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tabrail.data import cells, dialect, tables
from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.schema import Column, Csv, Schema
from tabrail.errors import InputError, nearest
from tabrail.ingest.kinds import Guess

ROWS, CELLS = 20_000, 2_000_000  # the most that are looked at
FEWEST_ROWS = 1000
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")  # pandas tells equal ones apart: 1.5 and 1.5.1


@dataclass
class Look:
    """What the first rows say.

    Attributes:
        rows: how many were looked at.
        words: by column, the different values as text, without the blanks around them, in the
            order of their first rows, with how often each comes; empty cells are left out.
        numbers: columns of numbers in a Parquet file, which are not written in any way.
        known: columns about which the file leaves nothing to guess.
    """

    rows: int = 0
    words: dict[str, Counter[str]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    known: dict[str, Guess] = field(default_factory=dict)


def written(files: Sequence[Path]) -> Csv:
    """Return how the files are written; the default if they are Parquet.

    Raises:
        InputError: they are no tables, or of both kinds.
    """
    parquet = [file for file in files if file.suffix == ".parquet"]
    if parquet and len(parquet) < len(files):
        raise InputError("some files are CSV and some are Parquet; write all of them the same way")
    return Csv() if parquet else dialect.agree(files)


def names(files: Sequence[Path], form: Csv, target: str) -> list[str]:
    """Return the names of the columns, which must be the same in each file.

    Raises:
        InputError: they differ, one is there twice, or the target is not among them.
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
        raise InputError(f"{files[0]} has one column only; there is nothing to learn {target!r} by")
    return first


def look(files: Sequence[Path], columns: Sequence[str], form: Csv, clean: Clean) -> Look:
    """Read the first rows of each file and count the different values of each column.

    Raises:
        InputError: a file cannot be read.
    """
    found = Look(words={name: Counter() for name in columns})
    everything: dict[str, Column] = {name: Column(kind="identifier") for name in columns}
    schema = Schema.model_construct(csv=form, missing=[], columns=everything)
    rows = max(FEWEST_ROWS, min(ROWS, CELLS // len(columns))) // len(files) + 1
    for file in files:
        if file.suffix == ".parquet":
            _read_types(file, found)
        for raw in tables.read_chunks(file, schema, rows):
            table = cleaned(raw, clean)
            found.rows += len(table)
            for name in columns:
                if name not in found.known:
                    found.words[name].update(_words(table[name]))
            break
    if not found.rows:
        raise InputError(f"{files[0]} has column names but no rows")
    return found


def present(words: Mapping[str, int], missing: Sequence[str]) -> dict[str, int]:
    """Return the values without the words that stand for none."""
    return {word: count for word, count in words.items() if word not in missing}


def _read_types(file: Path, found: Look) -> None:
    """Take from a Parquet file what it says of its columns."""
    for part in pq.read_schema(file):
        kind = part.type.value_type if pa.types.is_dictionary(part.type) else part.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            found.numbers.add(part.name)
        elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            found.known[part.name] = Guess("datetime", f"of type {kind} in the file")
        elif not (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_string_view(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_null(kind)
            or pa.types.is_time(kind)
        ):
            reason = f"of type {str(kind)[:40]} in the file, which no model here can use"
            found.known[part.name] = Guess("ignored", reason)


def _words(values: pd.Series) -> Counter[str]:
    texts = cells.names(values.dropna())
    return Counter(texts.str.strip().tolist())


def _no_target(names: Sequence[str], file: Path, target: str) -> InputError:
    """Say that there is no such column, and what there is."""
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    if len(numbers) >= max(1, len(names) / 2):
        return InputError(
            f"{file} has no column {target!r}: its first line looks like data ({names[0]!r}, "
            f"{names[1]!r} …); put a line with the columns' names above it"
        )
    folded = {name.strip().casefold(): name for name in names}
    same = folded.get(target.strip().casefold())
    hint = f"; did you mean {same!r}?" if same else nearest(target, names) or "."
    shown = ", ".join(repr(name) for name in names[:30]) + (" …" if len(names) > 30 else "")
    return InputError(f"{file} has no column {target!r}{hint} It has: {shown}")

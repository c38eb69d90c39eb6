"""Read raw tables chunk by chunk, and check each chunk against the schema."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from tabrail.data import date_order, tables
from tabrail.data.cleaning import Clean, cleaned
from tabrail.data.conform import Violation, conform, require_columns, violation
from tabrail.data.date_order import Usual
from tabrail.data.distinct import distinct_columns, unchanged
from tabrail.data.identity import hashes
from tabrail.data.parts import Part
from tabrail.data.schema import Schema
from tabrail.data.seen import Seen
from tabrail.data.set_aside import SetAside

SURELY_SWAPPED = (
    "day and month are the wrong way round in this file: as read, its dates fall on one or two "
    "days of many months, unlike those of the training data"
)
MOST_CELLS = 4_000_000  # in memory at a time


class Chunk(NamedTuple):
    """Some rows of a file, with the result of the schema check.

    Attributes:
        file: where the rows are from; the index of `raw` counts its rows from 0.
        raw: the rows as they were read, with all columns of the file, without those left out.
        table: the same rows, cleaned and in the schema's types.
        violations: their violations of the schema.
        groups: a hash of each row's group; see `hashes`. Shape (n_rows,), uint64.
        repeated: true for a row that came before, in any file, with the same cells in all columns;
            shape (n_rows,).
        left_out: the rows that the cleaning function left out, as they were read.
    """

    file: Path
    raw: pd.DataFrame
    table: pd.DataFrame
    violations: list[Violation]
    groups: np.ndarray
    repeated: np.ndarray
    left_out: pd.DataFrame


class First(Protocol):
    """An object that knows which rows are not duplicates, such as `Seen`."""

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true where a hash comes for the first time; shape (n_rows,)."""
        ...


def checked(
    places: Sequence[Path] | Sequence[Part],
    schema: Schema,
    rows: int,
    label: str,
    clean: Clean,
    *,
    optional: Collection[str] = (),
    aside: SetAside | None = None,
    usual: Usual | None = None,
    seen: First | None = None,
) -> Iterator[Chunk]:
    """Check the headers of tables, then read, clean and check their rows against the schema.

    A progress bar is shown if it takes long.

    Args:
        places: the tables, or parts of them.
        schema: describes the cleaned rows.
        rows: the most rows of a chunk. Chunks of wide tables, from about 40 columns, have fewer.
        label: the label of the progress bar.
        clean: the owner's cleaning function.
        optional: columns that a file may lack.
        aside: counts the lines that are not rows.
        usual: the usual days of the month of dates; see `date_order`.
        seen: knows the rows of other parts, if there are any.

    Raises:
        InputError: a file cannot be read, or lacks a column of the schema, or it cannot be cleaned.
    """
    wanted: dict[Path, list[str]] = {}
    for file in dict.fromkeys(one.file if isinstance(one, Part) else one for one in places):
        wanted[file] = tables.columns(file, schema.csv)
        absent = {name for name in optional if name not in wanted[file]}
        used = [name for name in schema.used if name not in absent]
        require_columns(wanted[file], used, schema, file)
    sensitive = [name for name, column in schema.columns.items() if column.sensitive]
    rows = max(1, min(rows, MOST_CELLS // max(map(len, wanted.values()), default=1)))
    seen = Seen() if seen is None else seen
    with tqdm(desc=label, unit=" rows", unit_scale=True, delay=1, disable=None) as progress:
        for part in _parts(places):
            file = part.file
            for raw in tables.read_chunks(part, schema, rows, wanted[file], aside=aside):
                cleaned_rows = cleaned(raw, clean, sensitive)
                as_read, left_out = raw, raw[:0]
                if len(cleaned_rows) < len(raw):
                    as_read = raw.loc[cleaned_rows.index]
                    left_out = raw[~raw.index.isin(cleaned_rows.index)]
                different = distinct_columns(as_read)
                still = unchanged(different, cleaned_rows)
                table, violations = conform(cleaned_rows, schema, still)
                violations += _swapped_dates(cleaned_rows, table, schema, usual)
                same, groups = hashes(as_read, cleaned_rows, schema, different)
                repeated = np.zeros(len(as_read), dtype=bool)
                if schema.duplicates == "drop":
                    repeated = ~seen.first(same)
                yield Chunk(file, as_read, table, violations, groups, repeated, left_out)
                progress.update(len(raw))
                del raw, cleaned_rows, as_read, left_out, table, different, still


def _parts(places: Sequence[Path] | Sequence[Part]) -> Iterator[Part]:
    for place in places:
        yield from [place] if isinstance(place, Part) else tables.parts([place])


def _swapped_dates(
    given: pd.DataFrame, table: pd.DataFrame, schema: Schema, usual: Usual | None
) -> list[Violation]:
    """Return a violation for each column whose dates surely have day and month the wrong way round.

    No model can use these rows, because their dates cannot be read.
    """
    found = []
    for name, is_sure in date_order.swapped(table, schema, usual):
        rows, column = table[name].notna().to_numpy(), schema.columns[name]
        known = violation(name, column, "date_order", given[name], rows)
        if is_sure:
            known = replace(known, kind="unreadable", hint=SURELY_SWAPPED)
        found.append(known)
    return found

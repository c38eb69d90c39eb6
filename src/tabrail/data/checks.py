"""Raw tables, chunk by chunk, each checked against the schema."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from tabrail.data import tables
from tabrail.data.schema import Schema, Violation, conform, require_columns
from tabrail.data.split import Seen, row_hashes

MOST_CELLS = 4_000_000  # in memory at a time


class Chunk(NamedTuple):
    """Some rows of a file, and what the schema says of them.

    Attributes:
        file: where the rows are from; the index of `raw` counts its rows from 0.
        raw: the rows as they were read.
        table: the same rows in the schema's types.
        violations: what is wrong with them.
        repeated: true for a row that equals an earlier one, of any file; shape (n_rows,).
    """

    file: Path
    raw: pd.DataFrame
    table: pd.DataFrame
    violations: list[Violation]
    repeated: np.ndarray


def checked(
    files: Sequence[Path],
    schema: Schema,
    rows: int,
    label: str,
    *,
    optional: Collection[str] = (),
    verbatim: bool = False,
) -> Iterator[Chunk]:
    """Read tables after a look at each one's header, with a bar when it takes long.

    Args:
        files: the tables.
        schema: what to hold them against.
        rows: the most rows of a chunk; of a table with more than 40 columns, say, fewer are read.
        label: what the bar is called.
        optional: columns that a file may lack.
        verbatim: whether `raw` has all columns of a file, and cells as they are written in it.

    Raises:
        InputError: a file cannot be read, or lacks a column of the schema.
    """
    wanted: dict[Path, list[str]] = {}
    for file in files:
        there = tables.columns(file, schema.csv)
        absent = {name for name in optional if name not in there}
        wanted[file] = [name for name in schema.used if name not in absent]
        require_columns(there, wanted[file], schema, file)
        if verbatim:
            wanted[file] = there
    rows = max(1, min(rows, MOST_CELLS // max(map(len, wanted.values()), default=1)))
    seen = Seen()
    with tqdm(desc=label, unit=" rows", unit_scale=True, delay=1, disable=None) as progress:
        for file, names in wanted.items():
            for raw in tables.read_chunks(file, schema, rows, names, verbatim=verbatim):
                table, violations = conform(raw, schema)
                repeated = np.zeros(len(raw), dtype=bool)
                if schema.duplicates == "drop":
                    repeated = ~seen.first(row_hashes(table))
                yield Chunk(file, raw, table, violations, repeated)
                progress.update(len(raw))
                del raw, table

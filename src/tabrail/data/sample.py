"""Read a sample of a prepared table in parts, and the rest part by part.

Steps that need many rows together, such as the mean of the target in each category, learn from the
sample. So no process needs memory for the whole table.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tabrail import paths
from tabrail.data import tables
from tabrail.data.identity import mixed
from tabrail.data.schema import GROUP, Schema, encode_target
from tabrail.errors import InputError, missing_output

MOST = 1_000_000  # approximate number of rows of a sample


@dataclass(frozen=True)
class Sample:
    """The facts on a table that a sample was read from.

    Attributes:
        files: the parts that have rows, by name, each with its SHA-256.
        rows: how many rows the table has.
        every: one in this many groups is in the sample.
        present: positions in `schema.classes` of the classes that occur; none for a regression.
        schema: describes the rows.
    """

    files: dict[Path, str]
    rows: int
    every: int
    present: np.ndarray
    schema: Schema

    def rest(self, file: Path) -> pd.DataFrame:
        """Return the rows of a part that are not in the sample.

        Raises:
            InputError: the part has changed since the sample was read.
        """
        if tables.sha256(file) != self.files[file]:
            raise InputError(
                f"{file} is not the same on this worker; bring the prepared data of one run to all "
                "machines, such as on a shared disk, or with: uv run dvc checkout"
            )
        table = tables.read(file)
        return table[~_is_in(table[GROUP], self.every)]

    def y_true(self, table: pd.DataFrame) -> np.ndarray:
        """Return the values to predict, as in `Split.y_true`; shape (n_rows,)."""
        found = encode_target(table[self.schema.target], self.schema)
        if self.schema.task == "regression":
            return found
        return np.searchsorted(self.present, found)


def read_sample(
    place: Path, schema: Schema, most: int | None = None
) -> tuple[pd.DataFrame, Sample]:
    """Read a sample of a prepared table, part by part.

    It has all rows of some groups, chosen by a hash. It does not depend on the order or the number
    of the parts.

    Args:
        place: the folder of parts.
        schema: describes the rows.
        most: about how many rows it has; the default is a million.

    Raises:
        InputError: the table is missing or damaged, or is one file.
    """
    if not place.exists():
        raise missing_output(place)
    if not place.is_dir():
        raise InputError(
            f"{place} is one file, and workers of a cluster share parts; set prepare.parts: true "
            f"in {paths.PARAMS}, and run: uv run dvc repro"
        )
    counts = {file.absolute(): _rows(file) for file in tables.written(place)}
    files = {file: tables.sha256(file) for file, count in counts.items() if count}
    rows = sum(counts.values())
    if not files:
        raise InputError(f"{place} has no rows; make it again with: uv run dvc repro")
    every = -(-rows // (most or MOST))
    found, present = list[pd.DataFrame](), set[int]()
    for file in files:
        part = tables.read(file)
        if schema.task != "regression":
            present |= set(np.unique(encode_target(part[schema.target], schema)).tolist())
        found.append(part[_is_in(part[GROUP], every)])
    known = np.array(sorted(present), dtype=np.int64)
    return pd.concat(found, ignore_index=True), Sample(files, rows, every, known, schema)


def _rows(file: Path) -> int:
    try:
        return pq.read_metadata(file).num_rows
    except pa.ArrowInvalid as error:
        raise tables.damaged(file, error) from None


def _is_in(groups: pd.Series, every: int) -> np.ndarray:
    """Check whether each row is in the sample, by the hash of its group; shape (n_rows,)."""
    return mixed(groups.to_numpy(np.uint64)) % np.uint64(every) == 0

"""A CSV file of flights that grows from one size to the next."""

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from common.measure import say
from common.project import Project

CHUNK = 100_000
GROW = f"""
import sys
import numpy as np
import pandas as pd

sample = pd.read_parquet(sys.argv[1])
target, begin, end = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for start in range(begin, end, {CHUNK}):
    stop = min(start + {CHUNK}, end)
    rows = sample.iloc[np.random.default_rng(start).integers(0, len(sample), stop - start)]
    if sys.argv[5] == "numbered":
        rows = rows.assign(flight=range(start, stop))
    rows.to_csv(
        target, mode="a", header=start == 0, index=False, lineterminator="\\n"
    )
"""


def grown(
    project: Project,
    table: Path,
    sizes: Iterable[int],
    bytes_per_row: int,
    *,
    numbered: bool = True,
) -> Iterator[int]:
    """Let a file grow out of the sample's rows, and yield each number of rows it has reached.

    Args:
        project: has the sample, and the libraries to read it.
        table: the file.
        sizes: numbers of rows, the smallest first.
        bytes_per_row: the disk space that a measurement takes, for each row of the largest size.
        numbered: whether flights are numbered through, so that no row is a duplicate of another.
    """
    sizes = list(sizes)
    needed, free = sizes[-1] * bytes_per_row, shutil.disk_usage(table.parent).free
    if free < needed:
        sys.exit(f"could not measure: needs {needed / 1e9:.1f} GB of disk, has {free / 1e9:.1f}")
    sample = project.path / "data" / "raw" / "flights.parquet"
    begin = 0
    for rows in sizes:
        say(f"{rows:,} rows: writing the CSV file")
        how = "numbered" if numbered else "as drawn"
        project.run("python", "-c", GROW, sample, table, str(begin), str(rows), how)
        begin = rows
        yield rows

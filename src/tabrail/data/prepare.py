"""Read raw tables, clean and check them, drop rows that violate the schema, and split the rest."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tabrail import paths
from tabrail.config import Prepare
from tabrail.data import salt as salts
from tabrail.data import tables
from tabrail.data.checks import Chunk, checked
from tabrail.data.cleaning import Clean
from tabrail.data.conform import conform, usable
from tabrail.data.data_report import DataReport
from tabrail.data.schema import GROUP, Schema
from tabrail.data.split import Cutoffs, assign, assign_by_time, cutoffs
from tabrail.documents import to_json
from tabrail.errors import InputError
from tabrail.files import remove, replacing

SPLITS = {"train": paths.TRAIN, "validation": paths.VALIDATION, "test": paths.TEST}

# Returns the split of each row, given a table's rows and their groups.
Assign = Callable[[pd.DataFrame, np.ndarray], np.ndarray]


def prepare_tables(params: Prepare, schema: Schema, clean: Clean, root: Path) -> None:
    """Read data/raw; write the three prepared tables and reports/data.json.

    Args:
        params: the section `prepare` of params.yaml.
        schema: describes the cleaned rows.
        clean: the owner's cleaning function.
        root: the project's root.

    Raises:
        InputError: the data breaks the schema beyond what params.yaml tolerates, or a split
            would have nothing to learn from or to score.
    """
    files = tables.find(paths.located(root, paths.RAW))
    assign_split = splitter(files, params, schema, clean)
    salt, report = salts.of(paths.located(root, paths.RAW)), DataReport(schema)
    splits = [paths.located(root, path) for path in SPLITS.values()]
    with replacing(*splits, paths.located(root, paths.DATA_REPORT)) as (*split_files, report_file):
        chunks = checked(files, schema, params.chunk_rows, "prepare", clean, aside=report.aside)
        write_splits(chunks, split_files, report, assign_split, salt)
        report.refuse(params.tolerance)
        report_file.write_text(to_json(report.content()), encoding="utf-8", newline="\n")
        for path in splits:
            if path.is_dir():  # output of an earlier run, in parts
                remove(path)
    print(report.summary())


def write_splits(
    chunks: Iterable[Chunk],
    files: Iterable[Path],
    report: DataReport,
    assign_split: Assign,
    salt: str,
) -> None:
    """Write the usable rows to the file of their split, and count all rows.

    Args:
        chunks: the rows.
        files: a file for each split, in the order of `SPLITS`.
        report: counts the rows.
        assign_split: gives each row its split.
        salt: what the hashes of groups are salted with.
    """
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in report.schema.used})
    template, _ = conform(nothing, report.schema)
    of_table = tables.form_of(template)
    form = of_table.append(pa.field(GROUP, pa.uint64()))
    with ExitStack() as opened:
        writers: Mapping[str, tables.Writer] = {
            split: opened.enter_context(tables.Writer(file, form))
            for split, file in zip(SPLITS, files, strict=True)
        }
        for chunk in chunks:
            report.add(chunk)
            kept, salted = good(chunk), salts.salted(chunk.groups, salt)
            whole = tables.as_written(chunk.table, of_table).append_column(GROUP, pa.array(salted))
            assigned = assign_split(chunk.table, chunk.groups)
            del chunk  # to free it before the next one is read
            for split, writer in writers.items():
                rows = whole.filter(pa.array(kept & (assigned == split)))
                writer.write(rows)
                report.add_split(split, rows)
            del whole, rows


def good(chunk: Chunk) -> np.ndarray:
    """Return true for the rows that a model can use and that are not duplicates."""
    return usable(chunk.violations, len(chunk.table)) & ~chunk.repeated


def splitter(files: list[Path], params: Prepare, schema: Schema, clean: Clean) -> Assign:
    """Return the function that assigns each row of tables to a split.

    Raises:
        InputError: the split is by time, and the schema names no column for it, or no row has
            a time.
    """
    time = time_column(params, schema)
    if time is None:
        return by_hash(params)
    chunks = checked(files, schema, params.chunk_rows, "times", clean)
    return by_time(params, time, [chunk.table[time][good(chunk)].dropna() for chunk in chunks])


def time_column(params: Prepare, schema: Schema) -> str | None:
    """Return the column that rows are split by; None if they are split by their hash.

    Raises:
        InputError: the split is by time, and the schema names no column for it.
    """
    if params.split.method == "hash" or schema.time:
        return None if params.split.method == "hash" else schema.time
    dates = [name for name, column in schema.columns.items() if column.kind == "datetime"]
    raise InputError(
        f"{paths.PARAMS}, prepare.split.method is time, but {paths.SCHEMA} does not name the "
        f"column that orders the rows; add a line to it such as time: {(dates or ['<column>'])[0]}"
    )


def by_hash(params: Prepare) -> Assign:
    """Return the function that assigns each row to a split by the hash of its group."""
    return partial(_assign_by_hash, params)


def by_time(params: Prepare, time: str, times: list[pd.Series]) -> Assign:
    """Return the function that assigns each row to a split by its time.

    Args:
        params: the shares.
        time: the column.
        times: the times of all usable rows.

    Raises:
        InputError: there is none.
    """
    if not sum(map(len, times)):
        raise InputError(
            f"{paths.RAW} has no row to split by {time}: none conforms to {paths.SCHEMA}"
        )
    bounds = cutoffs(pd.concat(times, ignore_index=True), params.split)
    return partial(_assign_by_time, time, bounds)


def _assign_by_hash(params: Prepare, _table: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    return assign(groups, params.split)


def _assign_by_time(
    time: str, bounds: Cutoffs, table: pd.DataFrame, _groups: np.ndarray
) -> np.ndarray:
    return assign_by_time(table[time], bounds)

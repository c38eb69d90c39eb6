"""Stage 1: hold the raw tables against the schema, drop what breaks it, and split the rest."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Prepare, load_params
from tabrail.data import tables
from tabrail.data.checks import checked
from tabrail.data.data_report import DataReport
from tabrail.data.schema import Schema, conform, load_schema, usable
from tabrail.data.split import assign, assign_by_time, cutoffs
from tabrail.documents import replacing, to_json
from tabrail.errors import InputError, run_stage

SPLITS = {"train": paths.TRAIN, "validation": paths.VALIDATION, "test": paths.TEST}


def main() -> None:
    """Read data/raw; write the three prepared tables and reports/data.json.

    Raises:
        InputError: the data breaks the schema beyond what params.yaml tolerates, or a split
            would have nothing to learn from or to score.
    """
    params, schema = load_params().prepare, load_schema()
    files = tables.find(paths.RAW)
    sides_of = _splitter(files, params, schema)
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in schema.used})
    template, _ = conform(nothing, schema)
    report = DataReport(schema)
    with replacing(*SPLITS.values(), paths.DATA_REPORT) as (*part_files, report_file):
        with ExitStack() as open_files:
            writers = {
                split: open_files.enter_context(tables.Writer(file, template))
                for split, file in zip(SPLITS, part_files, strict=True)
            }
            for chunk in checked(files, schema, params.chunk_rows, "prepare"):
                report.add(chunk)
                good = usable(chunk.violations, len(chunk.table)) & ~chunk.repeated
                clean = chunk.table[good]
                sides = sides_of(clean)
                for split, writer in writers.items():
                    rows = clean[sides == split]
                    writer.write(rows)
                    report.add_kept(split, rows)
                del chunk, clean, rows  # before the next chunk is read beside them
        report.refuse(params.tolerance)
        report_file.write_text(to_json(report.content()), encoding="utf-8", newline="\n")
    print(report.summary())


def _splitter(
    files: list[Path], params: Prepare, schema: Schema
) -> Callable[[pd.DataFrame], np.ndarray]:
    """Return the function that says for each row of a chunk which split it belongs to.

    Raises:
        InputError: the split is by time, and the schema names no column for it, or no row has
            a time.
    """
    if params.split.method == "hash":
        return lambda table: assign(table, schema, params.split)
    time = schema.time
    if time is None:
        dates = [name for name, column in schema.columns.items() if column.kind == "datetime"]
        raise InputError(
            f"{paths.PARAMS}, prepare.split.method is time, but {paths.SCHEMA} does not say which "
            f"column orders the rows; add there a line such as time: {(dates or ['<column>'])[0]}"
        )
    times = [
        chunk.table[time][usable(chunk.violations, len(chunk.table)) & ~chunk.repeated]
        for chunk in checked(files, schema, params.chunk_rows, "times")
    ]
    if not sum(map(len, times)):
        raise InputError(
            f"{paths.RAW} has no row to split by {time}: none is as {paths.SCHEMA} says"
        )
    bounds = cutoffs(pd.concat(times), params.split)
    return lambda table: assign_by_time(table[time], bounds)


if __name__ == "__main__":
    run_stage(main)

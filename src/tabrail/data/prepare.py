"""Read raw tables, clean and check them, drop what violates the schema, and split the rest."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Prepare
from tabrail.data import salt as salts
from tabrail.data import tables
from tabrail.data.checks import checked
from tabrail.data.cleaning import Clean
from tabrail.data.conform import conform, usable
from tabrail.data.data_report import DataReport
from tabrail.data.schema import GROUP, Schema
from tabrail.data.split import assign, assign_by_time, cutoffs
from tabrail.documents import to_json
from tabrail.errors import InputError
from tabrail.files import replacing

SPLITS = {"train": paths.TRAIN, "validation": paths.VALIDATION, "test": paths.TEST}


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
    split_of = splitter(files, params, schema, clean)
    salt = salts.of(paths.located(root, paths.RAW))
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in schema.used})
    template, _ = conform(nothing, schema)
    template = template.assign(**{GROUP: np.empty(0, dtype=np.uint64)})
    report = DataReport(schema)
    written = [paths.located(root, path) for path in (*SPLITS.values(), paths.DATA_REPORT)]
    with replacing(*written) as (*part_files, report_file):
        with ExitStack() as open_files:
            writers = {
                split: open_files.enter_context(tables.Writer(file, template))
                for split, file in zip(SPLITS, part_files, strict=True)
            }
            for chunk in checked(
                files, schema, params.chunk_rows, "prepare", clean, aside=report.aside
            ):
                report.add(chunk)
                good = usable(chunk.violations, len(chunk.table)) & ~chunk.repeated
                groups = chunk.groups[good]
                conforming = chunk.table[good].assign(**{GROUP: salts.salted(groups, salt)})
                assigned = split_of(conforming, groups)
                for split, writer in writers.items():
                    part = conforming[assigned == split]
                    writer.write(part)
                    report.add_split(split, part)
                del chunk, conforming, groups, part  # before the next chunk is read beside them
        report.refuse(params.tolerance)
        report_file.write_text(to_json(report.content()), encoding="utf-8", newline="\n")
    print(report.summary())


def splitter(
    files: list[Path], params: Prepare, schema: Schema, clean: Clean
) -> Callable[[pd.DataFrame, np.ndarray], np.ndarray]:
    """Return the function that assigns each row of a chunk, with its group, to a split.

    Raises:
        InputError: the split is by time, and the schema names no column for it, or no row has
            a time.
    """
    if params.split.method == "hash":
        return lambda _, groups: assign(groups, params.split)
    time = schema.time
    if time is None:
        dates = [name for name, column in schema.columns.items() if column.kind == "datetime"]
        raise InputError(
            f"{paths.PARAMS}, prepare.split.method is time, but {paths.SCHEMA} does not say which "
            f"column orders the rows; add there a line such as time: {(dates or ['<column>'])[0]}"
        )
    times = [
        chunk.table[time][usable(chunk.violations, len(chunk.table)) & ~chunk.repeated]
        for chunk in checked(files, schema, params.chunk_rows, "times", clean)
    ]
    if not sum(map(len, times)):
        raise InputError(
            f"{paths.RAW} has no row to split by {time}: none is as {paths.SCHEMA} says"
        )
    bounds = cutoffs(pd.concat(times), params.split)
    return lambda table, _: assign_by_time(table[time], bounds)

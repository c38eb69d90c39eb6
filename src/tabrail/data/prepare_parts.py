"""Prepare tables in parts: a file of each prepared table for each part of data/raw.

One process prepares a part, here or on another machine. A row may be a duplicate of a row in a part
that another machine reads. So each process returns a hash of each of its rows to the main process.
The few parts with duplicates are written again without them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Prepare
from tabrail.data import salt as salts
from tabrail.data import tables
from tabrail.data.checks import First, checked
from tabrail.data.cleaning import Clean
from tabrail.data.conform import usable
from tabrail.data.data_report import DataReport
from tabrail.data.parts import Each, Part, one_by_one
from tabrail.data.prepare import SPLITS, Assign, by_hash, by_time, time_column, write_splits
from tabrail.data.schema import Schema
from tabrail.data.seen import Seen
from tabrail.documents import to_json
from tabrail.files import replacing, replacing_folders

NONE = np.empty(0, dtype=np.uint64)


class Task(NamedTuple):
    """A part to write, with its number and its known duplicates.

    Attributes:
        number: its position among all parts.
        part: the part.
        before: hashes of its rows that are in earlier parts; shape (n_hashes,), uint64.
    """

    number: int
    part: Part
    before: np.ndarray = NONE


class Written(NamedTuple):
    """The result of writing a part.

    Attributes:
        task: the part.
        report: its counts.
        rows: a hash of each of its distinct rows, if they must be looked up; shape (n_hashes,).
    """

    task: Task
    report: DataReport
    rows: np.ndarray


class Marks(NamedTuple):
    """The facts on a part's rows that are needed before any part is written.

    Attributes:
        part: the part.
        rows: a hash of each row; shape (n_rows,), uint64.
        times: the time of each row; missing for an unusable row. Shape (n_rows,).
    """

    part: Part
    rows: np.ndarray
    times: pd.Series


class SeenApart:
    """Knows the duplicates of a part: rows that are in it twice, or in an earlier part."""

    def __init__(self, before: np.ndarray) -> None:
        """Take the hashes of its rows that are in earlier parts."""
        self._before, self.here = before, Seen()

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true where a hash comes for the first time; shape (n_rows,)."""
        return self.here.first(hashes) & ~np.isin(hashes, self._before)


class Noted:
    """Collects the hashes of rows, and reports all rows as new."""

    def __init__(self) -> None:
        self.hashes = [NONE]

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true for each row; shape (n_rows,)."""
        self.hashes.append(hashes)
        return np.ones(len(hashes), dtype=bool)


@dataclass(frozen=True)
class Job:
    """The work on each part.

    Attributes:
        params: the section `prepare` of params.yaml.
        schema: describes the cleaned rows.
        clean: the owner's cleaning function.
        salt: what the hashes of groups are salted with.
    """

    params: Prepare
    schema: Schema
    clean: Clean
    salt: str

    def marks(self, part: Part, time: str) -> Marks:
        """Return the hashes of a part's rows, and the times in a column."""
        noted, times, rows = Noted(), list[pd.Series](), self.params.chunk_rows
        label = f"times of {part}"
        for chunk in checked([part], self.schema, rows, label, self.clean, seen=noted):
            times.append(chunk.table[time].where(usable(chunk.violations, len(chunk.table))))
        return Marks(part, np.concatenate(noted.hashes), pd.concat(times, ignore_index=True))

    def write(
        self, task: Task, folders: Sequence[Path], assign_split: Assign, seen: First
    ) -> DataReport:
        """Write a part of each prepared table; return the counts.

        Args:
            task: the part of data/raw.
            folders: the folder for the parts of each split.
            assign_split: gives each row its split.
            seen: knows which rows came before.
        """
        report, name = DataReport(self.schema), f"part-{task.number:05}.parquet"
        with replacing(*(folder / name for folder in folders)) as files:
            chunks = checked(
                [task.part],
                self.schema,
                self.params.chunk_rows,
                f"prepare {task.part}",
                self.clean,
                aside=report.aside,
                seen=seen,
            )
            write_splits(chunks, files, report, assign_split, self.salt)
        return report


def prepare_parts(
    params: Prepare, schema: Schema, clean: Clean, root: Path, each: Each = one_by_one
) -> None:
    """Read data/raw; write the three prepared tables as folders of parts, and reports/data.json.

    Args:
        params: the section `prepare` of params.yaml.
        schema: describes the cleaned rows.
        clean: the owner's cleaning function.
        root: the project's root.
        each: does the work, part by part.

    Raises:
        InputError: the data breaks the schema beyond what params.yaml tolerates, or a split
            would have nothing to learn from or to score.
    """
    raw = paths.located(root, paths.RAW)
    parts = tables.parts(tables.find(raw))
    job = Job(params, schema, clean, salts.of(raw))
    splits = [paths.located(root, path) for path in SPLITS.values()]
    report = DataReport(schema)
    with (
        replacing(paths.located(root, paths.DATA_REPORT)) as [report_file],
        replacing_folders(*splits) as folders,
    ):
        for found in _written(job, parts, [folder.resolve() for folder in folders], each):
            report.merge(found)
        report.refuse(params.tolerance)
        report_file.write_text(to_json(report.content()), encoding="utf-8", newline="\n")
    print(report.summary())


def _written(
    job: Job, parts: Sequence[Part], folders: Sequence[Path], each: Each
) -> Iterator[DataReport]:
    """Write all parts; yield the counts of each, in their order."""
    tasks, assign_split = [Task(*numbered) for numbered in enumerate(parts)], by_hash(job.params)
    if time := time_column(job.params, job.schema):
        tasks, assign_split = _by_time(job, parts, time, each)
    elif each is one_by_one:
        seen = Seen()
        yield from (job.write(task, folders, assign_split, seen) for task in tasks)
        return

    def write(task: Task) -> Iterator[Written]:
        apart = SeenApart(task.before)
        report = job.write(task, folders, assign_split, apart)
        yield Written(task, report, NONE if time else apart.here.hashes)

    seen, reports, again = Seen(), list[DataReport](), list[Task]()
    for task, report, rows in each(write, tasks, "prepare"):
        reports.append(report)
        if len(before := rows[~seen.first(rows)]):
            again.append(task._replace(before=before))
    for task, report, _ in each(write, again, "leave out duplicates"):
        reports[task.number] = report
    yield from reports


def _by_time(job: Job, parts: Sequence[Part], time: str, each: Each) -> tuple[list[Task], Assign]:
    """Return the tasks and the assignment for a split by time."""

    def marks(part: Part) -> Iterator[Marks]:
        yield job.marks(part, time)

    tasks, times, seen = list[Task](), list[pd.Series](), Seen()
    for number, (part, rows, found) in enumerate(each(marks, parts, "times")):
        first = np.ones(len(rows), dtype=bool)
        if job.schema.duplicates == "drop":
            first = seen.first(rows)
        times.append(found[first].dropna())
        tasks.append(Task(number, part, np.setdiff1d(rows[~first], rows[first])))
    return tasks, by_time(job.params, time, times)

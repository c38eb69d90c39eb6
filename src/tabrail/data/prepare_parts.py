"""Prepare tables in parts: a file of each prepared table for each part of data/raw.

A part is the work of one process, here or on another machine. A row may have come before in a part
that another machine reads. So each returns a hash of each of its rows to the one process that has
them all, and the few parts with such rows are written once more without them.
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
    """A part, and what is known of it.

    Attributes:
        number: its place among all parts.
        part: the part.
        before: hashes of those of its rows that earlier parts have; shape (n_hashes,), uint64.
    """

    number: int
    part: Part
    before: np.ndarray = NONE


class Written(NamedTuple):
    """What was done with a part.

    Attributes:
        task: the part.
        report: what was counted.
        rows: a hash of each of its different rows, if they are to be looked up; shape (n_hashes,).
    """

    task: Task
    report: DataReport
    rows: np.ndarray


class Marks(NamedTuple):
    """What is to be known of a part's rows before any is written.

    Attributes:
        part: the part.
        rows: a hash of each row; shape (n_rows,), uint64.
        times: when each row was; missing for a row that cannot be used. Shape (n_rows,).
    """

    part: Part
    rows: np.ndarray
    times: pd.Series


class SeenApart:
    """Knows which rows of a part came before: in it, or, as somebody found out, in another one."""

    def __init__(self, before: np.ndarray) -> None:
        """Take the hashes of its rows that earlier parts have."""
        self._before, self.here = before, Seen()

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true where a hash comes for the first time; shape (n_rows,)."""
        return self.here.first(hashes) & ~np.isin(hashes, self._before)


class Noted:
    """Notes the hashes of rows, and takes all for new."""

    def __init__(self) -> None:
        self.hashes = [NONE]

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true for each row; shape (n_rows,)."""
        self.hashes.append(hashes)
        return np.ones(len(hashes), dtype=bool)


@dataclass(frozen=True)
class Job:
    """What is to be done with each part.

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
        """Return the marks of a part's rows, and the times that a column has."""
        noted, times, rows = Noted(), list[pd.Series](), self.params.chunk_rows
        label = f"times of {part}"
        for chunk in checked([part], self.schema, rows, label, self.clean, seen=noted):
            times.append(chunk.table[time].where(usable(chunk.violations, len(chunk.table))))
        return Marks(part, np.concatenate(noted.hashes), pd.concat(times, ignore_index=True))

    def write(
        self, task: Task, folders: Sequence[Path], assign_split: Assign, seen: First
    ) -> DataReport:
        """Write a part of each prepared table; return what was counted.

        Args:
            task: the part of data/raw.
            folders: where the parts of each split go.
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
    """Write all parts; yield what was counted in each, in their order."""
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
    """Return what is to be done where the latest rows are held back, and who they are."""

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

"""Delete people's rows from data/raw and the prediction log, and record what DVC keeps of them.

Nothing changes before all rows, predictions and objects of DVC are found. If a run was killed, the
next run finishes it.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tabrail import paths
from tabrail.data import tables
from tabrail.data.cleaning import Clean
from tabrail.data.persons import Persons
from tabrail.data.schema import Csv, Schema
from tabrail.data.without import write_without
from tabrail.documents import write_texts
from tabrail.dvc import repository
from tabrail.dvc.repository import Repository
from tabrail.erasure import history
from tabrail.errors import InputError
from tabrail.ingest import ingest
from tabrail.log import erasure as of_log
from tabrail.project import erased, git
from tabrail.project.project import Project

COPIES = paths.RAW.with_name(
    "forget.tmp"
)  # the tables without the rows, until they take their place
NEXT = (  # the gate asks about fewer rows than before
    "uv run dvc repro && git add --all && git commit --message 'Erase data' --message "
    "'Accept-Gate: rows: they were erased' && uv run dvc push && git push"
)
PURGE = "uv run tabrail forget --purge"
Show = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """The rows, predictions and objects to erase.

    Attributes:
        rows: the numbers of the rows to delete from each table of data/raw.
        predictions: the identifiers of the predictions to delete from the log.
        earlier: what was found in the data that DVC keeps.
    """

    rows: dict[Path, list[int]]
    predictions: set[str]
    earlier: history.Found

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.rows or self.predictions or self.earlier.objects)

    def text(self) -> str:
        """Return the plan as text."""
        rows = sum(map(len, self.rows.values()))
        files = ", ".join(map(str, self.rows)) or "nothing"
        lines = [
            f"{rows:,} rows of {paths.RAW.as_posix()} ({files})",
            f"{len(self.predictions):,} predictions of the prediction log",
            f"{len(self.earlier.objects):,} objects of earlier data in DVC's cache and remotes",
        ]
        return "\n".join(f"  {line}" for line in lines)


def forget(
    values: Sequence[str],
    column: str,
    predictions: Collection[str],
    show: Show,
    *,
    dry_run: bool,
) -> None:
    """Delete people's rows from data/raw and the log, and record what DVC keeps of them.

    Args:
        values: the key's values for these people.
        column: the column of the key; may be blank if the key has only one column.
        predictions: identifiers of their predictions, where the log does not have the key.
        show: prints a text for the user.
        dry_run: whether to show what would be done, and do nothing.

    Raises:
        InputError: the persons cannot be identified, a remote or the log does not answer, or
            something is not committed. Nothing has changed then.
    """
    project = Project.load()
    schema = project.schema
    persons = Persons.of(schema, values, column)
    if git.is_shallow():
        raise InputError(
            "this clone lacks the older part of its history, which may also have data to erase; "
            "run: git fetch --unshallow"
        )
    if not dry_run:
        shutil.rmtree(COPIES, ignore_errors=True)  # what a killed process has left
    known = erased.known()
    with repository.opened() as repo:
        plan = Plan(
            _rows(persons, schema, project.clean),
            of_log.find(lambda rows: _theirs(rows, persons, schema), set(predictions)),
            history.find(persons, schema, project.clean, repo.stores(), known),
        )
        _say_doubts(plan.earlier, persons, schema, predictions, show)
        if plan.is_empty:
            if not dry_run:
                of_log.overwrite()  # an earlier run may have been killed before
            show(
                "there is nothing to forget: no row, no prediction, and no object that is not "
                f"already in {paths.ERASED}"
            )
            return
        if not dry_run and (plan.rows or plan.earlier.objects):
            _require_committed(repo)
    if dry_run:
        show(f"these would be forgotten:\n{plan.text()}")
        return
    of_log.delete(plan.predictions)
    of_log.overwrite()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    record = erased.text(dict.fromkeys(plan.earlier.objects, today) | known)
    if plan.rows:
        _replace(plan.rows, schema, {paths.ERASED: record})
    elif plan.earlier.objects:
        write_texts({paths.ERASED: record})
    show(f"forgotten here, and recorded in {paths.ERASED}:\n{plan.text()}")
    show(f"now run: {NEXT}\nwhen that is merged, delete the objects with: {PURGE}")


def _rows(persons: Persons, schema: Schema, clean: Clean) -> dict[Path, list[int]]:
    """Return the rows of each table in data/raw that are theirs."""
    files = tables.find(paths.RAW)
    found = {}
    for file in files:
        rows = persons.rows_of(file, schema, clean)
        if rows is None:
            raise InputError(
                f"{file} has no column {persons.column!r}, so the persons of its rows are unknown; "
                f"run: uv run tabrail validate {paths.RAW.as_posix()}"
            )
        if len(rows):
            found[file] = [int(row) for row in rows]
    return found


def _theirs(rows: list[dict[str, Any]], persons: Persons, schema: Schema) -> Collection[bool]:
    """Return which rows of the log are theirs; the log has JSON, not CSV."""
    cells = pd.Series([row.get(persons.column) for row in rows], dtype="object")
    found: list[bool] = persons.are_in(cells, schema.model_copy(update={"csv": Csv()})).tolist()
    return found


def _require_committed(repo: Repository) -> None:
    """Check that Git and DVC have all that is here, so that nothing else is lost or erased.

    Raises:
        InputError: something is not committed.
    """
    if changed := git.changed_files():
        more = f" and {len(changed) - 1} more files are" if changed[1:] else " is"
        raise InputError(
            f"{changed[0]}{more} not committed; commit or undo your changes, then repeat the "
            "command"
        )
    if paths.RAW_POINTER.as_posix() in repo.stale():
        raise InputError(
            f"{paths.RAW.as_posix()} differs from what {paths.RAW_POINTER.as_posix()} records; "
            f"run: uv run dvc checkout {paths.RAW_POINTER.as_posix()}, or add new rows with: uv "
            "run tabrail ingest"
        )


def _replace(rows: dict[Path, list[int]], schema: Schema, texts: dict[Path, str]) -> None:
    """Write the tables again without the rows, and let DVC track them, all or nothing."""
    try:
        copies = {path: path for path in paths.RAW.rglob("*") if path.is_file()}
        for file, places in rows.items():
            copies[file] = COPIES / file.relative_to(paths.RAW)
            write_without(file, copies[file], places, schema)
            if not _has_rows(copies[file], schema):
                del copies[file]
        if not any(path.name.endswith(tables.SUFFIXES) for path in copies):
            raise InputError(f"{paths.RAW.as_posix()} would have no rows left; nothing has changed")
        ingest.replace_data(copies, texts)
    finally:
        shutil.rmtree(COPIES, ignore_errors=True)


def _has_rows(file: Path, schema: Schema) -> bool:
    """Return whether a table has any row: a file without rows is no table."""
    return any(len(chunk) for chunk in tables.read_chunks(file, schema, 1))


def _say_doubts(
    earlier: history.Found, persons: Persons, schema: Schema, given: Collection[str], show: Show
) -> None:
    """Show what could not be searched."""
    if earlier.unreadable:
        show(
            f"{len(earlier.unreadable):,} earlier tables can no longer be read; they are treated "
            "as if they had such rows"
        )
    if earlier.without_column:
        show(
            f"{len(earlier.without_column):,} earlier tables have no column {persons.column!r}; "
            "they are kept"
        )
    if earlier.lost:
        show(
            f"{len(earlier.lost):,} earlier versions of {paths.RAW.as_posix()} are in no known "
            "cache or remote"
        )
    if schema.columns[persons.column].sensitive and not given:
        show(
            f"column {persons.column!r} is sensitive, so the prediction log does not have it; give "
            "the ids of a person's predictions: --prediction ID"
        )

"""Check any table against the schema, and report all violations together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import load_params
from tabrail.data import dialect, tables
from tabrail.data.checks import Chunk, checked
from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.conform import HARMLESS, usable
from tabrail.data.date_order import read_usual_days
from tabrail.data.schema import Csv, load_schema
from tabrail.data.set_aside import SetAside
from tabrail.documents import no_formula
from tabrail.errors import InputError
from tabrail.files import replacing

SHOWN_ROWS = 5
WHOLE_ROW = "(whole row)"
LEFT_OUT = "left_out"


@dataclass
class Finding:
    """One kind of violation in one column.

    Attributes:
        column: its name.
        kind: the kind of violation.
        example: the first offending value.
        hint: what to know of it; blank if nothing is known.
        count: the number of rows with it.
        rows: the first of them, as file and number, counted from 1.
    """

    column: str
    kind: str
    example: str
    hint: str = ""
    count: int = 0
    rows: list[tuple[Path, int]] = field(default_factory=list)


@dataclass
class Verdict:
    """The violations of some tables.

    Attributes:
        files: the tables.
        rows: how many rows they have.
        rejected: the number of rows that no model can use, or that are duplicates.
        findings: the violations by column and kind.
        aside: the lines that are not rows; `rows` does not count them.
    """

    files: list[Path]
    rows: int = 0
    rejected: int = 0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    aside: SetAside = field(default_factory=SetAside)

    @property
    def has_errors(self) -> bool:
        """Whether a violation is more than a warning."""
        return any(found.kind not in HARMLESS for found in self.findings.values())

    @property
    def ordered(self) -> list[Finding]:
        """The violations, column by column."""
        return [self.findings[key] for key in sorted(self.findings)]

    def add(self, chunk: Chunk) -> np.ndarray:
        """Count a chunk; return true for the rows to reject, shape (n_rows,)."""
        for found in chunk.violations:
            self._note(chunk, found.column, found.kind, found.rows, repr(found.example), found.hint)
        if chunk.repeated.any():
            self._note(chunk, WHOLE_ROW, "duplicate", chunk.repeated, "equal to an earlier row")
        rejected = ~usable(chunk.violations, len(chunk.raw)) | chunk.repeated
        if len(chunk.left_out):
            self._note_left_out(chunk)
        self.rows += len(chunk.raw) + len(chunk.left_out)
        self.rejected += int(rejected.sum()) + len(chunk.left_out)
        return rejected

    def merge(self, other: "Verdict") -> None:
        """Merge the findings of one of the tables, or of a later part."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.aside.merge(other.aside)
        for key, found in other.findings.items():
            mine = self.findings.setdefault(key, replace(found, count=0, rows=[]))
            mine.count += found.count
            mine.rows += found.rows[: SHOWN_ROWS - len(mine.rows)]

    def content(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {
            "files": [str(file) for file in self.files],
            "rows": self.rows,
            "rejected": self.rejected,
            "set_aside": self.aside.content(),
            "notes": self.aside.noted(),
            "violations": [
                {
                    "column": found.column,
                    "fault": found.kind,  # a format that programs read
                    "count": found.count,
                    "example": found.example,
                    "rows": [{"file": str(file), "row": row} for file, row in found.rows],
                }
                for found in self.ordered
            ],
        }

    def text(self, consequence: str = "would be dropped") -> str:
        """Return all of it for people; `consequence` says what happens to the rejected rows."""
        head = f"{self.rows:,} rows in {', '.join(map(str, self.files))}"
        if not self.findings:
            return "\n".join([f"{head}: all conform to {paths.SCHEMA}", *self.aside.text()])
        lines = [f"{head}: {self.rejected or 'none'} {consequence}", *self.aside.text()]
        column = ""
        for found in self.ordered:
            if found.column != column:
                column = found.column
                lines.append(f"  {column}")
            numbers = ", ".join(f"{row:,}" for _, row in found.rows)
            where = f"{'row' if found.count == 1 else 'rows'} {numbers}"
            if found.count > len(found.rows):
                where += " …"
            if len(self.files) > 1:
                where += f", first in {found.rows[0][0]}"
            harmless = "; only a warning" if found.kind in HARMLESS else ""
            why = f"; {found.hint}" if found.hint else ""
            line = (
                f"{found.kind}: {found.count:,} ({where}), such as {found.example}{why}{harmless}"
            )
            lines.append(f"    {line}")
        return "\n".join(lines)

    def _note_left_out(self, chunk: Chunk) -> None:
        key = (WHOLE_ROW, LEFT_OUT)
        found = self.findings.setdefault(key, Finding(*key, "a row that clean does not return"))
        found.count += len(chunk.left_out)
        for row in chunk.left_out.index[: SHOWN_ROWS - len(found.rows)]:
            found.rows.append((chunk.file, int(row) + 1))

    def _note(
        self,
        chunk: Chunk,
        column: str,
        kind: str,
        rows: np.ndarray,
        example: str,
        why: str = "",
    ) -> None:
        found = self.findings.setdefault((column, kind), Finding(column, kind, example, why))
        found.count += int(rows.sum())
        for place in np.flatnonzero(rows)[: SHOWN_ROWS - len(found.rows)]:
            found.rows.append((chunk.file, int(chunk.raw.index[place]) + 1))


def validate(
    places: Sequence[Path], rejected: Path | None = None, clean: Clean = no_cleaning
) -> Verdict:
    """Check tables against schema.yaml.

    Memory is bounded by `prepare.chunk_rows` in params.yaml, not by the size of a file. A table
    to score may lack the columns that only training needs: the target and the weight.

    Args:
        places: files, or folders of them.
        rejected: a CSV file for the rows that `prepare` would drop, in the dialect of the project.
            Each line has the file, the row number, the reasons, and the row as it was read.
        clean: the owner's cleaning function.

    Raises:
        InputError: a file is not a table or lacks a column, or `rejected` already exists.
    """
    params, schema = load_params().prepare, load_schema()
    aside = SetAside()
    files = [file for place in places for file in tables.find(place, aside)]
    verdict = Verdict(files, aside=aside)
    for file in files:
        dialect.require(file, schema.csv)
    optional = {schema.target, schema.weight or schema.target}
    chunks = checked(
        files,
        schema,
        params.chunk_rows,
        "validate",
        clean,
        optional=optional,
        aside=verdict.aside,
        usual=read_usual_days(paths.DISTRIBUTIONS),
    )
    if rejected is None:
        for chunk in chunks:
            verdict.add(chunk)
        return verdict
    if rejected.exists():
        raise InputError(f"{rejected} already exists; delete it, or choose another name")
    with replacing(rejected) as [temporary], rejects(temporary, schema.csv) as reject:
        for chunk in chunks:
            reject(rejected_rows(chunk, verdict.add(chunk)))
    return verdict


@contextmanager
def rejects(path: Path, form: Csv) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Open a CSV file for rejected rows; yield a function that appends some.

    Args:
        path: the file.
        form: how CSV files of the project are written.
    """
    with path.open("w", encoding=form.encoding, errors="replace", newline="") as output:

        def append(rows: pd.DataFrame) -> None:
            is_first = output.tell() == 0
            rows.to_csv(
                output, sep=form.delimiter, index=False, header=is_first, lineterminator="\n"
            )

        yield append


def rejected_rows(chunk: Chunk, bad: np.ndarray) -> pd.DataFrame:
    """Return the rejected rows as they were read, with columns for their source and the reasons.

    No spreadsheet reads the file or the reasons as a formula, whatever the names of columns are.

    Args:
        chunk: the rows.
        bad: true for those that are rejected, besides those that were left out; shape (n_rows,).
    """
    reasons = [""] * len(bad)
    violations = [(found.column, found.kind, found.rows) for found in chunk.violations]
    for column, kind, rows in [*violations, (WHOLE_ROW, "duplicate", chunk.repeated)]:
        for place in np.flatnonzero(rows & bad):
            reasons[place] += f"{'; ' if reasons[place] else ''}{column}: {kind}"
    given = [reason for reason, is_bad in zip(reasons, bad, strict=True) if is_bad]
    given += [f"{WHOLE_ROW}: {LEFT_OUT} by clean"] * len(chunk.left_out)
    rows_as_read = pd.concat([chunk.raw[bad], chunk.left_out])
    where = pd.DataFrame(
        {
            "file": no_formula(str(chunk.file)),
            "row": rows_as_read.index + 1,
            "reasons": [no_formula(reason) for reason in given],
        },
        index=rows_as_read.index,
    )
    return pd.concat([where, rows_as_read], axis=1).sort_index()

"""Find lines of CSV files that are not rows; set them aside, count and show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tabrail import paths
from tabrail.data.below_rows import at_the_tail
from tabrail.data.edges import Edges
from tabrail.data.not_rows import VALUE, Columns, at_the_head, judged

SHOWN = 5
MARKS = ("#", "//", "%", "--", "/*")  # of a comment
MARKED = 0.05  # share of the first column's cells from which on a mark is part of the data
MOST_COMMENTS = 1000  # with delimiters in them, of a chunk
KEEP = f"To keep such lines as rows, write csv: {{set_aside: false}} in {paths.SCHEMA}"
BLANK, HEADER, COMMENT = "rows without any value", "repeated headers", "comments"


@dataclass
class Found:
    """Lines of one kind in one file: their count, and the numbers of the first ones, from 1."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass
class SetAside:
    """The lines that were set aside, by file and kind, and notes on how files were read.

    Attributes:
        found: the lines, by file and kind.
        notes: for each sentence, the files that it applies to.
    """

    found: dict[tuple[Path, str], Found] = field(default_factory=dict)
    notes: dict[str, list[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Sequence[Mapping[str, Any]]) -> "SetAside":
        """Rebuild the object from the result of `content`."""
        found = {
            (Path(one["file"]), one["lines"]): Found(one["count"], one["rows"]) for one in content
        }
        return cls(found)

    @property
    def count(self) -> int:
        """The number of lines."""
        return sum(one.count for one in self.found.values())

    def add(self, file: Path, kind: str, index: Sequence[int]) -> None:
        """Count lines of a file, given by their positions below the header."""
        one = self.found.setdefault((file, kind), Found())
        one.count += len(index)
        one.rows += [int(place) + 1 for place in index[: SHOWN - len(one.rows)]]

    def note(self, file: Path, sentence: str) -> None:
        """Add a note on how a file was read, once."""
        files = self.notes.setdefault(sentence, [])
        if file not in files:
            files.append(file)

    def add_all(self, other: "SetAside", files: Collection[Path]) -> None:
        """Add another object's lines of some files."""
        self.found |= {key: one for key, one in other.found.items() if key[0] in files}
        for sentence, noted in other.notes.items():
            for file in noted:
                if file in files:
                    self.note(file, sentence)

    def merge(self, other: "SetAside") -> None:
        """Add another object's lines of other files or later parts."""
        for (file, kind), one in other.found.items():
            mine = self.found.setdefault((file, kind), Found())
            mine.count += one.count
            mine.rows += one.rows[: SHOWN - len(mine.rows)]
        for sentence, files in other.notes.items():
            for file in files:
                self.note(file, sentence)

    def text(self) -> list[str]:
        """Return a sentence on each kind, for people, and the notes."""
        kinds = list(dict.fromkeys(kind for _, kind in self.found))
        lines = [self._sentence(kind) for kind in kinds]
        return [*lines[:-1], *([f"{lines[-1]}. {KEEP}"] if lines else []), *self.noted()]

    def noted(self) -> list[str]:
        """Return the notes, each with its first file."""
        return [f"{_named(files)}: {sentence}" for sentence, files in self.notes.items()]

    def _sentence(self, kind: str) -> str:
        files = [file for file, other in self.found if other == kind]
        count = sum(self.found[file, kind].count for file in files)
        rows = self.found[files[0], kind].rows
        numbers = ", ".join(f"{row:,}" for row in rows)
        more = " …" if self.found[files[0], kind].count > len(rows) else ""
        return (
            f"{count:,} "
            f"{'line is not a row and was' if count == 1 else 'lines are not rows and were'} set "
            f"aside: {kind} ({'row' if count == 1 else 'rows'} {numbers}{more} below the header of "
            f"{_named(files)})"
        )

    def content(self) -> list[dict[str, object]]:
        """Return all of it for JSON."""
        return [
            {"file": file.name, "lines": kind, "count": one.count, "rows": one.rows}
            for (file, kind), one in self.found.items()
        ]


def _named(files: Sequence[Path]) -> str:
    others = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    return f"{files[0].name}{others}"


class Sieve:
    """Finds the lines of one CSV file that are not rows."""

    def __init__(self, edges: Edges, known: Sequence[int] = ()) -> None:
        """Find the lines at both ends of the file.

        Args:
            edges: the first and the last lines.
            known: the positions of the columns that are measured by the schema.
        """
        self.columns: Columns = judged(edges, known)
        self._width = len(edges.names)
        self._lines: dict[tuple[str, ...], str] = {}
        head = at_the_head(edges.first, self.columns)
        for row, kind in zip(edges.first, head, strict=False):
            self._know(row, kind)
        rows = edges.first[len(head) :] if edges.whole else edges.last
        tail = at_the_tail(rows, self.columns, whole=edges.whole)
        for row, kind in zip(reversed(rows), tail, strict=False):
            self._know(row, kind or BLANK)
        if self._width > 1:
            self._know(edges.header, HEADER)
            self._know([], BLANK)
        first = self.columns.below[0] if self.columns.below else {}
        marked = sum(count for cell, count in first.items() if cell.startswith(MARKS))
        self._has_comments = self._width > 1 and marked <= MARKED * max(1, sum(first.values()))
        self._firsts = sorted({line[0] for line in self._lines})

    def knows(self, row: Sequence[str]) -> bool:
        """Check whether a line is set aside, by its cells as they are written."""
        cells = [cell.strip() for cell in row] or [""]
        padded = (*cells, *[""] * (self._width - len(cells)))
        is_comment = self._has_comments and cells[0].startswith(MARKS)
        return padded in self._lines or is_comment

    def _know(self, row: Sequence[str], kind: str) -> None:
        cells = [cell.strip() for cell in row][: self._width]
        self._lines.setdefault((*cells, *[""] * (self._width - len(cells))), kind)

    def sifted(self, chunk: pd.DataFrame, file: Path, aside: SetAside) -> pd.DataFrame:
        """Return the rows of a chunk; count the other lines.

        Args:
            chunk: consecutive lines with all columns of the file.
            file: where they are from.
            aside: counts the lines that are set aside.
        """
        if not self._firsts or not len(chunk.columns):
            return chunk
        first = _texts(chunk.iloc[:, 0])
        kinds = dict.fromkeys(self._comments(chunk, first), COMMENT)
        candidates = pc.is_in(first, pa.array(self._firsts, first.type))
        places = np.flatnonzero(candidates.to_numpy(zero_copy_only=False))
        for cells, kind in self._lines.items() if len(places) else ():
            same = places
            for column, cell in enumerate(cells):
                if not len(same):
                    break
                same = same[_equal(_texts(chunk.iloc[same, column]), cell)]
            kinds |= dict.fromkeys(same.tolist(), kind)
        places_of: dict[str, list[int]] = {}
        for place in sorted(kinds):
            places_of.setdefault(kinds[place], []).append(place)
        for kind, found in places_of.items():
            aside.add(file, kind, chunk.index[found].tolist())
        return chunk.drop(index=chunk.index[list(kinds)]) if kinds else chunk

    def _comments(self, chunk: pd.DataFrame, first: pa.Array) -> list[int]:
        """Return the positions of lines that begin with a comment mark and fit no column."""
        if not self._has_comments:
            return []
        marked = np.zeros(len(chunk), dtype=bool)
        for mark in MARKS:
            marked |= pc.starts_with(first, mark).to_numpy(zero_copy_only=False)
        if not marked.any() or marked.sum() > max(MOST_COMMENTS, MARKED * len(chunk)):
            return []
        found = []
        for place in np.flatnonzero(marked).tolist():
            cells = [_text(cell) for cell in chunk.iloc[place]]
            filled = [column for column, cell in enumerate(cells) if cell]
            values = [column for column in self.columns.measured if VALUE.match(cells[column])]
            if len(filled) == 1 or (self.columns.measured and not values):
                found.append(place)
        return found


def _texts(cells: pd.Series) -> pa.Array:
    """Return cells as text without surrounding blanks; a missing one becomes an empty text."""
    if not isinstance(cells.dtype, pd.StringDtype):
        cells = cells.map(_text).astype("str")
    array = pa.array(cells, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pc.ascii_trim_whitespace(pc.fill_null(array, ""))


def _text(cell: object) -> str:
    return "" if cell != cell or cell is None else str(cell).strip()


def _equal(array: pa.Array, cell: str) -> np.ndarray:
    found: np.ndarray = pc.equal(array, cell).to_numpy(zero_copy_only=False)
    return found

"""Build reports/data.json: rows read, rows dropped and why, and statistics of the target."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabrail import paths
from tabrail.config import Tolerance
from tabrail.data import wrong_entries
from tabrail.data.checks import Chunk
from tabrail.data.conform import HARMLESS
from tabrail.data.rounding import outward
from tabrail.data.schema import Schema, encode_target
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError

SPLITS = ("train", "validation", "test")


@dataclass
class Moments:
    """Mean and standard deviation of numbers that come in parts.

    Source: Chan, Golub and LeVeque, 1983, "Algorithms for Computing the Sample Variance".
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def add(self, values: np.ndarray) -> None:
        """Take in a part; shape (n_rows,)."""
        if not len(values):
            return
        total = self.count + len(values)
        with np.errstate(over="ignore"):  # squares may overflow: no spread then
            mean = values.mean()
            shift = mean - self.mean
            self.squares += float(np.square(values - mean).sum())
            self.squares += float(np.square(shift) * (self.count * len(values) / total))
        self.mean += float(shift) * (len(values) / total)
        self.count = total
        self.least = min(self.least, float(values.min()))
        self.most = max(self.most, float(values.max()))

    def merge(self, other: "Moments") -> None:
        """Merge the moments of other numbers."""
        if not other.count:
            return
        total = self.count + other.count
        shift = other.mean - self.mean
        with np.errstate(over="ignore"):
            self.squares += other.squares
            self.squares += float(np.square(shift) * (self.count * other.count / total))
        self.mean += shift * (other.count / total)
        self.count = total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    def content(self) -> dict[str, float]:
        """Return the figures by name; the ends are rounded outward, to be no row's value."""
        spread = math.sqrt(self.squares / self.count)
        least, most = outward(self.least, self.most)
        return {"mean": self.mean, "std": spread, "min": least, "max": most}


@dataclass
class DataReport:
    """Count the rows that `prepare` reads, drops and assigns to splits, chunk by chunk."""

    schema: Schema
    raw: int = 0
    left_out: int = 0
    split_rows: Counter[str] = field(default_factory=Counter)
    classes: dict[str, Counter[str]] = field(default_factory=partial(defaultdict, Counter))
    moments: dict[str, Moments] = field(default_factory=partial(defaultdict, Moments))
    weights: dict[str, float] = field(default_factory=partial(defaultdict, float))
    missing: Counter[str] = field(default_factory=Counter)
    violating_rows: Counter[str] = field(default_factory=Counter)
    violating_cells: dict[str, Counter[str]] = field(default_factory=partial(defaultdict, Counter))
    examples: dict[str, str] = field(default_factory=dict)
    aside: SetAside = field(default_factory=SetAside)
    swapped: set[str] = field(default_factory=set)

    def add(self, chunk: Chunk) -> None:
        """Count a chunk's rows and violations."""
        by_kind: dict[str, np.ndarray] = {"duplicate": chunk.repeated}
        for found in chunk.violations:
            by_kind[found.kind] = by_kind.get(found.kind, False) | found.rows
            self.violating_cells[found.kind][found.column] += int(found.rows.sum())
            row = chunk.raw.index[int(found.rows.argmax())] + 1
            if found.kind == "date_order":
                self.swapped.add(f"{found.column}: {found.hint or 'dates'} ({chunk.file})")
            self.examples.setdefault(
                found.kind, f"{found.column} is {found.example!r} in row {row:,} of {chunk.file}"
            )
        for kind, rows in by_kind.items():
            self.violating_rows[kind] += int(rows.sum())
        self.raw += len(chunk.raw) + len(chunk.left_out)
        self.left_out += len(chunk.left_out)

    def add_split(self, split: str, table: pa.Table) -> None:
        """Count the rows of a split, their missing values, and the target."""
        self.split_rows[split] += len(table)
        weight = self.schema.weight
        self.weights[split] += float(table[weight].to_pandas().sum()) if weight else len(table)
        y_true = encode_target(table[self.schema.target].to_pandas(), self.schema)
        if self.schema.task == "regression":
            self.moments[split].add(y_true)
        else:
            counts = np.bincount(y_true, minlength=len(self.schema.classes))
            for name, count in zip(self.schema.classes, counts, strict=True):
                self.classes[split][name] += int(count)
        for name, column in self.schema.used.items():
            empty = table[name].null_count
            if column.kind == "text":  # a missing text is an empty one
                empty = pc.sum(pc.equal(table[name], "")).as_py() or 0
            self.missing[name] += int(empty)

    def merge(self, other: "DataReport") -> None:
        """Merge the counts of later files or parts."""
        self.raw += other.raw
        self.left_out += other.left_out
        self.split_rows.update(other.split_rows)
        self.missing.update(other.missing)
        self.violating_rows.update(other.violating_rows)
        for split, counts in other.classes.items():
            self.classes[split].update(counts)
        for split, moments in other.moments.items():
            self.moments[split].merge(moments)
        for split, weight in other.weights.items():
            self.weights[split] += weight
        for kind, cells in other.violating_cells.items():
            self.violating_cells[kind].update(cells)
        self.examples = other.examples | self.examples
        self.aside.merge(other.aside)
        self.swapped |= other.swapped

    def refuse(self, tolerance: Tolerance) -> None:
        """Refuse data that is not fit for training.

        Raises:
            InputError: a kind of violation exceeds its tolerance, or the target of a split cannot
                be used.
        """
        if not self.raw:
            raise InputError(f"{paths.RAW} has no rows below its header")
        beyond = [
            self._line(kind, limit)
            for kind, limit in tolerance
            if self.violating_rows[kind] > limit * self.raw
        ]
        if beyond:
            head = f"{paths.RAW} breaks the schema in {paths.SCHEMA}:"
            accepted = tolerance.accepting(
                {
                    kind: self.violating_rows[kind] / self.raw
                    for kind, limit in tolerance
                    if self.violating_rows[kind] > limit * self.raw
                }
            )
            correct = f"correct the data, or the schema in {paths.SCHEMA}, or accept it: {accepted}"
            wrong = wrong_entries.advice(self.violating_rows, self.violating_cells, self.raw)
            advice = wrong or correct
            raise InputError("\n".join([head, *beyond, advice]))
        for split in SPLITS:
            if problem := self._target_problem(split):
                raise InputError(
                    f"target {self.schema.target}: of the {self.split_rows[split]:,} rows for "
                    f"{split}, {problem}; add more rows, or change the key in {paths.SCHEMA} or "
                    f"prepare.split in {paths.PARAMS}"
                )

    def content(self) -> dict[str, Any]:
        """Return the content of reports/data.json."""
        total = sum(self.split_rows.values())
        aside = {"set_aside": self.aside.content()} if self.aside.found else {}
        return {
            "rows": {
                "raw": self.raw,
                "left_out": self.left_out,
                "dropped": self.raw - self.left_out - total,
                **self.split_rows,
            },
            "target": {split: self._target(split) for split in SPLITS},
            "missing_share": {column: count / total for column, count in self.missing.items()},
            "violations": {
                kind: {"rows": self.violating_rows[kind], "columns": self.violating_cells[kind]}
                for kind in Tolerance.model_fields
            },
            **aside,
        }

    def summary(self) -> str:
        """Return the counts in one line, after the counts of lines that are not rows."""
        parts = ", ".join(f"{self.split_rows[split]:,} for {split}" for split in SPLITS)
        dropped = self.raw - self.left_out - sum(self.split_rows.values())
        left_out = f"{self.left_out:,} left out by clean, " if self.left_out else ""
        reasons = {
            kind: self.violating_rows[kind]
            for kind in Tolerance.model_fields
            if kind not in HARMLESS and self.violating_rows[kind]
        }
        why = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in reasons.items())
        if sum(reasons.values()) > dropped:
            why += "; some rows for several reasons"
        because = f" ({why})" if why and dropped else ""
        counts = f"{self.raw:,} rows read, {left_out}{dropped:,} dropped{because}: {parts}"
        return "\n".join([*self.aside.text(), *sorted(self.swapped), counts])

    def _target(self, split: str) -> dict[str, float]:
        if self.schema.task == "regression":
            return self.moments[split].content()
        shares = {name: n / self.split_rows[split] for name, n in self.classes[split].items()}
        if self.schema.task == "binary":
            return {"positive": shares[self.schema.classes[1]]}
        return shares

    def _target_problem(self, split: str) -> str:
        """Return why the target of a split cannot be used, or ""."""
        if self.split_rows[split] and not self.weights[split]:
            return f"all have a {self.schema.weight} of 0"
        if self.schema.task == "regression":
            moments = self.moments[split]
            return "" if moments.most > moments.least else "all have the same value, or none has"
        found = [f"{n:,} are {name}" for name, n in self.classes[split].items()]
        present = sum(count > 0 for count in self.classes[split].values())
        if self.schema.task == "binary" and present < 2:
            return f"{' and '.join(found)}, and both classes are needed"
        return "" if present > 1 else f"{', '.join(found)}, and two classes are needed"

    def _line(self, kind: str, limit: float) -> str:
        count = self.violating_rows[kind]
        line = f"  {kind}: {count:,} of {self.raw:,} rows ({count / self.raw:.2%}), tolerated "
        line += f"{limit:.2%}"
        if columns := self.violating_cells[kind].most_common(5):
            line += "; by column: " + ", ".join(f"{name} {cells:,}" for name, cells in columns)
            line += f"; first: {self.examples[kind]}"
        return line

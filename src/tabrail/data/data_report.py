"""reports/data.json: what came in, what was dropped and why, and what the target looks like."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Tolerance
from tabrail.data.checks import Chunk
from tabrail.data.schema import Schema, encode_target
from tabrail.errors import InputError

SPLITS = ("train", "validation", "test")


@dataclass
class Moments:
    """Mean and spread of numbers that come in parts.

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
        with np.errstate(over="ignore"):  # the squares of enormous numbers: no spread is given then
            mean = values.mean()
            shift = mean - self.mean
            self.squares += float(np.square(values - mean).sum())
            self.squares += float(np.square(shift) * (self.count * len(values) / total))
        self.mean += float(shift) * (len(values) / total)
        self.count = total
        self.least = min(self.least, float(values.min()))
        self.most = max(self.most, float(values.max()))

    def content(self) -> dict[str, float]:
        """Return the figures by name."""
        spread = math.sqrt(self.squares / self.count)
        return {"mean": self.mean, "std": spread, "min": self.least, "max": self.most}


@dataclass
class DataReport:
    """Counts chunk by chunk what `prepare` finds, drops and keeps."""

    schema: Schema
    raw: int = 0
    left_out: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    classes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    moments: dict[str, Moments] = field(default_factory=lambda: defaultdict(Moments))
    weights: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    missing: Counter[str] = field(default_factory=Counter)
    faulty_rows: Counter[str] = field(default_factory=Counter)
    faulty_cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Count a chunk's rows, and what is wrong with them."""
        faults: dict[str, np.ndarray] = {"duplicate": chunk.repeated}
        for found in chunk.violations:
            faults[found.fault] = faults.get(found.fault, False) | found.rows
            self.faulty_cells[found.fault][found.column] += int(found.rows.sum())
            row = chunk.raw.index[int(found.rows.argmax())] + 1
            self.examples.setdefault(
                found.fault, f"{found.column} is {found.example!r} in row {row:,} of {chunk.file}"
            )
        for fault, rows in faults.items():
            self.faulty_rows[fault] += int(rows.sum())
        self.raw += len(chunk.raw) + len(chunk.left_out)
        self.left_out += len(chunk.left_out)

    def add_kept(self, split: str, table: pd.DataFrame) -> None:
        """Count the rows that a split gets, what is missing in them, and the target."""
        self.kept[split] += len(table)
        weight = self.schema.weight
        self.weights[split] += float(table[weight].sum()) if weight else len(table)
        y_true = encode_target(table[self.schema.target], self.schema)
        if self.schema.task == "regression":
            self.moments[split].add(y_true)
        else:
            counts = np.bincount(y_true, minlength=len(self.schema.classes))
            for name, count in zip(self.schema.classes, counts, strict=True):
                self.classes[split][name] += int(count)
        for name in table.columns:
            is_text = self.schema.columns[name].kind == "text"
            empty = table[name] == "" if is_text else table[name].isna()
            self.missing[name] += int(empty.sum())

    def refuse(self, tolerance: Tolerance) -> None:
        """Refuse data that cannot or should not be learned from.

        Raises:
            InputError: a kind of violation is beyond its tolerance, or the target says nothing.
        """
        if not self.raw:
            raise InputError(f"{paths.RAW} has no rows below its header")
        beyond = [
            self._line(fault, limit)
            for fault, limit in tolerance
            if self.faulty_rows[fault] > limit * self.raw
        ]
        if beyond:
            head = f"{paths.RAW} breaks the schema in {paths.SCHEMA}:"
            advice = (
                f"correct the data, or the schema in {paths.SCHEMA}, or accept it under "
                f"prepare.tolerance in {paths.PARAMS}"
            )
            raise InputError("\n".join([head, *beyond, advice]))
        for split in SPLITS:
            if lack := self._lack(split):
                raise InputError(
                    f"target {self.schema.target}: of the {self.kept[split]:,} rows for {split}, "
                    f"{lack}; bring more rows, or change the key in {paths.SCHEMA} or "
                    f"prepare.split in {paths.PARAMS}"
                )

    def content(self) -> dict[str, Any]:
        """Return what reports/data.json says."""
        kept = sum(self.kept.values())
        return {
            "rows": {
                "raw": self.raw,
                "left_out": self.left_out,
                "dropped": self.raw - self.left_out - kept,
                **self.kept,
            },
            "target": {split: self._target(split) for split in SPLITS},
            "missing_share": {column: count / kept for column, count in self.missing.items()},
            "violations": {
                fault: {"rows": self.faulty_rows[fault], "columns": self.faulty_cells[fault]}
                for fault in Tolerance.model_fields
            },
        }

    def summary(self) -> str:
        """Return what was done in one line."""
        parts = ", ".join(f"{self.kept[split]:,} for {split}" for split in SPLITS)
        dropped = self.raw - self.left_out - sum(self.kept.values())
        left_out = f"{self.left_out:,} left out by clean, " if self.left_out else ""
        return f"{self.raw:,} rows read, {left_out}{dropped:,} dropped: {parts}"

    def _target(self, split: str) -> dict[str, float]:
        if self.schema.task == "regression":
            return self.moments[split].content()
        shares = {name: n / self.kept[split] for name, n in self.classes[split].items()}
        if self.schema.task == "binary":
            return {"positive": shares[self.schema.classes[1]]}
        return shares

    def _lack(self, split: str) -> str:
        """Return what a split lacks for the task, or ""."""
        if self.kept[split] and not self.weights[split]:
            return f"all have a {self.schema.weight} of 0"
        if self.schema.task == "regression":
            moments = self.moments[split]
            return "" if moments.most > moments.least else "all have the same value, or none has"
        found = [f"{n:,} are {name}" for name, n in self.classes[split].items()]
        there = sum(count > 0 for count in self.classes[split].values())
        if self.schema.task == "binary" and there < 2:
            return f"{' and '.join(found)}, and both classes are needed"
        return "" if there > 1 else f"{', '.join(found)}, and two classes are needed"

    def _line(self, fault: str, limit: float) -> str:
        count = self.faulty_rows[fault]
        line = f"  {fault}: {count:,} of {self.raw:,} rows ({count / self.raw:.2%}), tolerated "
        line += f"{limit:.2%}"
        if columns := self.faulty_cells[fault].most_common(5):
            line += "; by column: " + ", ".join(f"{name} {cells:,}" for name, cells in columns)
            line += f"; first: {self.examples[fault]}"
        return line

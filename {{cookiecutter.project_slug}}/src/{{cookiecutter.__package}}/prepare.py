"""Stage 1: hold the raw tables against the contract, drop what breaks it, and split the rest."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from . import params, paths, schema, tables
from .documents import replacing, to_json
from .errors import InputError, run_stage
from .split import Seen, assign, row_hashes

SPLITS = {"train": paths.TRAIN, "validation": paths.VALIDATION, "test": paths.TEST}


def main() -> None:
    """Read data/raw; write the three prepared tables and reports/data.json.

    Raises:
        InputError: the data breaks the contract beyond what params.yaml tolerates, or a split
            would be without one of the target's classes.
    """
    knobs, contract = params.load().prepare, schema.load()
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in contract.used})
    template, _ = schema.conform(nothing, contract)
    report, seen = Report(), Seen()
    with replacing(*SPLITS.values(), paths.DATA_REPORT) as (*part_files, report_file):
        with ExitStack() as open_files:
            writers = {
                split: open_files.enter_context(tables.Writer(file, template))
                for split, file in zip(SPLITS, part_files, strict=True)
            }
            for file, raw in _chunks(knobs.chunk_rows, contract):
                table, violations = schema.conform(raw, contract)
                first = seen.first(row_hashes(table))
                report.add(file, table.index, violations, ~first)
                clean = table[first & schema.usable(violations, len(table))]
                sides = assign(clean, contract, knobs.split)
                for split, writer in writers.items():
                    rows = clean[sides == split]
                    writer.write(rows)
                    report.add_kept(split, rows, schema.truth(rows[contract.target], contract))
                del raw, table, clean, rows  # before the next chunk is read beside them
        report.refuse(knobs.tolerance, contract)
        report_file.write_text(to_json(report.content()), encoding="utf-8", newline="\n")
    print(report.summary())


@dataclass
class Report:
    """What came in, what was dropped and why, and what the target looks like."""

    raw: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    positives: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    faulty_rows: Counter[str] = field(default_factory=Counter)
    faulty_cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[str, str] = field(default_factory=dict)

    def add(
        self, file: Path, index: pd.Index, violations: list[schema.Violation], repeated: np.ndarray
    ) -> None:
        """Count a chunk's rows, and what is wrong with them."""
        faults: dict[str, np.ndarray] = {"duplicate": repeated}
        for found in violations:
            faults[found.fault] = faults.get(found.fault, False) | found.rows
            self.faulty_cells[found.fault][found.column] += int(found.rows.sum())
            row = index[int(found.rows.argmax())] + 1
            self.examples.setdefault(
                found.fault, f"{found.column} is {found.example!r} in row {row:,} of {file}"
            )
        for fault, rows in faults.items():
            self.faulty_rows[fault] += int(rows.sum())
        self.raw += len(index)

    def add_kept(self, split: str, table: pd.DataFrame, truth: np.ndarray) -> None:
        """Count the rows that a split gets, and what is missing in them."""
        self.kept[split] += len(table)
        self.positives[split] += int(truth.sum())
        for column in table.columns:
            self.missing[column] += int(table[column].isna().sum())

    def refuse(self, tolerance: params.Tolerance, contract: schema.Schema) -> None:
        """Refuse data that cannot or should not be learned from.

        Raises:
            InputError: a kind of violation is beyond its tolerance, or a class is absent.
        """
        if not self.raw:
            raise InputError(f"{paths.RAW} has no rows below its header")
        beyond = [
            self._line(fault, limit)
            for fault, limit in tolerance
            if self.faulty_rows[fault] > limit * self.raw
        ]
        if beyond:
            head = f"{paths.RAW} breaks the contract in {paths.SCHEMA}:"
            advice = (
                f"correct the data, or the contract in {paths.SCHEMA}, or accept it under "
                f"prepare.tolerance in {paths.PARAMS}"
            )
            raise InputError("\n".join([head, *beyond, advice]))
        for split in SPLITS:
            if not 0 < self.positives[split] < self.kept[split]:
                raise InputError(
                    f"target {contract.target}: of the {self.kept[split]:,} rows for {split}, "
                    f"{self.positives[split]:,} are positive, and both classes are needed; bring "
                    f"more rows, or change the key in {paths.SCHEMA} or prepare.split in "
                    f"{paths.PARAMS}"
                )

    def content(self) -> dict[str, Any]:
        """Return what reports/data.json says."""
        kept = sum(self.kept.values())
        return {
            "rows": {"raw": self.raw, "dropped": self.raw - kept, **self.kept},
            "target_share": {split: self.positives[split] / self.kept[split] for split in SPLITS},
            "missing_share": {column: count / kept for column, count in self.missing.items()},
            "violations": {
                fault: {"rows": self.faulty_rows[fault], "columns": self.faulty_cells[fault]}
                for fault in params.Tolerance.model_fields
            },
        }

    def summary(self) -> str:
        """Return what was done in one line."""
        parts = ", ".join(f"{self.kept[split]:,} for {split}" for split in SPLITS)
        return f"{self.raw:,} rows read, {self.raw - sum(self.kept.values()):,} dropped: {parts}"

    def _line(self, fault: str, limit: float) -> str:
        count = self.faulty_rows[fault]
        line = f"  {fault}: {count:,} of {self.raw:,} rows ({count / self.raw:.2%}), tolerated "
        line += f"{limit:.2%}"
        if columns := self.faulty_cells[fault].most_common(5):
            line += "; by column: " + ", ".join(f"{name} {cells:,}" for name, cells in columns)
            line += f"; first: {self.examples[fault]}"
        return line


def _chunks(rows: int, contract: schema.Schema) -> Iterator[tuple[Path, pd.DataFrame]]:
    """Read all raw tables after a look at each one's header, with a bar when it takes long."""
    files = tables.find(paths.RAW)
    for file in files:
        schema.require_columns(tables.columns(file), contract, file)
    with tqdm(desc="prepare", unit=" rows", unit_scale=True, delay=1, disable=None) as progress:
        for file in files:
            for chunk in tables.read_chunks(
                file, list(contract.used), contract.text, contract.missing, rows
            ):
                progress.update(len(chunk))
                yield file, chunk
                del chunk


if __name__ == "__main__":
    run_stage(main)

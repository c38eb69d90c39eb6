"""Print results as Markdown tables whose columns stand below each other."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

KEPT = "BENCHMARK_LINES"  # of the environment: the file in which `all.py` wants the lines


class Row(NamedTuple):
    """A line of the results; without a limit there is no verdict.

    Attributes:
        what: what was measured.
        value: the result.
        unit: its unit.
        limit: the most that it may be.
        least: the least that it may be.
    """

    what: str
    value: float
    unit: str
    limit: float | None = None
    least: float | None = None

    def cells(self) -> list[str]:
        """Return the line as text: what, value, limit, verdict."""
        value = _number(self.value, self.unit)
        if self.limit is not None:
            verdict = "ok" if self.value <= self.limit else "OVER"
            return [self.what, value, f"≤ {_number(self.limit, self.unit)}", verdict]
        if self.least is not None:
            verdict = "ok" if self.value >= self.least else "UNDER"
            return [self.what, value, f"≥ {_number(self.least, self.unit)}", verdict]
        return [self.what, value, "", ""]


class Line(NamedTuple):
    """A line of the one table of all programs: ours beside a limit or a peer of the same run.

    Attributes:
        work: what is done.
        ours: what it costs.
        unit: of both values.
        other: the limit or the peer.
        value: what that costs.
        ratio: the median of the rounds' ratios of ours to the other.
        goal: what the ratio may be; None if there is no goal.
    """

    work: str
    ours: float
    unit: str
    other: str
    value: float
    ratio: float
    goal: float | None = None

    def cells(self) -> list[str]:
        """Return the line as text."""
        verdict = "" if self.goal is None else "ok" if self.ratio <= self.goal else "OVER"
        return [
            self.work,
            _number(self.ours, self.unit),
            self.other,
            _number(self.value, self.unit),
            f"{self.ratio:.2f} x",
            "" if self.goal is None else f"≤ {self.goal:.2f} x",
            verdict,
        ]


def show(title: str, rows: Sequence[Row], lines: Sequence[Line] = ()) -> None:
    """Print a table of results under a title, and keep its lines for the table of all programs."""
    _print(title, [["what", "value", "limit", "verdict"], *(row.cells() for row in rows)])
    if path := os.environ.get(KEPT):
        with Path(path).open("a", encoding="utf-8") as kept:
            kept.writelines(f"{json.dumps(line)}\n" for line in lines)
    elif lines:
        show_lines(lines)


def show_lines(lines: Sequence[Line]) -> None:
    """Print ours beside the limits and the peers."""
    heads = ["work", "ours", "limit or peer", "its value", "ratio", "goal", "verdict"]
    _print("Beside limits and peers", [heads, *(line.cells() for line in lines)])


def kept_lines(path: Path) -> list[Line]:
    """Return the lines that programs have kept."""
    return [Line(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _print(title: str, cells: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    print(f"\n### {title}\n")
    for what, *others in cells:
        aligned = [what.ljust(widths[0])]
        aligned += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print(f"| {' | '.join(aligned)} |")
    print(flush=True)


def _number(value: float, unit: str) -> str:
    if not unit:
        return f"{value:.3f}"
    return f"{value:,.0f} {unit}" if unit in ("MB", "/s") else f"{value:.2f} {unit}"

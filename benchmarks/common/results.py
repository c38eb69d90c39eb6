"""Print results as a Markdown table whose columns stand below each other."""

from typing import NamedTuple


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


def show(title: str, rows: list[Row]) -> None:
    """Print a table of results under a title."""
    cells = [["what", "value", "limit", "verdict"], *(row.cells() for row in rows)]
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

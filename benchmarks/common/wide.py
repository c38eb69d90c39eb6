"""A table with as many columns or categories as wanted."""

from pathlib import Path

from .project import Project

WRITE = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd

columns, categories, rows = map(int, sys.argv[1:])
random, values = np.random.default_rng(0), {"row": np.arange(rows)}
words = [f"word {place}" for place in range(categories)]
lines = ["name: wide", "task: binary", "target: late", "key: [row]", "columns:"]
lines.append("  row: {kind: identifier}")
for place in range(columns - 2):
    name = f"c{place}"
    if place % 4 == 3:
        values[name] = random.choice(words, rows)
        lines.append(f"  {name}: {{kind: categorical, categories: [{', '.join(words)}]}}")
    else:
        numbers = random.normal(size=rows).round(4)
        values[name] = np.where(random.random(rows) < 0.1, np.nan, numbers)
        lines.append(f"  {name}: {{kind: numeric, nullable: true, min: -100, max: 100}}")
values["late"] = random.random(rows) < 0.3
lines.append("  late: {kind: boolean}")
Path("data/raw").mkdir(parents=True, exist_ok=True)
pd.DataFrame(values).to_csv("data/raw/rows.csv", index=False)
Path("schema.yaml").write_text("\\n".join(lines) + "\\n")
"""


def write_wide(
    project: Project, folder: Path, *, columns: int, categories: int = 3, rows: int = 10_000
) -> None:
    """Write a table and its schema into a copy of a project.

    Args:
        project: has the libraries to write with.
        folder: the copy.
        columns: how many columns; every fourth one is categorical.
        categories: of each such column.
        rows: how many rows.
    """
    given = map(str, (columns, categories, rows))
    project.run("python", "-c", WRITE, *given, folder=folder)

"""What `ingest`, `validate` and `prepare` cost on CSV files of 10^5 to 10^7 rows.

The measure of all is reading the file once.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from common.measure import alternate, cpu, ratio, run, say, wall
from common.project import PACKAGE, Project, finished
from common.results import Row, show

REPETITIONS = {100_000: 5, 1_000_000: 3, 10_000_000: 1}  # by number of rows
LARGEST_READ_AT_ONCE = 1_000_000
CHUNK = 100_000
PEAK_LIMIT = 500
IN_CHUNKS = "pd.read_csv in chunks"
FILES = ("params.yaml", "schema.yaml", "dvc.yaml", ".dvc/config", ".dvcignore", ".gitignore")
BYTES_PER_ROW = 350  # 101 in the CSV, in its copy and in DVC's cache, and the prepared tables
GROW = f"""
import sys
import numpy as np
import pandas as pd

sample = pd.read_parquet(sys.argv[1])
target, begin, end = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for start in range(begin, end, {CHUNK}):
    stop = min(start + {CHUNK}, end)
    rows = sample.iloc[np.random.default_rng(start).integers(0, len(sample), stop - start)]
    # Flights are numbered through, so that no row is the duplicate of another.
    rows.assign(flight=range(start, stop)).to_csv(
        target, mode="a", header=start == 0, index=False, lineterminator="\\n"
    )
"""
READ_IN_CHUNKS = f"""
import sys
import pandas as pd

for _ in pd.read_csv(sys.argv[1], chunksize={CHUNK}):
    pass
"""
READ_AT_ONCE = """
import sys
import pandas as pd

pd.read_csv(sys.argv[1])
"""


def main() -> None:
    """Let one file grow, and measure at every size."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, finished() as project:
        work = Path(folder)
        needed, free = max(REPETITIONS) * BYTES_PER_ROW, shutil.disk_usage(work).free
        if free < needed:
            sys.exit(
                f"could not measure: needs {needed / 1e9:.1f} GB of disk, has {free / 1e9:.1f}"
            )
        copy(project, work)
        sample = project.path / "data" / "raw" / "flights.parquet"
        table = work / "rows.csv"
        begin = 0
        for rows in REPETITIONS:
            say(f"{rows:,} rows: writing the CSV file")
            project.run("python", "-c", GROW, sample, table, str(begin), str(rows))
            begin = rows
            show(
                f"{rows:,} rows ({table.stat().st_size / 1e6:,.0f} MB of CSV)",
                measure(project, work, table, rows),
            )


def copy(project: Project, work: Path) -> None:
    """Make another project in a folder, with the code of this one and without its data."""
    for name in FILES:
        (work / name).parent.mkdir(exist_ok=True)
        shutil.copy(project.path / name, work / name)
    run(["git", "init", "--quiet"], work)


def measure(project: Project, work: Path, table: Path, rows: int) -> list[Row]:
    """Measure at one size."""
    verb = ("-c", f"from {PACKAGE}.cli import app; app()")
    commands: dict[str, tuple[str | Path, ...]] = {
        "ingest": (*verb, "ingest", table, "--target", "late", "--replace"),
        "validate": (*verb, "validate", table),
        "prepare": ("-m", f"{PACKAGE}.prepare"),
        IN_CHUNKS: ("-c", READ_IN_CHUNKS, table),
    }
    if rows <= LARGEST_READ_AT_ONCE:
        commands["pd.read_csv at once"] = ("-c", READ_AT_ONCE, table)
    say(f"{rows:,} rows: {', '.join(commands)}")
    measured = alternate(
        REPETITIONS[rows],
        *(
            lambda c=command: project.run("python", *c, folder=work)
            for command in commands.values()
        ),
        warm_up=REPETITIONS[rows] > 1,  # what imports need is cached by then
    )
    results: list[Row] = []
    for name, costs in zip(commands, measured, strict=True):
        limit = None if name.startswith("pd.") else PEAK_LIMIT
        results += [
            Row(f"{name}, CPU", cpu(costs), "s"),
            Row(f"{name}, wall clock", wall(costs), "s"),
            Row(f"{name}, peak memory", max(cost.peak_mb for cost in costs), "MB", limit),
        ]
    reading = measured[list(commands).index(IN_CHUNKS)]
    results += [
        Row(f"{name} / {IN_CHUNKS}, CPU", ratio(costs, reading), "x")
        for name, costs in zip(commands, measured, strict=True)
        if not name.startswith("pd.")
    ]
    return results


if __name__ == "__main__":
    main()

"""What `ingest`, `validate` and `prepare` cost on CSV files of 10^5 to 10^7 rows.

The measure of all is reading the file once.
"""

import shutil
import tempfile
from pathlib import Path

from common.growing import CHUNK, grown
from common.measure import alternate, cpu, ratio, run, say, wall
from common.project import Project, finished
from common.results import Row, show

REPETITIONS = {100_000: 5, 1_000_000: 3, 10_000_000: 1}  # by number of rows
LARGEST_READ_AT_ONCE = 1_000_000
PEAK_LIMIT = 500
IN_CHUNKS, AS_TEXT = "pd.read_csv in chunks", "pd.read_csv in chunks, all cells as text"
FILES = (
    *("params.yaml", "schema.yaml", "dvc.yaml", "pyproject.toml", ".tabrail.json", ".gitignore"),
    *(".dvc/config", ".dvcignore", "src"),
)
BYTES_PER_ROW = 350  # 101 in the CSV, in its copy and in DVC's cache, and the prepared tables
READ_IN_CHUNKS = f"""
import sys
import pandas as pd

for _ in pd.read_csv(sys.argv[1], chunksize={CHUNK}):
    pass
"""
READ_AS_TEXT = READ_IN_CHUNKS.replace("chunksize", "dtype='str', chunksize")
READ_AT_ONCE = """
import sys
import pandas as pd

pd.read_csv(sys.argv[1])
"""


def main() -> None:
    """Let one file grow, and measure at every size."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, finished() as project:
        work = Path(folder)
        copy(project, work)
        table = work / "rows.csv"
        for rows in grown(project, table, REPETITIONS, BYTES_PER_ROW):
            show(
                f"{rows:,} rows ({table.stat().st_size / 1e6:,.0f} MB of CSV)",
                measure(project, work, table, rows),
            )


def copy(project: Project, work: Path) -> None:
    """Make another project in a folder, with the code of this one and without its data."""
    for name in FILES:
        (work / name).parent.mkdir(exist_ok=True)
        copy_one = shutil.copytree if (project.path / name).is_dir() else shutil.copy
        copy_one(project.path / name, work / name)
    run(["git", "init", "--quiet"], work)


def measure(project: Project, work: Path, table: Path, rows: int) -> list[Row]:
    """Measure at one size."""
    verb = ("-c", "from tabrail.cli.app import app; app()")
    commands: dict[str, tuple[str | Path, ...]] = {
        "ingest": (*verb, "ingest", table, "--target", "late", "--replace"),
        "validate": (*verb, "validate", table),
        "prepare": (*verb, "run", "prepare"),
        IN_CHUNKS: ("-c", READ_IN_CHUNKS, table),
        AS_TEXT: ("-c", READ_AS_TEXT, table),
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
    names = list(commands)
    results += [
        Row(f"{name} / {reading}, CPU", ratio(costs, measured[names.index(reading)]), "x")
        for reading in (IN_CHUNKS, AS_TEXT)
        for name, costs in zip(names, measured, strict=True)
        if not name.startswith("pd.")
    ]
    return results


if __name__ == "__main__":
    main()

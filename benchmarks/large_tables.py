"""What `ingest`, `validate` and `prepare` cost on CSV files of 10^5 to 10^7 rows.

The measure of all is reading the file once with pandas. That of `prepare` is also polars, which
reads the file and writes two Parquet files, at once and as a stream. Of wide tables, the cost of a
cell is compared with that of a table of 20 columns.
"""

import sys
import tempfile
from pathlib import Path

from common.growing import CHUNK, grown
from common.measure import Cost, alternate, cpu, ratio, run, say, wall
from common.project import Project, copy, finished, own_table
from common.results import Line, Row, show
from common.wide import write_wide

REPETITIONS = {100_000: 5, 1_000_000: 3, 10_000_000: 1}  # by number of rows
LARGEST_READ_AT_ONCE = 1_000_000
PEAK_LIMIT = 500
VERBS = ("ingest", "validate", "prepare")
VERB = ("-c", "from tabrail.cli.app import app; app()")
PREPARE = (*VERB, "run", "prepare")
IN_CHUNKS, AS_TEXT = "pd.read_csv in chunks", "pd.read_csv in chunks, all cells as text"
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

BY_POLARS = """
import sys
import polars

whole = polars.read_csv(sys.argv[1], try_parse_dates=True)
part = whole.height * 8 // 10
whole[:part].write_parquet("a.parquet", compression="zstd")
whole[part:].write_parquet("b.parquet", compression="zstd")
"""
BY_POLARS_STREAM = """
import sys
import polars

rows = polars.scan_csv(sys.argv[1], try_parse_dates=True)
part = polars.col("flight").hash(0) % 10 < 8
sinks = [
    rows.filter(kept).sink_parquet(file, compression="zstd", lazy=True)
    for kept, file in ((part, "a.parquet"), (~part, "b.parquet"))
]
polars.collect_all(sinks, engine="streaming")
"""
ENVIRONMENT = ".polars"
POLARS = "polars, CSV to two Parquet files"
POLARS_STREAM = f"{POLARS} as a stream"
FEWEST_ROWS = {"ingest": 10_000_000, "validate": 10_000_000, "prepare": 1_000_000}  # for a limit
RATIOS: tuple[tuple[str, str, float | None], ...] = (  # a verb, what it is compared with, a limit
    *((verb, IN_CHUNKS, None) for verb in VERBS),
    ("ingest", AS_TEXT, 1.3),
    ("validate", AS_TEXT, 1.3),
    ("prepare", AS_TEXT, None),
    ("prepare", POLARS, None),  # which holds the whole table in memory
    ("prepare", POLARS_STREAM, 2.0),
)
MOST_OF_A_CELL = 2.0
COLUMNS, ROWS_OF_WIDE = (20, 200, 2000), 10_000


def main() -> None:
    """Let one file grow, and measure at every size; then let a table get wider."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, finished() as project:
        work = Path(folder)
        copy(project, work)
        with_polars(work)
        table = work / "rows.csv"
        for rows in grown(project, table, REPETITIONS, BYTES_PER_ROW):
            title = f"{rows:,} rows ({table.stat().st_size / 1e6:,.0f} MB of CSV)"
            show(title, *measure(project, work, table, rows))
        with own_table(project) as own:
            show(f"{ROWS_OF_WIDE:,} rows of more columns", measure_wide(own, work))


def with_polars(work: Path) -> None:
    """Make an environment that has polars alone: a project needs none."""
    uv = Path(sys.executable).with_name("uv")
    run([uv, "venv", "--quiet", ENVIRONMENT], work)
    run([uv, "pip", "install", "--quiet", "--python", ENVIRONMENT, "polars"], work)


def measure(project: Project, work: Path, table: Path, rows: int) -> tuple[list[Row], list[Line]]:
    """Measure at one size."""
    commands: dict[str, tuple[str | Path, ...]] = {
        "ingest": (*VERB, "ingest", table, "--target", "late", "--replace"),
        "validate": (*VERB, "validate", table),
        "prepare": PREPARE,
        IN_CHUNKS: ("-c", READ_IN_CHUNKS, table),
        AS_TEXT: ("-c", READ_AS_TEXT, table),
        POLARS: ("-c", BY_POLARS, table),
        POLARS_STREAM: ("-c", BY_POLARS_STREAM, table),
    }
    if rows <= LARGEST_READ_AT_ONCE:
        commands["pd.read_csv at once"] = ("-c", READ_AT_ONCE, table)
    say(f"{rows:,} rows: {', '.join(commands)}")

    def measured_run(name: str, command: tuple[str | Path, ...]) -> Cost:
        if name in (POLARS, POLARS_STREAM):
            return run([work / ENVIRONMENT / "bin" / "python", *command], work)
        return project.run("python", *command, folder=work)

    measured = alternate(
        REPETITIONS[rows],
        *(lambda n=name, c=command: measured_run(n, c) for name, command in commands.items()),
        warm_up=REPETITIONS[rows] > 1,  # what imports need is cached by then
    )
    results: list[Row] = []
    for name, costs in zip(commands, measured, strict=True):
        limit = PEAK_LIMIT if name in VERBS else None
        results += [
            Row(f"{name}, CPU", cpu(costs), "s"),
            Row(f"{name}, wall clock", wall(costs), "s"),
            Row(f"{name}, peak memory", max(cost.peak_mb for cost in costs), "MB", limit),
        ]
    costs_of = dict(zip(commands, measured, strict=True))
    lines: list[Line] = []
    for verb, name, most in RATIOS:
        found = ratio(costs_of[verb], costs_of[name])
        results.append(
            Row(f"{verb} / {name}, CPU", found, "x", most if rows >= FEWEST_ROWS[verb] else None)
        )
        if most is not None and rows >= FEWEST_ROWS[verb]:
            ours, other = cpu(costs_of[verb]), cpu(costs_of[name])
            lines.append(Line(f"{verb}, {rows:,} rows, CPU", ours, "s", name, other, found, most))
    return results, lines


def measure_wide(project: Project, work: Path) -> list[Row]:
    """Measure `prepare` and `evaluate` on tables of more and more columns."""
    folders = [work / f"wide-{columns}" for columns in COLUMNS]
    for columns, folder in zip(COLUMNS, folders, strict=True):
        copy(project, folder)
        write_wide(project, folder, columns=columns, rows=ROWS_OF_WIDE)

    def measured(stage: str, repetitions: int) -> list[Row]:
        runs = (
            lambda f=folder: project.run("python", *VERB, "run", stage, folder=f)
            for folder in folders
        )
        return wide_rows(stage, alternate(repetitions, *runs, warm_up=repetitions > 1))

    rows = measured("prepare", REPETITIONS[1_000_000])
    for folder in folders:
        say(f"{folder.name}: training")
        project.run("dvc", "repro", "train", folder=folder)
    return rows + measured("evaluate", 1)


def wide_rows(stage: str, measured: list[list[Cost]]) -> list[Row]:
    """Return a line for each number of columns, and what a cell costs against one of the fewest."""
    totals = [
        Row(f"{stage}, {columns:,} columns, CPU", cpu(costs), "s")
        for columns, costs in zip(COLUMNS, measured, strict=True)
    ]
    cells = [
        Row(
            f"{stage}, a cell of {columns:,} columns / one of {COLUMNS[0]}",
            ratio(costs, measured[0]) * COLUMNS[0] / columns,
            "x",
            MOST_OF_A_CELL,
        )
        for columns, costs in zip(COLUMNS[1:], measured[1:], strict=True)
    ]
    return totals + cells


if __name__ == "__main__":
    main()

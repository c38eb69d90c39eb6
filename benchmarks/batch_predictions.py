"""What `predict` costs on CSV files of 10^5 to 10^7 rows.

The measure of all is the model itself: `predict_proba` on the same rows in memory.
"""

import tempfile
from functools import partial
from pathlib import Path

from common.growing import CHUNK, grown
from common.measure import Cost, alternate, cpu, ratio, say, wall
from common.project import Project, finished
from common.results import Row, show

REPETITIONS = {100_000: 3, 1_000_000: 3, 10_000_000: 1}  # by number of rows
LARGEST_IN_MEMORY = 1_000_000  # and in all formats
PEAK_LIMIT = 500
SUFFIXES = (".csv", ".csv.gz", ".parquet")
BYTES_PER_ROW = 250  # 101 in the table, the same in the predictions
READY = f"""
import sys, time
from pathlib import Path
import pandas as pd
from tabrail import Project, load_model
from tabrail.data.tables import read_chunks
from tabrail.data.conform import conform
from tabrail.model.scoring import for_scoring

project = Project.load()
model, schema = load_model(project), for_scoring(project.schema)
chunks = read_chunks(Path(sys.argv[1]), schema, {CHUNK})
rows = pd.concat(conform(project.clean(chunk), schema)[0] for chunk in chunks)
"""
IN_MEMORY = f"""{READY}
before, began = time.process_time(), time.perf_counter()
model.pipeline.predict_proba(rows[schema.inputs])
spent = time.process_time() - before, time.perf_counter() - began
Path(sys.argv[2]).write_text(" ".join(map(str, spent)))
"""


def main() -> None:
    """Let one file grow, and measure at every size."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, finished() as project:
        table = Path(folder) / "rows.csv"
        for rows in grown(project, table, REPETITIONS, BYTES_PER_ROW):
            show(
                f"{rows:,} rows ({table.stat().st_size / 1e6:,.0f} MB of CSV) to score",
                measure(project, table, rows),
            )


def measure(project: Project, table: Path, rows: int) -> list[Row]:
    """Measure at one size."""
    suffixes = SUFFIXES if rows <= LARGEST_IN_MEMORY else SUFFIXES[:1]
    names = [f"predict to {suffix}" for suffix in suffixes]
    runs = [partial(score, project, table, suffix) for suffix in suffixes]
    if rows <= LARGEST_IN_MEMORY:
        names.append("predict_proba in memory")
        runs.append(partial(in_memory, project, table))
    say(f"{rows:,} rows: {', '.join(names)}")
    warm_up = REPETITIONS[rows] > 1  # what imports need is cached by then
    measured = dict(zip(names, alternate(REPETITIONS[rows], *runs, warm_up=warm_up), strict=True))
    results: list[Row] = []
    for name, costs in measured.items():
        results += [
            Row(f"{name}, CPU", cpu(costs), "s"),
            Row(f"{name}, wall clock", wall(costs), "s"),
        ]
        if costs[0].peak_mb:
            peak = max(cost.peak_mb for cost in costs)
            results.append(Row(f"{name}, peak memory", peak, "MB", PEAK_LIMIT))
    model = measured.get("predict_proba in memory")
    if model:
        results += [
            Row(f"{name} / predict_proba in memory, CPU", ratio(measured[name], model), "x")
            for name in names[: len(suffixes)]
        ]
    return results


def score(project: Project, table: Path, suffix: str) -> Cost:
    """Run the command."""
    verb = ("-c", "from tabrail.cli.app import app; app()")
    return project.run(
        "python", *verb, "predict", table, table.with_name(f"out{suffix}"), "--overwrite"
    )


def in_memory(project: Project, table: Path) -> Cost:
    """Let the model alone score rows that are in memory; reading them is not counted."""
    times = table.with_name("times.txt")
    project.run("python", "-c", IN_MEMORY, table, times)
    spent, took = map(float, times.read_text(encoding="utf-8").split())
    return Cost(spent, took, 0)


if __name__ == "__main__":
    main()

"""What `predict` costs on CSV files of 10 to 10^7 rows, with a model of an own table.

The measure of all is the model itself: `predict_proba` on the same rows in memory, which are read,
cleaned and checked before. Its `clean` and `derive` change nothing.
"""

from functools import partial
from pathlib import Path

from common.growing import CHUNK, grown
from common.measure import Cost, alternate, cpu, ratio, say, wall
from common.project import Project, empty_folder, finished, own_table
from common.results import Line, Row, show

REPETITIONS = {10: 3, 100_000: 3, 1_000_000: 3, 10_000_000: 1}  # by number of rows
LARGEST_IN_MEMORY = 1_000_000  # and in all formats
PEAK_LIMIT = 500
START_LIMIT = 1.5  # seconds of CPU time for ten rows
MARGIN_LIMIT = 1.0  # a row between 10^6 and 10^7 against one of `predict_proba`
SUFFIXES = (".csv", ".csv.gz", ".parquet")
BYTES_PER_ROW = 250  # 101 in the table, the same in the predictions
OURS, IN_MEMORY_NAME = "predict to .csv", "predict_proba in memory"
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
    costs: dict[int, dict[str, float]] = {}
    with finished() as sample, own_table(sample) as project, empty_folder() as folder:
        table = folder / "rows.csv"
        for rows in grown(sample, table, REPETITIONS, BYTES_PER_ROW, numbered=False):
            results, costs[rows] = measure(project, table, rows)
            title = f"{rows:,} rows ({table.stat().st_size / 1e6:,.0f} MB of CSV) to score"
            show(title, results, [at_the_margin(costs)] if rows == max(REPETITIONS) else ())


def at_the_margin(costs: dict[int, dict[str, float]]) -> Line:
    """Return what a million rows cost beyond the first million."""
    most, many = max(costs), LARGEST_IN_MEMORY
    ours = (costs[most][OURS] - costs[many][OURS]) / (most - many) * 1e6
    bare = costs[many][IN_MEMORY_NAME] / many * 1e6
    work = "predict, each further million rows of CSV, CPU"
    return Line(work, ours, "s", "predict_proba", bare, ours / bare, MARGIN_LIMIT)


def measure(project: Project, table: Path, rows: int) -> tuple[list[Row], dict[str, float]]:
    """Measure at one size."""
    suffixes = SUFFIXES if rows <= LARGEST_IN_MEMORY else SUFFIXES[:1]
    names = [f"predict to {suffix}" for suffix in suffixes]
    runs = [partial(score, project, table, suffix) for suffix in suffixes]
    if rows <= LARGEST_IN_MEMORY:
        names.append(IN_MEMORY_NAME)
        runs.append(partial(in_memory, project, table))
    say(f"{rows:,} rows: {', '.join(names)}")
    warm_up = REPETITIONS[rows] > 1  # what imports need is cached by then
    measured = dict(zip(names, alternate(REPETITIONS[rows], *runs, warm_up=warm_up), strict=True))
    results: list[Row] = []
    for name, costs in measured.items():
        results += [
            Row(
                f"{name}, CPU",
                cpu(costs),
                "s",
                START_LIMIT if rows == 10 and name == OURS else None,
            ),
            Row(f"{name}, wall clock", wall(costs), "s"),
        ]
        if costs[0].peak_mb:
            peak = max(cost.peak_mb for cost in costs)
            results.append(Row(f"{name}, peak memory", peak, "MB", PEAK_LIMIT))
    model = measured.get(IN_MEMORY_NAME)
    if model:
        results += [
            Row(f"{name} / predict_proba in memory, CPU", ratio(measured[name], model), "x")
            for name in names[: len(suffixes)]
        ]
    return results, {name: cpu(costs) for name, costs in measured.items()}


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

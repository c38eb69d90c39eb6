"""What `prepare` and `predict` cost on two workers of a Dask cluster on this machine.

The measure of both is one process, with the same parts. With `--large`, also at 10^7 rows.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from common.dask_workers import Workers, workers
from common.measure import Cost, alternate, cpu, ratio, run, say, wall
from common.project import Project, copy, finished
from common.results import Row, show

REPETITIONS = {1_000_000: 3, 10_000_000: 1}  # by number of rows
PART = 100_000
WORKERS = 2
RATIO_LIMIT, PEAK_LIMIT = 1.6, 500
APP = ("-c", "from tabrail.cli.app import app; app()")
GROW = f"""
import sys
import numpy as np
import pandas as pd

sample, folder, rows = pd.read_parquet(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for start in range(0, rows, {PART}):
    part = sample.iloc[np.random.default_rng(start).integers(0, len(sample), {PART})]
    # Flights are numbered through, so that no row is the duplicate of another.
    part = part.assign(flight=range(start, start + {PART}))
    part.to_csv(f"{{folder}}/rows-{{start // {PART}:03}}.csv", index=False, lineterminator="\\n")
"""


def main() -> None:
    """Measure at every size."""
    sizes = [rows for rows in REPETITIONS if rows <= 1_000_000 or "--large" in sys.argv]
    with finished() as project:
        install(project)
        for rows in sizes:
            with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
                work = Path(folder, "work")
                work.mkdir()
                prepared(project, work, rows)
                with workers(project, Path(folder), WORKERS) as cluster:
                    show(
                        f"{rows:,} rows in {rows // PART} parts, {WORKERS} workers",
                        measure(project, work, cluster, rows),
                    )


def install(project: Project) -> None:
    """Bring Dask into the project's environment, as its owner would."""
    search = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for command in (
        ["uv", "run", "tabrail", "add", "dask"],
        ["uv", "lock"],
        ["uv", "sync", "--group", "dask"],
    ):
        run(command, project.path, search)


def prepared(project: Project, work: Path, rows: int) -> None:
    """Make another project in a folder, with so many rows in parts."""
    copy(project, work)
    parts = work.parent / "parts"
    parts.mkdir()
    say(f"{rows:,} rows: writing the parts, and bringing them in")
    sample = project.path / "data" / "raw" / "flights.parquet"
    project.run("python", "-c", GROW, sample, parts, str(rows))
    project.run("python", *APP, "ingest", parts, "--target", "late", "--replace", folder=work)
    params = work / "params.yaml"
    text = params.read_text(encoding="utf-8")
    if "\nprepare:\n" not in text:
        sys.exit("could not measure: params.yaml has no section prepare")
    params.write_text(text.replace("\nprepare:\n", "\nprepare:\n  parts: true\n", 1), "utf-8")


def measure(project: Project, work: Path, cluster: Workers, rows: int) -> list[Row]:
    """Measure at one size."""
    parts, scores = work.parent / "parts", work.parent / "scores.csv"
    commands: dict[str, Callable[..., Cost]] = {
        "prepare": partial(call, project, work, "run", "prepare"),
        "predict": partial(call, project, project.path, "predict", parts, scores, "--overwrite"),
    }
    results: list[Row] = []
    for name, command in commands.items():
        say(f"{rows:,} rows: {name}")
        alone, there = alternate(
            REPETITIONS[rows],
            command,
            partial(on_cluster, cluster, command),
            warm_up=True,  # of the workers, too
        )
        results += [
            Row(f"{name} in one process, CPU", cpu(alone), "s"),
            Row(f"{name} in one process, wall clock", wall(alone), "s"),
            Row(f"{name} on the cluster, CPU", cpu(there), "s"),
            Row(f"{name} on the cluster, wall clock", wall(there), "s"),
            Row(f"{name}, cluster / one process, CPU", ratio(there, alone), "x", RATIO_LIMIT),
            Row(f"{name}, peak memory of a worker", cluster.peak_mb(), "MB", PEAK_LIMIT),
            Row(f"{name}, peak memory of the client", max(one.peak_mb for one in there), "MB"),
        ]
    return results


def call(
    project: Project, folder: Path, *arguments: str | Path, extra: dict[str, str] | None = None
) -> Cost:
    """Run a command of the library."""
    return project.run("python", *APP, *arguments, folder=folder, extra=extra)


def on_cluster(cluster: Workers, command: Callable[..., Cost]) -> Cost:
    """Return the cost of a command on the workers, with what these and the scheduler took."""
    before = cluster.cpu()
    cost = command(extra={"DASK_SCHEDULER": cluster.address})
    return Cost(cost.cpu + cluster.cpu() - before, cost.wall, cost.peak_mb)


if __name__ == "__main__":
    main()

"""What `monitor` costs on prediction logs of 10^4 to 10^6 entries; with `--large`, of 10^7, too.

The measure of all is reading the log once.
"""

import argparse
import tempfile
from pathlib import Path

from common.filled_log import fill
from common.measure import alternate, cpu, ratio, say, wall
from common.project import Project, finished
from common.results import Line, Row, show

REPETITIONS = {10_000: 5, 100_000: 3, 1_000_000: 3}  # by number of entries
LARGE = {10_000_000: 1}
CPU_LIMIT = {1_000_000: 15}
PEAK_LIMIT = 500
READ = """
import sqlite3, sys

base = sqlite3.connect(sys.argv[1])
for table in ("predictions", "outcomes", "reviews", "decisions"):
    found = base.execute(f"SELECT * FROM {table}")
    while found.fetchmany(10_000):
        pass
"""
# `monitor` cannot do without what the rows say.
PARSE = """
import json, sqlite3, sys

base = sqlite3.connect(sys.argv[1])
for row, numbers in base.execute("SELECT row, numbers FROM predictions"):
    json.loads(row)
    json.loads(numbers)
"""


def main() -> None:
    """Fill a log of each size, and measure there."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--large", action="store_true", help="also a log of 10^7 entries (7 GB)")
    sizes = REPETITIONS | (LARGE if given.parse_args().large else {})
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, finished() as project:
        log = Path(folder) / "predictions.sqlite"
        for entries, repetitions in sizes.items():
            fill(project, log, entries)
            title = f"A log of {entries:,} entries ({log.stat().st_size / 1e6:,.0f} MB)"
            show(title, *measure(project, log, entries, repetitions))


def measure(
    project: Project, log: Path, entries: int, repetitions: int
) -> tuple[list[Row], list[Line]]:
    """Measure at one size."""
    command = ("-c", "from tabrail.cli.app import app; app()", "monitor")
    say(f"{entries:,} entries: monitor, reading, parsing")
    ours, reading, parsing = alternate(
        repetitions,
        lambda: project.run("python", *command, extra={"PREDICTION_LOG": f"sqlite:///{log}"}),
        lambda: project.run("python", "-c", READ, log),
        lambda: project.run("python", "-c", PARSE, log),
        warm_up=repetitions > 1,
    )
    line = Line(
        *(f"monitor, {entries:,} log entries, CPU", cpu(ours), "s"),
        *("reading the log once", cpu(reading), ratio(ours, reading)),
    )
    rows = [
        Row("monitor, CPU", cpu(ours), "s", CPU_LIMIT.get(entries)),
        Row("monitor, wall clock", wall(ours), "s"),
        Row("monitor, peak memory", max(cost.peak_mb for cost in ours), "MB", PEAK_LIMIT),
        Row("reading the log once, CPU", cpu(reading), "s"),
        Row("parsing each entry's JSON, CPU", cpu(parsing), "s"),
        Row("monitor / reading the log once, CPU", ratio(ours, reading), "x"),
        Row("monitor / parsing each entry's JSON, CPU", ratio(ours, parsing), "x"),
    ]
    return rows, [line]


if __name__ == "__main__":
    main()

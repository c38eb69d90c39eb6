"""Plan how long `prepare` takes on a cluster, and what the process that calls it needs.

    python tools/plan_cluster.py                     print the tables of docs/cluster.md
    python tools/plan_cluster.py --check FOLDER      compare with what this machine takes

The costs below were measured on one core (AMD EPYC) with 19 columns and 97 bytes of CSV a row.
`--check` needs a project with `prepare.parts: true` and ten or more parts in data/raw, which it
copies. It measures the stage with one, three and ten parts, and the search for duplicates with 8
and 32 million rows. From the smaller sizes it predicts the largest, and fails if the prediction is
off by 20%.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tabrail.data.seen import Seen

MILLION, GB = 1_000_000, 1e9
LARGEST_ERROR = 0.2
START = 2.0  # s: imports, connecting
WORKER = 4.2  # s of CPU for a million rows, on a worker that is warm
# s of CPU for a million rows of n million: FIRST + LINEAR * log2(n) + SQUARE * log2(n)^2. There are
# log2(n) sorted runs of hashes, and a row is looked up in each.
FIRST, LINEAR, SQUARE = 0.009, 0.0063, 0.0059
HASH, HELD, MERGING = 8, 10, 13  # bytes a row: sent, held with a filter, and while runs are merged
TIMES = 24  # bytes a row more, where the latest rows are held back: a time, and its sorted copies
RAW, PREPARED = 97, 26  # bytes a row
NETWORK, MD5 = 1.25 * GB, 0.8 * GB  # bytes a second: 10 Gbit/s; DVC's hash, on one core
CORE_HOUR, GB_MONTH, REQUEST = 0.05, 0.023, 0.4e-6  # dollars: of a cloud's price list, about
SIZES = (10**8, 10**9, 10**10)
WORKERS = (10, 100)


@dataclass(frozen=True)
class Plan:
    """What a run of `prepare` takes.

    Attributes:
        rows: how many rows data/raw has.
        workers: how many workers there are, each with a core.
    """

    rows: int
    workers: int

    @property
    def worker_hours(self) -> float:
        """CPU time of all workers together."""
        return self.rows / MILLION * WORKER / 3600

    @property
    def lookups(self) -> float:
        """Seconds in which the client looks rows up, one part after another."""
        return self.rows / MILLION * lookup(self.rows)

    @property
    def stage(self) -> float:
        """Seconds of the stage: workers and the client work at once, and the slower one counts."""
        return START + max(self.worker_hours * 3600 / self.workers, self.lookups)

    @property
    def hashing(self) -> float:
        """Seconds in which DVC reads data/raw and the results on the client, to hash them."""
        size = self.rows * (RAW + PREPARED)
        return max(size / NETWORK, size / MD5)

    @property
    def useful_workers(self) -> int:
        """How many workers keep the client busy: more make nothing faster."""
        return math.ceil(self.worker_hours * 3600 / self.lookups)


def lookup(rows: int) -> float:
    """Return the seconds of CPU that the client takes for each million of so many rows."""
    doublings = math.log2(max(rows / MILLION, 1))
    return FIRST + LINEAR * doublings + SQUARE * doublings**2


def times() -> str:
    """Return the table of times."""
    lines = [
        "| Rows | CPU of all workers | Client looks rows up | 10 workers | 100 workers | DVC hashes | Useful workers |",  # noqa: E501
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rows in SIZES:
        one, *_ = plans = [Plan(rows, workers) for workers in WORKERS]
        stages = " | ".join(_time(plan.stage) for plan in plans)
        lines.append(
            f"| {_count(rows)} | {one.worker_hours:.1f} h | {_time(one.lookups)} | {stages} | "
            f"{_time(one.hashing)} | {one.useful_workers} |"
        )
    return "\n".join(lines)


def sizes() -> str:
    """Return the table of memory, traffic and money."""
    lines = [
        "| Rows | Client at rest | … while merging | … and split by time | Read from S3 | Hashes to the client | Written | Wrongly taken for duplicates | Cores | S3, a month |",  # noqa: E501
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rows in SIZES:
        memory = [rows * each / GB for each in (HELD, MERGING, MERGING + TIMES)]
        read, written, sent = rows * RAW / GB, rows * PREPARED / GB, rows * HASH / GB
        wrong = rows**2 / 2 / 2**64
        cores = Plan(rows, 1).worker_hours * CORE_HOUR
        month = (read + written) * GB_MONTH
        lines.append(
            f"| {_count(rows)} | {' | '.join(_size(one) for one in memory)} | {_size(2 * read)} | "
            f"{_size(sent)} | {_size(written)} | {wrong:.1g} | ${cores:.2g} | ${month:.2g} |"
        )
    return "\n".join(lines)


def _count(rows: int) -> str:
    return f"10^{round(math.log10(rows))}"


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 100 else f"{seconds:.0f} s"


def _size(size: float) -> str:
    return f"{size:,.0f} GB" if size >= 10 else f"{size:.1f} GB"


def check(project: Path) -> int:
    """Measure, predict the largest size from the smaller ones, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        small, middle, large = (_prepare(project, Path(folder, str(n)), n) for n in (1, 3, 10))
    predicted = small + (middle - small) / 2 * 9
    print(f"prepare, CPU: {small:.2f} s, {middle:.2f} s; predicted {predicted:.2f}, {large:.2f} s")
    errors = [abs(predicted / large - 1)]
    eight, more = _lookups(8), _lookups(32)
    guess = eight * 4 * lookup(32 * MILLION) / lookup(8 * MILLION)
    print(f"lookups, CPU: {eight:.2f} s; predicted {guess:.2f}, {more:.2f} s")
    errors += [abs(guess / more - 1)]
    print(f"off by {', '.join(f'{error:.0%}' for error in errors)}; at most {LARGEST_ERROR:.0%}")
    return int(max(errors) > LARGEST_ERROR)


def _prepare(project: Path, copy: Path, parts: int) -> float:
    """Return the CPU seconds of the stage, with so many parts; the lesser of two runs."""
    files = sorted((project / "data" / "raw").glob("[!.]*"))
    left_out = {file.name for file in files[parts:]}
    shutil.copytree(project, copy, ignore=lambda _, names: left_out & set(names))
    return min(_cpu([sys.executable, "-m", "tabrail", "run", "prepare"], copy) for _ in range(2))


def _cpu(command: list[str], folder: Path) -> float:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"could not measure: {' '.join(command)} failed in {folder}")
    return usage.ru_utime + usage.ru_stime


def _lookups(millions: int) -> float:
    """Return the CPU seconds in which so many rows are looked up, a million at a time."""
    seen, random, spent = Seen(), np.random.default_rng(0), 0.0
    for _ in range(millions):
        rows = random.integers(0, 2**64 - 1, MILLION, dtype=np.uint64)
        before = time.process_time()
        seen.first(rows)
        spent += time.process_time() - before
    return spent


def main() -> int:
    """Print the plan, or check what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.check)
    print(times(), sizes(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

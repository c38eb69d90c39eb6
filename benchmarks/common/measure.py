"""Run commands and say what they cost: processor seconds, wall clock and peak memory."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Without bytecode caches, importing takes three times as long: not what a user sees.
LEAVE_OUT = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
LINES_OF_A_FAILURE = 15
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """What a command and its children took."""

    cpu: float
    wall: float
    peak_mb: float


def run(
    command: Sequence[str | Path], folder: Path, extra: Mapping[str, str] | None = None
) -> Cost:
    """Run a command to its end and measure it.

    Args:
        command: the program and its arguments.
        folder: where to run it.
        extra: variables that are added to the environment.

    Returns:
        Its cost; the peak is that of the largest single process.
    """
    kept = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=kept | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()[-LINES_OF_A_FAILURE:]
            failed = f"could not measure: {' '.join(map(str, command))} failed"
            sys.exit("\n".join([failed, *lines]))
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * MAXRSS_UNIT / 1e6)


def alternate(
    repetitions: int, *runs: Callable[[], Cost], warm_up: bool = True
) -> list[list[Cost]]:
    """Repeat some runs in turn, so that a busy spell hits all of them; return the costs of each.

    Args:
        repetitions: how often.
        runs: what to measure.
        warm_up: whether a first round, which is not counted, fills the caches.
    """
    if warm_up:
        say("warming up")
        for one in runs:
            one()
    costs: list[list[Cost]] = [[] for _ in runs]
    for repetition in range(repetitions):
        say(f"round {repetition + 1} of {repetitions}")
        for kept, one in zip(costs, runs, strict=True):
            kept.append(one())
    return costs


def cpu(costs: Sequence[Cost]) -> float:
    """Return the median processor time."""
    return statistics.median(cost.cpu for cost in costs)


def wall(costs: Sequence[Cost]) -> float:
    """Return the median wall clock time."""
    return statistics.median(cost.wall for cost in costs)


def ratio(above: Sequence[Cost], below: Sequence[Cost]) -> float:
    """Return the median of the rounds' ratios of processor time."""
    return statistics.median(a.cpu / b.cpu for a, b in zip(above, below, strict=True))


def say(what: str) -> None:
    """Tell the person who waits what is going on, beside the results."""
    print(f"  … {what}", file=sys.stderr, flush=True)

"""Measure the time and memory of stages, in a log that is neither hashed nor in Git."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import perf_counter

from tabrail import paths
from tabrail.dvc.hashes import md5

if sys.platform != "win32":
    import resource

UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in the system's unit of memory


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a stage on this machine.

    Attributes:
        stage: its name.
        at: when it ended, in UTC.
        seconds: elapsed time.
        cpu_seconds: CPU time of it and its processes.
        peak_megabytes: peak memory of its largest process, in millions of bytes; None if the system
            does not report it.
        model: the MD5 of the model file afterwards; blank without one.
    """

    stage: str
    at: str
    seconds: float
    cpu_seconds: float
    peak_megabytes: int | None
    model: str


@contextmanager
def measured(stage: str) -> Iterator[None]:
    """Measure a stage, and log its cost if it succeeds."""
    began, cpu = perf_counter(), _cpu_seconds()
    yield
    cost = Cost(
        stage=stage,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(perf_counter() - began, 1),
        cpu_seconds=round(_cpu_seconds() - cpu, 1),
        peak_megabytes=_peak_megabytes(),
        model=md5(paths.MODEL) if paths.MODEL.exists() else "",
    )
    try:
        paths.COSTS.parent.mkdir(parents=True, exist_ok=True)
        with paths.COSTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(cost)) + "\n")
    except OSError as error:  # the results are valid without the log
        print(f"warning: {paths.COSTS} cannot be written: {error}", file=sys.stderr)


def of_model(stage: str) -> Cost | None:
    """Return the cost of the stage's run that made the present model, if it ran in this folder."""
    if not paths.COSTS.exists() or not paths.MODEL.exists():
        return None
    model, found = md5(paths.MODEL), None
    for line in paths.COSTS.read_text(encoding="utf-8").splitlines():
        try:
            cost = Cost(**json.loads(line))
        except (ValueError, TypeError):  # a line of a killed run, or of another version
            continue
        if (cost.stage, cost.model) == (stage, model):
            found = cost
    return found


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _peak_megabytes() -> int | None:
    if sys.platform == "win32":
        return None
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(one).ru_maxrss for one in who) * UNIT / 1e6)

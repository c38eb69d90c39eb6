"""Measure what each process of the server uses: CPU time, memory, open files.

prometheus_client has such series for a single process, but not for several workers. Here every
process has its own series, with the labels `pid` and `role`. A sum would fall when a process ends,
and Prometheus would take that for a restart.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

PROC = Path("/proc")  # only Linux has it; elsewhere there are no such series
STATE, PARENT = 0, 1  # their places in /proc/PID/stat, after the name
ENDED = "Z"  # a zombie: it has ended, but its parent has not read its exit code yet


class ProcessesCollector(Collector):
    """Collects the standard series `process_*` of several processes."""

    def __init__(self, servers: Callable[[], Iterable[int]], supervisor: int = 0) -> None:
        """Prepare to collect.

        Args:
            servers: returns the IDs of the processes that answer requests. Processes that these
                have started are also collected, such as that of a challenger.
            supervisor: the ID of the process that started them; 0 if there is none.
        """
        self._supervisor = supervisor
        self._servers = servers

    def collect(self) -> Iterator[Metric]:
        """Yield the series."""
        found: dict[str, Metric] = {}
        for pid, role in _processes(set(self._servers()), self._supervisor):
            one = ProcessCollector(pid=lambda pid=pid: pid, registry=None)  # type: ignore[misc]
            families = list(one.collect())
            if not is_alive(pid):  # it has ended, and has no memory any more
                continue
            for family in families:
                whole = found.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    whole.add_sample(sample.name, {"pid": str(pid), "role": role}, sample.value)
        yield from found.values()


class WorkersCollector(Collector):
    """Collects how many processes answer requests."""

    def __init__(self, servers: Callable[[], Sequence[int]]) -> None:
        """Prepare to collect.

        Args:
            servers: returns their process IDs.
        """
        self._servers = servers

    def collect(self) -> Iterator[Metric]:
        """Yield the series."""
        number = len(self._servers())
        yield GaugeMetricFamily("server_workers", "Processes that answer requests.", number)


def _processes(servers: set[int], supervisor: int) -> Iterator[tuple[int, str]]:
    """Yield the processes of a server with their roles, and those that they have started."""
    if supervisor:
        yield supervisor, "supervisor"
    yield from ((pid, "server") for pid in sorted(servers))
    parents = {}
    for path in PROC.glob("[0-9]*"):
        if fields := _stat(int(path.name)):
            parents[int(path.name)] = int(fields[PARENT])
    first = servers | ({supervisor} if supervisor else set())  # 0 is the parent of the first of all
    known = set(first)
    while new := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= new
    yield from ((pid, "child") for pid in sorted(known - first))


def is_alive(process: int) -> bool:
    """Return whether a process runs; a zombie does not run, although it has an ID."""
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return bool(_stat(process)) or not PROC.exists()


def _stat(process: int) -> list[str]:
    """Return the fields in /proc/PID/stat after the name; nothing if the process has ended."""
    try:
        text = (PROC / str(process) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # The name of a program is in parentheses, and may contain anything.
    fields = text.rpartition(")")[2].split()
    return [] if fields[STATE] == ENDED else fields

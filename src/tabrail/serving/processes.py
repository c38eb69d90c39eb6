"""What each process of the server uses: CPU time, memory, open files.

prometheus_client has such series for one process, and none where several workers count together.
Here every process has series of its own, with the labels `pid` and `role`: a sum over processes
that come and go would fall, and Prometheus would take the fall for a restart.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import Metric, ProcessCollector
from prometheus_client.registry import Collector

PROC = Path("/proc")  # Linux alone has it; elsewhere there are no such series
PARENT = 1  # the place of the parent's number in /proc/PID/stat, behind the name


class ProcessesCollector(Collector):
    """Collects the standard series `process_*` of several processes."""

    def __init__(self, servers: Callable[[], Iterable[int]], supervisor: int = 0) -> None:
        """Prepare to collect.

        Args:
            servers: returns the numbers of the processes that answer requests. What these have
                started is collected as well, such as the process of a challenger.
            supervisor: the number of the process that has started them; 0 if there is none.
        """
        self._supervisor = supervisor
        self._servers = servers

    def collect(self) -> Iterator[Metric]:
        """Yield the series."""
        found: dict[str, Metric] = {}
        for pid, role in _processes(set(self._servers()), self._supervisor):
            one = ProcessCollector(pid=lambda pid=pid: pid, registry=None)  # type: ignore[misc]
            for family in one.collect():
                whole = found.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    whole.add_sample(sample.name, {"pid": str(pid), "role": role}, sample.value)
        yield from found.values()


def _processes(servers: set[int], supervisor: int) -> Iterator[tuple[int, str]]:
    """Yield the processes of a server with their roles, and those that they have started."""
    if supervisor:
        yield supervisor, "supervisor"
    yield from ((pid, "server") for pid in sorted(servers))
    parents = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            # The name of a program is in parentheses, and may contain anything.
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[PARENT])
        except OSError:  # it has ended
            continue
    known = servers | {supervisor}
    while new := {pid for pid, parent in parents.items() if parent in known} - known:
        known |= new
    yield from ((pid, "child") for pid in sorted(known - servers - {supervisor}))

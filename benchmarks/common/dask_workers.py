"""A Dask scheduler with workers on this machine, whose processor time and memory are read."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from .measure import LEAVE_OUT
from .project import Project

LATEST_START_S = 60


class Workers:
    """Processes of a scheduler and its workers."""

    def __init__(self, address: str, roots: list[int]) -> None:
        self.address = address
        self._roots = roots

    def cpu(self) -> float:
        """Return the processor seconds that all of them have taken since they were started."""
        return sum(times.user + times.system for times in (one.cpu_times() for one in self._all()))

    def peak_mb(self) -> float:
        """Return the peak memory of the largest of them since it was started."""
        status = [Path(f"/proc/{one.pid}/status").read_text() for one in self._all()]
        found = [re.search(r"VmHWM:\s+(\d+) kB", text) for text in status]
        return max(int(one[1]) * 1024 / 1e6 for one in found if one)

    def _all(self) -> list[psutil.Process]:
        processes = [psutil.Process(root) for root in self._roots]
        return [one for root in processes for one in (root, *root.children(recursive=True))]


@contextmanager
def workers(project: Project, folder: Path, count: int) -> Iterator[Workers]:
    """Yield a cluster of the project's packages; it ends afterwards.

    Args:
        project: whose environment has Dask.
        folder: where they work and keep their files.
        count: how many workers with one thread each.
    """
    place, started = folder / "scheduler.json", list[subprocess.Popen[bytes]]()
    kept = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}

    def start(*arguments: str) -> None:
        dask = [str(project.path / ".venv" / "bin" / "dask"), *arguments, "--no-dashboard"]
        quiet = subprocess.DEVNULL
        one = subprocess.Popen(dask, cwd=folder, env=kept, stdout=quiet, stderr=quiet)
        started.append(one)

    here = ("--host", "127.0.0.1", "--scheduler-file", str(place))
    try:
        start("scheduler", *here, "--port", "0")
        address = _address(place)
        for number in range(count):
            local = ("--local-directory", str(folder / f"worker-{number}"))
            start("worker", address, *here[:2], "--preload", "tabrail", "--nthreads", "1", *local)
        time.sleep(5)  # the warm-up round needs both
        yield Workers(address, [one.pid for one in started])
    finally:
        for one in reversed(started):
            children = psutil.Process(one.pid).children(recursive=True)
            one.send_signal(signal.SIGTERM)
            one.wait(30)
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()


def _address(place: Path) -> str:
    latest = time.monotonic() + LATEST_START_S
    while time.monotonic() < latest:
        with suppress(OSError, ValueError):
            return str(json.loads(place.read_text(encoding="utf-8"))["address"])
        time.sleep(0.1)
    sys.exit("could not measure: the scheduler did not start")

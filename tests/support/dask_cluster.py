"""A Dask scheduler and workers on 127.0.0.1, each a process, for as long as a test needs them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from distributed import Client

SECONDS_TO_START = 120


@dataclass
class DaskCluster:
    """A scheduler, and what started it and its workers.

    Attributes:
        folder: where they keep their files.
        address: the scheduler's address.
        workers: the processes that start workers, and start them again when they end.
    """

    folder: Path
    address: str = ""
    options: tuple[str, ...] = ()
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(
        self, *options: str, preload: str = "tabrail", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker; it comes when it is ready."""
        number = len(self.workers)
        nanny = _dask(
            self.folder / f"worker-{number}.log",
            *("worker", self.address, "--host", "127.0.0.1", "--no-dashboard"),
            *("--local-directory", str(self.folder / f"worker-{number}")),
            *(["--preload", preload] if preload else []),
            *self.options,
            *(options or ("--nthreads", "1")),
            **environment,
        )
        self.workers.append(nanny)
        return nanny

    def wait(self, workers: int) -> None:
        """Wait until so many workers are there."""
        with Client(self.address) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=SECONDS_TO_START)

    def kill_worker(self, number: int) -> None:
        """Kill the process that works, and not the one that starts it again."""
        (child, *_) = [
            one
            for one in psutil.Process(self.workers[number].pid).children(recursive=True)
            if "spawn_main" in " ".join(one.cmdline())
        ]
        child.kill()


@contextmanager
def dask_cluster(
    folder: Path, workers: int = 2, address: str = "", *options: str
) -> Iterator[DaskCluster]:
    """Start a scheduler and workers; end them all in the end.

    Args:
        folder: where they keep their files.
        workers: how many.
        address: what the scheduler listens at; any free port of 127.0.0.1, if blank.
        options: for the scheduler and the workers, such as certificates.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "scheduler.json"
    log = folder / "scheduler.log"
    wanted = ("--scheduler-file", str(place), "--no-dashboard")
    where = ("--protocol", address) if address else ()
    scheduler = _dask(
        log, "scheduler", "--host", "127.0.0.1", "--port", "0", *where, *wanted, *options
    )
    found = DaskCluster(folder, options=options)
    try:
        found.address = _address(place, scheduler, log)
        for _ in range(workers):
            found.add_worker()
        if workers:
            found.wait(workers)
        yield found
    finally:
        for process in [*found.workers, scheduler]:
            end(process)


def _dask(log: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    # As on another machine: without what this process has set for libraries.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}
    command = [sys.executable, "-m", "dask", *arguments]
    with log.open("wb") as output:
        return subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=kept | environment
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those that it has started."""
    for one in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.kill()
    process.wait()


def _address(place: Path, scheduler: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and scheduler.poll() is None:
        with suppress(FileNotFoundError, json.JSONDecodeError):  # not there, or not whole
            return str(json.loads(place.read_text())["address"])
        time.sleep(0.05)
    raise AssertionError(log.read_text())

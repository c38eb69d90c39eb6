"""A scheduler that ends in the middle is one sentence."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.dask_cluster import dask_cluster

from tabrail.cluster.client import connected
from tabrail.errors import InputError

pytestmark = pytest.mark.ci("the client waits 15 seconds for the scheduler to come back")


def test_a_scheduler_that_ends_is_said(tmp_path: Path) -> None:
    def end(process: int) -> Iterator[int]:
        """End a process, and have something left to do."""
        os.kill(process, signal.SIGKILL)
        time.sleep(60)
        yield process

    with dask_cluster(tmp_path / "dask", 1) as found:
        (scheduler,) = (
            one.pid
            for one in psutil.Process().children()
            if str(tmp_path / "dask" / "scheduler.json") in one.cmdline()
        )
        message = "^kill: .*: the connection to the scheduler is lost, .* start the scheduler"
        with (
            connected(found.address, tmp_path) as cluster,
            pytest.raises(InputError, match=message) as caught,
        ):
            list(cluster.each(end, [scheduler], "kill"))
    assert caught.value.__cause__ is None

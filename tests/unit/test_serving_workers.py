"""Several processes of a server count together, and one that has ended leaves only its counts."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SCHEMA
from prometheus_client import values

from tabrail.data.schema import Schema
from tabrail.serving import processes
from tabrail.serving.metrics import FOLDER, Metrics
from tabrail.serving.processes import is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


def ended() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def value(text: str, name: str) -> float:
    """Return the value of a series."""
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found)


def test_workers_count_together_and_what_waits_in_one_that_ended_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    gone = ended()
    for process, waiting in ((os.getpid(), 2), (gone, 40)):
        kind = values.MultiProcessValue(lambda process=process: process)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(values, "ValueClass", kind)
        found = Metrics(Schema.model_validate(SCHEMA))
        found.requests.labels("/predict", "200").inc(3)
        found.count_entries("written", 5)
        found.count_entries("waiting", waiting)
    text = found.text().decode()
    assert value(text, 'requests_total{path="/predict",status="200"}') == 6
    assert value(text, 'log_entries_total{fate="written"}') == 10
    assert value(text, "log_entries_waiting") == 2
    for process, role in ((os.getpid(), "server"), (os.getppid(), "supervisor")):
        assert value(text, f'process_open_fds{{pid="{process}",role="{role}"}}') > 0
    assert f'pid="{gone}"' not in text
    assert not list(tmp_path.glob(f"gauge_live*_{gone}.db"))


def test_a_process_of_another_user_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert is_alive(1)


def test_who_runs_is_known_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as there:
        there.setattr(processes, "PROC", tmp_path / "none")
        assert is_alive(os.getpid())
        assert not is_alive(ended())
        there.setattr(os, "name", "nt")  # where signal 0 is Ctrl-C, and is not sent
        there.setattr(os, "kill", None)
        assert is_alive(os.getpid())

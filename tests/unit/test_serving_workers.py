"""Several processes of a server count together, and one that has ended leaves only its counts."""

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from conftest import SCHEMA
from prometheus_client import values
from serving import command, wait_for
from trained import stand_in

from tabrail import paths
from tabrail.data.schema import Schema
from tabrail.log.prediction_log import PredictionLog
from tabrail.serving import processes, serve, supervisor
from tabrail.serving.metrics import FOLDER, Metrics
from tabrail.serving.processes import is_alive
from tabrail.serving.workers import fingerprint

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
    assert value(text, "server_workers") == 1
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


def test_a_worker_of_another_model_refuses(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in("binary", project)
    before = fingerprint([Path()])
    given = serve.Given(None, 0.0, [], False, 3, before)
    monkeypatch.setenv(serve.WORKER, json.dumps(given))
    gc.freeze()
    try:
        app = serve.worker()
        with PredictionLog():  # which a worker does not create
            assert app.version
        for file in (paths.PARAMS, paths.SCHEMA):
            text = file.read_text(encoding="utf-8")
            file.write_text(f"{text}\n# other words\n", encoding="utf-8")
            with pytest.raises(SystemExit) as ended:
                serve.worker()
            assert ended.value.code == 1
            assert (
                "error: the model or the parameters in the folder have changed"
                in capsys.readouterr().err
            )
            file.write_text(text, encoding="utf-8")
    finally:
        gc.unfreeze()
    paths.MODEL.write_bytes(paths.MODEL.read_bytes() + b"x")
    assert fingerprint([Path()]) != before
    assert fingerprint([Path(), Path()]) != fingerprint([Path()])


@pytest.mark.ci("it takes half a minute")
def test_workers_end_with_the_process_that_started_them(project: Path) -> None:
    stand_in("binary", project)
    with command("--workers", 2) as (process, address):
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 2)
        assert httpx.get(f"{address}/ready").json()["expected"] == 2
        children = spawned(process.pid)
        assert len(children) == 2
        process.kill()
        process.wait()
        wait_for(lambda: not any(is_alive(child) for child in children))
        with socket.socket() as free:  # the port is
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", int(address.rpartition(":")[2])))


@pytest.mark.ci("it takes half a minute")
def test_the_others_go_on_while_one_finds_another_model(project: Path) -> None:
    stand_in("binary", project)
    with command("--workers", 2) as (process, address):
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 2)
        version = httpx.get(f"{address}/model").json()["version"]
        text = paths.PARAMS.read_text(encoding="utf-8")
        paths.PARAMS.write_text(f"{text}\n# other words\n", encoding="utf-8")
        os.kill(spawned(process.pid)[0], signal.SIGKILL)
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 1)
        until = time.monotonic() + 15  # some tries
        while time.monotonic() < until:
            found = httpx.get(f"{address}/ready").json()
            assert found == {"status": "ready", "workers": 1, "expected": 2}
            assert httpx.get(f"{address}/model").json()["version"] == version
        assert "server_workers 1.0" in httpx.get(f"{address}/metrics").text
        paths.PARAMS.write_text(text, encoding="utf-8")
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 2)


def test_a_sign_of_life_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("tabrail.serving.supervisor.time", clock)
    worker = supervisor.Worker(uvicorn.Config("app"), [])
    monkeypatch.setattr(worker.process, "is_alive", lambda: True)
    assert worker.is_alive(60)  # it is asked
    now = 160.0
    assert worker.is_alive(60)
    now = 161.0
    assert not worker.is_alive(60)
    assert worker.child_conn.recv() == b"ping"
    worker.child_conn.send(False)
    assert worker.is_alive(60)  # it has answered, and is asked again
    assert worker.child_conn.recv() == b"ping"
    monkeypatch.setattr(worker.process, "is_alive", lambda: False)
    assert not worker.is_alive(60)


@pytest.mark.ci("it takes half a minute")
def test_workers_that_are_killed_while_they_start_come_back(project: Path) -> None:
    stand_in("binary", project)
    with command("--workers", 2) as (process, address):
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 2)
        gone = set(spawned(process.pid)[:1])  # the first goes on, and is none that is killed
        for _ in range(4):  # all but the first have hardly begun
            wait_for(lambda: set(spawned(process.pid)) - gone)
            (other,) = set(spawned(process.pid)) - gone
            os.kill(other, signal.SIGKILL)
            gone.add(other)
        wait_for(lambda: httpx.get(f"{address}/ready").json()["workers"] == 2)
        (other,) = set(spawned(process.pid)) - gone
        os.kill(other, signal.SIGKILL)
        wait_for(lambda: set(spawned(process.pid)) - gone - {other})
        process.terminate()
        assert process.wait(serve.START_S / 2) == 0


def spawned(process: int) -> list[int]:
    """Return the workers of a server."""
    command_ = ["pgrep", "--parent", str(process), "--full", "spawn_main"]
    found = subprocess.run(command_, capture_output=True, encoding="utf-8", check=False)
    return [int(number) for number in found.stdout.split()]

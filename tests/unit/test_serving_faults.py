"""What is answered is in the log, whatever happens to a worker, the database or the server."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import COMMAND, PATIENCE_S, body, command, loaded, logged, served, typical, wait_for
from trained import stand_in

from tabrail.data.schema import Column
from tabrail.errors import InputError
from tabrail.log.entries import Prediction, Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.serving import journal, serve
from tabrail.serving.app import create
from tabrail.serving.processes import is_alive
from tabrail.serving.rollout import Rollout
from tabrail.serving.service import Setup

LOG = Path("log/predictions.sqlite")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _shop(project: Path) -> None:
    """Stand in a project with a trained model."""
    stand_in("binary", project)


class Load:
    """Clients that ask without a pause, and remember what they were answered."""

    def __init__(self, address: str, clients: int = 4) -> None:
        self.answered: list[str] = []
        self.statuses: set[int] = set()
        self._address = address
        self._stop = threading.Event()
        self._content = body(typical())
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            with suppress(httpx.HTTPError), httpx.Client(base_url=self._address) as client:
                while not self._stop.is_set():
                    answer = client.post("/predict", content=self._content, headers=JSON)
                    self.statuses.add(answer.status_code)
                    if answer.status_code == 200:
                        self.answered.append(answer.json()["predictions"][0]["id"])
            time.sleep(0.01)


@contextmanager
def load(address: str, clients: int = 4) -> Iterator[Load]:
    """Ask a server until the end of the block."""
    clients_ = Load(address, clients)
    try:
        yield clients_
    finally:
        clients_.stop()


@pytest.mark.ci("it takes half a minute")
def test_a_killed_worker_loses_nothing_that_it_has_answered() -> None:
    with command("--workers", 2) as (process, address):
        with load(address) as clients:
            wait_for(lambda: len(clients.answered) > 20)
            os.kill(workers(process.pid)[0], signal.SIGKILL)
            before = len(clients.answered)
            wait_for(lambda: len(clients.answered) > before + 20)
        metrics = httpx.get(f"{address}/metrics").text
        # The one that was killed is gone, and its successor is there after a while.
        wait_for(lambda: Counter(roles(address))["server"] == 2)
        assert Counter(roles(address))["supervisor"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert {200} == clients.statuses
    assert set(clients.answered) <= {entry["id"] for entry in logged()}
    line = 'requests_total{path="/predict",status="200"} '
    [counted] = [part for part in metrics.splitlines() if part.startswith(line)]
    assert float(counted.removeprefix(line)) >= len(clients.answered)
    assert "\nlog_entries_waiting 0.0" in metrics


def roles(address: str) -> list[str]:
    """Return the roles of the processes of a server, each of which says how large it is."""
    text = httpx.get(f"{address}/metrics").text
    series = r'process_resident_memory_bytes\{pid="(\d+)",role="(\w+)"\} (\S+)'
    found = re.findall(series, text)
    assert len({pid for pid, _, _ in found}) == len(found)
    assert all(float(size) > 1e6 for _, _, size in found)
    return [role for _, role, _ in found]


def workers(process: int) -> list[int]:
    """Return the processes that answer for a server."""
    command_ = ["pgrep", "--parent", str(process), "--full", "spawn_main"]
    found = subprocess.run(command_, capture_output=True, encoding="utf-8", check=True)
    return [int(number) for number in found.stdout.split()]


def test_a_server_that_is_told_to_stop_finishes_what_it_began() -> None:
    with command() as (process, address), load(address) as clients:
        wait_for(lambda: len(clients.answered) > 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        clients.stop()
    assert {200} == clients.statuses
    assert {entry["id"] for entry in logged()} == set(clients.answered)


def test_a_server_that_starts_or_is_told_to_stop_is_not_ready() -> None:
    async def statuses() -> list[int]:
        with PredictionLog() as log:
            app = create(Setup(loaded(), None, 0.0, log, ""))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
                found = [(await client.get("/ready")).status_code]
                async with app.router.lifespan_context(app):
                    found.append((await client.get("/ready")).status_code)
                    signal.raise_signal(signal.SIGTERM)
                    found.append((await client.get("/ready")).status_code)
        return found

    told: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    try:
        assert asyncio.run(statuses()) == [503, 200, 503]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert told == [signal.SIGTERM]


def test_a_locked_log_holds_up_no_answer() -> None:
    with served() as client, load(str(client.base_url)) as clients:
        wait_for(lambda: len(clients.answered) > 5)
        with sqlite3.connect(LOG, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            before = len(clients.answered)
            wait_for(lambda: len(clients.answered) > before + 20)
            assert waiting(client) > 0
            assert client.post("/outcomes", json={"values": {"f" * 32: "no"}}).status_code == 503
            assert client.post("/predict", content=body(typical()), headers=JSON).is_success
            other.execute("ROLLBACK")
        other.close()
        wait_for(lambda: waiting(client) == 0)
        clients.stop()
        text = client.get("/metrics").text
    assert {200} == clients.statuses
    assert set(clients.answered) <= {entry["id"] for entry in logged()}
    assert 'log_entries_total{fate="lost"} 0.0' in text
    assert 'log_entries_total{fate="failed"} 0.0' not in text


def waiting(client: httpx.Client) -> float:
    """Return how many entries wait for the log."""
    lines = client.get("/metrics").text.splitlines()
    [found] = [line for line in lines if line.startswith("log_entries_waiting ")]
    return float(found.split()[1])


def test_a_log_that_cannot_be_written_loses_only_what_finds_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "MOST_ENTRIES", 5)
    monkeypatch.setattr(journal, "RETRY_S", 0.1)
    with served() as client:
        with read_only():
            for _ in range(8):
                answer = client.post("/predict", content=body(typical()), headers=JSON)
                assert answer.status_code == 200
            assert 'log_entries_total{fate="lost"} 3.0' in client.get("/metrics").text
        wait_for(lambda: waiting(client) == 0)
        assert 'log_entries_total{fate="written"} 5.0' in client.get("/metrics").text
    assert len(logged()) == 5


@contextmanager
def read_only() -> Iterator[None]:
    """Let the log's tables be somewhere else for a while."""
    with sqlite3.connect(LOG) as other:
        other.execute("ALTER TABLE predictions RENAME TO away")
    yield
    with sqlite3.connect(LOG) as other:
        other.execute("ALTER TABLE away RENAME TO predictions")
    other.close()


def test_a_log_that_is_silent_fails_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    write = PredictionLog.write

    def silent(*given: Any) -> None:
        go.wait(PATIENCE_S)
        write(*given)

    monkeypatch.setattr(PredictionLog, "write", silent)
    monkeypatch.setattr(journal, "BUSY_S", 2)
    with served() as client:
        monkeypatch.setattr(PredictionLog, "is_file", False)
        began = time.monotonic()
        for _ in range(20):
            assert client.post("/predict", content=body(typical()), headers=JSON).is_success
        assert time.monotonic() - began < 20 * 2  # what all would take if each waited for the log
        assert waiting(client) == 20
        assert 'log_entries_total{fate="failed"} 1.0' in client.get("/metrics").text
        go.set()
        wait_for(lambda: waiting(client) == 0)
        assert 'log_entries_total{fate="written"} 20.0' in client.get("/metrics").text
    assert len(logged()) == 20


def test_an_answer_of_a_silent_log_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    with served(timeout_seconds=0.5) as client:
        monkeypatch.setattr(PredictionLog, "waiting", lambda *_: go.wait(PATIENCE_S))
        assert client.get("/reviews").status_code == 503
        go.set()


class Fates(Counter[str]):
    """Counts entries by fate."""

    def count(self, fate: str, entries: int) -> None:
        """Count some."""
        self.update({fate: entries})


def test_what_comes_while_old_entries_are_deleted_is_written_at_a_clean_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PredictionLog, "forget", lambda *_: time.sleep(1))
    fates = Fates()
    with PredictionLog() as log:
        writer = journal.Journal(log, 1, fates.count)
        writer.later([refusal() for _ in range(5)])
        writer.close(10)
    assert (fates["written"], fates["lost"]) == (5, 0)


def test_what_is_written_already_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    write, breaks = PredictionLog.write, [1]
    many = [
        Prediction(id_, "champion", utc_now(), "m", True, {}, [0.5], "no", False, 1.0, id_)
        for id_ in (f"{number:032x}" for number in range(4))
    ]

    def once(log: PredictionLog, entries: Sequence[Any]) -> None:
        if entries[0] == many[2] and breaks:
            breaks.pop()
            raise OSError
        write(log, entries)

    monkeypatch.setattr(PredictionLog, "write", once)
    monkeypatch.setattr(journal, "RETRY_S", 0.1)
    fates = Fates()
    with PredictionLog() as log:
        log.write(many[:1])
        writer = journal.Journal(log, 1, fates.count)
        writer.later(many)
        wait_for(lambda: fates["written"] == 4)
        writer.close(10)
    assert fates["lost"] == 0
    assert not breaks
    assert len(logged()) == 4


def test_on_windows_no_process_gets_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.setattr("os.name", "nt")
        windows.setattr("os.kill", lambda *_: pytest.fail("there, signal 0 is Ctrl-C"))
        assert is_alive(1)


def test_a_stop_waits_for_the_longest_request(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.Config", lambda *_, **options: given.update(options))
    monkeypatch.setattr("uvicorn.Server.__init__", lambda *_: None)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    serve.serve("127.0.0.1", 0)
    seconds = loaded().params.serve.timeout_seconds
    assert given["timeout_graceful_shutdown"] > 2 * seconds  # for its body, then for its answer


def refusal() -> Refusal:
    """Return a refusal of now."""
    return Refusal(utc_now(), 422, "age", "missing", 1, "a" * 32, 1)


def test_what_is_old_is_forgotten_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    with served() as client:
        assert client.post("/predict", content=body(typical()), headers=JSON).is_success
    (first,) = logged()
    with served(retention_days=1e-9):  # it is the newest one: the clock may be wrong
        wait_for(lambda: "old predictions could not be deleted: the newest entry" in caplog.text)
    assert logged() == [first]
    with PredictionLog() as log:
        later = Prediction(
            "f" * 32,
            "champion",
            utc_now() + timedelta(days=1),
            "m",
            True,
            {},
            [0.5],
            "no",
            False,
            1,
            "",
        )
        log.write([later])
    with served(retention_days=1e-9):
        wait_for(lambda: [entry["id"] for entry in logged()] == [later.id])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"host": "no.such.host.example"}, "cannot listen on no.such.host"),
        ({"share": 0.5}, "--challenger FOLDER"),
        ({"challenger": Path("nowhere")}, "schema.yaml"),
    ],
)
def test_what_cannot_start_says_why(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        serve.serve(given.pop("host", "127.0.0.1"), 0, **given)


def test_a_port_that_is_taken_is_one_message_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "serve", "--port", port],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot listen on 127.0.0.1, port {port}: ")
    assert done.stderr.count("\n") == 1


def test_a_model_that_says_something_else_does_not_start() -> None:
    path = Path("reports/evaluation.json")
    text = path.read_text(encoding="utf-8")
    place = text.index('"reference"')
    path.write_text(text[:place] + text[place:].replace("0.", "0.5", 1), encoding="utf-8")
    with pytest.raises(InputError, match="reference predictions differ"):
        serve.serve("127.0.0.1", 0)


def test_a_challenger_must_take_the_same_rows() -> None:
    champion, other = loaded(), Path("other")
    shutil.copytree(".", other, ignore=shutil.ignore_patterns("other"))
    same = loaded(other)
    Rollout(champion, same)
    fewer = champion.schema.columns | {"age": Column(kind="ignored")}
    narrow = replace(champion, schema=champion.schema.model_copy(update={"columns": fewer}))
    Rollout(same, narrow)
    with pytest.raises(InputError, match=r"needs columns that requests do not have.*: age;"):
        Rollout(narrow, same)
    question = champion.schema.model_copy(update={"target": "member"})
    with pytest.raises(InputError, match="predicts member"):
        Rollout(champion, replace(champion, schema=question))

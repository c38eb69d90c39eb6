"""The prediction log in PostgreSQL: several workers write, and a database that goes comes back."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.projects import Project, user_environment
from support.servers import HOST, free_port

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # where Debian has its programs
PATIENCE_S = 60
JSON = {"Content-Type": "application/json"}
READ = """
import json
from datetime import datetime
from tabrail.log.entries import OUTCOMES
from tabrail.log.prediction_log import PredictionLog
with PredictionLog() as log:
    before = datetime(2000, 1, 1), datetime(2100, 1, 1)
    found = log.predictions(*before)
    ids = found["id"].tolist()
    assert log.record(OUTCOMES, {ids[0]: "yes", "no such": "no"}) == ["no such"]
    assert log.record(OUTCOMES, {ids[0]: "no"}) == []
    assert log.predictions(*before)["outcome"].tolist().count("no") == 1
    assert log.forget(datetime(2000, 1, 1)) == 0
    print(json.dumps(ids))
    newest = found["at"].max()
    rest = found["id"][found["at"] >= newest].tolist()  # a log is never emptied
    assert log.forget(newest.to_pydatetime()) == len(ids) - len(rest)
    assert log.predictions(*before)["id"].tolist() == rest
"""


@dataclass(frozen=True)
class Postgres:
    """A server of PostgreSQL on 127.0.0.1 that lets everybody in, with its files in one folder."""

    programs: Path
    folder: Path
    port: int

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs, which refuse to be root."""
        user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(  # type: ignore[call-overload]
            command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **user
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses={HOST} -k {self.folder} -c fsync=off"
        self.run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it stay connected and say nothing for a while, like one whose disk hangs."""
        first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        found = subprocess.run(
            ["pgrep", "--parent", str(first)], check=True, capture_output=True, encoding="utf-8"
        )
        processes = [first, *map(int, found.stdout.split())]
        try:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    @property
    def url(self) -> str:
        """Return its address, for SQLAlchemy."""
        return f"postgresql+psycopg://someone@{HOST}:{self.port}/postgres"


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; users seldom have it on their PATH."""
    found = shutil.which("initdb", path=os.pathsep.join(map(str, [*PLACES, os.environ["PATH"]])))
    return Path(found).resolve().parent if found else None


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A running server with an empty database."""
    programs = find_postgres()
    if not programs:
        pytest.fail("initdb of PostgreSQL is not installed; apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        server = Postgres(programs, Path(folder), free_port())
        server.run("initdb", "--auth=trust", "--username=someone", "--no-sync")
        server.start()
        yield server
        server.stop()


READY = {"status": "ready", "workers": 2, "expected": 2}


@contextmanager
def served(project: Project, log: str) -> Iterator[str]:
    """Serve the project with two workers; yield the address."""
    program = project.path / ".venv/bin/tabrail"
    with subprocess.Popen(
        [program, "serve", "--port", "0", "--workers", "2"],
        cwd=project.path,
        env=user_environment(PREDICTION_LOG=log),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        address = lines[1].split()[1]
        try:
            wait_for(lambda: get(f"{address}/ready") == READY)
            yield address
        finally:  # else a failure waits for a server that nobody stops
            process.terminate()
        assert process.wait(PATIENCE_S) == 0


def get(address: str, body: object = None) -> object:
    """Return what a server answers, or nothing if it does not."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, content, JSON)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            text = answer.read().decode()
    except OSError:
        return None
    return json.loads(text) if "json" in answer.headers["Content-Type"] else text


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.1)


@pytest.mark.ci("it needs PostgreSQL")
def test_predictions_are_kept_in_postgres(clone: Project, postgres: Postgres) -> None:
    clone.sync(None, "--locked", "--group", "postgres")
    answered: list[str] = []
    with served(clone, postgres.url) as address:
        described = get(f"{address}/openapi.json")
        assert isinstance(described, dict)
        row = described["components"]["schemas"]["Row"]["examples"][0]

        def ask(times: int) -> None:
            for _ in range(times):
                said = get(f"{address}/predict", {"rows": [row]})
                assert isinstance(said, dict)
                answered.append(said["predictions"][0]["id"])

        ask(20)
        with postgres.silent():
            began = time.monotonic()
            ask(20)
            assert time.monotonic() - began < PATIENCE_S
        wait_for(lambda: "\nlog_entries_waiting 0.0" in str(get(f"{address}/metrics")))
        postgres.stop()
        began = time.monotonic()
        ask(20)
        assert time.monotonic() - began < PATIENCE_S
        postgres.start()
        ask(1)
        wait_for(lambda: "\nlog_entries_waiting 0.0" in str(get(f"{address}/metrics")))
        assert 'log_entries_total{fate="lost"} 0.0' in str(get(f"{address}/metrics"))
    kept = clone.run(".venv/bin/python", "-c", READ, PREDICTION_LOG=postgres.url)
    assert sorted(json.loads(kept)) == sorted(answered)

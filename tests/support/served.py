"""A generated project's server, running for as long as a test needs it."""

import http.client
import json
import re
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support.projects import Project, user_environment

LATEST_START_S = 150  # a busy machine takes its time


class Server:
    """A server that answers."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port = port
        self.headers = {"Content-Type": "application/json"}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    @property
    def address(self) -> str:
        """Return its URL."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        """Send a request; return the status and the JSON of the answer."""
        status, text = self.text(method, path, content)
        return status, json.loads(text)

    def text(self, method: str, path: str, content: Any = None) -> tuple[int, str]:
        """Send a request; return the status and the answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=150)) as connection:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


class Served(Server):
    """A server of this process."""

    def __init__(self, port: int, process: subprocess.Popen[str], log: Path) -> None:
        super().__init__(port)
        self.process = process
        self.log = log

    def logged(self) -> set[str]:
        """Return the identifiers of all predictions in the log."""
        with closing(sqlite3.connect(self.log)) as connection:
            return {one for (one,) in connection.execute("SELECT id FROM predictions")}


class Client(threading.Thread):
    """Asks for so many predictions, one after the other, over one connection."""

    def __init__(self, port: int, row: dict[str, Any], times: int) -> None:
        super().__init__()
        self.port = port
        self.body = json.dumps({"rows": [row]})
        self.times = times
        self.answered: list[str] = []
        self.failed: list[str] = []

    def run(self) -> None:
        """Ask; an answer counts once it is here whole."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=150)
        for _ in range(self.times):
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", "/predict", self.body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(type(error).__name__)
                connection.close()
                continue
            if answer.status == 200:
                self.answered.append(json.loads(content)["predictions"][0]["id"])
            else:
                self.failed.append(str(answer.status))
        connection.close()


@contextmanager
def serving(
    project: Project,
    folder: Path,
    *options: str,
    before: tuple[str, ...] = (),
    **extra: str,
) -> Iterator[Served]:
    """Serve a project's model, with the log in a folder; it must end well when it is told to.

    Args:
        project: whose model.
        folder: where the log is.
        options: of the command.
        before: what is to run the command.
        extra: more variables of the environment.
    """
    log = folder / "log.sqlite"
    command = project.path / ".venv" / "bin" / "tabrail"
    process = subprocess.Popen(
        [*before, str(command), "serve", "--port", "0", *options],
        cwd=project.path,
        env=user_environment() | {"PREDICTION_LOG": f"sqlite:///{log}"} | extra,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("log "):
            break
    found = re.search(r"http://127\.0\.0\.1:(\d+)", printed)
    assert found, printed
    served = Served(int(found[1]), process, log)
    try:
        _wait(served)
        yield served
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=150)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest, rest


def _wait(served: Served) -> None:
    latest = time.monotonic() + LATEST_START_S
    while time.monotonic() < latest:
        try:
            if served.ask("GET", "/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(served.address)

"""Start the server like an operator, request two predictions, and look for them in its log.

The launch checklist runs this in a separate environment: `python -m` this module prints JSON.
"""

import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabrail.errors import InputError, one_message
from tabrail.log.entries import PREDICTIONS
from tabrail.model import reference
from tabrail.model.release import load_release

START_S = 120  # on a busy machine, the start takes long
ANSWER_S = 60
NO_VALUE = {"value": "of no column"}  # JSON allows this, but no kind of column does


@dataclass(frozen=True)
class Probe:
    """The answers of a server.

    Attributes:
        ready: the status of `GET /ready`.
        good: the status for a row with frequent values.
        broken: the status for such a row with an object in place of a value.
        logged: how many of its predictions are in its log.
    """

    ready: int
    good: int
    broken: int
    logged: int


def probe() -> Probe:
    """Serve the model of this folder, and send it requests.

    Raises:
        InputError: the server does not start, or does not answer.
    """
    release = load_release()
    row = reference.typical(release.schema, release.distributions)
    broken = {**row, next(iter(row)): NO_VALUE}
    with tempfile.TemporaryDirectory(prefix="server-") as folder:
        log = Path(folder, "log.sqlite")
        with _served(log) as port:
            ready, _ = _asked(port, "GET", "/ready")
            good, answer = _asked(port, "POST", "/predict", {"rows": [row]})
            refused, _ = _asked(port, "POST", "/predict", {"rows": [broken]})
        given = [one["id"] for one in answer.get("predictions", [])]
        return Probe(ready, good, refused, _logged(log, given))


@contextmanager
def _served(log: Path) -> Iterator[int]:
    """Serve on a free port inside the block; yield the port."""
    # Without a key, since only this process asks, and never with the log of a real server.
    environment = {name: value for name, value in os.environ.items() if name != "API_KEY"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tabrail", "serve", "--port", "0"],
        env=environment | {"PREDICTION_LOG": f"sqlite:///{log}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    late = threading.Timer(START_S, process.kill)  # limits the wait for a line
    late.start()
    try:
        yield _port(process)
    finally:
        late.cancel()
        process.terminate()
        process.communicate(timeout=ANSWER_S)


def _port(process: "subprocess.Popen[str]") -> int:
    """Return the port that a server names once it listens."""
    printed = []
    for line in process.stdout or ():
        printed.append(line.strip())
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    reason = printed[-1].removeprefix("error: ") if printed else f"no output within {START_S} s"
    raise InputError(f"the server does not start: {reason}")


def _asked(port: int, method: str, path: str, content: Any = None) -> tuple[int, dict[str, Any]]:
    """Send a request; return the status and the JSON of the answer."""
    body = None if content is None else json.dumps(content)
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)) as connection:
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise InputError(f"the server does not answer {method} {path}: {error}") from None


def _logged(log: Path, identifiers: list[str]) -> int:
    """Return how many of some predictions are in a log."""
    with closing(sqlite3.connect(log)) as connection:
        there = {one for (one,) in connection.execute(f"SELECT id FROM {PREDICTIONS.name}")}  # noqa: S608
    return len(there.intersection(identifiers))


def main() -> None:
    """Print the answers as JSON."""
    print(json.dumps(vars(probe())))


if __name__ == "__main__":
    with one_message():
        main()

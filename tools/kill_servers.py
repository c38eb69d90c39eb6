"""Kill workers of a server while clients send requests, and compare the answers with the log.

    .venv/bin/python tools/kill_servers.py FOLDER
    .venv/bin/python tools/kill_servers.py FOLDER --seconds 300 --kills 30

`tabrail serve --workers 4` answers eight clients for a minute. Six workers, drawn at random, get
SIGKILL. In the end, their parent process gets SIGTERM while the clients still send requests. Then
every answered prediction is in the log once, and no answer had a status of 500 or more. The server
ended with exit code 0, none of its processes runs, and its port is free.

A connection that a kill ends or that is refused is not an answer. Such connections are counted.
FOLDER is that of kill_commands.py. A table shows the results. The exit code is 1 if a check fails.
"""

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from disturbed_commands import Place, say
from generated_project import OtherwiseError, Server

WORKERS, CLIENTS = 4, 8
HOST = "127.0.0.1"
START_S, END_S = 150, 60


def main() -> int:
    """Serve, kill, compare, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the project")
    parser.add_argument("--seconds", type=float, default=60, help="of asking (default: 60)")
    parser.add_argument("--kills", type=int, default=6, help="of workers (default: 6)")
    parser.add_argument("--seed", type=int, default=1, help="of the kills (default: 1)")
    given = parser.parse_args()
    place = Place(given.folder.resolve())
    place.make()
    place.restore("start")
    log = place.folder / "served.sqlite"
    for file in place.folder.glob("served.sqlite*"):
        file.unlink()
    try:
        found, wrong = _disturbed(place, log, given.seconds, given.kills, given.seed)
    except OtherwiseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("| What | Figure |\n| --- | ---: |")
    print("\n".join(f"| {name} | {value} |" for name, value in found.items()))
    for sentence in wrong:
        print(f"error: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


class Client(threading.Thread):
    """Asks until it is told to stop, and after a failure on a new connection.

    Attributes:
        answered: the identifiers of what was answered.
        statuses: how many answers had which status.
        failed: how many requests had no answer, by the kind of error.
    """

    def __init__(self, port: int, row: dict[str, Any], over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.over = port, over
        self.body = json.dumps({"rows": [row]})
        self.answered: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.failed: Counter[str] = Counter()

    def run(self) -> None:
        """Ask."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=END_S)
        while not self.over.is_set():
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", "/predict", self.body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed[type(error).__name__] += 1
                connection.close()
                time.sleep(0.02)
                continue
            self.statuses[answer.status] += 1
            if answer.status == 200:
                self.answered.append(json.loads(content)["predictions"][0]["id"])
        connection.close()


class Watch(threading.Thread):
    """Asks `/ready` how many workers answer, until it is told to stop.

    Attributes:
        seen: when it was asked, and the answer; -1 for none.
    """

    def __init__(self, server: Server, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.over = server, over
        self.seen: list[tuple[float, int]] = []

    def run(self) -> None:
        """Ask."""
        while not self.over.wait(0.1):
            now = time.monotonic()
            try:
                workers = self.server.answer("GET", "/ready")[1].get("workers", -1)
            except (OSError, http.client.HTTPException, ValueError):
                workers = -1
            self.seen.append((now, workers))

    def until_back(self, killed: float) -> float:
        """Return how many seconds after a kill all workers answered again; infinite if never."""
        after = [(moment, workers) for moment, workers in self.seen if moment > killed]
        fewer = next((moment for moment, workers in after if workers != WORKERS), killed)
        back = (moment for moment, workers in after if moment > fewer and workers == WORKERS)
        return next(back, float("inf")) - killed


def _disturbed(
    place: Place, log: Path, seconds: float, kills: int, seed: int
) -> tuple[dict[str, Any], list[str]]:
    """Return figures, and what is wrong."""
    environment = place.environment() | {"PREDICTION_LOG": f"sqlite:///{log}"}
    printed = place.folder / "served.txt"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [
                str(place.folder / "venv/bin/tabrail"),
                "serve",
                "--port",
                "0",
                "--workers",
                str(WORKERS),
            ],
            cwd=place.people.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    known = {process.pid}
    try:
        port = _port(printed, process)
        server = Server(port)
        _wait(process.pid, server)
        say(f"{WORKERS} workers answer on port {port}")
        (row,) = server.ask("GET", "/openapi.json")["components"]["schemas"]["Row"]["examples"]
        over = threading.Event()
        clients = [Client(port, row, over) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        chance = random.Random(seed)  # noqa: S311 - moments, not secrets
        watched = threading.Event()
        watch = Watch(server, watched)
        watch.start()
        killed = _kill(process.pid, seconds, kills, chance, known)
        watched.set()
        watch.join(END_S)
        known |= _below(process.pid)
        living = len(_workers(process.pid))
        say("SIGTERM")
        began = time.monotonic()
        process.terminate()
        code = process.wait(END_S)
        took = time.monotonic() - began
        time.sleep(1)  # for requests that are refused now
        over.set()
        for client in clients:
            client.join(END_S)
    finally:
        if process.poll() is None:
            process.kill()
    orphans = sorted(filter(_runs, known))
    answered = [one for client in clients for one in client.answered]
    with closing(sqlite3.connect(log)) as connection:
        logged = [one for (one,) in connection.execute("SELECT id FROM predictions")]
    statuses = sum((client.statuses for client in clients), Counter())
    failed = sum((client.failed for client in clients), Counter())
    missing = set(answered) - set(logged)
    twice = (len(answered) - len(set(answered))) + (len(logged) - len(set(logged)))
    errors = sum(count for status, count in statuses.items() if status >= 500)
    traces = printed.read_text(encoding="utf-8", errors="replace").count("Traceback")
    found = {
        "Answered predictions": len(answered),
        "… of them missing in the log": len(missing),
        "In the log without an answer": len(set(logged) - set(answered)),
        "Identifiers twice": twice,
        **{f"Status {status}": count for status, count in sorted(statuses.items())},
        **{f"No answer: {kind}": count for kind, count in sorted(failed.items())},
        "Workers killed": kills,
        "Seconds until all answered again": ", ".join(f"{watch.until_back(t):.1f}" for t in killed),
        "Workers at the end": living,
        "Exit code after SIGTERM": code,
        "Seconds from SIGTERM to the end": f"{took:.1f}",
        "Processes left": len(orphans),
        "Port free": "yes" if _free(port) else "no",
        "Tracebacks printed": traces,
    }
    checks = {
        f"{len(missing)} answered predictions are not in the log": missing,
        f"{twice} identifiers are there twice": twice,
        f"{errors} answers had a status of 500 or more": errors,
        f"the server ended with exit code {code}": code,
        f"{living} workers live at the end, not {WORKERS}": living != WORKERS,
        f"processes are left: {orphans}": orphans,
        f"port {port} is not free": not _free(port),
        f"{traces} tracebacks are in {printed}": traces,
        "nothing was answered": not answered,
    }
    return found, [sentence for sentence, wrong in checks.items() if wrong]


def _port(printed: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait until the server says where it is, and return its port."""
    latest = time.monotonic() + START_S
    while time.monotonic() < latest and process.poll() is None:
        text = printed.read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", text):
            return int(found[1])
        time.sleep(0.1)
    raise OtherwiseError(f"the server does not start: {printed.read_text(encoding='utf-8')}")


def _wait(parent: int, server: Server) -> None:
    """Wait until all workers answer."""
    latest = time.monotonic() + START_S
    while time.monotonic() < latest:
        try:
            status, said = server.answer("GET", "/ready")
        except (OSError, http.client.HTTPException, ValueError):
            status, said = 0, {}
        if status == 200 and said.get("workers") == WORKERS == len(_workers(parent)):
            return
        time.sleep(0.2)
    raise OtherwiseError(f"{WORKERS} workers do not answer: {status} {said}")


def _kill(
    parent: int, seconds: float, kills: int, chance: random.Random, known: set[int]
) -> list[float]:
    """Kill workers at random moments of the time, wait for its end, and return the moments."""
    killed = []
    began = time.monotonic()
    # The last ones have the time to be there again before the end.
    moments = sorted(chance.uniform(1, max(1.0, seconds - 15)) for _ in range(kills))
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        known |= _below(parent)
        workers = _workers(parent)
        if not workers:
            raise OtherwiseError("no worker lives")
        worker = chance.choice(workers)
        os.kill(worker, signal.SIGKILL)
        killed.append(time.monotonic())
        say(f"{time.monotonic() - began:.1f} s: one of {len(workers)} workers is killed")
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return killed


def _below(parent: int) -> set[int]:
    """Return the processes that one has started, and those that these have started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            text = (path / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        state, above, *_ = text.rpartition(")")[2].split()
        if state != "Z":
            parents[int(path.name)] = int(above)
    found = {parent}
    while new := {one for one, above in parents.items() if above in found} - found:
        found |= new
    return found - {parent}


def _workers(parent: int) -> list[int]:
    """Return the workers of a server."""
    return [one for one in sorted(_below(parent)) if "spawn_main" in _line(one)]


def _line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _runs(process: int) -> bool:
    """Return whether a process of the server runs yet."""
    return any(word in _line(process) for word in ("tabrail", "spawn_main", "resource_tracker"))


def _free(port: int) -> bool:
    """Return whether somebody else can listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.exit(main())

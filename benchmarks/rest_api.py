"""What a request to `serve` costs: one row from one client, and from eight at once.

The measure of all is the model itself: `predict_proba` on the same row, prepared, in memory.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from common.measure import LEAVE_OUT, say
from common.project import Project, finished
from common.results import Row, show

ROUNDS = 40
TURNS = 10  # of a round: of the bare call and of one client, one after the other
SECONDS = 0.05  # of such a turn: both meet the machine when it is fast, and when it is slow
SECONDS_OF_MANY = 0.5  # of the one turn of many clients in a round: they need time to queue up
CLIENTS = 8
SLOWER_LIMIT = 1.5  # a request against predict_proba
FASTER_LIMIT = 4  # eight clients against one
BARE = """
import sys, time
from tabrail import Project, load_model
from tabrail.model import reference
from tabrail.model.release import load_release

model = load_model(Project.load())
schema = model.schema
typical = reference.typical(schema, load_release().distributions)
row = reference.table([typical], schema)[schema.inputs]
for seconds in sys.stdin:
    end, times = time.perf_counter() + float(seconds), []
    while time.perf_counter() < end:
        began = time.perf_counter()
        model.pipeline.predict_proba(row)
        times.append(time.perf_counter() - began)
    print(*times, flush=True)
"""
# Neither a client library nor JSON: a client must not be what is measured.
CLIENT = """
import socket, sys, threading, time

port, clients, body = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
head = "POST /predict HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Type: application/json\\r\\n"
request = (head + "Content-Length: " + str(len(body)) + "\\r\\n\\r\\n").encode() + body

def ask(seconds, times, failures):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(65536)
            while answer.startswith(b"HTTP/1.1 200") and not answer.endswith(b"}]}"):
                part = connection.recv(65536)
                answer = answer + part if part else b"the connection broke"
            times.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                return failures.append(answer)

for line in sys.stdin:
    seconds, times, failures = float(line), [], []
    asking = [threading.Thread(target=ask, args=(seconds, times, failures)) for _ in range(clients)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    if failures:
        sys.exit(failures[0].decode())
    print(*times, flush=True)
"""


def main() -> None:
    """Measure in short turns, so that a busy spell hits all alike."""
    with finished() as project, served(project) as (port, body):
        python = str(project.path / ".venv" / "bin" / "python")
        commands = [
            [python, "-c", BARE],
            *([sys.executable, "-c", CLIENT, port, str(n), body] for n in (1, CLIENTS)),
        ]
        with ExitStack() as running:
            programs = [running.enter_context(program(project, command)) for command in commands]
            measured = []
            for number in range(ROUNDS + 1):  # the first one warms up
                if number % 10 == 1:
                    say(f"rounds {number} to {number + 9} of {ROUNDS}")
                measured.append(in_turn(*programs))
    show("One-row requests", results(measured[1:]))


def in_turn(*programs: subprocess.Popen[str]) -> list[list[float]]:
    """Return what a round measures: seconds of bare calls, of one client, of many clients."""
    bare, one, many = programs
    pairs = [(turn(bare, SECONDS), turn(one, SECONDS)) for _ in range(TURNS)]
    alternating = [list(chain.from_iterable(turns)) for turns in zip(*pairs, strict=True)]
    return [*alternating, turn(many, SECONDS_OF_MANY)]


def results(measured: list[list[list[float]]]) -> list[Row]:
    """Return the medians of the rounds, and of the rounds' ratios."""
    names = ("predict_proba in memory", "serve, one client", f"serve, {CLIENTS} clients")
    rows = []
    for place, name in enumerate(names):
        times = [one[place] for one in measured]
        for what, share in (("p50", 0.5), ("p99", 0.99)):
            value = statistics.median(quantile(found, share) for found in times)
            rows.append(Row(f"{name}, {what}", 1000 * value, "ms"))
    slower = [quantile(one, 0.5) / quantile(bare, 0.5) for bare, one, _ in measured]
    faster = [
        (len(eight) / sum(eight)) * CLIENTS * quantile(one, 0.5) for _, one, eight in measured
    ]
    return [
        *rows,
        Row("one client / predict_proba, p50", statistics.median(slower), "x", SLOWER_LIMIT),
        Row(f"{CLIENTS} clients / one, throughput", statistics.median(faster), "x"),
        Row(
            f"one / {CLIENTS} clients, throughput",
            1 / statistics.median(faster),
            "x",
            1 / FASTER_LIMIT,
        ),
    ]


def quantile(times: list[float], share: float) -> float:
    """Return the time within which a share of the requests was answered."""
    return sorted(times)[int(share * len(times))]


@contextmanager
def served(project: Project) -> Iterator[tuple[str, str]]:
    """Serve the project; yield the port and the body of a request."""
    typical = (
        "import json; from tabrail.model import reference; "
        "from tabrail.model.release import load_release; model = load_release(); "
        'print(json.dumps({"rows": [reference.typical(model.schema, model.distributions)]}))'
    )
    python = str(project.path / ".venv" / "bin" / "python")
    body = subprocess.check_output(
        [python, "-c", typical], cwd=project.path, env=environment(), encoding="utf-8"
    ).strip()
    json.loads(body)
    command = [python, "-c", "from tabrail.cli.app import app; app()", "serve", "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        log = f"sqlite:///{Path(folder) / 'predictions.sqlite'}"
        with subprocess.Popen(
            command,
            cwd=project.path,
            env=environment(PREDICTION_LOG=log),
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            lines: Any = process.stdout
            for line in lines:
                if line.startswith("at "):
                    port = line.split("//")[1].split(":")[1].split()[0]
                if line.startswith("log "):
                    break
            else:
                sys.exit("could not measure: the server did not start")
            yield port, body
            process.terminate()


@contextmanager
def program(project: Project, command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program that measures whenever it reads for how many seconds."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=project.path, env=environment(), stdin=pipe, stdout=pipe, encoding="utf-8"
    ) as process:
        yield process
        process.communicate()


def turn(running: subprocess.Popen[str], seconds: float) -> list[float]:
    """Let a program measure for some seconds; return those of each call, which it prints."""
    if not (running.stdin and running.stdout):
        raise TypeError("a program to measure with needs both pipes")
    running.stdin.write(f"{seconds}\n")
    running.stdin.flush()
    printed = running.stdout.readline().split()
    if not printed:
        sys.exit("could not measure: a client was not answered")
    return [float(number) for number in printed]


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a user, with one thread for the model as `serve` has it."""
    kept = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    return kept | {"OMP_NUM_THREADS": "1"} | extra


if __name__ == "__main__":
    main()

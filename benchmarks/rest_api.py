"""What a request to `serve` costs: one row from one client, and from eight at once.

It is compared with a server as most tutorials show it, which has neither schema nor log, and when
asked for (`--peers`) with MLflow and BentoML. All serve the same pipeline: once that of an own
table, where `clean` and `derive` change nothing, and once the sample's, whose functions run for
each row.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from common import client, servers
from common.measure import say
from common.project import Project, finished, own_table
from common.results import Line, Row, show
from common.servers import Server

ROUNDS = 12
SECONDS = 0.25  # of a turn of one client: all servers meet the machine when it is fast, and slow
SECONDS_OF_MANY = 0.5  # they need time to queue up
CLIENTS = 8
# Milliseconds of one client, requests a second of many, and how many times ahead of each peer.
LIMITS = {"own table": (1.0, 2000.0, 8.0), "sample": (3.5, 1000.0, None)}


def main() -> None:
    """Measure in short turns, so that a busy spell hits all alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also MLflow and BentoML (300 MB)")
    given = parser.parse_args()
    with finished() as sample, own_table(sample) as own:
        for name, project in (("own table", own), ("sample", sample)):
            with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
                measure(name, project, Path(folder), list(servers.PACKAGES) if given.peers else [])


def measure(name: str, project: Project, folder: Path, peers: Sequence[str]) -> None:
    """Measure the servers of one project, and print the results."""
    servers.save(project, folder)
    with ExitStack() as stack:
        running = [
            stack.enter_context(one)
            for one in (
                servers.ours(project, folder),
                servers.naive(project, folder),
                *(servers.peer(peer, project, folder) for peer in peers),
            )
        ]
        clients = [
            [stack.enter_context(asking(server, count)) for count in (1, CLIENTS)]
            for server in running
        ]
        rounds = []
        for number in range(ROUNDS + 1):  # the first one warms up
            say(f"{name}: round {number} of {ROUNDS}")
            rounds.append(
                [[turn(one, SECONDS), turn(many, SECONDS_OF_MANY)] for one, many in clients]
            )
    names = [one.name for one in running]
    lines = [
        compared(
            f"one row over HTTP, {name}, p50", rounds[1:], place, names[place], LIMITS[name][2]
        )
        for place in range(1, len(names))
    ]
    show(f"One row, {name}", results(name, names, rounds[1:]), lines)


def compared(
    work: str,
    rounds: list[list[list[list[float]]]],
    place: int,
    name: str,
    ahead: float | None,
) -> Line:
    """Return a line of ours beside a peer, at a place among the servers."""
    ours, other = (
        statistics.median(quantile(times[server][0], 0.5) for times in rounds)
        for server in (0, place)
    )
    ratio = statistics.median(
        quantile(times[0][0], 0.5) / quantile(times[place][0], 0.5) for times in rounds
    )
    return Line(work, 1000 * ours, "ms", name, 1000 * other, ratio, 1 / ahead if ahead else None)


def results(name: str, names: Sequence[str], rounds: list[list[list[list[float]]]]) -> list[Row]:
    """Return the medians of the rounds, and of the rounds' ratios to the peers.

    Args:
        name: the project's.
        names: those of the servers, ours first.
        rounds: by round, server, and number of clients the seconds of each request.
    """
    slowest, fewest, ahead = LIMITS[name]
    rows = []
    for place, server in enumerate(names):
        one = [times[place][0] for times in rounds]
        many = [times[place][1] for times in rounds]
        is_ours = not place
        p50, p99 = (1000 * statistics.median(quantile(x, q) for x in one) for q in (0.5, 0.99))
        rows += [
            Row(f"{server}, one client, p50", p50, "ms", slowest if is_ours else None),
            Row(f"{server}, one client, p99", p99, "ms"),
        ]
        p50, p99 = (1000 * statistics.median(quantile(x, q) for x in many) for q in (0.5, 0.99))
        each = statistics.median(len(times) * CLIENTS / sum(times) for times in many)
        rows += [
            Row(f"{server}, {CLIENTS} clients, p50", p50, "ms"),
            Row(f"{server}, {CLIENTS} clients, p99", p99, "ms"),
            Row(f"{server}, {CLIENTS} clients", each, "/s", least=fewest if is_ours else None),
        ]
    for place, server in enumerate(names[1:], start=1):
        ratios = [quantile(x[place][0], 0.5) / quantile(x[0][0], 0.5) for x in rounds]
        rows.append(Row(f"{server} / serve, p50", statistics.median(ratios), "x", least=ahead))
    return rows


def quantile(times: list[float], share: float) -> float:
    """Return the time within which a share of the requests was answered."""
    return sorted(times)[int(share * len(times))]


@contextmanager
def asking(server: Server, clients: int) -> Iterator["subprocess.Popen[str]"]:
    """Run clients that ask whenever they read for how many seconds."""
    pipe = subprocess.PIPE
    place = [str(server.port), server.path, str(clients), server.body]
    command = [sys.executable, client.__file__, *place]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        yield process
        process.communicate()


def turn(running: "subprocess.Popen[str]", seconds: float) -> list[float]:
    """Let clients ask for some seconds; return those of each request, which they print."""
    if not (running.stdin and running.stdout):
        raise TypeError("a program to measure with needs both pipes")
    running.stdin.write(f"{seconds}\n")
    running.stdin.flush()
    printed = running.stdout.readline().split()
    if not printed:
        sys.exit("could not measure: a client was not answered")
    return [float(number) for number in printed]


if __name__ == "__main__":
    main()

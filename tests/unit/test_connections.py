"""Before a key is looked at, a request's head and the connections have bounds."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from serving import body, served, typical, wait_for
from test_serving_loop import LONGEST_S, steps
from trained import stand_in

from tabrail.serving import connections

__all__ = ["steps"]
BEGIN = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1_000_000
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def _shop(project: Path) -> None:
    """Stand in a trained project."""
    stand_in("binary", project)


@contextmanager
def connected(client: httpx.Client) -> Iterator[socket.socket]:
    """Open a connection."""
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, timeout=PATIENCE_S) as opened:
        yield opened


def sent(opened: socket.socket, begin: bytes, part: bytes, most: int) -> int:
    """Send a part again and again until the server closes; return how many bytes it took."""
    number = 0
    with suppress(OSError):
        opened.sendall(begin)
        while number < most:
            opened.sendall(part)
            number += len(part)
    return number


def received(opened: socket.socket) -> bytes:
    """Return what arrives until the server closes."""
    found = b""
    with suppress(ConnectionResetError):
        while part := opened.recv(100_000):
            found += part
    return found


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("begin", "part"),
    [
        (BEGIN, b"X-A: " + b"a" * 995 + b"\r\n"),
        (BEGIN, b"a:\r\n" * 1000),
        (BEGIN + b"X-A: ", b"a" * 10_000),
        (BEGIN, b"a" * 10_000),
        (b"GET /", b"a" * 10_000),
        (b"GET /?", b"a&" * 5_000),
        (b"", b"\r\n" * 5_000),
        (CHUNKED + b"1\r\n \r\n0\r\n", b"X-A: aaaaaaaaaa\r\n" * 500),
        (CHUNKED + b"1;", b"a" * 10_000),
        (CHUNKED, (b"0" * 60 + b"1\r\n \r\n") * 100),
    ],
    ids=[
        *("headers", "short headers", "one value", "one name", "path", "query", "blank lines"),
        *("trailers", "extension of a chunk", "long sizes of chunks"),
    ],
)
def test_a_head_has_a_size(loop: str, begin: bytes, part: bytes) -> None:
    with served(loop=loop) as client:
        with connected(client) as opened:
            assert sent(opened, begin, part, 40 * MEGABYTE) < 20 * MEGABYTE  # the system has some
            answer = received(opened)
        if answer:  # whoever sends on and on may find it lost
            assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
        assert client.get("/ready").is_success


def test_a_head_within_the_bounds_is_read_and_one_beyond_is_said() -> None:
    with served(max_head_kilobytes=20) as client:
        assert client.get("/model", headers={"X-A": "a" * 19_000}).status_code == 200
        assert client.get("/model", params={"a": "a" * 19_000}).status_code == 200
        for _ in range(5):  # of a connection, each request has a head of its own
            assert client.get("/model", headers={"X-A": "a" * 15_000}).status_code == 200
        for wrong in (
            client.get("/model", headers={"X-A": "a" * 20_000}),
            client.get("/model", headers={f"X-{number}": "a" * 100 for number in range(200)}),
            client.get("/model", params={"a": "a" * 20_000}),
        ):
            assert wrong.status_code == 431
            assert wrong.text == "The headers of the request are larger than 20,000 bytes."


@pytest.mark.parametrize(
    ("begin", "part"),
    [(b"", b""), (b"G", b""), (BEGIN, b"a"), (BEGIN + b"X-A: a", b"a"), (b"", b"\r\n")],
)
def test_a_head_has_a_time(begin: bytes, part: bytes) -> None:
    with served(head_seconds=0.5, key="key") as client, connected(client) as opened:
        began = time.monotonic()
        opened.sendall(begin)
        answer = b""
        opened.settimeout(0.05)
        while not answer:
            with suppress(TimeoutError):
                answer = opened.recv(1000)
            with suppress(OSError):
                opened.sendall(part)
            assert time.monotonic() - began < PATIENCE_S
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"No headers of a request arrived within 0.5 seconds." in answer


def test_what_comes_after_an_answer_has_a_time_too() -> None:
    """An answer does not need the body of a request, and so nobody else looks at it."""
    with served(head_seconds=0.5, key="key") as client, connected(client) as opened:
        opened.sendall(BEGIN + b"Content-Length: 100000000\r\n\r\n")
        assert opened.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert sent(opened, b"", b"a", 0) == 0
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < PATIENCE_S:
                opened.sendall(b"a")
                time.sleep(0.01)
        assert time.monotonic() - began < PATIENCE_S


def test_a_slow_answer_is_no_slow_head() -> None:
    with served(head_seconds=0.2) as client, connected(client) as opened:
        content = body(typical())
        head = POST + f"Content-Length: {len(content)}\r\n\r\n".encode()
        opened.sendall(head + content[:10])
        time.sleep(0.5)
        opened.sendall(content[10:])
        assert opened.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_the_connections_have_a_number_and_idle_ones_make_room() -> None:
    with (
        served(max_connections=3, head_seconds=300) as client,
        connected(client) as first,
        connected(client) as second,
        connected(client) as third,
    ):
        assert client.get("/ready").is_success
        assert received(first) == b""  # the one that has been idle for longest
        second.sendall(BEGIN + b"\r\n")
        assert second.recv(1000).startswith(b"HTTP/1.1 200 ")
        with connected(client) as fourth:
            assert received(third) == b""
            fourth.sendall(BEGIN + b"\r\n")
            assert fourth.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_where_all_are_busy_one_more_is_refused() -> None:
    content = POST + b"Content-Length: 100\r\n\r\n{"
    with (
        served(max_connections=2) as client,
        connected(client) as first,
        connected(client) as second,
    ):
        first.sendall(content)
        second.sendall(content)
        wait_for(lambda: refused(client))


def refused(client: httpx.Client) -> bool:
    """Return whether a connection is not taken."""
    with connected(client) as one:
        one.settimeout(1)
        with suppress(TimeoutError):
            return one.recv(1000).startswith(b"HTTP/1.1 503 ")
    return False


def test_many_requests_at_once_hold_nothing(steps: list[float]) -> None:
    many = (BEGIN + b"\r\n") * 50_000
    with served(loop="asyncio", key="key") as client:
        assert client.get("/ready").is_success
        steps.clear()
        with connected(client) as opened:
            sent(opened, b"", many, 1)
            received(opened)
        assert client.get("/ready").is_success
    assert max(steps) < LONGEST_S


def test_a_few_requests_at_once_are_answered_in_their_order() -> None:
    with served() as client, connected(client) as opened:
        paths = (b"/health", b"/nothing", b"/ready") * 3
        opened.sendall(
            b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % one for one in paths)
        )
        found = b""
        while found.count(b"HTTP/1.1 ") < len(paths) or not found.endswith(b"}"):
            found += opened.recv(100_000)
    assert [one[:3] for one in found.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"] * 3


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_body_of_tiny_parts_is_whole_and_holds_nothing(steps: list[float], loop: str) -> None:
    content = body(*[typical()] * 300)
    parts = b"".join(b"1\r\n%c\r\n" % one for one in content) + b"0\r\n\r\n"
    with served(loop=loop, max_rows=1000) as client:
        assert client.get("/ready").is_success
        steps.clear()
        with connected(client) as opened:
            opened.sendall(CHUNKED + parts)
            assert opened.recv(1000).startswith(b"HTTP/1.1 200 ")
        large = body(*[typical()] * 1000)
        assert len(large) > 4 * connections.PIECE
        headers = {"Content-Type": "application/json"}
        answer = client.post("/predict", content=large, headers=headers)
        assert len(answer.json()["predictions"]) == 1000
    assert max([0.0, *steps]) < LONGEST_S


def test_who_does_not_read_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE_S", 0.3)
    content = body(*[typical()] * 4000)  # the system keeps some of the answers
    head = POST + f"Content-Length: {len(content)}\r\n\r\n".encode()
    with served(max_rows=4000, max_megabytes=5) as client, socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.connect((client.base_url.host, client.base_url.port or 0))
        for _ in range(12):
            opened.sendall(head + content)
        wait_for(lambda: is_closed(opened))


def test_no_more_is_read_while_there_are_pieces() -> None:
    said: list[str] = []

    class Transport:
        def pause_reading(self) -> None:
            said.append("pause")

        def resume_reading(self) -> None:
            said.append("resume")

    flow = connections.PatientFlow(Transport())  # type: ignore[arg-type]
    flow.pause_reading()
    flow.held = True
    flow.resume_reading()
    assert said == ["pause"]
    flow.held = False
    flow.resume_reading()
    assert said == ["pause", "resume"]


def is_closed(opened: socket.socket) -> bool:
    """Return whether the other side has closed a connection."""
    try:
        opened.send(b"a")
    except OSError:
        return True
    return False

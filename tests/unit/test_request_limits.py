"""A request that breaks off, fails or takes too long is one refusal, and never a second answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tabrail.serving.limits import LimitsMiddleware, RequestError
from tabrail.serving.tracing import ARRIVAL, Arrival

START = {"type": "http.response.start", "status": 200, "headers": []}
HALF = {"type": "http.request", "body": b'{"rows": [', "more_body": True}
HEADERS = [(b"host", b"127.0.0.1:8000")]
App = Callable[[Any, Any, Any], Awaitable[None]]


def answered(
    app: App, *received: dict[str, Any], kind: str = "http", method: str = "POST", **limits: Any
) -> tuple[list[dict[str, Any]], list[str]]:
    """Let an application get some messages; return what is sent, and why it was refused."""
    waiting = list(received)
    sent: list[dict[str, Any]] = []
    refused: list[str] = []
    scope: dict[str, Any] = {"type": kind, "method": method, "path": "/predict", "headers": HEADERS}
    scope |= {"state": {ARRIVAL: Arrival()}}

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(600)
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def refuse(path: str, error: RequestError, arrival: object) -> None:
        assert path == "/predict"
        refused.append(f"{error.status} {error.kind}")

    given: dict[str, Any] = {"most_bytes": 100, "seconds": 60, "key": ""}
    given |= {"hosts": (), "refused": refuse}
    asyncio.run(LimitsMiddleware(app, **given | limits)(scope, receive, send))
    return sent, refused


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the body."""
    message = await receive()
    await send(START)
    await send({"type": "http.response.body", "body": message["body"]})


def detail(sent: list[dict[str, Any]]) -> str:
    """Return the sentence of an answer that refuses."""
    return str(json.loads(sent[1]["body"])["detail"])


def test_a_body_that_comes_in_parts_is_whole() -> None:
    rest = {"type": "http.request", "body": b"]}"}
    sent, refused = answered(echo, HALF, rest)
    assert sent[1]["body"] == b'{"rows": []}'
    assert refused == []


def test_a_client_that_goes_away_in_its_body_is_refused_as_such() -> None:
    sent, refused = answered(echo, HALF, {"type": "http.disconnect"})
    assert (sent[0]["status"], refused) == (400, ["400 disconnected"])
    assert detail(sent) == "The body ended early."


def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    sent, refused = answered(echo, HALF, seconds=0.01)
    assert sent[0]["status"] == 408
    assert refused[0].startswith("408 ")
    assert detail(sent).startswith("The body did not arrive within 0.01 seconds.")


def test_a_failure_before_the_answer_is_one_that_shows_no_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("a secret")

    sent, refused = answered(fail, method="GET")
    assert (sent[0]["status"], refused) == (500, ["500 error"])
    assert detail(sent).startswith("The server failed; its log has details of request ")
    assert "ValueError: a secret" in caplog.text


def test_a_failure_within_the_answer_sends_no_second_one() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        raise ValueError

    sent, refused = answered(fail, method="GET")
    assert sent == [START]
    assert refused == ["500 error"]


def test_what_is_no_request_has_no_limits() -> None:
    async def start(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    sent, refused = answered(start, kind="lifespan", key="a key")
    assert sent == [{"type": "lifespan.startup.complete"}]
    assert refused == []
    sent, refused = answered(echo, key="a key")
    assert (sent[0]["status"], refused) == (401, ["401 unauthorized"])

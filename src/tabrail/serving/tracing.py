"""Add the identifier of its request and security headers to every answer.

The identifier comes from the client, or is made here. It is also in the prediction log.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

HEADER = b"x-request-id"
TRACE = b"traceparent"  # https://www.w3.org/TR/trace-context
ARRIVAL = "arrival"  # key in the state of a request
# A client's identifier must be short, without special characters of logs, headers or shells.
ALLOWED = re.compile(rb"[A-Za-z0-9._:/+=@~-]{1,128}")

TRACED = re.compile(rb"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

CAREFUL = [  # an answer is what its type says, and neither it nor its address gets anywhere else
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Arrival:
    """When a request arrived, and its identifiers.

    Attributes:
        began: the time, by `time.perf_counter`.
        request: an identifier that is made here; no two requests share one.
        given: the client's identifier, which several requests may share; or blank.
        trace: the trace of the request, as in its `traceparent`; or blank.
    """

    began: float = 0.0
    request: str = field(default_factory=lambda: uuid4().hex)
    given: str = ""
    trace: str = ""


class TracingMiddleware:
    """ASGI middleware that gives every request an identifier, and every answer its headers."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        given, trace = _given(headers, HEADER, ALLOWED), _given(headers, TRACE, TRACED)
        found = Arrival(perf_counter(), given=given, trace=trace)
        scope.setdefault("state", {})[ARRIVAL] = found
        more = [(HEADER, (found.given or found.request).encode()), *CAREFUL]
        more += [(TRACE, trace.encode())] if trace else []

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *more]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def arrival(scope: Any) -> Arrival:
    """Return when a request arrived, and its identifiers."""
    found: Arrival = scope["state"][ARRIVAL]
    return found


def _given(headers: list[tuple[bytes, bytes]], header: bytes, allowed: re.Pattern[bytes]) -> str:
    """Return a client's header, if logs may repeat it."""
    values = [value for name, value in headers if name == header]
    return values[0].decode() if len(values) == 1 and allowed.fullmatch(values[0]) else ""

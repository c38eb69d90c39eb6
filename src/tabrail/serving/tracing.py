"""Identifiers of requests: of the client or made here, in the answer and in the prediction log."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

HEADER = b"x-request-id"
ARRIVAL = "arrival"  # of the state of a request
# Of a client: short, and of characters that mean nothing in a log, a header or a shell.
ALLOWED = re.compile(rb"[A-Za-z0-9._:/+=@~-]{1,128}")

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Arrival:
    """When a request arrived, and what it is called.

    Attributes:
        began: when, by `time.perf_counter`.
        request: an identifier that is made here; no two requests share one.
        given: the identifier that the client gave, which several requests may share; or blank.
    """

    began: float = 0.0
    request: str = field(default_factory=lambda: uuid4().hex)
    given: str = ""


class TracingMiddleware:
    """ASGI middleware that gives every request an identifier, and every answer the same one."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = Arrival(perf_counter(), given=_given(scope["headers"]))
        scope.setdefault("state", {})[ARRIVAL] = found
        header = (HEADER, (found.given or found.request).encode())

        async def send_with_identifier(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), header]}
            await send(message)

        await self._app(scope, receive, send_with_identifier)


def arrival(scope: Any) -> Arrival:
    """Return when a request arrived, and what it is called."""
    found: Arrival = scope["state"][ARRIVAL]
    return found


def _given(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the client's identifier, if it gave one that may be repeated in logs."""
    values = [value for name, value in headers if name == HEADER]
    return values[0].decode() if len(values) == 1 and ALLOWED.fullmatch(values[0]) else ""

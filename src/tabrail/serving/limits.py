"""Check the limits of every request before its route, and answer if a limit is exceeded."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from fastapi.responses import JSONResponse

from tabrail.serving.hosts import refusal
from tabrail.serving.tracing import Arrival, arrival

PROBES = frozenset({"/health", "/ready"})  # a cluster calls these without a key or the right name
OPEN = PROBES | {"/", "/docs", "/openapi.json"}  # they hold no data
DRAINED = 8  # a too large body is read up to this many times the limit, so that the answer arrives
RETRY_S = 1
CLOSE = {"Connection": "close"}

logger = logging.getLogger(__name__)
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class RequestError(Exception):
    """A request that is refused.

    Attributes:
        status: the HTTP status.
        kind: what is wrong, for the log.
        detail: a sentence for the client.
        headers: more headers of the answer.
    """

    def __init__(
        self, status: int, kind: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers = status, kind, detail, headers


def busy(kind: str, detail: str) -> RequestError:
    """Return the refusal of a request that may succeed a little later."""
    return RequestError(503, kind, f"{detail} Try again later.", {"Retry-After": str(RETRY_S)})


class LimitsMiddleware:
    """ASGI middleware: key or host, size and time of a body, time for an answer, no stack trace."""

    def __init__(
        self,
        app: Asgi,
        most_bytes: int,
        seconds: float,
        key: str,
        hosts: Collection[str] | None,
        refused: Callable[[str, RequestError, Arrival], None],
    ) -> None:
        """Put the limits around an application.

        Args:
            app: the application.
            most_bytes: the largest size of a body.
            seconds: the time for a body to arrive, and also the time for its answer.
            key: the API key that a request must have, or blank.
            hosts: the names of a server without a key, besides the local ones; None for any.
            refused: called with the path, the reason and the identifiers of a request that is
                refused or fails.
        """
        self._app = app
        self._most_bytes, self._seconds = most_bytes, seconds
        self._authorization = f"Bearer {key}".encode() if key else b""
        self._hosts = hosts
        self._refused = refused

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._authorize(scope)
            if scope["method"] == "POST":
                receive = await self._body(scope, receive)
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, send_noting)
        except RequestError as error:
            found = error
        except TimeoutError:
            found = busy("no_answer", f"There was no answer in {self._seconds:g} seconds.")
        except Exception:
            number = arrival(scope).request
            logger.exception("request %s to %s failed", number, scope["path"])
            detail = f"The server failed; its log has details of request {number}."
            found = RequestError(500, "error", detail)
        else:
            return
        self._refused(scope["path"], found, arrival(scope))
        if not started:
            content = {"detail": found.detail}
            await JSONResponse(content, found.status, found.headers)(scope, receive, send)

    def _authorize(self, scope: Any) -> None:
        """Check the API key. Without one, check the host and the website that a request names."""
        if scope["path"] in (OPEN if self._authorization else PROBES):
            return
        if not self._authorization:
            if detail := refusal(scope["method"], scope["headers"], self._hosts):
                raise RequestError(403, "foreign", detail, CLOSE)
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._authorization):
            detail = "An API key is needed, in the header: Authorization: Bearer KEY"
            raise RequestError(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"} | CLOSE)

    async def _body(self, scope: Any, receive: Any) -> Any:
        """Read a body, if it is neither too large nor too slow, and pass it to the application."""
        limit, headers = self._most_bytes, dict(scope["headers"])
        detail = f"The body is larger than {limit:,} bytes; send fewer rows in a request."
        large = RequestError(413, "too_large", detail, CLOSE)
        declared = headers.get(b"content-length", b"")
        size = int(declared) if declared.isdigit() and len(declared) < 20 else 0
        if size > DRAINED * limit or (size > limit and b"expect" in headers):
            raise large
        body = bytearray()
        size, more = 0, True
        try:
            async with asyncio.timeout(self._seconds):
                while more and size <= DRAINED * limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RequestError(400, "disconnected", "The body ended early.")
                    part, more = message.get("body", b""), message.get("more_body", False)
                    size += len(part)
                    if size <= limit:
                        body += part
        except TimeoutError:
            detail = f"The body did not arrive within {self._seconds:g} seconds."
            raise RequestError(408, "slow", detail, CLOSE) from None
        if size > limit:
            raise large
        messages = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Any:
            return messages.pop() if messages else await receive()

        return replay

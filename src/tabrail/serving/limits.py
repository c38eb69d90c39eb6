"""What every request must hold before any code sees it, and what no answer may be."""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

OPEN = frozenset({"/", "/docs", "/openapi.json", "/health", "/ready"})  # they hold no data
DRAINED = 8  # times the largest body: so much of a larger one is read for a clean answer
RETRY_S = 1

logger = logging.getLogger(__name__)
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """What a request may take.

    Attributes:
        bytes: of its body.
        seconds: for its body to arrive, and again for its answer.
        key: what it must present, or blank.
    """

    bytes: int
    seconds: float
    key: str = ""


class RequestError(Exception):
    """A request that is refused.

    Attributes:
        status: the HTTP status.
        fault: a word for the log.
        detail: a sentence for the client.
        headers: more headers of the answer.
    """

    def __init__(
        self, status: int, fault: str, detail: Any, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.fault = fault
        self.detail = detail
        self.headers = headers or {}


def busy(fault: str, detail: str) -> RequestError:
    """Return the refusal of a request that may well succeed a little later."""
    return RequestError(503, fault, f"{detail} Try again later.", {"Retry-After": str(RETRY_S)})


class Limited:
    """ASGI middleware: API key, size and speed of the body, time for the answer, no stack trace."""

    def __init__(
        self, app: Asgi, limits: Limits, refused: Callable[[str, RequestError], None]
    ) -> None:
        """Put the limits around an application.

        Args:
            app: the application.
            limits: what a request may take.
            refused: is told of every refused or failed request, with its path.
        """
        self._app = app
        self._limits = limits
        self._expected = f"Bearer {limits.key}".encode()
        self._refused = refused

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sent(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        scope.setdefault("state", {})["began"] = perf_counter()
        try:
            self._admit(scope)
            if scope["method"] == "POST":
                receive = await self._body(scope, receive)
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, receive, sent)
        except RequestError as refusal:
            problem = refusal
        except TimeoutError:
            problem = busy("no_answer", f"There was no answer in {self._limits.seconds:g} seconds.")
        except Exception:
            number = uuid4().hex
            logger.exception("request %s to %s failed", number, scope["path"])
            problem = RequestError(
                500, "error", f"The server made an error; its log tells more of request {number}."
            )
        else:
            return
        self._refused(scope["path"], problem)
        if not started:
            await _answer(problem, send)

    def _admit(self, scope: Any) -> None:
        if not self._limits.key or scope["path"] in OPEN:
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            raise RequestError(
                401,
                "unauthorized",
                "An API key is needed, in the header: Authorization: Bearer KEY",
                {"WWW-Authenticate": "Bearer", "Connection": "close"},
            )

    async def _body(self, scope: Any, receive: Any) -> Any:
        """Read a body that is neither too large nor too slow, for the application to receive."""
        limit, headers = self._limits.bytes, dict(scope["headers"])
        large = RequestError(
            413,
            "too_large",
            f"The body is larger than {limit:,} bytes; send fewer rows at once.",
            {"Connection": "close"},
        )
        declared = headers.get(b"content-length", b"")
        size = int(declared) if declared.isdigit() and len(declared) < 20 else 0
        if size > DRAINED * limit or (size > limit and b"expect" in headers):
            raise large
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._limits.seconds):
                while more and size <= DRAINED * limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RequestError(400, "disconnected", "The body ended early.")
                    part, more = message.get("body", b""), message.get("more_body", False)
                    size += len(part)
                    if size <= limit:
                        parts.append(part)
        except TimeoutError:
            raise RequestError(
                408,
                "slow",
                f"The body did not arrive within {self._limits.seconds:g} seconds.",
                {"Connection": "close"},
            ) from None
        if size > limit:
            raise large
        content: list[bytes] = [b"".join(parts)]

        async def replay() -> Any:
            if content:
                return {"type": "http.request", "body": content.pop(), "more_body": False}
            return await receive()

        return replay


async def _answer(refusal: RequestError, send: Any) -> None:
    body = json.dumps({"detail": refusal.detail}).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    } | refusal.headers
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})

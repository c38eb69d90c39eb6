"""Limits of a connection. uvicorn itself accepts headers of any size and for any time.

These limits also protect against clients without a key. They limit the size and the time of
headers, and the number of connections. Thousands of requests or parts of a body can arrive at the
same time. So data is read in small pieces, one in each step of the event loop.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tabrail.config.params import Serve

KEEP_ALIVE_S = 60
PIECE = 16_384  # bytes that one step of the event loop reads
FRAMING = 8  # bytes besides each byte of a body, which may come in chunks of one byte
MOST_WAITING = 16  # requests on one connection, before the answer to the first


@dataclass(frozen=True)
class Bounds:
    """Limits of connections.

    Attributes:
        head_bytes: the largest size of a request's headers, and of everything else outside a body.
        head_seconds: the time for headers to arrive.
        connections: the most connections of one process.
    """

    head_bytes: int
    head_seconds: float
    connections: int


class TooLargeError(Exception):
    """The headers are too large, or too many requests are waiting."""


class PatientFlow(FlowControl):
    """Pauses reading from a connection while pieces that have arrived are not read yet."""

    held = False

    def resume_reading(self) -> None:
        """Resume reading, unless pieces are left."""
        if not self.held:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """A connection with limits."""

    def __init__(self, *given: Any, bounds: Bounds, **more: Any) -> None:
        """Prepare a connection.

        Args:
            given: uvicorn's positional arguments.
            bounds: the limits.
            more: uvicorn's keyword arguments.
        """
        super().__init__(*given, **more)
        self._bounds = bounds
        self._pieces = bytearray()
        self._head = 0  # bytes of the headers that the parser has read
        self._left = bounds.head_bytes  # bytes outside a body that may still come
        self._slow: asyncio.TimerHandle | None = None
        self._since = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether no request of this connection is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start; if there are too many connections, close the one that has been idle longest."""
        others = list(self.connections)
        super().connection_made(transport)
        self.flow = PatientFlow(transport)
        self._since = monotonic()  # the clock of a loop may be coarse
        self._await_head()
        if len(others) >= self._bounds.connections:
            idle = [one for one in others if isinstance(one, Connection) and one.is_idle]
            if idle:
                oldest = min(idle, key=lambda one: one._since)
                self.connections.discard(oldest)
                oldest.transport.abort()
            else:
                self._refuse(503, "Too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._head_is_here()
        self._pieces.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read the data that has arrived, the first piece immediately."""
        if self._pieces:
            self._pieces += data
            return
        self._read(data[:PIECE])
        if len(data) > PIECE:
            self._pieces += data[PIECE:]
            self._hold()

    def _hold(self) -> None:
        self.flow.held = True  # type: ignore[attr-defined]
        self.flow.pause_reading()
        self.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        """Read the next piece; if none is left, resume reading from the connection."""
        piece = bytes(self._pieces[:PIECE])
        del self._pieces[:PIECE]
        if piece:
            self._read(piece)
        if self._pieces:
            self._hold()
        elif not self.transport.is_closing():
            self.flow.held = False  # type: ignore[attr-defined]
            self.flow.resume_reading()

    def _read(self, piece: bytes) -> None:
        if self.transport.is_closing():
            self._pieces.clear()
            return
        if self.is_idle:
            self._await_head()
        self._left -= len(piece)
        super().data_received(piece)
        if self._left < 0 and not self.transport.is_closing():
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Start to count the bytes of the headers."""
        self._head, self._left = 0, self._bounds.head_bytes
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, even one after a body."""
        self._count(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > self._bounds.head_bytes:
            self._left = -1
            raise TooLargeError

    def on_headers_complete(self) -> None:
        """Start to answer, unless too many requests are waiting."""
        if len(self.pipeline) >= MOST_WAITING:
            raise TooLargeError
        self._head_is_here()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Read a part of a body."""
        self._left = min(self._bounds.head_bytes, self._left + (1 + FRAMING) * len(body))
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Finish an answer without waiting for a client that does not read it."""
        self._since = monotonic()
        super().on_response_complete()
        if self.transport.is_closing():
            self.loop.call_later(self.timeout_keep_alive, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is not a request, or has too large headers."""
        if self._left < 0:
            size = self._bounds.head_bytes
            self._refuse(431, f"The headers of the request are larger than {size:,} bytes.")
        else:
            super().send_400_response(msg)

    def _await_head(self) -> None:
        """Close the connection if no request's headers arrive in time."""
        if self._slow is None:
            seconds = self._bounds.head_seconds
            message = f"No headers of a request arrived within {seconds:g} seconds."
            self._slow = self.loop.call_later(seconds, self._refuse, 408, message)

    def _head_is_here(self) -> None:
        if self._slow:
            self._slow.cancel()
            self._slow = None

    def _refuse(self, status: int, message: str) -> None:
        """Send an answer without calling the application, and close the connection."""
        if self.transport.is_closing():
            return
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            "content-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(message)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(f"{head}{message}".encode())
        self.transport.close()
        self.loop.call_later(self.timeout_keep_alive, self.transport.abort)


def settings(params: Serve) -> dict[str, Any]:
    """Return uvicorn's settings for the limits of connections."""
    bounds = Bounds(
        int(params.max_head_kilobytes * 1000), params.head_seconds, params.max_connections
    )
    return {
        "http": partial(Connection, bounds=bounds),
        "ws": "none",
        "timeout_keep_alive": KEEP_ALIVE_S,
    }

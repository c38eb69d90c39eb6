"""One thread scores all waiting requests together: eight rows take as long as one."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from time import monotonic
from typing import Any, NamedTuple

from tabrail.serving.request import Request

TICKS = 2  # rounds of the event loop, in which requests that have arrived are read


class OverloadedError(Exception):
    """The queue has no room for more rows."""


class Waiting(NamedTuple):
    """A waiting request, and the future of its answer."""

    request: Request
    answer: asyncio.Future[Any]


class Job(NamedTuple):
    """A function for the thread, and the future of its result."""

    call: Callable[[], Any]
    done: Future[Any]


class Batcher:
    """Collects requests while the thread is busy, and passes them all on when it is free."""

    def __init__(
        self, score: Callable[[list[Request]], list[Any]], most_rows: int, most_waiting: int
    ) -> None:
        """Start the thread.

        Args:
            score: returns the answer to each request, or an exception; runs in the thread.
            most_rows: how many rows are scored together, unless one request has more.
            most_waiting: how many rows may wait.
        """
        self._score = score
        self._most_rows = most_rows
        self._most_waiting = most_waiting
        self._queue: deque[Waiting] = deque()
        self._rows = 0
        self._busy = False
        self._began = 0.0  # when the thread began its current work; 0 if it is idle
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # Before Python exits, it waits for the threads of an executor, even for one that hangs. It
        # does not wait for a daemon thread.
        self._thread = threading.Thread(target=self._run, name="scoring", daemon=True)
        self._thread.start()

    async def answer(self, request: Request) -> Any:
        """Return the answer to a request, as soon as it is scored.

        Raises:
            OverloadedError: too many rows are waiting.
            Exception: the exception that `score` returned for this request.
        """
        if self._rows and self._rows + len(request) > self._most_waiting:
            raise OverloadedError
        one = Waiting(request, asyncio.get_running_loop().create_future())
        self._queue.append(one)
        self._rows += len(request)
        if not self._busy:
            self._busy = True
            self._start_soon()
        return await one.answer

    async def run(self, function: Callable[..., Any], *given: Any) -> Any:
        """Run something else in the thread, between two batches."""
        return await asyncio.wrap_future(self._submit(function, *given))

    def seconds(self) -> float:
        """Return how long the thread has been at its current work; 0 if it is idle."""
        began = self._began
        return monotonic() - began if began else 0.0

    def close(self, seconds: float) -> bool:
        """Stop the thread when it has finished its work.

        Args:
            seconds: how long to wait for the thread.

        Returns:
            Whether it has stopped.
        """
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _start_soon(self, ticks: int = TICKS) -> None:
        """Start a batch when the loop has read all requests that have arrived, without sleeping."""
        loop = asyncio.get_running_loop()
        loop.call_soon(*((self._start_soon, ticks - 1) if ticks else (self._start,)))

    def _start(self) -> None:
        batch: list[Waiting] = []
        rows = 0
        while self._queue and (not batch or rows + len(self._queue[0].request) <= self._most_rows):
            one = self._queue.popleft()
            self._rows -= len(one.request)
            if not one.answer.cancelled():  # it waited too long, or its client has disconnected
                batch.append(one)
                rows += len(one.request)
        if not batch:
            self._busy = False
            return
        loop = asyncio.get_running_loop()
        work = self._submit(self._work, [one.request for one in batch])
        work.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finish, batch, done))

    def _submit(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        job = Job(partial(function, *given), Future())
        self._jobs.put(job)
        return job.done

    def _run(self) -> None:
        while job := self._jobs.get():
            if not job.done.set_running_or_notify_cancel():
                continue
            self._began = monotonic()
            try:
                result = job.call()
            except BaseException as error:  # the waiting caller gets the exception
                self._began = 0.0
                job.done.set_exception(error)
            else:
                self._began = 0.0
                job.done.set_result(result)
            del job

    def _work(self, batch: list[Request]) -> list[Any]:
        """Score a batch; if it fails, score each request alone: none fails because of another."""
        try:
            return self._score(batch)
        except Exception as error:
            if len(batch) == 1:
                return [error]
        return [answer for one in batch for answer in self._work([one])]

    def _finish(self, batch: list[Waiting], done: Future[list[Any]]) -> None:
        for one, answer in zip(batch, done.result(), strict=True):
            if one.answer.cancelled():
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)
        self._start_soon()

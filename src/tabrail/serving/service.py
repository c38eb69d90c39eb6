"""The service behind the routes: the models, the thread that scores, the log and the metrics."""

import logging
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import thread_time
from typing import Any

from fastapi import FastAPI
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from tabrail.log.entries import Prediction, Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model import reference
from tabrail.model.release import Release
from tabrail.serving.batching import Batcher
from tabrail.serving.journal import Journal
from tabrail.serving.limits import RequestError
from tabrail.serving.metrics import Metrics
from tabrail.serving.request import Request, RequestReader, Rows
from tabrail.serving.rollout import Rollout
from tabrail.serving.tracing import Arrival
from tabrail.serving.violations import SchemaViolationError

STUCK = 3  # times serve.timeout_seconds; after this time, no client waits for the batch any more
STOP_S = 1.0  # how long to wait for the thread; its clients have timed out by now
WAITING = 10  # the queue's room for rows, in multiples of the largest request

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setup:
    """What a server needs to start.

    Attributes:
        champion: the model that answers.
        challenger: another model that scores the same rows.
        share: the share of the groups for which the challenger answers.
        log: the prediction log.
        key: the API key, or blank.
        hosts: the names of a server without a key, besides the local ones, in lower case; None for
            any.
        workers: the number of processes that answer.
    """

    champion: Release
    challenger: Release | None
    share: float
    log: PredictionLog
    key: str
    hosts: Collection[str] | None = ()
    workers: int = 1


class Service:
    """The service behind the routes."""

    def __init__(self, setup: Setup) -> None:
        """Prepare the service; its threads start with the server."""
        self.release = release = setup.champion
        self.params = release.params.serve
        self.reader = RequestReader(
            release.schema,
            self.params.max_rows,
            reference.typical(release.schema, release.distributions),
            release.clean,
            reference.rows(release.schema, release.distributions),
            # One model answers all rows of a group.
            release.schema.key if setup.challenger and setup.share else (),
            release.distributions.get("days_of_month"),
        )
        self.metrics = Metrics(release.schema)
        self.rollout = Rollout(
            release,
            setup.challenger,
            setup.share,
            failed=self.metrics.challenger_failures.inc,
            seconds=self.params.timeout_seconds / 2,  # leaves time for the champion's answer
        )
        self.log = setup.log
        self.ready = False

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Run the threads while the server runs."""
        most_rows, days = self.params.max_rows, self.params.retention_days
        self.journal = Journal(self.log, days, self.metrics.count_entries)
        self.batcher = Batcher(self.score, most_rows, WAITING * most_rows)
        self._handle_stop()
        self.ready = True
        yield
        self.ready = False
        if not await run_in_threadpool(self.batcher.close, STOP_S):
            logger.error("a call of clean or of the model does not return; it is abandoned")
        await run_in_threadpool(self.journal.close, self.params.timeout_seconds)

    @property
    def stuck(self) -> bool:
        """Whether the thread that scores does not return, for example because `clean` hangs."""
        return self.ready and self.batcher.seconds() > STUCK * self.params.timeout_seconds

    def score(self, batch: list[Request]) -> list[bytes | SchemaViolationError]:
        """Check, score and log requests together; refuse those with rows that break the schema.

        Returns:
            The JSON of each answer. It is made here, because that may take too long for the event
            loop.
        """
        began = thread_time()
        checked = self.reader.check(batch)
        good = [rows for rows in checked if isinstance(rows, Rows)]
        found: list[dict[str, Any]] = []
        entries: list[Prediction] = []
        if good:
            given = self.reader.together(good, self.release.schema.inputs)
            found, entries = self.rollout.score(good, given)
        self.metrics.cpu.inc(thread_time() - began)
        if good:
            self.journal.write(entries)
        answers = map(self._encoded, found)
        return [next(answers) if isinstance(rows, Rows) else rows for rows in checked]

    def _encoded(self, answer: dict[str, Any]) -> bytes:
        """Return the JSON of an answer, and count its predictions."""
        self.metrics.predicted(answer)
        return to_json(answer)

    def explained(self, request: Request) -> bytes:
        """Return as JSON the effect of each value of a cleaned row on its prediction.

        Raises:
            SchemaViolationError: the row is refused.
        """
        [rows] = self.reader.check([request])
        if not isinstance(rows, Rows):
            raise rows
        return to_json(self.rollout.explained(rows, self.reader.together([rows])))

    def count_refusal(self, path: str, refusal: RequestError, arrival: Arrival) -> None:
        """Log a failed request for predictions, unless it was not authorized."""
        if path == "/predict" and refusal.status not in (401, 403):
            self._log_refusals(refusal.status, {("", refusal.kind): 1}, 1, arrival)

    def count_violations(self, path: str, error: SchemaViolationError, arrival: Arrival) -> None:
        """Count and log rows that break the schema."""
        for (column, kind), rows in error.counts.items():
            self.metrics.refused.labels(column, kind).inc(rows)
        if path == "/predict":
            self._log_refusals(422, error.counts, error.bad, arrival)

    def _log_refusals(
        self, status: int, counts: Mapping[tuple[str, str], int], bad: int, arrival: Arrival
    ) -> None:
        now, request, names = utc_now(), arrival.request, (arrival.given, arrival.trace)
        self.journal.later(
            [
                Refusal(now, status, column, kind, rows, request, bad, *names)
                for (column, kind), rows in counts.items()
            ]
        )

    def _handle_stop(self) -> None:
        """Report "not ready" after the signal to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def stop(number: int, frame: Any, before: Any = before) -> None:
                self.ready = False
                before(number, frame)

            try:
                signal.signal(number, stop)
            except ValueError:  # only the main thread gets signals
                return

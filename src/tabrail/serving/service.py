"""What stands behind the routes: the models, the thread that scores, the log and the metrics."""

import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from tabrail.log.entries import Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model import reference
from tabrail.model.release import Release
from tabrail.serving import limits
from tabrail.serving.batching import Batcher
from tabrail.serving.documents import Documents
from tabrail.serving.journal import Journal
from tabrail.serving.observed import Metrics
from tabrail.serving.request import Request, RequestReader, Rows
from tabrail.serving.rollout import Rollout
from tabrail.serving.violations import SchemaViolationError

WAITING = 10  # times the rows of the largest request may wait to be scored


@dataclass(frozen=True)
class Setup:
    """What a server needs to begin.

    Attributes:
        champion: the model that answers.
        challenger: one that is tried beside it.
        share: of the keys for which the challenger answers.
        log: the prediction log.
        key: the API key, or blank.
    """

    champion: Release
    challenger: Release | None
    share: float
    log: PredictionLog
    key: str


class Service:
    """Everything behind the routes."""

    def __init__(self, setup: Setup) -> None:
        """Bring the parts together; threads start with the server."""
        self.release = setup.champion
        self.params = self.release.params.serve
        schema = self.release.schema
        self.reader = RequestReader(
            schema,
            self.params.max_rows,
            reference.typical(schema, self.release.distributions),
            self.release.clean,
            reference.rows(schema, self.release.distributions),
        )
        self.documents = Documents(schema)
        self.metrics = Metrics(schema)
        failed = self.metrics.challenger_failures.inc
        seconds = self.params.timeout_seconds / 2  # so that the champion's answer is in time
        self.rollout = Rollout(setup.champion, setup.challenger, setup.share, failed, seconds)
        self.log = setup.log
        self.ready = False

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Run the threads for as long as the server does."""
        self.journal = Journal(self.log, self.params.retention_days, self.metrics)
        self.batcher = Batcher(self.score, self.params.max_rows, WAITING * self.params.max_rows)
        self._expect_stop()
        self.ready = True
        yield
        self.ready = False
        self.batcher.close()
        await run_in_threadpool(self.journal.close, self.params.timeout_seconds)

    def score(self, batch: list[Request]) -> list[dict[str, Any] | SchemaViolationError]:
        """Score requests together and log what they are answered; refuse those with bad rows."""
        checked = self.reader.check(batch)
        good = [rows for rows in checked if isinstance(rows, Rows)]
        found: list[dict[str, Any]] = []
        if good:
            frame = self.reader.frame(good, self.release.schema.inputs)
            found, entries = self.rollout.score(good, frame)
            self.journal.write(entries)
        answers = iter(found)
        return [next(answers) if isinstance(rows, Rows) else rows for rows in checked]

    def explained(self, request: Request) -> dict[str, Any]:
        """Return what the values of a row do to its prediction, after it is cleaned.

        Raises:
            SchemaViolationError: the row is refused.
        """
        [rows] = self.reader.check([request])
        if not isinstance(rows, Rows):
            raise rows
        return self.rollout.explained(rows, self.reader.frame([rows]))

    def refused(self, path: str, refusal: limits.RequestError) -> None:
        """Log a request for predictions that failed; not those that anybody may send."""
        if path == "/predict" and refusal.status != 401:
            self._log_refusals(refusal.status, {("", refusal.fault): 1}, 1)

    def broken(self, path: str, refused: SchemaViolationError) -> None:
        """Count and log rows that break the schema."""
        for (column, fault), rows in refused.counts.items():
            self.metrics.refused.labels(column, fault).inc(rows)
        if path == "/predict":
            self._log_refusals(422, refused.counts, refused.bad)

    def _log_refusals(self, status: int, faults: Mapping[tuple[str, str], int], bad: int) -> None:
        now, request = utc_now(), uuid4().hex
        self.journal.later(
            [
                Refusal(now, status, column, fault, rows, request, bad)
                for (column, fault), rows in faults.items()
            ]
        )

    def _expect_stop(self) -> None:
        """Stop being ready as soon as the server is told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def stop(number: int, frame: Any, before: Any = before) -> None:
                self.ready = False
                before(number, frame)

            try:
                signal.signal(number, stop)
            except ValueError:  # not the main thread: nobody sends it signals
                return

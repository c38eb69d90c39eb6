"""How predictions get into the log: before they are answered, or later when it does not answer."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Protocol

from sqlalchemy.exc import DataError, IntegrityError

from ..prediction_log import Prediction, PredictionLog, Refusal, utc_now

RETRY_S = 1.0
FORGET_S = 3600.0
AT_ONCE = 1000  # entries in one transaction
MOST_ENTRIES = 50_000  # that wait in memory

Entry = Prediction | Refusal

logger = logging.getLogger(__name__)


class Counts(Protocol):
    """What is counted of a journal."""

    def written(self, entries: int) -> None:
        """Count entries that are in the log."""

    def failed(self, entries: int) -> None:
        """Count entries that could not be written at the first try."""

    def lost(self, entries: int) -> None:
        """Count entries that never will be."""

    def waiting(self, entries: int) -> None:
        """Say how many entries wait in memory."""


class Journal:
    """Writes entries; no trouble with the log ever reaches a request."""

    def __init__(self, log: PredictionLog, retention_days: float, counts: Counts) -> None:
        """Start the thread that writes what waits and deletes what is old."""
        self._log = log
        self._retention = timedelta(days=retention_days)
        self._counts = counts
        self._backlog: deque[Entry] = deque()
        self._changing = threading.Lock()
        self._writing = threading.Lock()  # in SQLite, who has to wait sleeps for too long
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._trouble = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries now; while the log is in trouble, let them wait instead."""
        if not self._trouble:
            with self._writing:
                if not self._trouble and self._write(entries):
                    return
        self.later(entries)

    def later(self, entries: Sequence[Entry]) -> None:
        """Let entries wait for the thread; those that find no room are lost."""
        with self._changing:
            room = MOST_ENTRIES - len(self._backlog)
            self._backlog.extend(entries[:room])
            self._counts.waiting(len(self._backlog))
        if len(entries) > room:
            self._counts.lost(len(entries) - room)
        self._wake.set()

    def close(self, seconds: float) -> None:
        """Write what waits, as far as there is time for it."""
        self._stop.set()
        self._wake.set()
        self._thread.join(seconds)
        if lost := len(self._backlog):
            self._counts.lost(lost)
            logger.error("%d entries of the prediction log are lost", lost)

    def _run(self) -> None:
        forget_at = monotonic()
        while not self._stop.is_set():
            if self._trouble:
                self._stop.wait(RETRY_S)
            else:
                self._wake.wait(max(0.0, forget_at - monotonic()))
            self._wake.clear()
            self._drain()
            if not self._trouble and monotonic() >= forget_at:
                self._forget()
                forget_at = monotonic() + FORGET_S

    def _drain(self) -> None:
        """Write what waits until nothing does, or until the log does not answer."""
        while True:
            with self._changing:
                some = list(islice(self._backlog, AT_ONCE))
            if not some:
                if self._trouble:
                    logger.warning("the prediction log answers again; nothing waits any more")
                self._trouble = False
                return
            with self._writing:
                written = self._write(some)
            if not written:
                return
            with self._changing:
                for _ in some:
                    self._backlog.popleft()
                self._counts.waiting(len(self._backlog))

    def _write(self, entries: Sequence[Entry]) -> bool:
        """Return whether the log has them now, or will never take them."""
        try:
            self._log.write(entries)
        except (DataError, IntegrityError) as error:
            if len(entries) > 1:  # one that cannot be written must not hold up the others
                return all(self._write([entry]) for entry in entries)
            # It is there already if the connection broke after it had been written.
            logger.warning("the prediction log refuses an entry: %s", error.orig)
            self._counts.lost(1)
        except Exception as error:  # whatever the trouble is, it must not fail a prediction
            if not self._trouble:
                self._counts.failed(len(entries))
                logger.warning("the prediction log does not answer: %s", error)
            self._trouble = True
            return False
        else:
            self._counts.written(len(entries))
        return True

    def _forget(self) -> None:
        try:
            if number := self._log.forget(utc_now() - self._retention):
                logger.info("%d old predictions are deleted from the log", number)
        except Exception as error:
            logger.warning("old predictions could not be deleted: %s", error)

"""How predictions get into the log: before they are answered, or later when it does not answer."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice, takewhile
from typing import Protocol

from sqlalchemy.exc import DataError, IntegrityError

from tabrail.log.database import BUSY_S, reason
from tabrail.log.entries import Prediction, Refusal, utc_now
from tabrail.log.prediction_log import PredictionLog

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
    """Writes entries; no trouble with the log ever reaches a request.

    A file is written at once. To a server of databases its own thread writes, since that may be
    connected and yet silent for as long as it likes.
    """

    def __init__(self, log: PredictionLog, retention_days: float, counts: Counts) -> None:
        """Start the threads that write what waits and delete what is old."""
        self._log = log
        self._retention = timedelta(days=retention_days)
        self._counts = counts
        self._backlog: deque[Entry] = deque()
        self._added = self._done = 0  # entries ever
        self._changed = threading.Condition()
        self._pen = threading.Lock()  # in SQLite, who has to wait sleeps for too long
        self._stop = threading.Event()
        self._trouble = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()
        threading.Thread(target=self._forget, name="forgetting", daemon=True).start()

    def write(self, entries: Sequence[Entry]) -> None:
        """Return when entries are in the log or, while it is in trouble, wait in memory."""
        if self._log.is_file and not self._trouble:  # which takes BUSY_S at most
            entries = entries[self._write(entries) :]
        if not entries:
            return
        self.later(entries)
        with self._changed:
            mine = self._added
            if not self._changed.wait_for(lambda: self._trouble or self._done >= mine, BUSY_S):
                self._failed(mine - self._done, f"nothing for {BUSY_S} seconds")

    def later(self, entries: Sequence[Entry]) -> None:
        """Let entries wait for the thread; those that find no room are lost."""
        with self._changed:
            some = entries[: MOST_ENTRIES - len(self._backlog)]
            self._backlog.extend(some)
            self._added += len(some)
            self._counts.waiting(len(self._backlog))
            self._changed.notify_all()
        if len(entries) > len(some):
            self._counts.lost(len(entries) - len(some))

    def close(self, seconds: float) -> None:
        """Write what waits, as far as there is time for it."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(seconds)
        if lost := len(self._backlog):
            self._counts.lost(lost)
            logger.error("%d entries of the prediction log are lost", lost)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            with self._changed:
                self._changed.wait_for(lambda: self._backlog or self._stop.is_set())
            stopping = self._stop.is_set()  # before the last time that all is written
            if not self._drain():
                self._stop.wait(RETRY_S)

    def _drain(self) -> bool:
        """Write what waits; return whether nothing does any more."""
        while True:
            with self._changed:
                some = list(islice(self._backlog, AT_ONCE))
                if not some:
                    if self._trouble:
                        logger.warning("the prediction log answers again; nothing waits any more")
                    self._trouble = False
                    return True
            done = self._write(some)
            with self._changed:
                for _ in range(done):
                    self._backlog.popleft()
                self._done += done
                self._counts.waiting(len(self._backlog))
                self._changed.notify_all()
            if done < len(some):
                return False

    def _write(self, entries: Sequence[Entry]) -> int:
        """Return how many of the first entries the log has now, or will never take."""
        try:
            with self._pen:
                self._log.write(entries)
        except (DataError, IntegrityError) as error:
            if len(entries) > 1:  # one that cannot be written must not hold up the others
                return sum(1 for _ in takewhile(bool, (self._write([one]) for one in entries)))
            if isinstance(error, IntegrityError):  # the connection broke after it was written
                self._counts.written(1)
            else:
                logger.warning("the prediction log refuses an entry: %s", reason(error))
                self._counts.lost(1)
        except Exception as error:  # whatever the trouble is, it must not fail a prediction
            with self._changed:
                self._failed(len(entries), reason(error))
            return 0
        else:
            self._counts.written(len(entries))
        return len(entries)

    def _failed(self, entries: int, answer: str) -> None:
        """Begin a trouble, unless it is known already."""
        if not self._trouble:
            self._counts.failed(entries)
            logger.warning("the prediction log does not answer: %s", answer)
        self._trouble = True

    def _forget(self) -> None:
        while not self._stop.is_set():
            try:
                if number := self._log.forget(utc_now() - self._retention):
                    logger.info("%d old predictions are deleted from the log", number)
            except Exception as error:
                logger.warning("old predictions could not be deleted: %s", reason(error))
            self._stop.wait(FORGET_S)

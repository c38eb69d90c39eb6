"""Write predictions to the log before they are answered. If the log fails, write them later."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice, takewhile

from sqlalchemy.exc import DataError, IntegrityError

from tabrail.log.database import BUSY_S, reason
from tabrail.log.entries import Prediction, Refusal, size, utc_now
from tabrail.log.prediction_log import PredictionLog

RETRY_S = 1.0
DELETE_S = 3600.0
AT_ONCE = 1000  # entries in one transaction
MOST_ENTRIES = 50_000  # the most entries that wait in memory
MOST_BYTES = 200_000_000  # their most bytes: a text may be as long as a request

Entry = Prediction | Refusal
Count = Callable[[str, int], None]  # called with what happens to entries, and their number

logger = logging.getLogger(__name__)


class Journal:
    """Writes entries to the log; a failure of the log never fails a request.

    A file is written immediately. A separate thread writes to a database server, because a
    connected server may still not answer for a long time.
    """

    def __init__(self, log: PredictionLog, retention_days: float, count: Count) -> None:
        """Start the threads that write waiting entries and delete old ones.

        Args:
            log: the log.
            retention_days: the number of days after which an entry is deleted.
            count: called with `written`, `failed` (at the first try), `lost` or `waiting` (in
                memory), and the number of entries.
        """
        self._log = log
        self._retention = timedelta(days=retention_days)
        self._count = count
        self._backlog: deque[Entry] = deque()
        self._bytes = 0  # the size of the backlog
        self._added = self._done = 0  # entries since the start
        self._changed = threading.Condition()
        self._writing = threading.Lock()  # a writer that waits in SQLite sleeps for too long
        self._stop = threading.Event()
        self._fails = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()
        threading.Thread(target=self._delete_old, name="retention", daemon=True).start()

    def write(self, entries: Sequence[Entry]) -> None:
        """Return when entries are in the log. If the log fails, they wait in memory."""
        if self._log.is_file and not self._fails:  # which takes BUSY_S at most
            entries = entries[self._write(entries) :]
        if not entries:
            return
        self.later(entries)
        with self._changed:
            last = self._added
            if not self._changed.wait_for(lambda: self._fails or self._done >= last, BUSY_S):
                self._failed(last - self._done, f"no answer for {BUSY_S} seconds")

    def later(self, entries: Sequence[Entry]) -> None:
        """Queue entries for the thread; those for which there is no room are lost."""
        with self._changed:
            some = entries[: self._room(entries)]
            self._backlog.extend(some)
            self._added += len(some)
            self._count("waiting", len(self._backlog))
            self._changed.notify_all()
        if len(entries) > len(some):
            self._count("lost", len(entries) - len(some))

    def _room(self, entries: Sequence[Entry]) -> int:
        """Reserve room in memory; return for how many of the first entries there is room."""
        number = 0
        for entry in entries[: MOST_ENTRIES - len(self._backlog)]:
            if self._bytes + size(entry) > MOST_BYTES:
                break
            self._bytes += size(entry)
            number += 1
        return number

    def close(self, seconds: float) -> None:
        """Write waiting entries until the time is over."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(seconds)
        if lost := len(self._backlog):
            self._count("lost", lost)
            logger.error("%d entries of the prediction log are lost", lost)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            with self._changed:
                self._changed.wait_for(lambda: self._backlog or self._stop.is_set())
            stopping = self._stop.is_set()  # read before the last write
            if not self._drain():
                self._stop.wait(RETRY_S)

    def _drain(self) -> bool:
        """Write waiting entries; return whether none is left."""
        while True:
            with self._changed:
                some = list(islice(self._backlog, AT_ONCE))
                if not some:
                    if self._fails:
                        logger.warning("the prediction log answers again; no entry is waiting")
                    self._fails = False
                    return True
            done = self._write(some)
            with self._changed:
                for _ in range(done):
                    self._bytes -= size(self._backlog.popleft())
                self._done += done
                self._count("waiting", len(self._backlog))
                self._changed.notify_all()
            if done < len(some):
                return False

    def _write(self, entries: Sequence[Entry]) -> int:
        """Return how many of the first entries the log has now, or will never accept."""
        try:
            self._write_or_drop(entries)
        except (DataError, IntegrityError):  # one invalid entry must not block others
            return sum(1 for _ in takewhile(bool, (self._write([one]) for one in entries)))
        except Exception as error:  # no error may fail a prediction
            with self._changed:
                self._failed(len(entries), reason(error))
            return 0
        return len(entries)

    def _write_or_drop(self, entries: Sequence[Entry]) -> None:
        """Write entries; drop a single one that the log will never accept.

        Raises:
            Exception: the log does not accept them now, or not all together.
        """
        try:
            with self._writing:
                self._log.write(entries)
        except (DataError, IntegrityError) as error:
            if len(entries) > 1:
                raise
            # The connection may have failed after the entry was written.
            if not (isinstance(error, IntegrityError) and self._log.has(entries[0])):
                logger.warning("the prediction log refuses an entry: %s", reason(error))
                self._count("lost", 1)
                return
        self._count("written", len(entries))

    def _failed(self, entries: int, answer: str) -> None:
        """Record that the log fails, and report it once."""
        if not self._fails:
            self._count("failed", entries)
            logger.warning("the prediction log does not answer: %s", answer)
        self._fails = True

    def _delete_old(self) -> None:
        while not self._stop.is_set():
            try:
                if number := self._log.forget(utc_now() - self._retention):
                    logger.info("%d old predictions are deleted from the log", number)
            except Exception as error:
                logger.warning("old predictions could not be deleted: %s", reason(error))
            self._stop.wait(DELETE_S)

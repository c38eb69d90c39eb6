"""The prediction log: predictions, people's decisions and the outcomes.

The log has cleaned rows, not the original ones. So `monitor` and `export` need not clean them
again, and drift compares cleaned rows with cleaned rows.

The log is in SQLite by default. Any other database with a URL of SQLAlchemy is possible
(https://docs.sqlalchemy.org/en/21/core/engines.html). Several processes may write to it.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Self, get_args

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tabrail.errors import InputError
from tabrail.log import database, reading, retention
from tabrail.log.columns import columns
from tabrail.log.entries import (
    DECISIONS,
    OUTCOMES,
    PREDICTIONS,
    REFUSALS,
    REQUESTS,
    Prediction,
    Refusal,
    Role,
    inserts,
    utc_now,
)

logger = logging.getLogger(__name__)

IDENTIFIER = re.compile(r"[0-9a-f]{32}")


class PredictionLog:
    """A log, open for reading and writing; to be used in a `with` statement, or closed."""

    def __init__(
        self, url: str = "", *, create: bool = True, busy_s: float = database.BUSY_S
    ) -> None:
        """Open the log; create its tables where there are none.

        Args:
            url: where it is, for SQLAlchemy; from the environment's PREDICTION_LOG, if blank, and
                without that a SQLite file in this folder.
            create: whether to connect now, and to create the tables.
            busy_s: how long to wait for another process that writes to a file.

        Raises:
            InputError: it is no URL, nothing answers there, or other tables are there.
        """
        self._engine = database.connect(url, busy_s)
        self._locking = database.locking(self._engine)
        self._writer: sa.Connection | None = None
        place = self._engine.url.database if self.is_file else None
        self._file = Path(place) if place else None
        self._identity = database.identity(self._file) if self._file else None
        if not create:
            return
        try:
            # One who only opens it does not wait for those who write.
            engine = self._engine if database.has_tables(self._engine) else self._locking
            with engine.begin() as connection:
                lacking = database.create_tables(connection)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise InputError(
                f"the prediction log {self} does not answer: {database.reason(error)}"
            ) from None
        if lacking:
            self._engine.dispose()
            raise InputError(
                f"the prediction log {self} was made by another version of this project, and lacks "
                f"{', '.join(lacking)}; name a new log in {database.VARIABLE} (the old one does "
                "not change)"
            )

    @property
    def is_file(self) -> bool:
        """Whether it is a file on this machine, and no server that may not answer."""
        return database.is_file(self._engine.url)

    def __str__(self) -> str:
        """Return where it is, without a password or options, which may hold one."""
        return self._engine.url.set(query={}).render_as_string(hide_password=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._writer:
            self._writer.close()
        self._engine.dispose()

    def write(self, entries: Sequence[Prediction | Refusal]) -> None:
        """Append entries, all or none; to be called by one thread at a time.

        Raises:
            SQLAlchemyError: the database is busy, full or gone.
        """
        self._require_file()
        while True:
            with self._writing() as connection:
                for statement, rows in inserts(entries):
                    connection.execute(statement, rows)
            if not self._require_file():
                return

    def has(self, entry: Prediction | Refusal) -> bool:
        """Return whether the log has an entry; unknown for a refusal."""
        if isinstance(entry, Refusal):
            return False
        same = sa.and_(PREDICTIONS.c.id == entry.id, PREDICTIONS.c.role == entry.role)
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.literal(1)).where(same)).first() is not None

    def forget(self, before: datetime) -> int:
        """Delete old entries, with their outcomes and decisions; see `retention.forget`."""
        deleted = retention.forget(self._locking, before)
        database.truncate_changes(self._engine)  # if others are busy, the next call does it
        return deleted

    def _require_file(self) -> bool:
        """Start a new file if the log's file was deleted or replaced, and log a warning.

        Returns:
            Whether the file was gone: the last entries are then lost.
        """
        if self._file is None or (found := database.identity(self._file)) == self._identity:
            return False
        logger.warning("the file of the prediction log %s is gone; a new one is started", self)
        if self._writer:
            self._writer.close()
            self._writer = None
        self._engine.dispose()
        if found is None:
            database.create_private(self._file)
        with self._locking.begin() as connection:
            database.create_tables(connection)
        self._identity = database.identity(self._file)
        return True

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open a transaction; of a file, always on the same connection, which is faster."""
        if not self.is_file:  # connections to a server may break
            with self._engine.begin() as connection:
                yield connection
            return
        self._writer = self._writer or self._engine.connect()
        with self._writer.begin():
            yield self._writer

    def record(self, table: sa.Table, values: Mapping[str, str]) -> list[str]:
        """Record outcomes or decisions; a later one replaces an earlier one.

        Args:
            table: OUTCOMES or DECISIONS.
            values: the outcome or decision by the identifier of the prediction.

        Returns:
            The identifiers of which there is no prediction; nothing is recorded for them.

        Raises:
            SQLAlchemyError: the database is busy, full or gone.
        """
        now, wanted = utc_now(), [one for one in values if IDENTIFIER.fullmatch(one)]
        known: set[str] = set()
        with self._locking.begin() as connection:
            for start in range(0, len(wanted), database.AT_ONCE):
                some = wanted[start : start + database.AT_ONCE]
                found = connection.execute(
                    sa.select(PREDICTIONS.c.id).where(PREDICTIONS.c.id.in_(some))
                )
                present = set(found.scalars())
                known |= present
                if present:
                    connection.execute(sa.delete(table).where(table.c.id.in_(present)))
                    rows = [{"id": one, "at": now, "value": values[one]} for one in sorted(present)]
                    connection.execute(sa.insert(table), rows)
        return [one for one in values if one not in known]

    def waiting(
        self,
        most: int,
        fits: Callable[[dict[str, Any]], bool] | None = None,
        most_bytes: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return predictions that a person is to decide and none has, the oldest first.

        Args:
            most: how many, at most.
            fits: which ones to return, by all but their rows; all, if it is left out.
            most_bytes: of their rows together, unless the first one alone has more; any number, if
                it is left out. More are never read.
        """
        # The rows come last: each may be as large as a request.
        names = [column for column in PREDICTIONS.c if column is not PREDICTIONS.c.row]
        chosen = (
            sa.select(*names, sa.func.length(PREDICTIONS.c.row).label("size"))
            .outerjoin(DECISIONS, PREDICTIONS.c.id == DECISIONS.c.id)
            .where(PREDICTIONS.c.review, PREDICTIONS.c.answered, DECISIONS.c.id.is_(None))
            .order_by(PREDICTIONS.c.at, PREDICTIONS.c.id)
            .execution_options(yield_per=database.AT_ONCE)
        )
        with self._engine.connect() as connection:
            rows = map(reading.decoded, connection.execute(chosen).mappings())
            found = list(_within(islice(filter(fits, rows), most), most_bytes))
            texts: dict[str, str] = {}
            for start in range(0, len(found), database.AT_ONCE):
                ids = [one["id"] for one in found[start : start + database.AT_ONCE]]
                both = sa.select(PREDICTIONS.c.id, PREDICTIONS.c.row).where(
                    PREDICTIONS.c.id.in_(ids), PREDICTIONS.c.answered
                )
                texts |= {one["id"]: one["row"] for one in connection.execute(both).mappings()}
        # What was deleted in between is gone; a letter may be several bytes.
        left = [
            one | {"row": json.loads(texts[one["id"]]), "size": len(texts[one["id"]].encode())}
            for one in found
            if one["id"] in texts
        ]
        return list(_within(left, most_bytes))

    def predictions(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Return the predictions of a span of time; see `parts`."""
        parts = list(self.parts(since, until))
        return pd.concat(parts, ignore_index=True) if parts else reading.frame([])

    def parts(self, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
        """Yield the predictions of a span of time, with their outcomes and decisions.

        Yields:
            Some of them at a time: the columns of the table `predictions`, with `row` and `numbers`
            decoded, `outcome`, `decision`, `reason` (why it went to human review) and `texts` (what
            is measured of them, decoded), None where there is none, and `held`, whether the
            prediction is held to a limit of the target. In the order of time, and those of one
            request together, in no order.
        """
        return reading.parts(self._engine, since, until)

    def columns(self, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
        """Yield the same parts in columns, for many predictions; see `log.columns`."""
        return columns(self._engine, since, until)

    def answering(self, since: datetime, until: datetime) -> dict[str, str]:
        """Return the versions that scored last in a span of time, by their role.

        Returns:
            The champion, and the challenger if it scored rows in the last day of the champion's;
            nothing if there was no champion.
        """
        found: dict[str, str] = {}
        with self._engine.connect() as connection:
            for role in get_args(Role):
                last = connection.execute(
                    sa.select(PREDICTIONS.c.model, PREDICTIONS.c.at)
                    .where(PREDICTIONS.c.at >= since, PREDICTIONS.c.at < until)
                    .where(PREDICTIONS.c.role == role)
                    .order_by(PREDICTIONS.c.at.desc())
                    .limit(1)
                ).first()
                if last is None:
                    break
                found[role], since = last.model, max(since, last.at - timedelta(days=1))
        return found

    def span(self, *, known: bool = False) -> str:
        """Return from when to when the log has predictions, for people.

        Args:
            known: whether only those count of which it is known what came true.
        """
        at = PREDICTIONS.c.at
        question = sa.select(sa.func.min(at), sa.func.max(at))
        if known:
            question = question.join(OUTCOMES, PREDICTIONS.c.id == OUTCOMES.c.id)
        with self._engine.connect() as connection:
            first, last = connection.execute(question).one()
        return f"it has some from {first:%Y-%m-%d} to {last:%Y-%m-%d}" if first else "it has none"

    def refusals(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Return the refusals of a span of time, in the order in which they happened."""
        chosen = (
            sa.select(REFUSALS)
            .where(REFUSALS.c.at >= since, REFUSALS.c.at < until)
            .order_by(REFUSALS.c.number)
        )
        with self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(chosen).mappings()]
        return pd.DataFrame(rows, columns=[column.name for column in REFUSALS.columns])

    def requests(self, given: str) -> list[str]:
        """Return our identifiers of the requests to which a client gave one of its own."""
        chosen = sa.select(REQUESTS.c.request).where(REQUESTS.c.given == given).distinct()
        with self._engine.connect() as connection:
            return sorted(connection.execute(chosen).scalars())


def _within(entries: Iterable[dict[str, Any]], most_bytes: int | None) -> Iterator[dict[str, Any]]:
    """Yield the first entries whose sizes add up to so much; the first one in any case."""
    total = 0
    for one in entries:
        size = one.pop("size")
        if total and most_bytes is not None and total + size > most_bytes:
            return
        total += size
        yield one

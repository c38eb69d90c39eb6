"""The prediction log: what was predicted, what people decided, and what came true.

Of a row it keeps what the cleaning function made of it, and nothing of what came. So `monitor` and
`export` need not clean it again, and drift compares cleaned rows with cleaned rows.

In SQLite by default, or in any database that SQLAlchemy has a URL for
(https://docs.sqlalchemy.org/en/21/core/engines.html). Several processes may write at once.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self, get_args

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from tabrail import paths
from tabrail.errors import InputError

VARIABLE = (
    "PREDICTION_LOG"  # of the environment: where the log is, as a URL that may hold a password
)
BUSY_S = 0.5  # how long to wait for another process that writes
POSTGRES = {  # when a server that does not answer is given up
    "connect_timeout": 2,
    "options": f"-c lock_timeout={1000 * BUSY_S:.0f}",
    "tcp_user_timeout": 2000,
    "keepalives_idle": 10,
}
SOLE = "sole"  # an option of transactions
IDENTIFIER = re.compile(r"[0-9a-f]{32}")
AT_ONCE = 500  # identifiers in one question: databases limit how many
PART = 50_000  # predictions that are read at once

Role = Literal["champion", "challenger"]
Numbers = list[float]

_tables = sa.MetaData()

PREDICTIONS = sa.Table(
    "predictions",
    _tables,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("role", sa.String(10), primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False, index=True),
    sa.Column("model", sa.String(100), nullable=False),
    sa.Column("answered", sa.Boolean, nullable=False),
    sa.Column("row", sa.Text, nullable=False),
    sa.Column("numbers", sa.Text, nullable=False),
    sa.Column("prediction", sa.Text, nullable=False),
    sa.Column("review", sa.Boolean, nullable=False),
    sa.Column("latency_ms", sa.Float, nullable=False),
    sa.Column("request", sa.String(32), nullable=False),
)
REFUSALS = sa.Table(
    "refusals",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("column", sa.Text, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("request", sa.String(32), nullable=False),
    sa.Column("bad", sa.Integer, nullable=False),
)


def _said(name: str) -> sa.Table:
    return sa.Table(
        name,
        _tables,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )


INSERT_PREDICTIONS, INSERT_REFUSALS = sa.insert(PREDICTIONS), sa.insert(REFUSALS)
OUTCOMES = _said("outcomes")
DECISIONS = _said("decisions")


@dataclass(frozen=True)
class Prediction:
    """What one model said of one row.

    Attributes:
        id: of the row; champion and challenger share it.
        role: whether the model is the champion or its challenger.
        at: when, in UTC.
        model: its version.
        answered: whether the client got this prediction.
        row: the cleaned row, in the columns that the schema does not mark as sensitive.
        numbers: what `model.predict` returns of the row: one number, or one for each class.
        prediction: a class, or a number as text.
        review: whether it is to be looked at by a person.
        latency_ms: from the request's arrival until it was scored; to keep it takes more time.
        request: an identifier that the rows of one request share.
    """

    id: str
    role: Role
    at: datetime
    model: str
    answered: bool
    row: Mapping[str, Any]
    numbers: Numbers
    prediction: str
    review: bool
    latency_ms: float
    request: str


@dataclass(frozen=True)
class Refusal:
    """One fault for which a request got no prediction; it may have several.

    Attributes:
        at: when, in UTC.
        status: the HTTP status: below 500 the request's fault, from 500 on the server's.
        column: the column that breaks the schema, or blank.
        fault: what is wrong.
        rows: in how many rows; 1 for a request that could not be read.
        request: an identifier that the faults of one request share.
        bad: how many rows of the request have a fault; the same in all its faults.
    """

    at: datetime
    status: int
    column: str
    fault: str
    rows: int
    request: str
    bad: int


class PredictionLog:
    """A log, open for reading and writing; to be used in a `with` statement, or closed."""

    def __init__(self, url: str = "", *, create: bool = True) -> None:
        """Open the log; make its tables where there are none.

        Args:
            url: where it is, for SQLAlchemy; from the environment's PREDICTION_LOG, if blank, and
                without that a SQLite file in this folder.
            create: whether to see now that it answers and has its tables.

        Raises:
            InputError: the URL is none, nothing answers there, or other tables are there.
        """
        given = url or os.environ.get(VARIABLE, "") or f"sqlite:///{paths.PREDICTION_LOG}"
        try:
            self._url = sa.make_url(given)
            if self.is_file and self._url.database:
                file = Path(self._url.database).resolve()  # two clones' logs should look like two
                file.parent.mkdir(parents=True, exist_ok=True)
                self._url = self._url.set(database=str(file))
            self._engine = _engine(self._url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            # Not the URL itself: it may hold a password.
            raise InputError(
                f"{VARIABLE} is no URL of a database that is installed ({type(error).__name__}); "
                "expected one such as sqlite:///log/predictions.sqlite or, after "
                "`uv sync --group postgres`, postgresql+psycopg://user@host/database"
            ) from None
        # Who reads before he writes has the only pen from the start: two that both read first would
        # wait for each other, and SQLite lets one of them fail at once.
        self._sole = self._engine.execution_options(**{SOLE: True})
        self._kept: sa.Connection | None = None
        if not create:
            return
        try:
            with self._sole.begin() as connection:
                _tables.create_all(connection)
                lacking = _lacking(connection)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise InputError(
                f"the prediction log {self} does not answer: {reason(error)}"
            ) from None
        if lacking:
            self._engine.dispose()
            raise InputError(
                f"the prediction log {self} was made by another version of this project: it lacks "
                f"{', '.join(lacking)}; name a new one in {VARIABLE} (the old one stays as it is)"
            )

    @property
    def is_file(self) -> bool:
        """Whether it is a file on this machine, and no server that may be silent."""
        return self._url.drivername.startswith("sqlite")

    def __str__(self) -> str:
        """Return where it is, without a password or options, which may hold one."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        if self._kept:
            self._kept.close()
        self._engine.dispose()

    def write(self, entries: Sequence[Prediction | Refusal]) -> None:
        """Append entries, all or none; to be called by one thread at a time.

        Raises:
            SQLAlchemyError: the database is busy, full or gone.
        """
        predictions = [
            vars(entry) | {"row": _json(entry.row), "numbers": _json(entry.numbers)}
            for entry in entries
            if isinstance(entry, Prediction)
        ]
        refusals = [vars(entry) for entry in entries if isinstance(entry, Refusal)]
        with self._writing() as connection:
            for statement, rows in ((INSERT_PREDICTIONS, predictions), (INSERT_REFUSALS, refusals)):
                if rows:
                    connection.execute(statement, rows)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open a transaction; of a file, on a connection that is kept: to get one takes longer."""
        if not self.is_file:  # whose connections may break
            with self._engine.begin() as connection:
                yield connection
            return
        self._kept = self._kept or self._engine.connect()
        with self._kept.begin():
            yield self._kept

    def record(self, table: sa.Table, values: Mapping[str, str]) -> list[str]:
        """Keep what came true, or what a person decided; a later word replaces an earlier one.

        Args:
            table: OUTCOMES or DECISIONS.
            values: by the identifier of the prediction.

        Returns:
            The identifiers of which there is no prediction; nothing is kept for them.

        Raises:
            SQLAlchemyError: the database is busy, full or gone.
        """
        now, wanted = utc_now(), [one for one in values if IDENTIFIER.fullmatch(one)]
        known: set[str] = set()
        with self._sole.begin() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                some = wanted[start : start + AT_ONCE]
                found = connection.execute(
                    sa.select(PREDICTIONS.c.id).where(PREDICTIONS.c.id.in_(some))
                )
                there = set(found.scalars())
                known |= there
                if there:
                    connection.execute(sa.delete(table).where(table.c.id.in_(there)))
                    rows = [{"id": one, "at": now, "value": values[one]} for one in sorted(there)]
                    connection.execute(sa.insert(table), rows)
        return [one for one in values if one not in known]

    def waiting(
        self, most: int, fits: Callable[[dict[str, Any]], bool] | None = None
    ) -> list[dict[str, Any]]:
        """Return predictions that a person is to decide and none has, the oldest first.

        Args:
            most: how many, at most.
            fits: which ones to return; all, if it is left out.
        """
        chosen = (
            sa.select(PREDICTIONS)
            .outerjoin(DECISIONS, PREDICTIONS.c.id == DECISIONS.c.id)
            .where(PREDICTIONS.c.review, PREDICTIONS.c.answered, DECISIONS.c.id.is_(None))
            .order_by(PREDICTIONS.c.at, PREDICTIONS.c.id)
            .execution_options(yield_per=AT_ONCE)
        )
        with self._engine.connect() as connection:
            rows = map(_decoded, connection.execute(chosen).mappings())
            return list(islice(filter(fits, rows), most))

    def predictions(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Return the predictions of a span of time; see `parts`."""
        parts = list(self.parts(since, until))
        return pd.concat(parts, ignore_index=True) if parts else _frame([])

    def parts(self, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
        """Yield the predictions of a span of time, with their outcomes and decisions.

        Yields:
            Some of them at a time: the columns of the table `predictions`, with `row` and `numbers`
            decoded, and `outcome` and `decision`, None where there is none. In the order of time,
            and those of one request together, in no order.
        """
        chosen = (
            sa.select(
                PREDICTIONS,
                OUTCOMES.c.value.label("outcome"),
                DECISIONS.c.value.label("decision"),
            )
            .outerjoin(OUTCOMES, PREDICTIONS.c.id == OUTCOMES.c.id)
            .outerjoin(DECISIONS, PREDICTIONS.c.id == DECISIONS.c.id)
            .where(PREDICTIONS.c.at >= since, PREDICTIONS.c.at < until)
            .order_by(PREDICTIONS.c.at, PREDICTIONS.c.request, PREDICTIONS.c.id, PREDICTIONS.c.role)
        )
        kept: list[dict[str, Any]] = []  # of a request that may go on in the next part
        with self._engine.connect() as connection:
            found = connection.execution_options(yield_per=PART).execute(chosen)
            for some in found.mappings().partitions():
                rows = kept + [_decoded(row) for row in some]
                kept = [row for row in rows if row["request"] == rows[-1]["request"]]
                if len(kept) < len(rows):
                    yield _frame(rows[: len(rows) - len(kept)])
        if kept:
            yield _frame(kept)

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

    def forget(self, before: datetime) -> int:
        """Delete what is older, with its outcomes and decisions; return how many predictions."""
        old = sa.select(PREDICTIONS.c.id).where(PREDICTIONS.c.at < before)
        with self._sole.begin() as connection:
            for table in (OUTCOMES, DECISIONS):
                connection.execute(sa.delete(table).where(table.c.id.in_(old)))
            connection.execute(sa.delete(REFUSALS).where(REFUSALS.c.at < before))
            return connection.execute(
                sa.delete(PREDICTIONS).where(PREDICTIONS.c.at < before)
            ).rowcount


def utc_now() -> datetime:
    """Return the time in UTC, without a zone, as databases keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


def reason(error: Exception) -> str:
    """Return what a driver says, without the statement and the values of a row."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()).partition(" DETAIL: ")[0]
    return text or type(cause).__name__


def _lacking(connection: sa.Connection) -> list[str]:
    """Return the columns, as `table.column`, that the tables of a log do not have."""
    there = sa.inspect(connection)
    return [
        f"{table.name}.{column.name}"
        for table in _tables.sorted_tables
        for known in [{found["name"] for found in there.get_columns(table.name)}]
        for column in table.columns
        if column.name not in known
    ]


def _engine(url: sa.URL) -> sa.Engine:
    if not url.drivername.startswith("sqlite"):
        driver = url.drivername.startswith("postgresql+psycopg")
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=POSTGRES if driver else {},
        )
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_S})

    # Readers do not wait for writers, and a killed process loses nothing that it had committed
    # (https://sqlite.org/wal.html).
    @sa.event.listens_for(engine, "connect")
    def _ahead(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.isolation_level = None  # the next function says when a transaction begins

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        sole = connection.get_execution_options().get(SOLE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sole else "BEGIN")

    return engine


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _decoded(row: Mapping[Any, Any]) -> dict[str, Any]:
    return dict(row) | {name: json.loads(row[name]) for name in ("row", "numbers")}


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = [column.name for column in PREDICTIONS.columns]
    found = pd.DataFrame(rows, columns=[*names, "outcome", "decision"])
    for name in ("outcome", "decision"):  # pandas would make None a number
        found[name] = pd.Series([row[name] for row in rows], dtype="object")
    return found

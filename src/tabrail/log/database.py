"""Connect to the database of the prediction log, and create its tables."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tabrail import paths
from tabrail.errors import InputError
from tabrail.log.entries import TABLES

VARIABLE = "PREDICTION_LOG"  # of the environment: the log's URL, which may hold a password
BUSY_S = 0.5  # how long to wait for another process that writes
POSTGRES = {  # when to give up on a server that does not answer
    "connect_timeout": 2,
    "options": f"-c lock_timeout={1000 * BUSY_S:.0f}",
    "tcp_user_timeout": 2000,
    "keepalives_idle": 10,
}
OTHERS = 0o007  # the rights of those who are neither the user nor of the group
AT_ONCE = 500  # identifiers in one statement: databases limit how many
LOCK_AT_ONCE = "lock_at_once"  # an option of connections


def connect(url: str, busy_s: float = BUSY_S) -> sa.Engine:
    """Return an engine for the log's database; it opens no connection yet.

    Args:
        url: where it is, for SQLAlchemy; from the environment's PREDICTION_LOG, if blank, and
            without that a SQLite file in this folder.
        busy_s: how long to wait for another process that writes to a file.

    Raises:
        InputError: it is not the URL of a database whose driver is installed.
    """
    given = url or os.environ.get(VARIABLE, "") or f"sqlite:///{paths.PREDICTION_LOG}"
    try:
        parsed = sa.make_url(given)
        if not is_file(parsed):
            return _server(parsed)
        if parsed.database:
            file = Path(parsed.database).resolve()  # two clones' logs should look like two
            create_private(file)
            parsed = parsed.set(database=str(file))
        return _sqlite(parsed, busy_s)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        # Not the URL itself: it may hold a password.
        raise InputError(
            f"{VARIABLE} is not the URL of an installed database ({type(error).__name__}); "
            "expected one such as sqlite:///log/predictions.sqlite or, after "
            "`uv sync --group postgres`, postgresql+psycopg://user@host/database"
        ) from None


def is_file(url: sa.URL) -> bool:
    """Return whether a database is a file on this machine, not a server that may not answer."""
    return url.drivername.startswith("sqlite")


def create_private(file: Path) -> None:
    """Create a log's file that only its user may read, and SQLite's files beside it as well.

    An existing file only loses the rights of all others, because a group may share it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    mode = file.stat().st_mode
    if mode & OTHERS:
        with suppress(OSError):  # it is another user's
            file.chmod(mode & ~OTHERS)


def identity(file: Path) -> tuple[int, int] | None:
    """Return an identity that a later file at the same place does not have; None if missing."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def locking(engine: sa.Engine) -> sa.Engine:
    """Return an engine whose transactions lock the database when they begin.

    By default, a transaction locks at its first write. Two transactions that read before they
    write would then wait for each other, and SQLite would fail one of them.
    """
    return engine.execution_options(**{LOCK_AT_ONCE: True})


def has_tables(engine: sa.Engine) -> bool:
    """Return whether the log's tables are there."""
    return set(TABLES.tables).issubset(sa.inspect(engine).get_table_names())


def create_tables(connection: sa.Connection) -> list[str]:
    """Create the log's tables where there are none.

    Returns:
        The columns, as `table.column`, that tables of these names lack.
    """
    TABLES.create_all(connection)
    present = sa.inspect(connection)
    return [
        f"{table.name}.{column.name}"
        for table in TABLES.sorted_tables
        for names in [{found["name"] for found in present.get_columns(table.name)}]
        for column in table.columns
        if column.name not in names
    ]


def truncate_changes(engine: sa.Engine) -> bool:
    """Write the changes in a file's write-ahead log into the file, and empty that log.

    Until then, deleted values can be read in both files while any program has the database open.

    Returns:
        Whether it was done. It fails if another connection reads or writes for longer than the
        engine waits. A database server has no such file.
    """
    if not is_file(engine.url):
        return True
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return found.scalar() == 0


def reason(error: Exception) -> str:
    """Return a driver's message, without the statement and the values of a row."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split()).partition(" DETAIL: ")[0]
    return text or type(cause).__name__


def _server(url: sa.URL) -> sa.Engine:
    is_psycopg = url.drivername.startswith("postgresql+psycopg")
    options = POSTGRES if is_psycopg else {}
    return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=options)


def _sqlite(url: sa.URL, busy_s: float) -> sa.Engine:
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": busy_s})

    # Readers do not wait for writers, and a killed process loses nothing that it had committed
    # (https://sqlite.org/wal.html).
    @sa.event.listens_for(engine, "connect")
    def _use_wal(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA secure_delete=ON")  # of what is deleted, nothing can be read
        connection.isolation_level = None  # the next function begins the transactions

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        at_once = connection.get_execution_options().get(LOCK_AT_ONCE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if at_once else "BEGIN")

    return engine

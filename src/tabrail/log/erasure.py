"""Delete the predictions of some people from the prediction log, with all related entries."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tabrail.errors import InputError
from tabrail.log import database
from tabrail.log.entries import OF_PREDICTIONS, OF_REQUESTS, PREDICTIONS, VALUES

BUSY_S = 60.0  # how long to wait for a server that writes
OF_ONE = (*OF_PREDICTIONS, *VALUES, PREDICTIONS)


def find(
    is_theirs: Callable[[list[dict[str, Any]]], Collection[bool]], given: Collection[str]
) -> set[str]:
    """Return the identifiers of predictions to delete; none if there is no log.

    Args:
        is_theirs: says of some rows of the log which ones are to be deleted.
        given: identifiers of predictions that are to be deleted, whatever their rows are.

    Raises:
        InputError: the log cannot be read.
    """
    found: set[str] = set()
    with _opened() as engine:
        if engine is None:
            return found
        question = sa.select(PREDICTIONS.c.id, PREDICTIONS.c.row)
        with engine.connect() as connection:
            rows = connection.execution_options(yield_per=database.AT_ONCE).execute(question)
            for part in rows.partitions():
                theirs = is_theirs([json.loads(row) for _, row in part])
                found |= {one for (one, _), his in zip(part, theirs, strict=True) if his}
                found |= {one for one, _ in part if one in given}
    return found


def delete(identifiers: Collection[str]) -> int:
    """Delete predictions with their outcomes and decisions, all or none; return how many.

    Raises:
        InputError: the log cannot be written. Nothing is deleted then.
    """
    count, ordered = 0, sorted(identifiers)
    with _opened() as engine:
        if engine is None or not ordered:
            return 0
        with database.locking(engine).begin() as connection:
            requests: set[str] = set()
            for start in range(0, len(ordered), database.AT_ONCE):
                some = ordered[start : start + database.AT_ONCE]
                theirs = PREDICTIONS.c.id.in_(some)
                requests.update(
                    connection.execute(sa.select(PREDICTIONS.c.request).where(theirs)).scalars()
                )
                for table in OF_ONE:
                    done = connection.execute(sa.delete(table).where(table.c.id.in_(some)))
                count += done.rowcount
            _delete_requests(connection, sorted(requests))
    return count


def overwrite() -> None:
    """Overwrite what was deleted from a log that is a file, also by a call that was killed.

    Secure deletion alone leaves a value now and then: where SQLite has moved rows to another page,
    their first copy stays in the gap.

    Raises:
        InputError: the log cannot be written, or others read it all the time.
    """
    with _opened() as engine:
        if engine is None or not database.is_file(engine.url):
            return
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # of what SQLAlchemy begins: there is nothing yet
            connection.exec_driver_sql("VACUUM")
        if not database.truncate_changes(engine):
            raise InputError(
                f"another program has read the prediction log {_name(engine)} for "
                f"{BUSY_S:.0f} seconds, so deleted values can still be read in its file that ends "
                "in -wal; repeat the command when that program has ended"
            )


def _delete_requests(connection: sa.Connection, requests: list[str]) -> None:
    """Delete what belongs to requests that have no prediction any more."""
    for start in range(0, len(requests), database.AT_ONCE):
        some = requests[start : start + database.AT_ONCE]
        left = sa.select(PREDICTIONS.c.request).where(PREDICTIONS.c.request.in_(some))
        gone = set(some) - set(connection.execute(left).scalars())
        for table in OF_REQUESTS:
            connection.execute(sa.delete(table).where(table.c.request.in_(gone)))


@contextmanager
def _opened() -> Iterator[sa.Engine | None]:
    """Yield the log's database; None if there is none.

    Raises:
        InputError: it does not answer.
    """
    engine = database.connect("", BUSY_S)
    try:
        file = engine.url.database or ""
        if database.is_file(engine.url) and file and not Path(file).exists():
            yield None
            return
        yield engine if database.has_tables(engine) else None
    except SQLAlchemyError as error:
        raise InputError(
            f"the prediction log {_name(engine)} does not answer: {database.reason(error)}; "
            "repeat the command when it does"
        ) from None
    finally:
        engine.dispose()


def _name(engine: sa.Engine) -> str:
    """Return where a log is, without a password or options, which may hold one."""
    return engine.url.set(query={}).render_as_string(hide_password=True)

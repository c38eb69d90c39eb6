"""Delete entries older than the retention: in steps, and never all because of a wrong clock."""

import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from tabrail.log.entries import OF_PREDICTIONS, OF_REQUESTS, PREDICTIONS, REFUSALS, VALUES

DATED = (PREDICTIONS, REFUSALS)  # the other tables are about these
MOST_AT_ONCE = timedelta(days=1)  # of entries, in one call
STEP = 2000  # predictions in one transaction: others write in between
PAUSE_S = 0.01


class WrongClockError(Exception):
    """All entries are older than the retention, so the clock may be wrong."""


def forget(engine: sa.Engine, before: datetime) -> int:
    """Delete what is older, with its outcomes and decisions, but at most the oldest day.

    A server calls this every hour. So a clock that is wrong for an hour costs a day, and one that
    is wrong from the start costs nothing.

    Args:
        engine: of the log; its transactions lock the database at once.
        before: entries of before may go.

    Returns:
        How many predictions are deleted.

    Raises:
        WrongClockError: the newest entry is older, too.
        SQLAlchemyError: the database is busy or gone.
    """
    with engine.connect() as connection:
        oldest, newest = _span(connection)
    if oldest is None or newest is None or oldest >= before:
        return 0
    if newest < before:
        raise WrongClockError(
            f"the newest entry is of {newest:%Y-%m-%d %H:%M}, before {before:%Y-%m-%d %H:%M}, so "
            "all would be deleted; check the clock, and if it is right, delete the log yourself"
        )
    last = min(before, oldest + MOST_AT_ONCE)
    deleted, end = 0, oldest
    while end < last:
        with engine.begin() as connection:
            end = max(_step(connection, last), end + timedelta(microseconds=1))
            deleted += _delete(connection, end)
        time.sleep(PAUSE_S)
    return deleted


def _span(connection: sa.Connection) -> tuple[datetime | None, datetime | None]:
    """Return when the oldest and the newest entry are of."""
    found = [
        connection.execute(sa.select(function(table.c.at))).scalar()
        for table in DATED
        for function in (sa.func.min, sa.func.max)
    ]
    there = [one for one in found if one is not None]
    return (min(there), max(there)) if there else (None, None)


def _step(connection: sa.Connection, last: datetime) -> datetime:
    """Return up to when to delete in one transaction."""
    at = PREDICTIONS.c.at
    question = sa.select(at).where(at < last).order_by(at).offset(STEP).limit(1)
    return connection.execute(question).scalar() or last


def _delete(connection: sa.Connection, before: datetime) -> int:
    old = sa.select(PREDICTIONS.c.id).where(PREDICTIONS.c.at < before)
    for table in VALUES:
        connection.execute(sa.delete(table).where(table.c.id.in_(old)))
    for table in (REFUSALS, *OF_PREDICTIONS, *OF_REQUESTS):
        connection.execute(sa.delete(table).where(table.c.at < before))
    return connection.execute(sa.delete(PREDICTIONS).where(PREDICTIONS.c.at < before)).rowcount

"""Read the predictions of a span of time from the log in columns.

A month may have millions of predictions. So they are read in the order of the table `predictions`.
Values in other tables are looked up for many predictions at a time. Some of these tables have an
index of the time, which is used. The others are read by identifiers, in the order of their index.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tabrail.log import database, reading
from tabrail.log.entries import DECISIONS, MARKS, OUTCOMES, PREDICTIONS, REVIEWS, TEXTS

FETCHED = 2_000  # predictions that are Python's objects at once
TEXT = pa.large_string()
MARK = {"qmark": "?"}  # for a value in a question; other drivers have the next one
ANY_MARK = "%s"


def columns(engine: sa.Engine, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
    """Yield what `reading.parts` does, with `row`, `numbers` and `texts` as the log has them.

    Yields:
        Moments as datetime64[us], flags as bool, latencies as float64, all else as str.
    """
    open_rows = pd.DataFrame()  # of a request that may go on in the next part
    with engine.connect() as connection:
        waiting: list[pa.Table] = []
        for some in _fetched(connection, since, until, min(FETCHED, reading.PART)):
            waiting.append(_table(some))
            if sum(map(len, waiting)) >= reading.PART:
                rows = pd.concat([open_rows, _frame(waiting)], ignore_index=True)
                is_open = rows["request"] == rows["request"].iloc[-1]
                open_rows, waiting = rows[is_open], []
                if not is_open.all():
                    yield _with_others(connection, rows[~is_open].reset_index(drop=True))
        rest = [open_rows, _frame(waiting)] if waiting else [open_rows]
        rows = pd.concat(rest, ignore_index=True)
        if len(rows):
            is_open = rows["request"] == rows["request"].iloc[-1]
            for these in (rows[~is_open], rows[is_open]):
                if len(these):
                    yield _with_others(connection, these.reset_index(drop=True))


def _fetched(
    connection: sa.Connection, since: datetime, until: datetime, size: int
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield rows of the table `predictions`, as the driver returns them."""
    raw = [sa.type_coerce(one, sa.types.NullType()).label(one.name) for one in PREDICTIONS.c]
    within = PREDICTIONS.c.at >= since, PREDICTIONS.c.at < until
    question = sa.select(*raw).where(*within).order_by(*reading.ORDER)
    if connection.dialect.name != "sqlite":  # a server sends them in parts only if asked to
        found = connection.execution_options(yield_per=size).execute(question)
        yield from found.partitions()
        return
    text = str(question.compile(connection, compile_kwargs={"literal_binds": True}))
    driver = connection.dialect.loaded_dbapi
    try:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(text)
            while some := cursor.fetchmany(size):
                yield some
    except driver.Error as error:
        raise DBAPIError(text, None, error) from error


def _table(rows: Sequence[Sequence[Any]]) -> pa.Table:
    found: dict[str, Any] = {}
    for column, values in zip(PREDICTIONS.c, zip(*rows, strict=True), strict=True):
        match column.type:
            case sa.DateTime():
                found[column.name] = np.array(values, dtype="datetime64[us]")
            case sa.Boolean():
                found[column.name] = np.array(values, dtype=bool)
            case sa.Float():
                found[column.name] = np.array(values, dtype=np.float64)
            case _:
                found[column.name] = pa.array(values, TEXT)
    return pa.table(found)


def _frame(tables: Sequence[pa.Table]) -> pd.DataFrame:
    return pa.concat_tables(tables).to_pandas()


def _with_others(connection: sa.Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Add what other tables know of predictions; missing where they know nothing."""
    ids = rows["id"].tolist()
    keys = list(zip(ids, rows["role"].tolist(), strict=True))
    span = rows["at"].iloc[0].to_pydatetime(), rows["at"].iloc[-1].to_pydatetime()
    known: dict[str, Sequence[Any]] = {}
    for name, table in (("outcome", OUTCOMES), ("decision", DECISIONS)):
        came_true = _values(connection, table, ids)
        known[name] = [came_true.get(one) for one in ids]
    for name, column in (("reason", REVIEWS.c.reason), ("texts", TEXTS.c.texts)):
        said = _of_predictions(connection, column, *span)
        known[name] = [said.get(one) for one in keys] if said else [None] * len(keys)
    held = _of_predictions(connection, MARKS.c.held, *span)
    for name, values in known.items():
        rows[name] = pd.Series(pa.array(values, TEXT).to_pandas(), dtype="str")
    rows["held"] = [bool(held.get(one)) for one in keys] if held else np.zeros(len(rows), bool)
    return rows


def _values(connection: sa.Connection, table: sa.Table, ids: Sequence[str]) -> Mapping[str, str]:
    """Return the values that a table has for some of the identifiers."""
    found: dict[str, str] = {}
    ordered = sorted(set(ids))
    mark = MARK.get(connection.dialect.paramstyle, ANY_MARK)
    for start in range(0, len(ordered), database.AT_ONCE):
        some = tuple(ordered[start : start + database.AT_ONCE])
        # SQLAlchemy would take as long to write the question as the database to answer it.
        marks = ",".join([mark] * len(some))
        text = f"SELECT id, value FROM {table.name} WHERE id IN ({marks})"  # noqa: S608
        found.update(connection.exec_driver_sql(text, some).all())
    return found


def _of_predictions(
    connection: sa.Connection, column: sa.Column[Any], first: datetime, last: datetime
) -> Mapping[tuple[str, str], Any]:
    """Return what a column says of the predictions of a span of time, by identifier and role."""
    c = column.table.c
    question = sa.select(c.id, c.role, column).where(c.at >= first, c.at <= last)
    return {(one, role): value for one, role, value in connection.execute(question)}

"""Read the predictions of a span of time from the log, with what is known of each.

`parts` is the plain way, entry by entry. `columns` reads the same in columns, without an object for
each entry: a month may have millions.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from tabrail.log.entries import DECISIONS, JSON, MARKS, OUTCOMES, PREDICTIONS, REVIEWS, TEXTS

JOINED = ("outcome", "decision", "reason", "texts")  # with a prediction, where there is one
NAMES = (*PREDICTIONS.columns.keys(), *JOINED, "held")
FLAGS = ("answered", "review", "held")
TEXT = pa.large_string()
PART = 50_000  # predictions that are read at once
FETCHED = 10_000  # of them that are Python's objects at once


def parts(engine: sa.Engine, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
    """Yield the predictions of a span of time; see `PredictionLog.parts`."""
    open_rows: list[dict[str, Any]] = []  # of a request that may go on in the next part
    with engine.connect() as connection:
        chosen = _question(list(PREDICTIONS.c), since, until)
        found = connection.execution_options(yield_per=PART).execute(chosen)
        for some in found.mappings().partitions():
            rows = open_rows + [decoded(row) for row in some]
            open_rows = [row for row in rows if row["request"] == rows[-1]["request"]]
            if len(open_rows) < len(rows):
                yield frame(rows[: len(rows) - len(open_rows)])
    if open_rows:
        yield frame(open_rows)


def columns(engine: sa.Engine, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
    """Yield the same parts, with `row`, `numbers` and `texts` as the JSON that the log has.

    Yields:
        Text as str, missing where there is none; moments as datetime64[us]; flags as bool.
    """
    # What the driver returns, without SQLAlchemy's look at each value.
    raw = [sa.type_coerce(one, sa.types.NullType()).label(one.name) for one in PREDICTIONS.c]
    open_rows: list[pd.DataFrame] = []
    with engine.connect() as connection:
        size = min(FETCHED, PART)
        found = connection.execution_options(yield_per=size).execute(_question(raw, since, until))
        fetched, waiting = 0, list[pd.DataFrame]()
        for some in found.partitions():
            waiting.append(_table(some))
            fetched += len(some)
            if fetched >= PART:
                part, open_rows = _whole_requests([*open_rows, *waiting])
                fetched, waiting = 0, []
                if len(part):
                    yield part
    part, open_rows = _whole_requests([*open_rows, *waiting])
    yield from (one for one in (part, *open_rows) if len(one))


def _question(
    of_predictions: Sequence[sa.ColumnElement[Any]], since: datetime, until: datetime
) -> sa.Select[Any]:
    return (
        sa.select(
            *of_predictions,
            OUTCOMES.c.value.label("outcome"),
            DECISIONS.c.value.label("decision"),
            REVIEWS.c.reason,
            TEXTS.c.texts,
            sa.func.coalesce(MARKS.c.held, sa.false()).label("held"),
        )
        .select_from(PREDICTIONS)
        .outerjoin(REVIEWS, _same(REVIEWS))
        .outerjoin(TEXTS, _same(TEXTS))
        .outerjoin(MARKS, _same(MARKS))
        .outerjoin(OUTCOMES, PREDICTIONS.c.id == OUTCOMES.c.id)
        .outerjoin(DECISIONS, PREDICTIONS.c.id == DECISIONS.c.id)
        .where(PREDICTIONS.c.at >= since, PREDICTIONS.c.at < until)
        .order_by(PREDICTIONS.c.at, PREDICTIONS.c.request, PREDICTIONS.c.id, PREDICTIONS.c.role)
    )


def _same(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition that a row is about a prediction."""
    return sa.and_(PREDICTIONS.c.id == table.c.id, PREDICTIONS.c.role == table.c.role)


def _table(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return rows of the database as columns of one type each."""
    found: dict[str, Any] = {}
    for name, values in zip(NAMES, zip(*rows, strict=True), strict=True):
        if name == "at":
            found[name] = np.array(values, dtype="datetime64[us]")
        elif name in FLAGS:
            found[name] = np.array(values, dtype=bool)
        elif name == "latency_ms":
            found[name] = np.array(values, dtype=np.float64)
        else:
            found[name] = pd.Series(pa.array(values, TEXT).to_pandas(), dtype="str")
    return pd.DataFrame(found)


def _whole_requests(tables: list[pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Take rows apart: those of the last request, which may go on in the next part, and others."""
    if not tables:
        return pd.DataFrame(), []
    rows = pd.concat(tables, ignore_index=True)
    is_open = rows["request"] == rows["request"].iloc[-1]
    return rows[~is_open].reset_index(drop=True), [rows[is_open]]


def decoded(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return an entry with its JSON read."""
    return dict(row) | {name: json.loads(row[name]) for name in JSON if row.get(name)}


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return entries as a table, with None where nothing is known."""
    found = pd.DataFrame(rows, columns=list(NAMES))
    for name in JOINED:  # pandas would make None a number
        found[name] = pd.Series([row[name] for row in rows], dtype="object")
    return found

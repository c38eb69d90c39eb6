"""The entries of the prediction log, and the tables that hold them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

Role = Literal["champion", "challenger"]
# Why a prediction went to human review: it is close to another one (serve.review_margin), a text is
# unlike those of training, or chance drew it (serve.review_share).
CLOSE, TEXT, DRAWN = "margin", "text", "share"
Numbers = list[float]

TABLES = sa.MetaData()

PREDICTIONS = sa.Table(
    "predictions",
    TABLES,
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
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("column", sa.Text, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("request", sa.String(32), nullable=False),
    sa.Column("bad", sa.Integer, nullable=False),
)


def _of_predictions(name: str, column: sa.Column[Any]) -> sa.Table:
    """Return a table of what some predictions have.

    It stands apart, because an earlier version of the library does not know it: so both versions
    can write to one log.
    """
    return sa.Table(
        name,
        TABLES,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("role", sa.String(10), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        column,
    )


def _of_requests(name: str, column: sa.Column[Any]) -> sa.Table:
    """Return a table of what some requests have, which stands apart for the same reason."""
    return sa.Table(
        name,
        TABLES,
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("request", sa.String(32), nullable=False),
        column,
    )


def _values_by_id(name: str) -> sa.Table:
    return sa.Table(
        name,
        TABLES,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )


TEXTS = _of_predictions("texts", sa.Column("texts", sa.Text, nullable=False))
MARKS = _of_predictions("marks", sa.Column("held", sa.Boolean, nullable=False))
REVIEWS = _of_predictions("reviews", sa.Column("reason", sa.String(20), nullable=False))
REQUESTS = _of_requests("requests", sa.Column("given", sa.String(128), nullable=False, index=True))
TRACES = _of_requests("traces", sa.Column("trace", sa.String(55), nullable=False, index=True))
OUTCOMES = _values_by_id("outcomes")
DECISIONS = _values_by_id("decisions")

# What goes with a prediction, whoever deletes it, and with a request.
OF_PREDICTIONS = (TEXTS, MARKS, REVIEWS)
OF_REQUESTS = (REQUESTS, TRACES)
VALUES = (OUTCOMES, DECISIONS)

WRITTEN = (PREDICTIONS, *OF_PREDICTIONS, REFUSALS, *OF_REQUESTS)
INSERT = {table.name: sa.insert(table) for table in WRITTEN}
COLUMNS = {  # the number is the database's own
    table.name: [column.name for column in table.columns if column.name != "number"]
    for table in WRITTEN
}
JSON = ("row", "numbers", "texts")  # which are stored as text


@dataclass(frozen=True)
class Prediction:
    """The prediction of one model for one row.

    Attributes:
        id: of the row; champion and challenger share it.
        role: whether the model is the champion or its challenger.
        at: when, in UTC.
        model: its version.
        answered: whether the client got this prediction.
        row: the cleaned row, in the columns that the schema does not mark as sensitive.
        numbers: what `model.predict` returns of the row: one number, or one for each class.
        prediction: a class, or a number as text.
        review: whether a person is to look at it.
        latency_ms: from the request's arrival until it was scored; to log it takes more time.
        request: an identifier that the rows of one request share.
        reason: why a person is to look at it, of CLOSE, TEXT and DRAWN; blank if nobody is.
        given: the client's identifier of the request, or blank.
        trace: its `traceparent` (https://www.w3.org/TR/trace-context), or blank.
        held: whether the prediction is held to a limit of the target.
        texts: what is measured of the texts of the row; see `model.texts.measured`. What an empty
            text has not is absent.
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
    reason: str = ""
    given: str = ""
    trace: str = ""
    held: bool = False
    texts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """One reason for which a request got no prediction; a request may have several.

    Attributes:
        at: when, in UTC.
        status: the HTTP status: below 500 the request is wrong, from 500 on the server failed.
        column: the column that breaks the schema, or blank.
        fault: the kind of violation, or of error.
        rows: in how many rows; 1 for a request that could not be read.
        request: an identifier that the refusals of one request share.
        bad: how many rows of the request are refused; the same in all its refusals.
        given: the client's identifier of the request, or blank.
        trace: its `traceparent` (https://www.w3.org/TR/trace-context), or blank.
    """

    at: datetime
    status: int
    column: str
    fault: str
    rows: int
    request: str
    bad: int
    given: str = ""
    trace: str = ""


def size(entry: Prediction | Refusal) -> int:
    """Return about how many bytes an entry needs in memory: a text may be as long as a request."""
    row = entry.row if isinstance(entry, Prediction) else {}
    return 1000 + sum(100 + (4 * len(one) if isinstance(one, str) else 0) for one in row.values())


def inserts(
    entries: Sequence[Prediction | Refusal],
) -> Iterator[tuple[sa.Insert, list[dict[str, Any]]]]:
    """Yield the statements that append entries, each with its rows."""
    predictions = [entry for entry in entries if isinstance(entry, Prediction)]
    given = {entry.request: entry for entry in entries if entry.given}
    traced = {entry.request: entry for entry in entries if entry.trace}
    chosen: dict[str, Iterable[Prediction | Refusal]] = {
        PREDICTIONS.name: predictions,
        TEXTS.name: [entry for entry in predictions if entry.texts],
        MARKS.name: [entry for entry in predictions if entry.held],
        REVIEWS.name: [entry for entry in predictions if entry.reason],
        REFUSALS.name: [entry for entry in entries if isinstance(entry, Refusal)],
        REQUESTS.name: given.values(),
        TRACES.name: traced.values(),
    }
    for name, some in chosen.items():
        if rows := [{key: _value(entry, key) for key in COLUMNS[name]} for entry in some]:
            yield INSERT[name], rows


def _value(entry: Prediction | Refusal, name: str) -> Any:
    value = getattr(entry, name)
    if name in JSON:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def utc_now() -> datetime:
    """Return the time in UTC, without a zone, as databases hold it."""
    return datetime.now(UTC).replace(tzinfo=None)

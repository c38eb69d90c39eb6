"""Record the outcomes and decisions in a request."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from tabrail.log.prediction_log import PredictionLog
from tabrail.serving.documents import Documents
from tabrail.serving.violations import MOST_ERRORS, shown_name

AT_ONCE = 1000  # values that are checked together; the check stops after a group with errors


def record(
    log: PredictionLog, table: sa.Table, body: bytes, documents: Documents
) -> tuple[bytes, int]:
    """Record the values of a body. It may be large, so call this in a separate thread.

    Args:
        log: the prediction log.
        table: OUTCOMES or DECISIONS.
        body: JSON of `{"values": {"…": …}}`.
        documents: knows the values.

    Returns:
        The JSON of the answer, and its status.

    Raises:
        SQLAlchemyError: the database is busy, full or gone.
    """
    values, errors = read(body, documents)
    if errors:
        return to_json({"detail": errors}), 422
    texts = {
        one: value if isinstance(value, str) else f"{value!r}" for one, value in values.items()
    }
    unknown = log.record(table, texts)
    return to_json({"recorded": len(texts) - len(unknown), "unknown": unknown}), 200


def read(body: bytes, documents: Documents) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the values of a body, and its errors: at most MOST_ERRORS."""
    try:
        given = from_json(body)
    except ValueError as error:
        return {}, [{"loc": ["values"], "message": f"Invalid JSON: {error}"}]
    if not isinstance(given, dict) or list(given) != ["values"]:
        return {}, [{"loc": ["values"], "message": "expected values, and no other key"}]
    if not isinstance(given["values"], dict):
        message = "expected an object with a value for each identifier of a prediction"
        return {}, [{"loc": ["values"], "message": message}]
    found: dict[str, Any] = {}
    for some in _parts(given["values"]):
        try:
            checked: Any = documents.values.model_validate({"values": some})
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_context=False, include_input=False)
            return {}, [_error(one["loc"], one["msg"]) for one in wrong[:MOST_ERRORS]]
        found |= checked.values
    return found, []


def _parts(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield values in groups."""
    items = iter(values.items())
    while some := dict(islice(items, AT_ONCE)):
        yield some


def _error(place: tuple[int | str, ...], message: str) -> dict[str, Any]:
    return {"loc": [shown_name(str(one)) for one in place], "message": message}

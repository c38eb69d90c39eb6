"""Requests of a project whose cleaning function does something: cleaned first, then checked.

A request may have any scalar in a column that the schema knows. Its rows go through the owner's
cleaning function, and what comes out is checked like a request of a project without one.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from tabrail.data.schema import Column
from tabrail.data.validate import WHOLE_ROW
from tabrail.model import reference
from tabrail.model.release import Release
from tabrail.serving.checkable import Checkable, checkable
from tabrail.serving.cleaned_columns import changed_columns
from tabrail.serving.fields import Fields, scalar
from tabrail.serving.problems import Found, SchemaViolationError, broken
from tabrail.serving.raw import LEFT_OUT, Cleaned, Raw, clean_rows
from tabrail.serving.request import Door, Rows, request_models

logger = logging.getLogger(__name__)


class RequestCleaner:
    """Reads rows, cleans them, and checks the cleaned rows."""

    def __init__(self, release: Release, door: Door, most_rows: int) -> None:
        """Find out what the cleaning function changes, and make the request models.

        Args:
            release: the model with its schema and its cleaning function.
            door: checks cleaned rows.
            most_rows: how many rows a request may have.
        """
        self._schema, self._clean, self._door = release.schema, release.clean, door
        example = reference.typical(release.schema, release.distributions)
        rows = reference.rows(release.schema, release.distributions)
        self.changed = changed_columns(rows, example, release.schema, release.clean)
        self._many, self._one = request_models(release.schema, most_rows, example, scalar)
        typed = Fields(release.schema.missing).of

        def described(name: str, column: Column) -> tuple[Any, Any]:
            return (scalar if name in self.changed else typed)(name, column)

        self.many, self.one = request_models(release.schema, most_rows, example, described)

    def read(self, body: bytes, *, single: bool = False) -> Raw:
        """Read the body of a request, whose values are not checked yet.

        Args:
            body: JSON of `{"rows": [...]}`.
            single: whether it is `{"row": ...}` instead.

        Raises:
            SchemaViolationError: it is no JSON, has an unknown column or a value that is no scalar.
        """
        expected = "row" if single else "rows"
        try:
            (self._one if single else self._many).model_validate_json(body)
        except ValidationError as error:
            raise broken(error, [], self._door.columns, expected) from None
        given = from_json(body)[expected]
        return Raw([given] if single else given, single)

    def check(self, requests: Sequence[Raw]) -> list[Rows | SchemaViolationError]:
        """Clean the rows of several requests together, and check each request.

        Args:
            requests: what `read` returned.

        Returns:
            For each request its cleaned rows, or why it is refused: because of a row that breaks
            the schema, that is left out by the cleaning function, or on which that fails.
        """
        rows = [row for one in requests for row in one.rows]
        cleaned = clean_rows(rows, self._schema, self._clean)
        if cleaned.failed:
            first = cleaned.failed[min(cleaned.failed)]
            logger.warning("%s; rows refused for such errors: %d", first, len(cleaned.failed))
        ready = checkable(cleaned, self._schema, self.changed)
        found: list[Rows | SchemaViolationError] = []
        start = 0
        for one in requests:
            places = range(start, start + len(one))
            found.append(self._checked(one, places, cleaned, ready))
            start += len(one)
        return found

    def _checked(
        self, request: Raw, places: range, cleaned: Cleaned, ready: Checkable
    ) -> Rows | SchemaViolationError:
        refused = _refused_rows(request, places, cleaned)
        kept = [number for number, place in enumerate(places) if place in ready.rows]
        rows = [ready.rows[places[number]] for number in kept]
        try:
            content = {"row": rows[0]} if request.single and rows else {"rows": rows}
            found = self._door.read(to_json(content), single=request.single) if rows else None
        except SchemaViolationError as error:
            return _merged(refused, error.renumbered(kept))
        if refused or found is None:
            return refused or SchemaViolationError([])
        for name, dates in found.dates.items():
            for number, place in enumerate(places):
                if (place, name) in ready.dates:
                    dates[number] = ready.dates[place, name]
        return replace(found, came=request.rows)


def _refused_rows(request: Raw, places: range, cleaned: Cleaned) -> SchemaViolationError | None:
    """Return the rows that the cleaning function does not return."""
    errors: list[dict[str, Any]] = []
    faults: dict[Found, set[int]] = {}
    for number, place in enumerate(places):
        message = LEFT_OUT if place in cleaned.left_out else cleaned.failed.get(place)
        if message:
            loc = ["row"] if request.single else ["rows", number]
            errors.append({"loc": [*loc, WHOLE_ROW], "message": message})
            fault = "left_out" if place in cleaned.left_out else "clean_failed"
            faults.setdefault((WHOLE_ROW, fault), set()).add(number)
    return SchemaViolationError(errors, faults) if errors else None


def _merged(
    first: SchemaViolationError | None, second: SchemaViolationError
) -> SchemaViolationError:
    if first is None:
        return second
    errors = sorted([*first.errors, *second.errors], key=lambda one: one["loc"][1:2])
    return SchemaViolationError(errors, {**first.rows, **second.rows})

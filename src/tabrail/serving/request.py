"""Requests for predictions: read from JSON, cleaned, and checked against the schema."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from pydantic import ConfigDict, Field, create_model
from pydantic_core import from_json

from tabrail.data import date_order
from tabrail.data.cleaning import Clean, changes_nothing, no_cleaning
from tabrail.data.date_order import Usual
from tabrail.data.schema import Schema
from tabrail.data.validate import WHOLE_ROW
from tabrail.model.compiled.columns import Columns
from tabrail.model.scoring import for_scoring
from tabrail.serving.checking import RowChecker, unseen
from tabrail.serving.cleaned_columns import changed_columns
from tabrail.serving.cleaning import LEFT_OUT, Row, clean_rows, json_cells
from tabrail.serving.fields import Fields, is_scalar
from tabrail.serving.tracing import Arrival
from tabrail.serving.violations import SchemaViolationError, Violation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """A request for predictions, whose rows are not checked yet.

    Attributes:
        rows: its rows from JSON, with only the keys that matter.
        single: whether it has one row under `row`, not a list of rows.
        arrival: when it arrived, and its identifiers.
        more: the number of dropped unknown keys of a row, by its place.
    """

    rows: Sequence[Any]
    single: bool = False
    arrival: Arrival = field(default_factory=Arrival)
    more: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Rows:
    """Rows of a request that are cleaned and conform to the schema.

    Attributes:
        request: the request, with the original rows.
        values: the values of each column, as JSON has them; None for a missing one.
        dates: the dates of each column of kind datetime, in the model's type.
        warnings: what is unusual about each row.
    """

    request: Request
    values: dict[str, list[Any]]
    dates: dict[str, np.ndarray]
    warnings: list[list[str]]

    def __len__(self) -> int:
        return len(self.request)

    def typed(self, number: int, names: Iterable[str]) -> dict[str, Any]:
        """Return some columns of one row; equal dates are equal, however they were written."""
        dates = {name: str(days[number]) for name, days in self.dates.items()}
        return {name: dates.get(name, self.values[name][number]) for name in names}


class RequestReader:
    """Reads requests, cleans their rows, and refuses those that break the schema.

    If a cleaning function changes rows, a known column may have any scalar. The rows are then
    cleaned first, and the cleaned rows are checked.
    """

    def __init__(
        self,
        schema: Schema,
        most_rows: int,
        example: Row,
        clean: Clean = no_cleaning,
        rows: Sequence[Row] = (),
        demanded: Collection[str] = (),
        usual: Usual | None = None,
    ) -> None:
        """Make the models of a request, and find the columns that the cleaning function changes.

        Args:
            schema: the schema.
            most_rows: how many rows a request may have.
            example: a row for the documentation.
            clean: the project's cleaning function.
            rows: rows that conform to the schema; the function is tried out on them.
            demanded: columns that a row must have although the model does not need them.
            usual: the usual days of the month in dates; see `date_order`.
        """
        self._usual = usual
        self.columns = for_scoring(schema).used
        self._known = {
            name: set(column.categories)
            for name, column in self.columns.items()
            if column.categories and not column.sensitive
        }
        self._schema, self._clean = schema, clean
        self._cleans = not changes_nothing(clean)
        self.changed = changed_columns(rows, example, schema, clean) if self._cleans else set()
        fields = Fields(schema, cleaned=self._cleans, demanded=demanded)
        self._checker = RowChecker(fields, example, self.columns, schema.columns)
        self._attributes = {name: f"column_{number}" for number, name in enumerate(self.columns)}
        self._most_rows = most_rows
        row: Any = fields.row(example, self.changed)
        size = Field(min_length=1, max_length=most_rows)
        forbid = ConfigDict(extra="forbid")
        self.many = create_model("Rows", __config__=forbid, rows=(list[row], size))
        self.one = create_model("OneRow", __config__=forbid, row=(row, ...))

    def read(self, body: bytes, *, single: bool = False, arrival: Arrival | None = None) -> Request:
        """Read the body of a request, whose rows are not checked yet.

        Args:
            body: JSON of `{"rows": [...]}`.
            single: whether it is `{"row": ...}` instead.
            arrival: when the request arrived, and its identifiers.

        Raises:
            SchemaViolationError: it is not JSON, or has no rows, too many rows or other keys.
        """
        found, message = self._read(body, single=single)
        if message:  # raised here, so that the exception's frame keeps no large objects
            where = "row" if single else "rows"
            raise SchemaViolationError([Violation((where,), "", "malformed", message)])
        rows = [row for row, _ in found]
        more = {place: number for place, (_, number) in enumerate(found) if number}
        return Request(rows, single, arrival or Arrival(), more)

    def _read(self, body: bytes, *, single: bool) -> tuple[list[tuple[Any, int]], str]:
        """Return the rows of a body, or what is wrong with it."""
        expected = "row" if single else "rows"
        try:
            given = from_json(body)
        except ValueError as error:
            return [], f"Invalid JSON: {error}"
        if not isinstance(given, dict) or list(given) != [expected]:
            return [], f"expected {expected}, and no other key"
        rows = [given["row"]] if single else given["rows"]
        if not isinstance(rows, list) or not 1 <= len(rows) <= self._most_rows:
            return [], f"expected a list of 1 to {self._most_rows:,} rows"
        return [self._checker.trimmed(row) for row in rows], ""

    def check(self, requests: Sequence[Request]) -> list[Rows | SchemaViolationError]:
        """Clean the rows of several requests together, and check each request.

        Args:
            requests: what `read` returned.

        Returns:
            For each request its cleaned rows, or the reason for its refusal: rows break the
            schema, or the cleaning function leaves rows out or fails.
        """
        rows = [row for one in requests for row in one.rows]
        dropped = [""] * len(rows)
        if self._cleans:
            rows, dropped = self._cleaned(rows)
        found: list[Rows | SchemaViolationError] = []
        start = 0
        for one in requests:
            end = start + len(one)
            found.append(self._checked(one, rows[start:end], dropped[start:end]))
            start = end
        return found

    def together(self, parts: Sequence[Rows], names: Iterable[str] | None = None) -> Columns:
        """Return rows in the types that a model needs.

        Args:
            parts: the rows of several requests.
            names: the columns. The default is all of them.
        """
        columns: dict[str, Any] = {}
        for name in self.columns if names is None else names:
            column = self.columns[name]
            values = list(chain.from_iterable(part.values[name] for part in parts))
            match column.kind:
                case "numeric" | "boolean":
                    columns[name] = np.array(values, dtype=np.float64)
                case "datetime":
                    columns[name] = np.concatenate([part.dates[name] for part in parts])
                case "text":
                    columns[name] = [value or "" for value in values]
                case _:
                    columns[name] = values
        return Columns(columns, sum(map(len, parts)))

    def _cleaned(self, rows: Sequence[Any]) -> tuple[list[Any], list[str]]:
        """Clean rows.

        Returns:
            The rows with their cleaned cells, and for each the reason why it was dropped, or
            blank. Dropped rows, unknown columns and values that are not scalars do not change.
        """
        cleaned = clean_rows(rows, self._schema, self._clean)
        dropped = [cleaned.dropped.get(place, "") for place in range(len(rows))]
        if failed := [one for one in dropped if one not in ("", LEFT_OUT)]:
            logger.warning("%s; rows refused because of such errors: %d", failed[0], len(failed))
        remaining, _ = json_cells(cleaned, self._schema, self.changed)
        ready = list(rows)
        for place, row in remaining.items():
            others = {
                name: value
                for name, value in rows[place].items()
                if name not in self.columns or not is_scalar(value)
            }
            ready[place] = row | others
        return ready, dropped

    def _checked(
        self, request: Request, rows: Sequence[Any], dropped: Sequence[str]
    ) -> Rows | SchemaViolationError:
        """Check the rows of a request, of which the cleaning function may have dropped some."""
        checked = self._checker.check(rows, request.more)
        violations = checked.violations
        if any(dropped):
            violations = self._of_dropped(request.rows, violations, dropped)
        if violations:
            return SchemaViolationError(violations, single=request.single)
        values = {
            name: [getattr(row, attribute) for row in checked.rows]
            for name, attribute in self._attributes.items()
        }
        warnings = unseen(values, self._known, len(rows))
        if of_all := date_order.warnings(checked.dates, self.columns, self._usual):
            warnings = [[*of_all, *of_one] for of_one in warnings]
        return Rows(request, values, checked.dates, warnings)

    def _of_dropped(
        self, rows: Sequence[Any], violations: Iterable[Violation], dropped: Sequence[str]
    ) -> list[Violation]:
        """Return the violations of dropped rows that do not depend on the cleaning function.

        A row may have been dropped only because of a value that the function could not get.
        """
        found = [
            one
            for one in violations
            if not dropped[one.row]
            or one.column not in self.columns
            or not is_scalar(rows[one.row].get(one.column))
        ]
        for number, message in enumerate(dropped):
            if message and all(is_scalar(rows[number].get(name)) for name in self.columns):
                kind = "left_out" if message == LEFT_OUT else "clean_failed"
                found.append(Violation(("rows", number, WHOLE_ROW), WHOLE_ROW, kind, message))
        return found

"""The request model that the schema makes, and the rows that it lets in."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import from_json

from tabrail.data import cells
from tabrail.data.schema import Column, Schema
from tabrail.model.scoring import for_scoring
from tabrail.serving.fields import Fields
from tabrail.serving.problems import broken, shown

TEXT = pd.StringDtype(na_value=np.nan)  # what "str" means; to look that up takes time
PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{6})?)?)?", re.ASCII)
CLOCK = {"now", "today"}  # pandas reads the time that it is, which is no column's value


@dataclass(frozen=True)
class Rows:
    """Rows that conform to the schema.

    Attributes:
        values: by column, as JSON can hold them; None where there is none.
        dates: by column of kind datetime, the same ones as the model takes them.
        warnings: for each row what is unusual about it.
        came: the same rows as they came, before they were cleaned; only for who needs them.
    """

    values: dict[str, list[Any]]
    dates: dict[str, np.ndarray]
    warnings: list[list[str]] = field(default_factory=list)
    came: Sequence[dict[str, Any]] = ()

    def __len__(self) -> int:
        return len(self.warnings)

    def row(self, number: int, names: Iterable[str]) -> dict[str, Any]:
        """Return some columns of one row."""
        return {name: self.values[name][number] for name in names}

    def typed(self, number: int, names: Iterable[str]) -> dict[str, Any]:
        """Return some columns of one row, with dates that are alike however they were written."""
        dates = {name: str(days[number]) for name, days in self.dates.items()}
        return {name: dates.get(name, self.values[name][number]) for name in names}


class Door:
    """Reads rows as the schema says, and refuses those that break it."""

    def __init__(self, schema: Schema, most_rows: int, example: Mapping[str, Any]) -> None:
        """Make the request model.

        Args:
            schema: the schema.
            most_rows: how many rows a request may have.
            example: a row for the documentation.
        """
        self.columns = for_scoring(schema).used
        self._known = {name: set(c.categories) for name, c in self.columns.items() if c.categories}
        make = Fields(schema.missing)
        self._word = make.word
        self._fields = {name: f"column_{number}" for number, name in enumerate(self.columns)}
        self.many, self.one = request_models(schema, most_rows, example, make.of)

    def read(self, body: bytes, *, single: bool = False) -> Rows:
        """Read the body of a request.

        Args:
            body: JSON of `{"rows": [...]}`.
            single: whether it is `{"row": ...}` instead.

        Raises:
            problems.SchemaViolationError: it is no JSON, or a row breaks the schema.
        """
        expected = "row" if single else "rows"
        try:
            given: Any = (self.one if single else self.many).model_validate_json(body)
        except ValidationError as error:
            _, unreadable = self._read_dates(self._texts(body, expected), expected)
            raise broken(error, unreadable, self.columns, expected) from None
        rows = [given.row] if single else given.rows
        values = {
            name: [getattr(row, attribute) for row in rows]
            for name, attribute in self._fields.items()
        }
        dates, unreadable = self._read_dates(values, expected)
        if unreadable:
            raise broken(None, unreadable, self.columns, expected)
        return Rows(values, dates, self._warnings(values, len(rows)))

    def frame(self, parts: list[Rows], names: Iterable[str] | None = None) -> pd.DataFrame:
        """Return rows in the types in which a model takes them.

        Args:
            parts: the rows of several requests.
            names: the columns; all, if it is left out.
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
                    columns[name] = pd.array([value or "" for value in values], dtype=TEXT)
                case _:
                    columns[name] = pd.array(values, dtype=TEXT)
        return pd.DataFrame(columns)

    def _read_dates(
        self, values: Mapping[str, list[Any]], expected: str
    ) -> tuple[dict[str, np.ndarray], list[tuple[tuple[Any, ...], str]]]:
        """Return the dates by column, and the place and the value of each that is none."""
        dates, unreadable = {}, []
        for name, column in self.columns.items():
            if column.kind == "datetime":
                dates[name] = _dates(values[name], column)
                unreadable += [
                    ((expected, *([number] if expected == "rows" else []), name), text)
                    for number in np.flatnonzero(np.isnat(dates[name])).tolist()
                    if (text := values[name][number]) is not None
                ]
        return dates, unreadable

    def _texts(self, body: bytes, expected: str) -> dict[str, list[str | None]]:
        """Return what may be dates in a body that breaks the schema, to tell all its faults."""
        try:
            given = from_json(body)
        except ValueError:
            given = None
        found = given.get(expected) if isinstance(given, dict) else None
        rows = found if expected == "rows" and isinstance(found, list) else [found]
        texts: dict[str, list[str | None]] = {}
        for name, column in self.columns.items():
            if column.kind == "datetime":
                said = [row.get(name) if isinstance(row, dict) else None for row in rows]
                texts[name] = [self._word(one) if isinstance(one, str) else None for one in said]
        return texts

    def _warnings(self, values: Mapping[str, list[Any]], rows: int) -> list[list[str]]:
        warnings: list[list[str]] = [[] for _ in range(rows)]
        for name, known in self._known.items():
            for place, value in enumerate(values[name]):
                if value is not None and value not in known:
                    said = f"{name}: {shown(value)} is a category that training has not seen"
                    warnings[place].append(said)
        return warnings


def request_models(
    schema: Schema,
    most_rows: int,
    example: Mapping[str, Any],
    field_of: Callable[[str, Column], tuple[Any, Any]],
) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return the model of a request with many rows, and of one with a single row.

    Args:
        schema: names the columns.
        most_rows: how many rows a request may have.
        example: a row for the documentation.
        field_of: returns the type and the documentation of a column that the model uses; the
            attributes of the columns are named `column_0` and so on.
    """
    used = for_scoring(schema).used
    fields: dict[str, Any] = {
        f"column_{number}": field_of(name, column)
        for number, (name, column) in enumerate(used.items())
    }
    for number, name in enumerate(name for name in schema.columns if name not in used):
        note = "May be left in a row; it is not looked at."
        fields[f"unused_{number}"] = (Any, Field(None, alias=name, description=note))
    row: type[BaseModel] = create_model(
        "Row",
        __config__=ConfigDict(extra="forbid", json_schema_extra={"examples": [dict(example)]}),
        **fields,
    )
    forbid = ConfigDict(extra="forbid")
    rows = (list[row], Field(min_length=1, max_length=most_rows))  # type: ignore[valid-type]
    many: type[BaseModel] = create_model("Rows", __config__=forbid, rows=rows)
    one: type[BaseModel] = create_model("OneRow", __config__=forbid, row=(row, ...))
    return many, one


def _dates(values: list[str | None], column: Column) -> np.ndarray:
    """Read dates as `cells.datetime` does, most of them without it: it takes a millisecond."""
    dates = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    others = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if column.format is None and PLAIN.fullmatch(value):
            try:
                dates[place] = datetime.fromisoformat(value)
            except ValueError:
                others.append(place)
        elif value.lower() not in CLOCK:
            others.append(place)
    if others:
        given = pd.Series([values[place] for place in others], dtype="str")
        dates[others] = cells.datetime(given, column.format).to_numpy()
    return dates

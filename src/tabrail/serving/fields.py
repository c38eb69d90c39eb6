"""The model of a row that the schema makes: it reads JSON as `schema.conform` reads cells."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    create_model,
)
from pydantic_core import PydanticCustomError

from tabrail.data import cells
from tabrail.data.schema import Column, Schema
from tabrail.model.scoring import for_scoring

WRITTEN = {"categorical", "text", "datetime", "identifier"}
SHOWN = 20  # categories in the documentation of a column

LIMITS: dict[str, Any] = {"gt": -cells.LARGEST, "lt": cells.LARGEST}
WHOLE: dict[str, Any] = {key: int(limit) for key, limit in LIMITS.items()}
Scalar = (  # for the documentation: what a column may have that is cleaned before it is checked
    str | bool | Annotated[int, Field(**WHOLE)] | Annotated[float, Field(**LIMITS)] | None
)


def is_scalar(value: Any) -> bool:
    """Return whether a value of JSON may be in a cell."""
    if isinstance(value, int | float):
        return abs(value) < cells.LARGEST
    return value is None or isinstance(value, str)


def check_scalar(value: Any) -> Any:
    """Return a value, or refuse it because a cleaning function could not get it in a cell."""
    if is_scalar(value) or isinstance(value, datetime):
        return value
    raise PydanticCustomError("scalar", "Input should be a text, a number, true, false or null")


class Fields:
    """Makes the fields of a row."""

    def __init__(self, schema: Schema, *, cleaned: bool = False) -> None:
        """Prepare the fields.

        Args:
            schema: the schema.
            cleaned: whether rows have been through a cleaning function.
        """
        self._schema, self._cleaned = schema, cleaned
        self._words = set(schema.missing)
        self._numbers = {float(word) for word in self._words if cells.NUMBER.fullmatch(word)}

    def row(self, example: Mapping[str, Any], scalars: Collection[str] = ()) -> type[BaseModel]:
        """Return the model of a row, in which the used columns are `column_0` and so on.

        Args:
            example: a row for the documentation.
            scalars: columns in which anything is taken that a cell can hold.
        """
        used = for_scoring(self._schema).used
        fields: dict[str, Any] = {
            f"column_{number}": self._scalar(name, column)
            if name in scalars
            else self._typed(name, column)
            for number, (name, column) in enumerate(used.items())
        }
        for number, name in enumerate(name for name in self._schema.columns if name not in used):
            note = "May be left in a row; it is not looked at."
            fields[f"unused_{number}"] = (Any, Field(None, alias=name, description=note))
        config = ConfigDict(extra="forbid", json_schema_extra={"examples": [dict(example)]})
        return create_model("Row", __config__=config, **fields)

    def word(self, given: Any) -> Any:
        """Return a text without the blanks around it, and None for a word that means missing."""
        if not isinstance(given, str):
            return given
        word = given.strip()
        return None if word in self._words else word

    def _scalar(self, name: str, column: Column) -> tuple[Any, Any]:
        said = _described(column, "It is cleaned, and then checked.")
        return Scalar, Field(None, alias=name, description=said)

    def _typed(self, name: str, column: Column) -> tuple[Any, Any]:
        extra: dict[str, Any] = {}
        note = ""
        check: Callable[[Any], Any] | None = self.word
        match column.kind:
            case "numeric":
                limits = dict(LIMITS)
                for limit, (beyond, within) in {"min": ("gt", "ge"), "max": ("lt", "le")}.items():
                    if (value := getattr(column, limit)) is not None:
                        del limits[beyond]
                        limits[within] = value
                kind: Any = Annotated[float, Field(strict=True, allow_inf_nan=False, **limits)]
                check = self._number if self._numbers else None
            case "boolean":
                kind, check = StrictBool, None
            case "categorical" | "identifier":
                kind = StrictStr | StrictInt
                check = self._name if column.kind == "categorical" else self._identifier
                if column.categories:
                    extra["examples"] = column.categories[:SHOWN]
                    note = "Others than those known from training give a warning."
            case "datetime":
                kind = StrictStr
                note = f"Format: {column.format}." if column.format else "ISO 8601, in UTC."
                check = partial(self._date, column)
            case _:
                kind = StrictStr
        if column.kind in WRITTEN and not column.nullable:
            extra["pattern"] = self._some_word()
        if column.nullable:
            kind = kind | None
        for before in (check, check_scalar if self._cleaned else None):
            if before:
                kind = Annotated[kind, BeforeValidator(before)]
        return kind, Field(
            None if column.nullable else ...,
            alias=name,
            description=_described(column, note),
            json_schema_extra=extra or None,
        )

    def _date(self, column: Column, given: Any) -> Any:
        if isinstance(given, datetime):  # of a cleaning function
            given = given.strftime(column.format) if column.format else given.isoformat()
        return self.word(given)

    def _some_word(self) -> str:
        words = "|".join(re.escape(word) for word in sorted(self._words))
        return rf"^(?!\s*(?:{words})\s*$)" if words else ""

    def _number(self, given: Any) -> Any:
        return None if type(given) in (int, float) and given in self._numbers else given

    def _name(self, given: Any) -> Any:
        given = self._number(given)
        return self.word(str(given) if type(given) is int else given)

    def _identifier(self, given: Any) -> Any:
        name = self._name(given)
        return name.removesuffix(".0") if isinstance(name, str) else name


def _described(column: Column, note: str) -> str | None:
    """Return what the documentation says of a column."""
    about = f"{column.description.removesuffix('.')}." if column.description else ""
    unit = f"Unit: {column.unit}." if column.unit else ""
    return " ".join(filter(None, [about, unit, note])) or None

"""The pydantic model of a row, made from the schema: it reads JSON like `conform` reads cells."""

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

from tabrail.data import cells, no_dates, written_text
from tabrail.data.hints import lost_zeros, zero_twin
from tabrail.data.schema import Column, Schema
from tabrail.model.scoring import for_scoring

WRITTEN = {"categorical", "text", "datetime", "identifier"}
CLEANED = "It is cleaned, and then checked."
SHOWN = 20  # categories in the documentation of a column

WHOLE = int(cells.LARGEST)
Scalar = (  # for the documentation of columns that are cleaned before they are checked
    str
    | bool
    | Annotated[int, Field(gt=-WHOLE, lt=WHOLE)]
    | Annotated[float, Field(gt=-cells.LARGEST, lt=cells.LARGEST)]
    | None
)


def is_scalar(value: Any) -> bool:
    """Return whether a value of JSON may be in a cell."""
    if isinstance(value, int | float):
        return abs(value) < cells.LARGEST
    return value is None or isinstance(value, str)


def check_scalar(value: Any) -> Any:
    """Return a value, or refuse it if a cell cannot hold it."""
    if is_scalar(value) or isinstance(value, datetime):
        return value
    raise PydanticCustomError("scalar", "Input should be a text, a number, true, false or null")


class Fields:
    """Makes the fields of a row."""

    def __init__(
        self, schema: Schema, *, cleaned: bool = False, demanded: Collection[str] = ()
    ) -> None:
        """Prepare the fields.

        Args:
            schema: the schema.
            cleaned: whether a cleaning function has cleaned the rows.
            demanded: columns that a row must have although the model does not need them.
        """
        self._schema, self._cleaned, self._demanded = schema, cleaned, demanded
        self._missing = set(schema.missing)
        self._no_days = no_dates.days(schema.missing)
        self._numbers = cells.missing_numbers(schema.missing)

    def row(self, example: Mapping[str, Any], scalars: Collection[str] = ()) -> type[BaseModel]:
        """Return the model of a row, in which the used columns are `column_0` and so on.

        Args:
            example: a row for the documentation.
            scalars: columns that accept any value that a cell can hold.
        """
        used = for_scoring(self._schema).used
        for name in self._demanded:
            used[name] = used[name].model_copy(update={"nullable": False})
        fields: dict[str, Any] = {
            f"column_{number}": self._typed(name, column)
            if name not in scalars
            else (Scalar, Field(None, alias=name, description=_described(column, CLEANED)))
            for number, (name, column) in enumerate(used.items())
        }
        for number, name in enumerate(name for name in self._schema.columns if name not in used):
            note = "Optional; it is ignored."
            fields[f"unused_{number}"] = (Any, Field(None, alias=name, description=note))
        shown = {name: one for name, one in example.items() if not used[name].sensitive}
        config = ConfigDict(extra="forbid", json_schema_extra={"examples": [shown]})
        return create_model("Row", __config__=config, **fields)

    def text(self, given: Any) -> Any:
        """Return a text in its plain form; return None if a text or a date means missing."""
        if isinstance(given, datetime) and self._no_days:  # of a cleaning function
            return None if given.date().isoformat() in self._no_days else given
        if not isinstance(given, str):
            return given
        text = written_text.plain(given)
        is_none = self._no_days and no_dates.is_day_and_time(text, self._no_days)
        return None if text in self._missing or is_none else text

    def _typed(self, name: str, column: Column) -> tuple[Any, Any]:
        extra: dict[str, Any] = {}
        note = ""
        check: Callable[[Any], Any] | None = self.text
        match column.kind:
            case "numeric":
                # Limits are values, and the description shows them.
                low, high = (None, None) if column.sensitive else (column.min, column.max)
                limits: dict[str, Any]
                limits = {"ge": low} if low is not None else {"gt": -cells.LARGEST}
                limits |= {"le": high} if high is not None else {"lt": cells.LARGEST}
                kind: Any = Annotated[float, Field(strict=True, allow_inf_nan=False, **limits)]
                check = self._number if self._numbers else None
            case "boolean":
                kind, check = StrictBool, None
            case "categorical" | "identifier":
                kind = StrictStr | StrictInt
                is_category = column.kind == "categorical"
                check = partial(self._category if is_category else self._identifier, column)
                if column.categories and not column.sensitive:
                    extra["examples"] = column.categories[:SHOWN]
                    note = "A category that was not in training gives a warning."
            case "datetime":
                kind = StrictStr
                note = f"Format: {column.format}." if column.format else "ISO 8601, in UTC."
                check = partial(self._date, column)
            case _:
                kind = StrictStr
        if column.kind in WRITTEN and not column.nullable:
            extra["pattern"] = self._not_missing()
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
        return self.text(given)

    def _not_missing(self) -> str:
        missing = "|".join(map(re.escape, sorted(self._missing)))
        return rf"^(?!\s*(?:{missing})\s*$)" if missing else ""

    def _number(self, given: Any) -> Any:
        return None if type(given) in (int, float) and given in self._numbers else given

    def _name(self, given: Any) -> Any:
        given = self._number(given)
        return self.text(str(given) if type(given) is int else given)

    def _category(self, column: Column, given: Any) -> Any:
        name = self._coded(column, given)
        known = column.categories or []
        if isinstance(name, str) and name not in known and (twin := zero_twin(name, known)):
            text = "Input should have the zeros of training"
            text += "" if column.sensitive else ", which has '{twin}'"
            raise PydanticCustomError("other_zeros", text, {"twin": twin})
        return name

    def _identifier(self, column: Column, given: Any) -> Any:
        name = self._coded(column, given)
        return name.removesuffix(".0") if isinstance(name, str) else name

    def _coded(self, column: Column, given: Any) -> Any:
        name = self._name(given)
        if isinstance(name, str) and lost_zeros(name.removesuffix(".0"), column):
            text = "Input should have the zeros of training, which has {digits} digits or more"
            raise PydanticCustomError("other_zeros", text, {"digits": column.digits})
        return name


def _described(column: Column, note: str) -> str | None:
    """Return the description of a column for the documentation."""
    about = f"{column.description.removesuffix('.')}." if column.description else ""
    unit = f"Unit: {column.unit}." if column.unit else ""
    return " ".join(filter(None, [about, unit, note])) or None

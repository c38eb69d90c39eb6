"""The fields of the request model: one for each column of the schema."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetPydanticSchema, StrictBool, StrictInt, StrictStr
from pydantic_core import core_schema

from tabrail.data import cells
from tabrail.data.schema import Column

WRITTEN = {"categorical", "text", "datetime", "identifier"}
SHOWN = 20  # categories in the documentation of a column

Scalar = Annotated[
    Any,
    GetPydanticSchema(
        lambda *_: core_schema.union_schema(
            [
                core_schema.str_schema(strict=True),
                core_schema.bool_schema(strict=True),
                core_schema.int_schema(strict=True, gt=-int(cells.LARGEST), lt=int(cells.LARGEST)),
                core_schema.float_schema(
                    strict=True, allow_inf_nan=False, gt=-cells.LARGEST, lt=cells.LARGEST
                ),
                core_schema.none_schema(),
            ],
            mode="left_to_right",
            custom_error_type="scalar",
            custom_error_message="Input should be a text, a number, true, false or null",
        )
    ),
]


def scalar(name: str, column: Column) -> tuple[Any, Any]:
    """Return the type and the documentation of a column that is cleaned before it is checked."""
    notes = [f"{column.description.removesuffix('.')}." if column.description else ""]
    notes += [f"Unit: {column.unit}."] if column.unit else []
    notes.append("It is cleaned, and then checked.")
    said = " ".join(note for note in notes if note)
    return Scalar, Field(None, alias=name, description=said)


class Fields:
    """Makes fields that read JSON as `schema.conform` reads cells."""

    def __init__(self, missing: list[str]) -> None:
        """Remember the words that mean missing."""
        self._words = set(missing)
        self._numbers = {float(word) for word in missing if cells.NUMBER.fullmatch(word)}

    def of(self, name: str, column: Column) -> tuple[Any, Any]:
        """Return the type and the documentation of a column."""
        notes = [f"{column.description.removesuffix('.')}." if column.description else ""]
        notes += [f"Unit: {column.unit}."] if column.unit else []
        extra: dict[str, Any] = {}
        checks: list[Any] = []
        match column.kind:
            case "numeric":
                limits: dict[str, Any] = {"gt": -cells.LARGEST, "lt": cells.LARGEST}
                if column.min is not None:
                    limits = {"ge": column.min} | {k: v for k, v in limits.items() if k != "gt"}
                if column.max is not None:
                    limits = {"le": column.max} | {k: v for k, v in limits.items() if k != "lt"}
                kind: Any = Annotated[float, Field(strict=True, allow_inf_nan=False, **limits)]
                if self._numbers:
                    checks = [BeforeValidator(self._no_number)]
            case "boolean":
                kind = StrictBool
            case "categorical" | "identifier":
                kind = StrictStr | StrictInt
                checks = [BeforeValidator(self._name)]
                if column.kind == "identifier":
                    checks = [BeforeValidator(self._thing)]
                if column.categories:
                    extra["examples"] = column.categories[:SHOWN]
                    notes.append("Others than those known from training give a warning.")
            case _:
                kind = StrictStr
                checks = [BeforeValidator(self.word)]
                if column.kind == "datetime":
                    as_said = f"Format: {column.format}" if column.format else "ISO 8601, in UTC"
                    notes.append(f"{as_said}.")
        if column.kind in WRITTEN and not column.nullable:
            extra["pattern"] = self._some_word()
        if column.nullable:
            kind = kind | None
        said = " ".join(note for note in notes if note)
        about = Field(
            None if column.nullable else ...,
            alias=name,
            description=said or None,
            json_schema_extra=extra or None,
        )
        for check in checks:
            kind = Annotated[kind, check]
        return kind, about

    def word(self, given: Any) -> Any:
        """Return a text without the blanks around it, and None for a word that means missing."""
        if not isinstance(given, str):
            return given
        word = given.strip()
        return None if word in self._words else word

    def _some_word(self) -> str:
        words = "|".join(re.escape(word) for word in sorted(self._words))
        return rf"^(?!\s*(?:{words})\s*$)" if words else ""

    def _no_number(self, given: Any) -> Any:
        return None if type(given) in (int, float) and given in self._numbers else given

    def _name(self, given: Any) -> Any:
        given = self._no_number(given)
        return self.word(str(given) if type(given) is int else given)

    def _thing(self, given: Any) -> Any:
        name = self._name(given)
        return name.removesuffix(".0") if isinstance(name, str) else name

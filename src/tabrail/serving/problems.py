"""What a request does wrong: for the client with its place, for the log without any value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tabrail.data.schema import Column, Fault
from tabrail.errors import nearest

MOST_ERRORS = 100  # in one answer: a thousand rows can have many thousand
MOST_LETTERS = 60  # of a value that an error repeats
FAULTS: dict[str, Fault] = {
    "missing": "missing",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}
HINTS = {  # for those who send words as a table has them
    "bool_type": "; write true or false, without quotes",
    "float_type": "; write numbers without quotes",
}

Found = tuple[str, str]  # the column, or blank, and what is wrong


class SchemaViolationError(Exception):
    """A request that breaks the schema.

    Attributes:
        errors: what to tell the client, by place.
        faults: for each column and fault, in how many rows; 1 for the request as a whole.
        bad: how many rows have a fault; 1 for the request as a whole.
        rows: for each column and fault the rows' numbers; none for the request as a whole.
    """

    def __init__(
        self, errors: list[dict[str, Any]], faults: Mapping[Found, set[int]] | None = None
    ) -> None:
        """Keep what was found.

        Args:
            errors: what to tell the client, by place.
            faults: for each column and fault the rows' numbers; none for the request as a whole.
        """
        super().__init__(errors)
        self.errors = errors[:MOST_ERRORS]
        self.rows = found = faults or {}
        self.faults = {fault: len(rows) or 1 for fault, rows in found.items()}
        self.bad = len(set[int]().union(*found.values())) or 1

    def renumbered(self, numbers: Sequence[int]) -> "SchemaViolationError":
        """Return the same of rows that have other numbers in their request."""
        errors = [
            one | {"loc": [*one["loc"][:1], numbers[one["loc"][1]], *one["loc"][2:]]}
            if one["loc"][:1] == ["rows"] and len(one["loc"]) > 1
            else one
            for one in self.errors
        ]
        rows = {fault: {numbers[row] for row in some} for fault, some in self.rows.items()}
        return SchemaViolationError(errors, rows)


def broken(
    error: ValidationError | None,
    dates: Iterable[tuple[tuple[Any, ...], str]],
    columns: Mapping[str, Column],
    expected: str,
) -> SchemaViolationError:
    """Say what is wrong, without the names that pydantic gives to the members of a union.

    Args:
        error: what pydantic found.
        dates: the place and the value of each date that cannot be read.
        columns: those of the schema.
        expected: the only key that the request may have: rows or row.
    """
    errors: dict[tuple[Any, ...], dict[str, Any]] = {}
    rows: dict[Found, set[int]] = {}
    for found in error.errors(include_url=False, include_context=False) if error else []:
        where = found["loc"]
        depth = 3 if where[:1] == ("rows",) else 2
        place = where[:depth]
        name = str(place[-1]) if len(place) == depth else ""
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "json_invalid":
            fault: str = "malformed"
        elif len(place) == 1 and found["type"] in ("extra_forbidden", "missing"):
            place, name, fault = (expected,), "", "malformed"
            message = f"expected {expected}, and no other key"
        elif found["type"] == "extra_forbidden":
            name, fault, message = "", "unknown_column", _unknown(name, columns)
        elif name not in columns:
            name, fault = "", "malformed"
        elif found["input"] is None:
            fault, message = "missing", "a value is needed"
        else:
            fault = FAULTS.get(found["type"], "unreadable")
            if fault == "missing":
                message = "a value is needed"
            elif not isinstance(found["input"], dict | list):
                message += f", got {shown(found['input'])}"
                if isinstance(found["input"], str):
                    message += HINTS.get(found["type"], "")
        known = errors.setdefault(place, {"loc": list(place), "message": message})
        if known["message"] != message and len(known["message"]) < 3 * MOST_LETTERS:
            known["message"] += f"; or: {message}"
        numbers = where[1:2] if where[:1] == ("rows",) else ()
        rows.setdefault((name, fault), set()).update(map(int, numbers))
    for date, given in dates:
        wanted = columns[date[-1]].format or "such as 2024-01-31T14:30"
        message = f"Input should be a date ({wanted}), got {shown(given)}"
        errors[date] = {"loc": list(date), "message": message}
        rows.setdefault((date[-1], "unreadable"), set()).update(date[1:-1])
    return SchemaViolationError(list(errors.values()), rows)


def _unknown(name: str, columns: Iterable[str]) -> str:
    return f"the schema has no such column{nearest(name, columns)}"


def places(error: ValidationError) -> list[dict[str, Any]]:
    """Return what pydantic found, each fault with its place."""
    found = error.errors(include_url=False, include_context=False)
    return [{"loc": list(one["loc"]), "message": one["msg"]} for one in found]


def shown(value: Any) -> str:
    """Return a value, or its beginning, as an error repeats it."""
    text = repr(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"

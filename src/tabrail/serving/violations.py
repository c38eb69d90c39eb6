"""The errors of a request: for the client with their places, for the log without any value."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ValidationError

from tabrail.data.schema import Column

MOST_ERRORS = 100  # in one answer: a thousand rows can have many thousands
MOST_LETTERS = 60  # of a value or of an unknown name in an error
KINDS = {  # kinds of violations by pydantic's error types; all other types are "unreadable"
    "missing": "missing",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}
HINTS = {  # for clients that send values as in a table
    "bool_type": "; write true or false",
    "float_type": "; write numbers",
}


class Violation(NamedTuple):
    """One error in a request.

    Attributes:
        place: its place, such as ("rows", 0, "age"); the same in a request with a single row.
        column: the column, or blank.
        kind: the kind of error, for the log.
        message: the error message for the client.
    """

    place: tuple[Any, ...]
    column: str
    kind: str
    message: str

    @property
    def row(self) -> int:
        """Return the number of the row in its request; -1 if the request is wrong as a whole."""
        return self.place[1] if len(self.place) > 1 else -1


class SchemaViolationError(Exception):
    """A request that breaks the schema.

    Attributes:
        errors: the messages for the client, by place.
        counts: for each column and kind of violation, in how many rows; 1 for the whole request.
        bad: how many rows have a violation; 1 for the request as a whole.
    """

    def __init__(self, violations: Iterable[Violation], *, single: bool = False) -> None:
        """Collect the violations of a request.

        Args:
            violations: the violations; a place may have several.
            single: whether the request has one row under `row`, not a list of rows.
        """
        found = sorted(violations, key=lambda one: one.row)
        messages: dict[tuple[Any, ...], str] = {}
        rows: dict[tuple[str, str], set[int]] = {}
        for one in found:
            place = ("row", *one.place[2:]) if single else one.place
            known = messages.setdefault(place, one.message)
            if known != one.message and len(known) < 3 * MOST_LETTERS:
                messages[place] = f"{known}; or: {one.message}"
            rows.setdefault((one.column, one.kind), set()).add(one.row)
        some = islice(messages.items(), MOST_ERRORS)
        self.errors = [{"loc": list(place), "message": text} for place, text in some]
        super().__init__(self.errors)
        self.counts = {key: len(numbers) for key, numbers in rows.items()}
        self.bad = len({one.row for one in found})


def in_rows(
    error: ValidationError, first: int, columns: Mapping[str, Column]
) -> Iterator[Violation]:
    """Yield pydantic's errors in a list of rows, without its names for the members of a union.

    Args:
        error: pydantic's errors.
        first: the place of the first of these rows in the request.
        columns: the descriptions of the columns.
    """
    for one in error.errors(include_url=False, include_context=False):
        place, *inner = one["loc"]
        number = first + int(place)
        given, message = one["input"], one["msg"]
        if not inner:
            yield Violation(("rows", number), "", "malformed", "Input should be an object")
            continue
        name = str(inner[0])
        kind = KINDS.get(one["type"], "unreadable")
        if given is None or kind == "missing":
            kind, message = "missing", "a value is needed"
        elif not isinstance(given, dict | list):
            hint = HINTS.get(one["type"], "")
            quotes = ", without quotes" if hint and isinstance(given, str) else ""
            message += f"{got(given, columns.get(name))}{hint}{quotes}"
        yield Violation(("rows", number, name), name, kind, message)


def got(value: Any, column: Column | None) -> str:
    """Return a refused value for an error message; nothing if the column is sensitive."""
    return "" if column is not None and column.sensitive else f", got {shown(value)}"


def shown(value: Any) -> str:
    """Return a value or its beginning, for an error message."""
    text = repr(value[: MOST_LETTERS + 1] if isinstance(value, str) else value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def shown_name(name: str) -> str:
    """Return an unknown name or its beginning, for an error message."""
    return name if len(name) <= MOST_LETTERS else f"{name[:MOST_LETTERS]}…"

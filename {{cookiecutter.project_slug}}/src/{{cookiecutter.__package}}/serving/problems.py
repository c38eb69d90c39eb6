"""What a request does wrong: for the client with its place, for the log without any value."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from ..errors import nearest
from ..schema import Column, Fault

MOST_ERRORS = 100  # in one answer: a thousand rows can have many thousand
MOST_LETTERS = 60  # of a value that an error repeats
FAULTS: dict[str, Fault] = {
    "missing": "missing",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}

Found = tuple[str, str]  # the column, or blank, and what is wrong


class BrokenContractError(Exception):
    """A request that breaks the contract.

    Attributes:
        errors: what to tell the client, by place.
        faults: for each column and fault, in how many rows; no values.
    """

    def __init__(self, errors: list[dict[str, Any]], faults: Mapping[Found, int]) -> None:
        super().__init__(errors)
        self.errors = errors
        self.faults = faults


def broken(error: ValidationError, columns: Mapping[str, Column]) -> BrokenContractError:
    """Say what pydantic found, without the names that it gives to the members of a union."""
    errors: dict[tuple[Any, ...], dict[str, Any]] = {}
    rows: dict[Found, set[Any]] = {}
    for found in error.errors(include_url=False, include_context=False):
        where = found["loc"]
        depth = 3 if where[:1] == ("rows",) else 2
        place = where[:depth]
        name = str(place[-1]) if len(place) == depth else ""
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "json_invalid":
            fault: str = "malformed"
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
        known = errors.setdefault(place, {"loc": list(place), "message": message})
        if known["message"] != message and len(known["message"]) < 3 * MOST_LETTERS:
            known["message"] += f"; or: {message}"
        rows.setdefault((name, fault), set()).add(place[:-1])
    several = {fault: (len(places) if fault[0] else 0) for fault, places in rows.items()}
    return BrokenContractError(list(errors.values())[:MOST_ERRORS], several)


def unreadable_dates(
    errors: list[tuple[tuple[Any, ...], str]], columns: Mapping[str, Column]
) -> BrokenContractError:
    """Say which dates cannot be read.

    Args:
        errors: the place and the value of each.
        columns: those of the contract.
    """
    faults: dict[Found, int] = {}
    said = []
    for where, given in errors:
        name = where[-1]
        faults[name, "unreadable"] = faults.get((name, "unreadable"), 0) + 1
        wanted = columns[name].format or "such as 2024-01-31T14:30"
        message = f"Input should be a date ({wanted}), got {shown(given)}"
        said.append({"loc": list(where), "message": message})
    return BrokenContractError(said[:MOST_ERRORS], faults)


def _unknown(name: str, columns: Iterable[str]) -> str:
    return f"the contract has no such column{nearest(name, columns)}"


def places(error: ValidationError) -> list[dict[str, Any]]:
    """Return what pydantic found, each fault with its place."""
    found = error.errors(include_url=False, include_context=False)
    return [{"loc": list(one["loc"]), "message": one["msg"]} for one in found[:MOST_ERRORS]]


def shown(value: Any) -> str:
    """Return a value, or its beginning, as an error repeats it."""
    text = repr(value)
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"

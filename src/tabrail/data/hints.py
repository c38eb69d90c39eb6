"""Explain why a value does not fit its column, if the reason is known."""

from contextlib import suppress
from datetime import datetime

from tabrail.data import date_order
from tabrail.data.schema import Column

SHOWN = 5


def zero_twin(value: str, categories: list[str]) -> str:
    """Return the category that differs from a value only in its leading zeros, or nothing.

    >>> zero_twin("02138", ["2138", "10001"])
    '2138'
    """
    value = value.removesuffix(".0")  # as many tools write numbers in a column with missing values
    if not value.isdecimal():
        return ""
    bare = value.lstrip("0")
    return next((one for one in categories if one != value and one.lstrip("0") == bare), "")


def lost_zeros(value: str, column: Column) -> bool:
    """Check whether a code has lost its leading zeros: it is shorter than all codes in training.

    >>> lost_zeros("2138", Column(kind="identifier", digits=5))
    True
    """
    return column.digits is not None and len(value) < column.digits and value.isdecimal()


def hint(column: Column, kind: str, example: object) -> str:
    """Return a hint on a value that violates the schema, or nothing.

    Args:
        column: describes the column.
        kind: the kind of violation.
        example: the value, as it was in the table.
    """
    if kind == "unreadable" and column.digits and column.categories is None:
        return f"training has {column.digits} digits or more: keep the leading zeros of codes"
    if column.sensitive:
        return ""
    if kind == "date_order":
        return f"{column.format} may have day and month the wrong way round for this file"
    if kind != "unreadable":
        return ""
    if column.categories is not None:
        if twin := zero_twin(str(example), column.categories):
            return f"training has {twin!r}: write codes with the same leading zeros"
        known = ", ".join(map(repr, column.categories[:SHOWN]))
        more = " …" if len(column.categories) > SHOWN else ""
        return f"the classes are {known}{more}"
    if column.kind == "datetime":
        if date_order.has_order(column) and isinstance(example, str):
            with suppress(ValueError):
                datetime.strptime(example.strip(), date_order.other_order(column.format))
                return f"expected {column.format}; this one has day and month the other way round"
        return f"expected {column.format or 'a date such as 2024-01-31'}"
    return ""

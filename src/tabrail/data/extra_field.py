"""Handle rows with one field more than the header: row names, or empty last fields."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from tabrail.data.edges import Row
from tabrail.errors import InputError

Extra = Literal["", "first", "last"]
NAME = "row_name"  # of the column without a name
FIRST = (
    f"its rows have one field more than line 1 has names, so the first field, such as {{}}, was "
    f"read as the name of the row and called {NAME}, as R writes it"
)
LAST = "each row ends in a delimiter and line 1 does not, so the empty field was left out"
NEARLY_ALL, MOST = 0.9, 0.5  # shares of the rows
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
WHOLE, BROKEN = re.compile(r"\d+"), re.compile(r"\d+\.\d+")
FEW_VALUES = 4  # distinct values of a column of digits that is not a flag
# If the first column has such a name, the rows have no other names.
IDENTIFIES = re.compile(
    r"(?i)(?:.*[ _.\-])?(?:id|ids|uuid|nr|no|num|number|nummer|numero|n|key|code|ref|index|idx|row"
    r"|rowid|sku|lfd|name|names|label)|#|.*(?:[a-z]Id|ID|nummer|name)"
)


def kind(names: Sequence[str], rows: Sequence[Row]) -> Extra:
    """Return which field of the rows has no name above it, by the rule of pandas.

    Args:
        names: line 1.
        rows: the first rows below it.

    Returns:
        `last` if nearly all rows end in more delimiters than line 1, with empty fields; `first` if
        most have one field more; else blank.

    >>> kind(["size", "colour"], [["1", "5.1", "red"], ["2", "4.9", "blue"]])
    'first'
    """
    width = len(names)
    longer = [row for row in rows if len(row) > width]
    beyond = "".join(cell for row in longer for cell in row[width:])
    if longer and len(longer) >= NEARLY_ALL * len(rows) and not beyond.strip():
        return "last"
    return "first" if sum(len(row) == width + 1 for row in longer) > MOST * len(rows) else ""


def without_last(rows: Sequence[Row]) -> list[Row]:
    """Return a header and rows without empty fields beyond the header, if all rows have them."""
    names, *below = rows
    if kind(names, below) != "last":
        return list(rows)
    return [names, *(row[: len(names)] for row in below)]


def named(names: Sequence[str]) -> str:
    """Return a name for the first field that the others do not have."""
    number, name = 1, NAME
    while name in names:
        number += 1
        name = f"{NAME}_{number}"
    return name


def judge(
    path: Path, rows: Sequence[Row], delimiter: str, sign: str, *, quoted: bool
) -> InputError | None:
    """Return an error unless the first field of each row is certainly its name.

    An unquoted field with a delimiter in it also gives each row one field more.

    Args:
        path: the file.
        rows: its header and its first rows, most of which have one field more.
        delimiter: the field delimiter.
        sign: the name of the delimiter.
        quoted: whether the first field of each row is in quotes.
    """
    names, *below = rows
    longer = [row for row in below if len(row) == len(names) + 1]
    first = [row[0].strip() for row in longer]
    head = f"{path}: line 1 names {len(names)} columns, and each row has {len(longer[0])} fields"
    field = f"a field has a {sign} in it, such as in line 2: {delimiter.join(longer[0])[:80]!r}"
    if len(set(first)) < len(first) or _has_parts_of_prose(longer):
        return InputError(f"{head}: {field}; put quotes around such fields")
    numbered = first == [str(n) for n in range(int(first[0] == "1"), len(first) + 1)][: len(first)]
    doubts = (
        IDENTIFIES.fullmatch(names[0].strip()),
        _has_parts_of_numbers(longer),
        not numbered and _has_two_words(longer),
    )
    # In text, delimiters other than a comma are rare.
    if delimiter == "," and not quoted and any(doubts):
        return InputError(
            f"{head}. If the first field, such as {first[0]!r}, is the name of the row, write a "
            f'name for it at the beginning of line 1, such as "{NAME}{delimiter}". If '
            f"{field}, put quotes around such fields"
        )
    return None


def _has_parts_of_prose(rows: Sequence[Row]) -> bool:
    """Check for a column whose cells begin with a blank, as after a comma, unlike other columns."""
    columns = list(zip(*(row[1:] for row in rows), strict=True))
    led = [sum(cell.startswith(" ") for cell in cells) > MOST * len(cells) for cells in columns]
    return any(led) and not all(led)


def _has_parts_of_numbers(rows: Sequence[Row]) -> bool:
    """Check for a whole number beside digits of one length, as in `12,50`, if none has a point."""
    if any(BROKEN.fullmatch(cell.strip()) for row in rows for cell in row):
        return False
    columns = [[cell.strip() for cell in cells] for cells in zip(*rows, strict=True)]
    whole = [all(map(WHOLE.fullmatch, cells)) for cells in columns]
    return any(
        whole[place]
        and whole[place + 1]
        and len({len(cell) for cell in columns[place + 1]}) == 1
        and len(set(columns[place + 1])) >= FEW_VALUES
        for place in range(len(columns) - 1)
    )


def _has_two_words(rows: Sequence[Row]) -> bool:
    """Check for two columns of words beside each other, as in `Graz, Austria`."""
    columns = list(zip(*rows, strict=True))
    words = [not any(NUMBER.search(cell) for cell in cells) for cells in columns]
    return any(a and b for a, b in pairwise(words))

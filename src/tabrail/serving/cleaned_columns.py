"""Find the columns that the project's cleaning function changes, by trying it out."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema
from tabrail.model.scoring import for_scoring
from tabrail.serving.cleaning import LEFT_OUT, Row, clean_rows, json_cells

NAMES = {"categorical", "identifier", "text"}
NUMBERS = (0.0, -1.0, 1e6)
MOST_CATEGORIES = 1000  # the most categories of a column that are tried


def changed_columns(rows: Sequence[Row], typical: Row, schema: Schema, clean: Clean) -> set[str]:
    """Return the columns that a cleaning function changes.

    The function cleans example rows and variants of them. In a variant, all values are text, in
    upper or lower case, with spaces around them, missing, other categories or other numbers.

    Args:
        rows: rows that conform to the schema.
        typical: such a row, with frequent values.
        schema: describes the columns.
        clean: the cleaning function.

    Returns:
        Columns in which a cell changes, and those that make the function drop a row.
    """
    changed: set[str] = set()
    columns = for_scoring(schema).used

    def tried(some: Sequence[Row]) -> tuple[list[int], list[int]]:
        """Clean rows; return the places that `clean` leaves out, and all dropped places."""
        found = clean_rows(some, schema, clean)
        changed.update(json_cells(found, schema)[1])
        dropped = sorted(found.dropped)
        return [place for place in dropped if found.dropped[place] == LEFT_OUT], dropped

    def causes(good: Row, other: Row) -> list[str]:
        """Return each column that alone makes the function leave out the other row."""
        names = [name for name in good if good[name] != other[name]]
        left_out, _ = tried([good | {name: other[name]} for name in names])
        return [names[place] for place in left_out]

    bases = [typical, *rows]
    left_out, dropped = tried(bases)
    if 0 in left_out:
        return set(typical)
    for place in left_out:
        changed.update(causes(typical, bases[place]) or typical)
    good = [row for place, row in enumerate(bases) if place not in dropped]
    variants = [{name: _variants(row[name], columns[name].kind) for name in row} for row in good]
    for number in range(len(_variants(None, ""))):
        varied = [{name: values[number] for name, values in row.items()} for row in variants]
        _, dropped = tried(varied)
        if dropped:
            changed.update(causes(good[dropped[0]], varied[dropped[0]]))
    if good:
        others = [
            (name, category)
            for name, column in columns.items()
            for category in islice(column.categories or [], MOST_CATEGORIES)
        ]
        left_out, _ = tried([good[0] | {name: category} for name, category in others])
        changed.update(others[place][0] for place in left_out)
    return changed & set(typical)


def _variants(value: Any, kind: str) -> list[Any]:
    """Return other values of a cell, the same number for every cell."""
    whole = isinstance(value, float) and value.is_integer()
    texts = [None if value is None else str(one) for one in (int(value) if whole else value, value)]
    if isinstance(value, str):
        texts += [value.upper(), value.lower(), value.title(), f" {value} ", ""]
    else:
        texts += [value] * 5
    name = "another one" if kind in NAMES else value
    return [*texts, None, name, *(NUMBERS if kind == "numeric" else [value] * len(NUMBERS))]

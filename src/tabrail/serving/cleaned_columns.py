"""Which columns the owner's cleaning function changes, as far as trying it out shows."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema
from tabrail.serving.checkable import checkable
from tabrail.serving.raw import Row, clean_rows

NAMES = {"categorical", "identifier", "text"}
NUMBERS = (0.0, -1.0, 1e6)
MOST_CATEGORIES = 1000  # of a column that are tried

Variant = Callable[[str, Any], Any]


def changed_columns(rows: Sequence[Row], typical: Row, schema: Schema, clean: Clean) -> set[str]:
    """Return the columns that a cleaning function changes.

    It cleans rows that stand for any, and variants of them: with all values as text, in upper and
    lower case, with blanks around them, missing, with other categories, with other numbers.

    Args:
        rows: rows that conform to the schema.
        typical: such a row, of frequent values.
        schema: describes the columns.
        clean: the cleaning function.

    Returns:
        Columns of which a cell comes out unequal, and those for which a row is left out.
    """
    changed: set[str] = set()

    def lost(some: Sequence[Row]) -> tuple[list[int], set[int]]:
        """Clean rows; return the places of those that do not come out, and of the left out."""
        found = clean_rows(some, schema, clean)
        changed.update(checkable(found, schema, set()).changed)
        return sorted(found.left_out | set(found.failed)), found.left_out

    bases = [*rows, typical]
    gone, left_out = lost(bases)
    for place in left_out:  # for which column: with a typical value there, the row is kept
        names = list(typical)
        mended = [bases[place] | {name: typical[name]} for name in names]
        still, _ = lost(mended)
        changed.update([names[n] for n in range(len(names)) if n not in still] or names)
    kept = [row for place, row in enumerate(bases) if place not in gone]
    for variant in variants(schema):
        varied = [{name: variant(name, value) for name, value in row.items()} for row in kept]
        missed, _ = lost(varied)
        if missed:  # for which column, and what would happen to the others
            row, other = kept[missed[0]], varied[missed[0]]
            names = [name for name in row if row[name] != other[name]]
            _, left_out = lost([row | {name: other[name]} for name in names])
            changed.update(names[number] for number in left_out)
    if kept:
        others = list(_other_categories(schema))
        _, left_out = lost([kept[-1] | {name: category} for name, category in others])
        changed.update(others[number][0] for number in left_out)
    return changed & set(typical)


def variants(schema: Schema) -> Iterator[Variant]:
    """Yield functions that change the value of a column."""
    columns = schema.columns

    def on_text(change: Callable[[str], str]) -> Variant:
        return lambda _, value: change(value) if isinstance(value, str) else value

    def number(other: float) -> Variant:
        return lambda name, value: other if columns[name].kind == "numeric" else value

    yield lambda _, value: value if value is None else _as_text(value)
    yield lambda _, value: value if value is None else str(value)
    for change in (str.upper, str.lower, str.title, lambda text: f" {text} "):
        yield on_text(change)
    yield on_text(lambda _: "")
    yield lambda _, value: None
    yield lambda name, value: "another one" if columns[name].kind in NAMES else value
    for other in NUMBERS:
        yield number(other)


def _as_text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _other_categories(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield columns with each of their categories."""
    for name, column in schema.used.items():
        if name not in (schema.target, schema.weight):
            for category in islice(column.categories or [], MOST_CATEGORIES):
                yield name, category

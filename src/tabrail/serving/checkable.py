"""Cleaned rows as the API checks them: cells as JSON can hold them."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Column, Schema, read
from tabrail.serving.raw import Cleaned, python_values, same


@dataclass
class Checkable:
    """Cleaned rows, ready to be checked.

    Attributes:
        rows: by place, the cells as JSON can hold them.
        changed: the columns of which a cell came out unlike it went in.
        dates: by place and column, the dates that are no text.
    """

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    dates: dict[tuple[int, str], Any] = field(default_factory=dict)


def checkable(cleaned: Cleaned, schema: Schema, lenient: set[str]) -> Checkable:
    """Return cleaned rows as JSON can hold them.

    A cell that the cleaning function changes is read as one of a table is: `yes` may be true, and
    text a number. A cell that it leaves as it came must have the type that the API asks for.

    Args:
        cleaned: the rows.
        schema: describes them.
        lenient: columns whose cells are all read like those of a table.
    """
    found = Checkable()
    columns = {name: c for name, c in schema.used.items() if name not in (schema.weight,)}
    for before, after in cleaned.tables:
        places = after.index.tolist()
        rows = [found.rows.setdefault(place, {}) for place in places]
        for name in after.columns:
            values = python_values(after[name])
            unlike = [not one for one in same(python_values(before[name]), values)]
            if any(unlike):
                found.changed.add(name)
            if name not in columns:  # which the model does not use
                continue
            if name in lenient or any(unlike):
                column = columns[name]
                typed = read(cells.present(after[name], schema.missing), column, schema.csv)
                is_date = after[name].dtype.kind == "M"
                for number, text in enumerate(_written(typed, column)):
                    if (name in lenient or unlike[number]) and text is not None:
                        if column.kind != "datetime" or not isinstance(values[number], str):
                            values[number] = text
                        if is_date:
                            values[number] = text
                            found.dates[places[number], name] = typed.iloc[number].to_datetime64()
            for row, value in zip(rows, values, strict=True):
                row[name] = value
    return found


def _written(typed: "pd.Series[Any]", column: Column) -> list[Any]:
    """Return values in the schema's types as the API takes them; None where there is none."""
    gone = typed.isna().tolist()
    values: list[Any] = typed.tolist()
    if column.kind == "boolean":
        values = [value == 1.0 for value in values]
    elif column.kind == "datetime":
        values = [
            None if no else value.strftime(column.format) if column.format else value.isoformat()
            for value, no in zip(values, gone, strict=True)
        ]
    return [None if no else value for value, no in zip(values, gone, strict=True)]

"""Cleaned rows as the API checks them: cells as JSON can hold them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
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
    columns = {name: c for name, c in schema.used.items() if name != schema.weight}
    for before, after in cleaned.tables:
        rows = [found.rows.setdefault(place, {}) for place in after.index]
        for name in after.columns:
            values = python_values(after[name])
            unlike = [not one for one in same(python_values(before[name]), values)]
            if any(unlike):
                found.changed.add(name)
            if name not in columns:  # which the model does not use
                continue
            if name in lenient:
                unlike = [True] * len(values)
            if any(unlike):
                read_values, dates = _read(after[name], columns[name], schema)
                values = [
                    other if is_unlike else value
                    for value, other, is_unlike in zip(values, read_values, unlike, strict=True)
                ]
                found.dates |= {(place, name): date for place, date in dates.items()}
            for row, value in zip(rows, values, strict=True):
                row[name] = value
    return found


def _read(
    given: "pd.Series[Any]", column: Column, schema: Schema
) -> tuple[list[Any], dict[int, np.datetime64]]:
    """Read cells like those of a table.

    Returns:
        The cells as the API takes them, None where there is none; what cannot be read stays as it
        is. And by place the dates that are no text, which may be finer than their format.
    """
    there = cells.present(given, schema.missing)
    typed = read(there, column, schema.csv)
    values, dates = python_values(there), {}
    is_date = given.dtype.kind == "M"
    if column.kind == "datetime" and not is_date:  # the API reads text as a table is read
        return values, {}
    for number, value in enumerate(typed.tolist()):
        if values[number] is None or pd.isna(value):
            continue
        if column.kind == "datetime":
            dates[int(given.index[number])] = typed.iloc[number].to_datetime64()
            values[number] = value.strftime(column.format) if column.format else value.isoformat()
        else:
            values[number] = value == 1.0 if column.kind == "boolean" else value
    return values, dates

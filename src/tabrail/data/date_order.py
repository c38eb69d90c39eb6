"""Detect files whose dates have day and month the wrong way round."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail.data.schema import Column, Schema

Usual = Mapping[str, Sequence[float]]  # by column: the share of dates in training on each day, 1-31
FEWEST_ROWS = 20  # where the usual days of the month are not known
FEWEST_MONTHS, MOST_PLACES, MONTHS = 5, 2, 12
LIKELY, SURE = 1e-2, 1e-6  # below it, such dates are unlikely, or practically impossible, by chance
FEWEST_ON_A_DAY = 5  # rows: the days of fewer are not stored
RAREST = 5e-3  # assumed share of a day of the month that is not in training


def swapped(
    table: pd.DataFrame, schema: Schema, usual: Usual | None = None
) -> Iterator[tuple[str, bool]]:
    """Yield the columns whose dates were read with day and month the wrong way round.

    Args:
        table: rows in the schema's types, of one file.
        schema: says how dates are written.
        usual: the usual days of the month of dates, if known.

    Yields:
        The name of a column, and whether this is certain.
    """
    for name in table.columns.intersection(list(schema.used)):
        if not has_order(schema.columns[name]):
            continue
        chance = chance_of(table[name].dropna().to_numpy(), (usual or {}).get(name))
        if chance < LIKELY:
            yield name, chance < SURE


def warnings(
    dates: Mapping[str, np.ndarray], columns: Mapping[str, Column], usual: Usual | None
) -> list[str]:
    """Warn about columns of a request whose dates seem to have day and month swapped.

    Args:
        dates: by column, the dates of all rows; shape (n_rows,), datetime64.
        columns: describes them.
        usual: as of `swapped`.
    """
    return [
        f"{name}: {columns[name].format} may have day and month the wrong way round for these rows"
        for name, given in dates.items()
        if len(given) >= FEWEST_MONTHS
        and has_order(columns[name])
        and chance_of(given[~np.isnat(given)], (usual or {}).get(name)) < LIKELY
    ]


def has_order(column: Column) -> bool:
    """Check whether the dates of a column could be written in another order."""
    written = column.format or ""
    return column.kind == "datetime" and "%d" in written and "%m" in written


def chance_of(dates: np.ndarray, usual: Sequence[float] | None) -> float:
    """Return how likely it is by chance that dates are few days in a row in the other order.

    Two weeks of one month, with day and month swapped, are one day of many months of one year.
    Monthly figures look the same. The usual days of the month distinguish them.

    Args:
        dates: datetime64, none of them missing; shape (n_rows,).
        usual: the share of the usual dates on each day of the month, if known.

    Returns:
        A probability. It is just below the limit for a warning if the usual days are not known. It
        is 1.0 if the dates, read in the other order, would not be a few days in a row.

    >>> first_days = np.arange("2024-01", "2025-01", dtype="datetime64[M]")
    >>> chance_of(first_days, [1 / 31] * 31) < SURE, chance_of(first_days, [1.0] + [0.0] * 30)
    (True, 1.0)
    """
    found = np.unique(dates.astype("datetime64[D]"))
    if not len(found):
        return 1.0
    months, years = found.astype("datetime64[M]"), found.astype("datetime64[Y]")
    days = (found - months).astype(np.int64) + 1
    places = np.unique(years.astype(np.int64) * 100 + days)  # each would be in one month
    if len(np.unique(months - years)) < FEWEST_MONTHS or len(places) > MOST_PLACES:
        return 1.0
    if days.max() > MONTHS:  # there is no such month
        return 1.0
    if usual is None:
        return LIKELY / 2 if len(dates) >= FEWEST_ROWS else 1.0
    share = sum(usual[day - 1] for day in np.unique(days))
    return float(max(share, RAREST) ** len(found))


def usual_days(table: pd.DataFrame, schema: Schema) -> dict[str, list[float]]:
    """Return the days of the month of dates, for columns whose order can be mistaken.

    Args:
        table: rows in the schema's types.
        schema: says how dates are written. Sensitive columns are left out.

    Returns:
        By column, the share of each day from 1 to 31; 0 for a day that few rows have.
    """
    found = {}
    for name, column in schema.used.items():
        if has_order(column) and not column.sensitive and name in table:
            counts = np.bincount(table[name].dropna().dt.day, minlength=32)[1:]
            counts[counts < FEWEST_ON_A_DAY] = 0
            if counts.any():
                found[name] = [round(float(share), 3) for share in counts / counts.sum()]
    return found


def read_usual_days(file: Path) -> dict[str, list[float]]:
    """Return the days of the month of the dates in training, if a file has them.

    Args:
        file: reports/distributions.json.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(content.get("days_of_month", {}))


def other_order(written: str | None) -> str:
    """Return a format of dates with day and month the other way round.

    >>> other_order("%d/%m/%Y")
    '%m/%d/%Y'
    """
    return (written or "").replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")

"""Notice a file whose dates have day and month the other way round."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema

FEWEST_ROWS = 20
FEW_DAYS, MANY_MONTHS = 2, 5
MONTHS = 12


def swapped(table: pd.DataFrame, schema: Schema) -> Iterator[str]:
    """Yield the columns whose dates were probably read with day and month the wrong way round.

    A fortnight of one month, read the wrong way, is one day of many months. The first day of many
    months is left alone: that is how monthly figures are dated.

    Args:
        table: rows in the schema's types, of one file.
        schema: says how dates are written.
    """
    for name in table.columns.intersection(list(schema.used)):
        written = schema.columns[name].format or ""
        if schema.columns[name].kind != "datetime" or "%d" not in written or "%m" not in written:
            continue
        dates = table[name].dropna()
        if len(dates) < FEWEST_ROWS:
            continue
        days, months = np.unique(dates.dt.day), np.unique(dates.dt.month)
        may_be_months = days.min() > 1 and days.max() <= MONTHS
        if may_be_months and len(days) <= FEW_DAYS and len(months) >= MANY_MONTHS:
            yield name

"""Find the row that a model fails on, and the limits of schema.yaml that it cannot score."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.errors import InputError

Score = Callable[[pd.DataFrame], np.ndarray]


def failing_row(score: Score, rows: pd.DataFrame) -> tuple[int, str] | None:
    """Return the place of the first row that a model fails on, and why it does.

    Args:
        score: returns the predictions of rows; it failed on all of these together.
        rows: at least one row.

    Returns:
        None if no row makes it fail alone.

    Example:
        >>> import pandas as pd
        >>> from tabrail.model.failing import failing_row
        >>> rows = pd.DataFrame({"rooms": [2, 1, 0, 0]})
        >>> failing_row(lambda rows: rows["rooms"].map(lambda rooms: 1 // rooms), rows)
        (2, 'ZeroDivisionError: integer division or modulo by zero')
    """
    first, last = 0, len(rows)
    while last - first > 1:
        middle = (first + last) // 2
        if _failure(score, rows.iloc[first:middle]):
            last = middle
        else:
            first = middle
    why = _failure(score, rows.iloc[first:last])
    return (first, why) if why else None


def failing_limit(score: Score, rows: pd.DataFrame, schema: Schema) -> str:
    """Return a sentence about a limit of schema.yaml that a model cannot score; or a blank text.

    Args:
        score: returns the predictions of rows.
        rows: rows that it can score; the first one gets the limits, one after the other.
        schema: the schema.
    """
    for name in schema.features:
        column = schema.columns[name]
        if column.kind != "numeric":
            continue
        for which, limit in (("min", column.min), ("max", column.max)):
            if limit is None:
                continue
            row = rows.head(1).copy()
            row[name] = np.float64(limit)
            why = _failure(score, row)
            if why:
                return (
                    f"the model cannot score a row whose {name} is {limit:.15g}, the {which} of "
                    f"this column in schema.yaml: {why}; change the feature function, derive, or "
                    f"the {which}"
                )
    return ""


def _failure(score: Score, rows: pd.DataFrame) -> str:
    """Return why a model does not score rows; a blank text if it does."""
    try:
        found = score(rows)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # of the estimator, or of the project's code
        first_line = next(iter(str(error).strip().splitlines()), "")
        return f"{type(error).__name__}: {first_line}".rstrip(": .")
    if not np.isfinite(np.asarray(found, np.float64)).all():
        return "its prediction is no finite number"
    return ""

"""The project's cleaning function, with checks of its result at each call."""

from collections.abc import Callable, Collection
from types import FunctionType
from typing import Any

import pandas as pd

from tabrail.errors import InputError

Clean = Callable[[pd.DataFrame], pd.DataFrame]


def no_cleaning(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as they are."""
    return rows


def changes_nothing(function: Any) -> bool:
    """Check whether a cleaning function returns its argument unchanged.

    Its compiled code is compared with that of such a function. This also works for `derive`.

    Example:
        >>> changes_nothing(no_cleaning), changes_nothing(lambda rows: rows.dropna())
        (True, False)
    """
    same = no_cleaning.__code__
    return isinstance(function, FunctionType) and (
        function.__code__.co_code == same.co_code
        and function.__code__.co_flags == same.co_flags
        and function.__code__.co_argcount == same.co_argcount
    )


def cleaned(rows: pd.DataFrame, clean: Clean, sensitive: Collection[str] = ()) -> pd.DataFrame:
    """Call a cleaning function, and check what it returns.

    Args:
        rows: rows with the columns as they came, n_rows of them.
        clean: returns these rows or some of them, in any order of columns.
        sensitive: columns whose values must not be in a message.

    Returns:
        The cleaned rows, at most n_rows, in the order in which they came.

    Raises:
        InputError: the function fails, or it returns other rows or other columns.
    """
    if clean is no_cleaning:
        return rows
    # An object that can be called has no name of its own.
    named = clean if hasattr(clean, "__qualname__") else type(clean)
    name = f"{named.__module__}.{named.__qualname__}"
    try:
        found = clean(rows.copy(deep=False))
    except Exception as error:
        text = str(error)
        if any(_has_value(text, rows[column]) for column in sensitive if column in rows):
            text = "its message is left out, because it has a sensitive value"
        raise InputError(f"{name} failed: {type(error).__name__}: {text}") from error
    if not isinstance(found, pd.DataFrame):
        raise InputError(f"{name} returned a {type(found).__name__}; expected a DataFrame")
    is_same_index = found.index.equals(rows.index)
    if is_same_index and list(found.columns) == list(rows.columns):
        return found
    if sorted(map(str, found.columns)) != sorted(map(str, rows.columns)):
        added = [str(column) for column in found.columns if column not in rows.columns]
        removed = [str(column) for column in rows.columns if column not in found.columns]
        what = [f"adds {', '.join(added)}"] if added else []
        what += [f"loses {', '.join(removed)}"] if removed else []
        raise InputError(
            f"{name} {' and '.join(what)}; it must keep the set of columns: a new column belongs "
            "in derive in features.py"
        )
    if not found.index.is_unique or not found.index.isin(rows.index).all():
        raise InputError(
            f"{name} changes the index of the rows; it must keep the index, so that each row is "
            "known by its number: do not call reset_index or concat in it"
        )
    found = found[list(rows.columns)]
    if is_same_index:
        return found
    return found.loc[rows.index[rows.index.isin(found.index)]]


def _has_value(text: str, cells: pd.Series) -> bool:
    """Check whether a text contains one of some values."""
    values = cells.dropna().astype("str").unique()
    return any(value in text for value in values if value.strip())

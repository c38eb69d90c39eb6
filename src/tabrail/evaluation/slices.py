"""Slices: the rows that have the same value in a column, for which scores are reported."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.data import cells
from tabrail.data.schema import Column, Schema
from tabrail.errors import InputError, nearest

MISSING = "missing"
FEWEST_GROUPS = 20  # in a slice of a sensitive column
MOST_VALUES = 100  # values of a derived column: each becomes a line in reports, which are in Git


def labels(
    table: pd.DataFrame, schema: Schema, derive: Callable[[pd.DataFrame], pd.DataFrame]
) -> dict[str, pd.Series]:
    """Return the slice that each row belongs to, by slice column.

    Args:
        table: rows of a prepared table, n_rows of them.
        schema: names the slice columns; columns that it does not describe are derived ones.
        derive: adds the columns that the model derives to rows with the columns `schema.inputs`.

    Raises:
        InputError: a slice column is neither in the schema nor derived, or it has too many values.
    """
    derived = pd.DataFrame()
    if not set(schema.slices) <= set(schema.columns):
        made = derive(table[schema.inputs])
        new = [str(name) for name in made.columns if name not in schema.columns]
        require_known(schema, new)
        derived = made[new]
    found = {}
    for name in schema.slices:
        values = derived[name] if name in derived else table[name]
        found[name] = named(values, schema.columns.get(name))
        if name in derived and found[name].nunique() > MOST_VALUES:
            raise InputError(
                f"{paths.SCHEMA}, slices: the derived column {name!r} has "
                f"{found[name].nunique():,} values; expected at most {MOST_VALUES}; let derive "
                "make groups of them, such as with pandas.cut"
            )
    return found


def require_known(schema: Schema, derived: list[str]) -> None:
    """Check that every slice column is in the schema or derived.

    Args:
        schema: names the slice columns.
        derived: names of the columns that the model derives.

    Raises:
        InputError: one is neither; the message names the columns that can be used.
    """
    for name in schema.slices:
        if name not in schema.columns and name not in derived:
            described = [
                name
                for name, column in schema.used.items()
                if name != schema.target and column.can_slice
            ]
            raise InputError(
                f"{paths.SCHEMA}, slices: no column {name!r}"
                f"{nearest(name, [*described, *derived])}; {paths.SCHEMA} has for slices: "
                f"{', '.join(described) or 'none'}; the model derives: "
                f"{', '.join(derived) or 'none'}"
            )


def without_few(indices: Mapping[Any, np.ndarray], groups: np.ndarray) -> dict[Any, np.ndarray]:
    """Return the slices of a sensitive column that have enough groups for a report.

    The slices that are left out must have as many groups together. Otherwise, the results of all
    rows and of the shown slices would reveal theirs.

    Args:
        indices: the positions of each slice's rows, by its value.
        groups: the hash of each row's group; shape (n_rows,).

    Example:
        >>> groups = np.arange(100)
        >>> slices = {"a": groups[:60], "b": groups[60:97], "c": groups[97:]}
        >>> list(without_few(slices, groups))
        ['a']
    """
    counts = {value: len(np.unique(groups[rows])) for value, rows in indices.items()}
    ascending = sorted(counts, key=lambda value: (counts[value], str(value)))
    hidden = [value for value in ascending if counts[value] < FEWEST_GROUPS]
    for value in ascending[len(hidden) :]:
        if not hidden or sum(counts[one] for one in hidden) >= FEWEST_GROUPS:
            break
        hidden.append(value)
    return {value: rows for value, rows in indices.items() if value not in hidden}


def named(values: pd.Series, column: Column | None) -> pd.Series:
    """Return the name of the slice that each value belongs to.

    Args:
        values: of one column, in the schema's types.
        column: its description in the schema; None for a derived column.

    Returns:
        Text: bands if the column has some, yes and no for booleans, and otherwise the values.
    """
    if column is not None and column.bands:
        names = np.array([*band_names(column.bands), MISSING])
        places = np.searchsorted(column.bands, values.to_numpy(np.float64), side="right")
        places[values.isna().to_numpy()] = len(names) - 1
        return pd.Series(names[places], index=values.index)
    return _texts(values)


def band_names(bounds: Sequence[float]) -> list[str]:
    """Return the names of the bands between some bounds.

    Args:
        bounds: from low to high; a value that equals one belongs to the band above it.
    """
    shown = [f"{bound:g}" for bound in bounds]
    between = [f"{low} to below {high}" for low, high in pairwise(shown)]
    return [f"below {shown[0]}", *between, f"{shown[-1]} or more"]


def _texts(values: pd.Series) -> pd.Series:
    """Return values as text: yes and no for booleans, whole numbers without a point."""
    if pd.api.types.is_bool_dtype(values) or values.dropna().isin([0, 1]).all():
        values = cells.words(values.astype("float64"))
    elif pd.api.types.is_numeric_dtype(values):
        values = values.map("{:g}".format, na_action="ignore")
    return values.astype("str").fillna(MISSING)

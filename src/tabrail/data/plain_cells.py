"""Read plain cells of text by the schema of their column, at Arrow's speed.

Most columns have only such cells. A column with anything unusual is read by `cells`, which is the
specification. Where both can read cells, both give the same values. A test compares them on random
cells.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tabrail.data import cells, no_dates
from tabrail.data.schema import Column, Schema
from tabrail.data.written_text import UNUSUAL

TEXT = pa.large_string()


class Plain(NamedTuple):
    """The values of cells, none of which is unreadable or an unknown category.

    Attributes:
        values: float64 in NumPy's array, or text in Arrow's; shape (n_cells,).
        missing: true where a value is missing. None if none is missing.
    """

    values: np.ndarray | pa.Array
    missing: np.ndarray | None


def read(text: pa.Array, column: Column, schema: Schema) -> Plain | None:
    """Read cells by the schema of their column; return None if `cells` has to read them.

    Args:
        text: cells as they were read; shape (n_cells,).
        column: describes them.
        schema: says which words mean missing, and how numbers are written.
    """
    given = _present(text, schema.missing)
    if given is None or column.digits is not None:
        return None
    values: np.ndarray | pa.Array | None = None
    match column.kind:
        case "numeric":
            values = _numbers(given) if column.separators(schema.csv)[0] == "." else None
        case "boolean":
            values = _booleans(given)
        case "categorical":
            values = given if _all_in(given, column.categories) else None
        case "identifier":
            values = None if pc.any(pc.ends_with(given, ".0")).as_py() else given
        case "text":
            values = pc.fill_null(given, "")
    if values is None:
        return None
    return Plain(values, _is_null(given) if given.null_count else None)


def _present(text: pa.Array, missing: list[str]) -> pa.Array | None:
    """Return cells without surrounding blanks; cells without a value become null."""
    if no_dates.days(missing):
        return None
    text = pc.utf8_trim_whitespace(text)
    is_ascii = pc.all(pc.string_is_ascii(text)).as_py() is not False
    if not is_ascii and pc.any(pc.match_substring_regex(text, UNUSUAL)).as_py():
        return None
    none = pc.is_in(text, _known(tuple(missing)))
    return pc.if_else(none, pa.scalar(None, TEXT), text) if pc.any(none).as_py() else text


def _numbers(given: pa.Array) -> np.ndarray | None:
    try:
        numbers = pc.cast(given, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return _where_all_are_read(numbers, given, np.abs(numbers) < cells.LARGEST)


def _booleans(given: pa.Array) -> np.ndarray | None:
    words = pc.utf8_lower(given)
    is_true, is_false = (
        pc.is_in(words, _known(tuple(sorted(known)))).to_numpy(zero_copy_only=False)
        for known in (cells.TRUE, cells.FALSE)
    )
    numbers = np.where(is_true, 1.0, np.where(is_false, 0.0, np.nan))
    return _where_all_are_read(numbers, given, is_true | is_false)


def _where_all_are_read(
    numbers: np.ndarray, given: pa.Array, is_read: np.ndarray
) -> np.ndarray | None:
    return numbers if np.count_nonzero(is_read) == len(given) - given.null_count else None


def _all_in(given: pa.Array, categories: list[str] | None) -> bool:
    if categories is None:
        return True
    found = pc.sum(pc.is_in(given, _known(tuple(categories)))).as_py() or 0
    return bool(found == len(given) - given.null_count)


def _is_null(given: pa.Array) -> np.ndarray:
    found: np.ndarray = given.is_null().to_numpy(zero_copy_only=False)
    return found


@lru_cache(maxsize=4096)
def _known(words: tuple[str, ...]) -> pa.Array:
    return pa.array(words, TEXT)

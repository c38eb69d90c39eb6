"""Identify equal rows by hashes of their cells as text, independent of the schema's kinds."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tabrail.data.distinct import Distinct, distinct, text_array
from tabrail.data.schema import GROUP, Schema

# pandas and spreadsheets add these to whole numbers and days when they write a file again.
ADDED = (".0", " 00:00:00")
TEXT = pa.large_string()


class Hashes(NamedTuple):
    """Hashes of some rows, each of shape (n_rows,), uint64.

    Attributes:
        rows: of the cells in all columns; equal for duplicate rows.
        groups: of each row's group, which is never split.
    """

    rows: np.ndarray
    groups: np.ndarray


def hashes(
    raw: pd.DataFrame,
    cleaned: pd.DataFrame,
    schema: Schema,
    known: Mapping[str, Distinct] = MappingProxyType({}),
) -> Hashes:
    """Return a hash of each row and one of its group.

    Rows with the same key are a group. Without a key, rows with the same cells are a group,
    whatever their target, so a correction of the target moves no row.

    Args:
        raw: rows as they came, n_rows of them.
        cleaned: the same rows after `clean`.
        schema: names the key, the target and all other columns.
        known: the different cells of raw columns, where somebody has looked for them.
    """
    others = [name for name in schema.columns if name != schema.target]
    without_target = _sums(raw, others, known)
    rows = mixed(without_target + _sums(raw, [schema.target], known))
    groups = row_hashes(cleaned, schema.key) if schema.key else mixed(without_target)
    return Hashes(rows, groups)


def row_hashes(rows: pd.DataFrame, names: Iterable[str]) -> np.ndarray:
    """Return a 64-bit hash of each row, the same on every machine; shape (n_rows,), uint64.

    It is the sum of the hashes of the row's cells, each as text with the name of its column. An
    empty cell adds nothing. The hash does not depend on kinds, on the order of columns, on columns
    that were added later, or on the file format.

    Sources: https://pandas.pydata.org/docs/reference/api/pandas.util.hash_array.html and, for the
    mixing of bits, Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number generators".

    Args:
        rows: rows as they came, or cleaned ones; n_rows of them.
        names: the columns to hash; columns that the rows lack are empty.
    """
    return mixed(_sums(rows, names))


def _sums(
    rows: pd.DataFrame,
    names: Iterable[str],
    known: Mapping[str, Distinct] = MappingProxyType({}),
) -> np.ndarray:
    total = np.zeros(len(rows), dtype=np.uint64)
    for name in names:
        if name in rows:
            cells = known.get(name)
            if cells is None or cells.text is None:
                cells = distinct(_written(rows[name]))
            total += cells.spread(_cell_hashes(cells.text, name))
    return total


def known_groups(table: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return a hash of each row's group, if the table has it; shape (n_rows,), uint64.

    Args:
        table: rows of a prepared table, or others with the schema's types; n_rows of them. Without
            the key, each row is its own group.
        schema: names the key.
    """
    if GROUP in table:
        return table[GROUP].to_numpy(np.uint64)
    if schema.key and set(schema.key) <= set(table):
        return row_hashes(table, schema.key)
    return mixed(np.arange(1, len(table) + 1, dtype=np.uint64))


def numbered(groups: np.ndarray) -> np.ndarray:
    """Return the number of each row's group, counted from 0, by its hash; shape (n_rows,)."""
    return np.asarray(pd.factorize(groups)[0])


def _cell_hashes(cells: pa.Array, name: str) -> np.ndarray:
    bare = _bare(cells)
    words = bare.fill_null("").to_numpy(zero_copy_only=False)
    found: np.ndarray = mixed(pd.util.hash_array(words, categorize=False) ^ _name_hash(name))
    if bare.null_count:
        found[bare.is_null().to_numpy(zero_copy_only=False)] = 0
    return found


@lru_cache(maxsize=10_000)  # this runs for every column of every chunk
def _name_hash(name: str) -> np.uint64:
    (found,) = pd.util.hash_array(np.array([name], dtype=object), categorize=False)
    return np.uint64(found)


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Mix the bits of numbers: each bit of a result depends on all bits of its number; uint64."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def texts(cells: pd.Series) -> pa.Array:
    """Return cells as text without suffixes that other programs add; shape (n_cells,).

    A missing cell or an empty one is null.
    """
    return _bare(text_array(_written(cells)))


def _bare(array: pa.Array) -> pa.Array:
    for added in ADDED:
        longer = pc.ends_with(array, added)
        if pc.any(longer).as_py():
            shorter = pc.utf8_slice_codeunits(array, 0, -len(added))
            array = pc.if_else(longer, shorter, array)
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, TEXT), array)


def _written(cells: pd.Series) -> pd.Series:
    """Return cells as text, a missing one as missing; shape (n_cells,)."""
    if isinstance(cells.dtype, pd.StringDtype):
        return cells
    if cells.dtype == object or pd.api.types.is_bool_dtype(cells):
        return cells.map(str, na_action="ignore").astype("str")
    if pd.api.types.is_datetime64_any_dtype(cells):
        codes, days = pd.factorize(cells)  # they repeat often, and formatting is slow
        words = pd.Series(days).dt.strftime("%Y-%m-%d %H:%M:%S.%f%z").str.removesuffix(".000000")
        return pd.Series(words.array.take(codes, allow_fill=True), cells.index)
    return pd.Series(pa.array(cells, from_pandas=True).cast(TEXT).to_pandas(), dtype="str")

"""Read the JSON of many entries of the prediction log at once."""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

ONE_NUMBER = r"^\[-?[0-9.]+(e[+-]?[0-9]+)?\]$"
LOOKED_AT = 100  # rows that say of which type a column is


def plain_rows(texts: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return rows of the log as Python reads their JSON, whatever types a column mixes.

    Args:
        texts: the JSON of each row, an object; shape (n_rows,).
        names: the columns that are wanted; those that a row lacks are missing.
    """
    found = [json.loads(text) for text in texts]
    return pd.DataFrame(found, columns=list(names), dtype="object")


def rows(texts: pd.Series, names: Sequence[str], numeric: Sequence[str]) -> pd.DataFrame:
    """Return rows of the log with columns of one type each, where that says the same.

    Args:
        texts: as of `plain_rows`, of dtype str.
        names: as of `plain_rows`.
        numeric: those columns of which 1 and 1.0 are the same number.

    Returns:
        Columns of text, numbers and booleans, or what `plain_rows` returns if a column mixes
        types.
    """
    block = "\n".join(texts.tolist()).encode()
    first = [json.loads(text) for text in texts[:LOOKED_AT]]
    types = {
        name: _type([row.get(name) for row in first], is_numeric=name in numeric) for name in names
    }
    if None not in types.values():
        try:
            table = arrow_json.read_json(
                io.BytesIO(block),
                arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1),
                arrow_json.ParseOptions(pa.schema(types), unexpected_field_behavior="ignore"),
            )
        except pa.ArrowException:
            pass
        else:
            found = table.to_pandas(integer_object_nulls=True)
            numbers = [found[name] for name in names if types[name] == pa.float64()]
            # Infinity would be taken for a gap where a column has numbers alone.
            if len(found) == len(texts) and not any(np.isinf(one).any() for one in numbers):
                return found[list(names)]
    return plain_rows(texts.tolist(), names)


def plain_numbers(texts: Iterable[str | None], width: int) -> np.ndarray:
    """Return what models said of some rows, as Python reads its JSON.

    Args:
        texts: the JSON of each row, a list of numbers, or None; shape (n_rows,).
        width: how many numbers there are; rows with another number of them have NaN.

    Returns:
        Shape (n_rows, width).
    """
    none = [np.nan] * width
    lists = [json.loads(text) if text else none for text in texts]
    found = [one if isinstance(one, list) and len(one) == width else none for one in lists]
    return np.array(found, dtype=np.float64).reshape(len(found), width)


def numbers(texts: pd.Series, width: int) -> np.ndarray:
    """Return what `plain_numbers` does, without an object for each row where it can.

    Args:
        texts: none of them missing.
        width: as of `plain_numbers`.
    """
    plain = texts.tolist()
    if width == 1:
        array = pa.array(texts, pa.large_string())
        if pc.all(pc.match_substring_regex(array, ONE_NUMBER)).as_py():
            return pc.utf8_trim(array, "[]").cast(pa.float64()).to_numpy()[:, None]
        return plain_numbers(plain, width)
    try:
        found = np.array(json.loads(f"[{','.join(plain)}]"), dtype=np.float64)
    except (TypeError, ValueError):  # some have more numbers than others, or none
        return plain_numbers(plain, width)
    return found if found.shape == (len(plain), width) else plain_numbers(plain, width)


def measures(texts: pd.Series) -> pd.DataFrame:
    """Return what is measured of the texts of each row, NaN where nothing is.

    Args:
        texts: the JSON of each row, or missing; shape (n_rows,).
    """
    if texts.isna().all():
        return pd.DataFrame(index=range(len(texts)), dtype=np.float64)
    found = [json.loads(text) if isinstance(text, str) else {} for text in texts]
    return pd.DataFrame(found, dtype=np.float64)


def _type(values: Iterable[Any], *, is_numeric: bool) -> pa.DataType | None:
    """Return the type of a column by its first values; None if it mixes types."""
    found = {type(value) for value in values if value is not None}
    if is_numeric:
        return pa.float64() if found <= {int, float} else None
    known = {str: pa.string(), bool: pa.bool_(), int: pa.int64()}
    return known.get(found.pop() if found else str) if len(found) < 2 else None

"""Arrays of numbers that a JSON document can hold, exactly."""

from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import PlainSerializer, PlainValidator


def _array(given: Any, *, dimensions: int, kind: type = np.float64) -> np.ndarray:
    """Return an array.

    Raises:
        ValueError: these are not finite numbers, or not in this many dimensions.
    """
    try:
        found: np.ndarray = np.asarray(given, kind)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None
    if found.ndim != dimensions or not np.isfinite(found).all():
        raise ValueError(f"expected finite numbers in {dimensions} dimensions")
    return found


_INTEGERS = PlainValidator(partial(_array, dimensions=1, kind=np.int64))
_LISTS = PlainSerializer(np.ndarray.tolist)
Floats = Annotated[np.ndarray, PlainValidator(partial(_array, dimensions=1)), _LISTS]
Integers = Annotated[np.ndarray, _INTEGERS, _LISTS]
Table = Annotated[np.ndarray, PlainValidator(partial(_array, dimensions=2)), _LISTS]

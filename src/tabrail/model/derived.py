"""The columns that a model derives from those of schema.yaml before it encodes them.

An infinite number, as of a division by 0, is a missing one: in training and wherever rows are
scored. No model file says so, since the step that does it is there only while rows go through.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

STEP = "infinite_is_missing"


def derive(pipeline: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns that the model's first steps add.

    Args:
        pipeline: the fitted model.
        rows: rows with the model's input columns, `schema.inputs`.
    """
    steps = first_steps(pipeline)
    return rows if steps is None else finite(steps.transform(rows))


def finite(rows: Any) -> Any:
    """Return a table with missing numbers in place of infinite ones.

    Args:
        rows: a table; anything else is returned as it is, and so is a table without any.

    Example:
        >>> import pandas as pd
        >>> from tabrail.model.derived import finite
        >>> finite(pd.DataFrame({"rate": [0.5, float("inf")]}))["rate"].tolist()
        [0.5, nan]
    """
    if not isinstance(rows, pd.DataFrame):
        return rows
    changed = {}
    for place, (_, column) in enumerate(rows.items()):
        if column.dtype.kind != "f":
            continue
        is_infinite = np.isinf(column.to_numpy(np.float64, na_value=np.nan))
        if is_infinite.any():
            changed[place] = column.mask(is_infinite)
    if not changed:
        return rows
    found = rows.copy()
    for place, column in changed.items():
        found.isetitem(place, column.array)
    return found


def with_finite(pipeline: Pipeline) -> Pipeline:
    """Return a fitted pipeline whose derived columns are finite; its steps are the same objects."""
    count = _count(pipeline)
    if not count:
        return pipeline
    return Pipeline([*pipeline.steps[:count], _step(), *pipeline.steps[count:]])


@contextmanager
def finite_inside(pipeline: Pipeline) -> Iterator[None]:
    """Let a pipeline that is fitted inside get finite derived columns; leave nothing in it."""
    if count := _count(pipeline):
        pipeline.steps.insert(count, _step())
    try:
        yield
    finally:
        pipeline.steps = [step for step in pipeline.steps if step[0] != STEP]


def _step() -> tuple[str, FunctionTransformer]:
    return STEP, FunctionTransformer(finite)


def first_steps(pipeline: Pipeline) -> Pipeline | None:
    """Return the steps before the ColumnTransformer, such as the project's function `derive`."""
    count = _count(pipeline)
    return pipeline[:count] if count else None


def _count(pipeline: Pipeline) -> int:
    """Return how many steps are before the ColumnTransformer; 0 if there is none."""
    kinds = [isinstance(step, ColumnTransformer) for _, step in pipeline.steps]
    return kinds.index(True) if any(kinds) else 0

"""The columns that a model derives from those of schema.yaml before it encodes them."""

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline


def derive(pipeline: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns that the model's first steps add.

    Args:
        pipeline: the fitted model.
        rows: rows with the model's input columns, `schema.inputs`.
    """
    steps = first_steps(pipeline)
    return rows if steps is None else steps.transform(rows)


def first_steps(pipeline: Pipeline) -> Pipeline | None:
    """Return the steps before the ColumnTransformer, such as the project's function `derive`."""
    kinds = [isinstance(step, ColumnTransformer) for _, step in pipeline.steps]
    count = kinds.index(True) if any(kinds) else 0
    return pipeline[:count] if count else None

"""Predict rows with a fitted pipeline, in the form for the task and the schema."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail.data.schema import Schema
from tabrail.model.derived import derive, with_finite
from tabrail.model.limits import Predicted
from tabrail.model.metadata import Metadata
from tabrail.model.signature import explained, given_columns, of_no_rows, require, settled
from tabrail.model.texts import measured, unusual


def predict(
    pipeline: Pipeline, metadata: Metadata, rows: pd.DataFrame, schema: Schema
) -> np.ndarray:
    """Return the predictions of `score` without their marks."""
    return score(pipeline, metadata, rows, schema).numbers


def score(pipeline: Pipeline, metadata: Metadata, rows: pd.DataFrame, schema: Schema) -> Predicted:
    """Predict rows, and clip the predictions to the limits of training.

    Args:
        pipeline: the fitted model.
        metadata: the model's metadata.
        rows: rows that conform to the schema, n_rows of them; there may be none.
        schema: the schema.

    Returns:
        For a regression, the predicted values, shape (n_rows,). For two classes, the probability of
        the positive class, shape (n_rows,). For more classes, the probability of each in the order
        of `schema.classes`, shape (n_rows, n_classes). The result also marks clipped predictions
        and unusual texts, and has the measures of texts.

    Raises:
        InputError: the model was trained for another schema.
    """
    require(metadata, schema)
    columns = given_columns(rows, schema)
    found = settled(numbers(with_finite(pipeline), metadata, columns), metadata, schema)
    if not metadata.texts:
        return found
    texts = measured(pipeline, columns, metadata.texts, lambda: derive(pipeline, columns))
    return found._replace(unusual=unusual(texts, metadata.texts), texts=texts)


def numbers(pipeline: Any, metadata: Metadata, rows: Any) -> np.ndarray:
    """Return the raw predictions of a fitted pipeline, or of its last step.

    Args:
        pipeline: the fitted model.
        metadata: the model's metadata.
        rows: its input, n_rows rows.

    Returns:
        Predicted values, shape (n_rows,); or probabilities in the order of the classes in training,
        shape (n_rows, n_classes).
    """
    is_regression = metadata.task == "regression"
    if not len(rows):  # scikit-learn refuses to predict nothing
        return of_no_rows(metadata)
    with explained():
        found = pipeline.predict(rows) if is_regression else pipeline.predict_proba(rows)
    return np.asarray(found)

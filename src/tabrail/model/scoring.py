"""Shared parts of all ways of scoring: the schema for rows to score, and decisions."""

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from tabrail.data.schema import Column, Schema


def for_scoring(schema: Schema) -> Schema:
    """Return the schema for rows to score.

    Columns that the model does not need are optional and ignored: the target, the weight, and
    sensitive columns outside the key. Identifiers may be absent, too. Duplicates are not a
    violation, since every row gets its prediction.
    """
    ignored = Column(kind="ignored")
    columns = dict(schema.columns)
    for name, column in schema.used.items():
        in_key = name in schema.key
        if name in (schema.target, schema.weight) or (column.sensitive and not in_key):
            columns[name] = ignored
        elif column.kind == "identifier" or column.sensitive:
            columns[name] = column.model_copy(update={"nullable": True})
    return schema.model_copy(update={"columns": columns, "duplicates": "keep"})


def optional(schema: Schema) -> set[str]:
    """Return the optional columns of rows to score: those that only training needs, and names.

    Names are identifiers and sensitive columns.
    """
    names = {
        name
        for name, column in schema.used.items()
        if column.kind == "identifier" or column.sensitive
    }
    return names | {schema.target, schema.weight or schema.target}


def identity(schema: Schema) -> list[str]:
    """Return the columns that identify a prediction and may be shown: the key and identifiers."""
    return [
        name
        for name, column in schema.used.items()
        if (name in schema.key or column.kind == "identifier") and not column.sensitive
    ]


def answers(
    numbers: np.ndarray, schema: Schema, threshold: float
) -> dict[str, np.ndarray | ExtensionArray]:
    """Return predictions with the names of the classes, as columns of a table.

    Args:
        numbers: as `model.predict` returns them, of n_rows rows.
        schema: names the task and the classes.
        threshold: the least probability of a row that is predicted positive; binary only.

    Returns:
        Columns by their names, each of shape (n_rows,). With two classes, `probability` of the
        positive class, and `prediction`, a class. With more, `prediction` and a probability of
        each, such as `probability_red`. For a regression, `prediction`, a number.
    """
    if schema.task == "regression":
        return {"prediction": numbers}
    classes = pd.array(schema.classes, dtype="str")
    names = classes.take(decided(numbers, schema, threshold))
    if schema.task == "binary":
        return {"probability": numbers, "prediction": names}
    each = {f"probability_{name}": numbers[:, i] for i, name in enumerate(schema.classes)}
    return {"prediction": names, **each}


def decided(numbers: np.ndarray, schema: Schema, threshold: float) -> np.ndarray:
    """Return the predicted class, as its position in the schema's classes; not for a regression.

    Args:
        numbers: as `model.predict` returns them, of n_rows rows.
        schema: names the task.
        threshold: the least probability of a row that is predicted positive; binary only.

    Returns:
        Integers, shape (n_rows,).
    """
    if schema.task == "binary":
        return (numbers >= threshold).astype(np.int64)
    return numbers.argmax(axis=1)


def close_calls(numbers: np.ndarray, schema: Schema, threshold: float, margin: float) -> np.ndarray:
    """Return which predictions are so close to another class that they need human review.

    Args:
        numbers: as `model.predict` returns them, of n_rows rows.
        schema: names the task.
        threshold: the least probability of a row that is predicted positive; binary only.
        margin: the largest distance that needs review; a regression has none.

    Returns:
        Booleans, shape (n_rows,).
    """
    match schema.task:
        case "binary":
            return np.abs(numbers - threshold) < margin
        case "multiclass":
            best = np.sort(numbers, axis=1)
            return best[:, -1] - best[:, -2] < margin
        case _:
            return np.zeros(len(numbers), dtype=bool)

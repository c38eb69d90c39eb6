"""What a model takes and gives: its input columns, and the form of its predictions."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.model.limits import Predicted, hold
from tabrail.model.metadata import Metadata

DIGITS = 9  # digits of a prediction: later ones may depend on the number of rows in a call


def require(metadata: Metadata, schema: Schema) -> None:
    """Check that a model fits the present schema.

    Raises:
        InputError: its target, task, classes or columns differ.
    """
    unknown = set(metadata.classes) - set(schema.classes)
    if (metadata.task, metadata.target) != (schema.task, schema.target) or unknown:
        raise InputError(
            f"{paths.MODEL} predicts {metadata.target} ({metadata.task}: "
            f"{', '.join(metadata.classes)}), which is not what "
            f"{paths.SCHEMA} says; train it again with: uv run dvc repro"
        )
    columns = {name: schema.columns[name].kind for name in schema.features}
    if metadata.columns != columns:
        differing = {name for name, _ in metadata.columns.items() ^ columns.items()}
        raise InputError(
            f"{paths.MODEL} was trained on other columns, or on columns of another kind, than "
            f"{paths.SCHEMA} says now: {', '.join(sorted(differing))}; train it again with: "
            "uv run dvc repro"
        )


def given_columns(rows: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return a model's input columns; keys and identifiers may be absent."""
    if list(rows) == schema.inputs:
        return rows
    needed = {*schema.features, *rows.columns}
    return rows[[name for name in schema.inputs if name in needed]]


def of_no_rows(metadata: Metadata) -> np.ndarray:
    """Return the raw predictions of no rows, shape (0,) or (0, n_classes)."""
    return np.zeros(0 if metadata.task == "regression" else (0, len(metadata.classes)))


def settled(numbers: np.ndarray, metadata: Metadata, schema: Schema) -> Predicted:
    """Return predictions in the order of the schema's classes, rounded and clipped to limits.

    Args:
        numbers: the result of the function `numbers`.
        metadata: the model's metadata.
        schema: the schema.
    """
    if metadata.task == "regression":
        return hold(_rounded(np.asarray(numbers, np.float64)), metadata.limits)
    probability = np.zeros((len(numbers), len(schema.classes)))
    places = [schema.classes.index(name) for name in metadata.classes]
    probability[:, places] = numbers.round(DIGITS)
    return hold(probability[:, 1] if metadata.task == "binary" else probability, [])


@contextmanager
def explained() -> Iterator[None]:
    """Return the error for a feature function that misses a column."""
    try:
        yield
    except KeyError as error:
        raise InputError(
            f"the model looks for a column {error} that {paths.SCHEMA} does not give it; see the "
            "feature function, derive, and train again with: uv run dvc repro"
        ) from error


def _rounded(numbers: np.ndarray) -> np.ndarray:
    """Round numbers of any size to a number of significant digits."""
    with np.errstate(divide="ignore"):  # 0 has no first digit, and stays 0
        place = np.nan_to_num(np.floor(np.log10(np.abs(numbers))), neginf=0.0, posinf=0.0)
    unit = 10.0 ** (place - DIGITS + 1)
    return np.rint(numbers / unit) * unit

"""The predictions of a model for a prepared table, and those of a constant baseline."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tabrail.data.identity import known_groups
from tabrail.data.schema import Schema, encode_target
from tabrail.model.limits import Predicted
from tabrail.model.texts import Measures


@dataclass(frozen=True)
class Predictions:
    """The predictions of a model for a table.

    Attributes:
        table: the rows, n_rows of them.
        y_true: as `encode_target` gives it; shape (n_rows,).
        prediction: as `model.predict` gives it; shape (n_rows,) or (n_rows, n_classes).
        weights: how much each row counts; shape (n_rows,).
        groups: the hash of each row's group, uint64; shape (n_rows,).
        held: whether each prediction is clipped to a limit of the target; shape (n_rows,).
        texts: the measures of the texts; see `model.texts.measured`.
    """

    table: pd.DataFrame
    y_true: np.ndarray
    prediction: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    held: np.ndarray
    texts: Measures = field(default_factory=dict)

    def of(self, rows: np.ndarray) -> "Predictions":
        """Return some of the rows, by their positions."""
        return Predictions(
            table=self.table.iloc[rows],
            y_true=self.y_true[rows],
            prediction=self.prediction[rows],
            weights=self.weights[rows],
            groups=self.groups[rows],
            held=self.held[rows],
            texts={name: numbers[rows] for name, numbers in self.texts.items()},
        )


def predict(
    table: pd.DataFrame, model: Callable[[pd.DataFrame], Predicted], schema: Schema
) -> Predictions:
    """Let a model score the rows of a prepared table."""
    scored = model(table)
    return Predictions(
        table=table,
        y_true=encode_target(table[schema.target], schema),
        prediction=scored.numbers,
        weights=_weights(table, schema),
        groups=known_groups(table, schema),
        held=scored.held,
        texts=scored.texts,
    )


def baseline(training: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return the constant prediction of the baseline.

    Returns:
        The mean of the target in training, shape (). With two classes, that is the share of
        positives. With more classes, it is the share of each class, shape (n_classes,).
    """
    y_true, weights = encode_target(training[schema.target], schema), _weights(training, schema)
    if schema.task == "multiclass":
        return np.bincount(y_true, weights, minlength=len(schema.classes)) / weights.sum()
    return np.asarray(np.average(y_true, weights=weights))


def _weights(table: pd.DataFrame, schema: Schema) -> np.ndarray:
    return table[schema.weight].to_numpy() if schema.weight else np.ones(len(table))

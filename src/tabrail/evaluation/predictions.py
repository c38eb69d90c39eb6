"""What a model says of a prepared table, and what a baseline says that looks at no column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail.data import schema
from tabrail.data.split import row_hashes
from tabrail.model import file as model


@dataclass(frozen=True)
class Predictions:
    """What a model says of a table.

    Attributes:
        table: the rows, n_rows of them.
        truth: as `schema.truth` gives it; shape (n_rows,).
        prediction: as `model.predict` gives it; shape (n_rows,) or (n_rows, n_classes).
        weights: how much each row counts; shape (n_rows,).
        entities: number of each row's key, or of the row itself without a key; shape (n_rows,).
    """

    table: pd.DataFrame
    truth: np.ndarray
    prediction: np.ndarray
    weights: np.ndarray
    entities: np.ndarray

    def of(self, rows: np.ndarray) -> "Predictions":
        """Return some of the rows, by their places."""
        return Predictions(
            table=self.table.iloc[rows],
            truth=self.truth[rows],
            prediction=self.prediction[rows],
            weights=self.weights[rows],
            entities=pd.factorize(self.entities[rows])[0],
        )


def predict(
    table: pd.DataFrame, pipeline: Pipeline, facts: model.Facts, contract: schema.Schema
) -> Predictions:
    """Let the model predict the rows of a prepared table."""
    entities = row_hashes(table[contract.key]) if contract.key else np.arange(len(table))
    return Predictions(
        table=table,
        truth=schema.truth(table[contract.target], contract),
        prediction=model.predict(pipeline, facts, table, contract),
        weights=_weights(table, contract),
        entities=pd.factorize(entities)[0],
    )


def baseline(training: pd.DataFrame, contract: schema.Schema) -> np.ndarray:
    """Return what the baseline predicts for every row, whatever is in it.

    Returns:
        The mean of the target in training, shape (), which is the share of positives if it has two
        classes; or the share of each class, shape (n_classes,).
    """
    truth, weights = schema.truth(training[contract.target], contract), _weights(training, contract)
    if contract.task == "multiclass":
        return np.bincount(truth, weights, minlength=len(contract.classes)) / weights.sum()
    return np.asarray(np.average(truth, weights=weights))


def _weights(table: pd.DataFrame, contract: schema.Schema) -> np.ndarray:
    return table[contract.weight].to_numpy() if contract.weight else np.ones(len(table))

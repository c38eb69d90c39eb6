"""The scores of one split: of the model, of the baseline, and of the model in each slice."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from tabrail.config import Evaluate
from tabrail.evaluation.intervals import Score, Series, drawn
from tabrail.evaluation.metric_list import MetricList
from tabrail.evaluation.predictions import Predictions

Counts = dict[str, int]


@dataclass(frozen=True)
class ScoredSplit:
    """The scores of one split.

    Attributes:
        model: every metric of the model.
        baseline: every metric of the baseline.
        slices: how many rows each slice has, and the main metric on them, None where they are too
            few; by column and value.
    """

    model: dict[str, Series]
    baseline: dict[str, Series]
    slices: dict[str, dict[str, tuple[Counts, Series | None]]]

    def lead(self, metric: str) -> Score:
        """Return how far the model's score is above the baseline's, with the interval of pairs."""
        return self.model[metric].less(self.baseline[metric]).score()

    def content(self) -> dict[str, Any]:
        """Return what evaluation.json has of the split."""
        return {
            "metrics": {
                name: asdict(found.score()) | _prefixed(self.baseline[name].score())
                for name, found in self.model.items()
            },
            "slices": {
                column: {
                    value: counts | asdict(found.score() if found else Score(*[np.nan] * 3))
                    for value, (counts, found) in values.items()
                }
                for column, values in self.slices.items()
            },
        }


def score_split(
    predictions: Predictions,
    constant: np.ndarray,
    labels: dict[str, pd.Series],
    listed: MetricList,
    params: Evaluate,
) -> ScoredSplit:
    """Score what the model and the baseline say of a split.

    Args:
        predictions: of the model.
        constant: what the baseline says of every row.
        labels: the slice that each row belongs to, by column.
        listed: the metrics.
        params: the section `evaluate` of params.yaml, with its main metric.

    Raises:
        InputError: a metric of the project's own gives no finite number.
    """
    repeated = np.broadcast_to(constant, predictions.prediction.shape)
    model = _drawn(predictions, listed, params)
    listed.require_finite({name: one.value for name, one in model.items()}, len(repeated))
    baseline = _drawn(replace(predictions, prediction=repeated), listed, params)
    return ScoredSplit(model, baseline, _slices(predictions, labels, listed, params))


def _drawn(
    predictions: Predictions, listed: MetricList, params: Evaluate, only: str = ""
) -> dict[str, Series]:
    scores = listed.scorer(predictions.y_true, predictions.prediction, params.threshold, only)
    return drawn(scores, predictions.weights, predictions.groups, params.resamples)


def _slices(
    predictions: Predictions, labels: dict[str, pd.Series], listed: MetricList, params: Evaluate
) -> dict[str, dict[str, tuple[Counts, Series | None]]]:
    metric = params.main_metric
    found: dict[str, dict[str, tuple[Counts, Series | None]]] = {column: {} for column in labels}
    for column, values in labels.items():
        for value, rows in sorted(predictions.table.groupby(values).indices.items()):
            some = predictions.of(np.asarray(rows))
            counts = {"rows": len(rows)}
            if listed.schema.task == "binary":
                counts["positive"] = int(some.y_true.sum())
            enough = len(rows) >= params.min_slice_rows
            series = _drawn(some, listed, params, metric)[metric] if enough else None
            found[column][str(value)] = (counts, series)
    return found


def _prefixed(baseline: Score) -> dict[str, float]:
    return {f"baseline_{bound}": value for bound, value in asdict(baseline).items()}

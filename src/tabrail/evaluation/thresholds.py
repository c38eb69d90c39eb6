"""The decisions of other thresholds, and the cost of their errors."""

from dataclasses import dataclass

import numpy as np

from tabrail.config import Costs
from tabrail.evaluation.predictions import Predictions
from tabrail.evaluation.scores import BinaryScores

SHARES = (0.05, 0.1, 0.25, 0.5, 0.75)  # approximate shares of rows that the other thresholds flag


@dataclass(frozen=True)
class Threshold:
    """The decisions of a threshold.

    Attributes:
        threshold: the least probability of a flagged row.
        is_used: whether it is the threshold of params.yaml.
        flagged: the share of rows that are flagged.
        precision: the share of positives among flagged rows; NaN without any.
        recall: the share of positives that are flagged; NaN without any.
        cost: the mean cost of a row; None without costs.
    """

    threshold: float
    is_used: bool
    flagged: float
    precision: float
    recall: float
    cost: float | None


def compared(predictions: Predictions, used: float, costs: Costs) -> list[Threshold]:
    """Return the decisions of the threshold in use, and of some that flag other shares of rows.

    Args:
        predictions: of the positive class.
        used: the threshold of params.yaml.
        costs: the cost of a wrong decision.

    Returns:
        Each threshold once, from low to high. The others are rounded to two digits, for use in
        params.yaml. Their decisions are those of the rounded number.
    """
    quantiles = np.quantile(predictions.prediction, [1 - share for share in SHARES])
    others = {float(f"{one:.2g}") for one in quantiles}
    chosen = {one for one in others if 0 < one < 1} | {used}
    return [_decided(predictions, one, used, costs) for one in sorted(chosen)]


def _decided(predictions: Predictions, threshold: float, used: float, costs: Costs) -> Threshold:
    scores = BinaryScores(predictions.y_true, predictions.prediction, threshold)
    decided = scores.decisions(predictions.weights[None, scores.order])
    found = {name: float(value[0]) for name, value in decided.items()}
    cost = None
    if costs.false_positive is not None and costs.false_negative is not None:
        cost = found["false_positive"] * costs.false_positive
        cost += found["false_negative"] * costs.false_negative
    flagged, precision, recall = (found[name] for name in ("flagged", "precision", "recall"))
    return Threshold(threshold, threshold == used, flagged, precision, recall, cost)

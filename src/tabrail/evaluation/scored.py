"""The scores of the model, the baseline and the slices on one split."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from tabrail.config import MAIN_METRIC, Evaluate
from tabrail.evaluation.gaps import DECISIONS, Gap, SliceScores, largest
from tabrail.evaluation.intervals import Score, Series, drawn
from tabrail.evaluation.metric_list import MetricList
from tabrail.evaluation.predictions import Predictions
from tabrail.evaluation.scores import BinaryScores
from tabrail.evaluation.slices import without_few

Counts = dict[str, int]


@dataclass(frozen=True)
class ScoredSplit:
    """The scores of one split.

    Attributes:
        model: every metric of the model.
        baseline: every metric of the baseline.
        slices: by column and value, the number of rows of each slice and its main metric, None if
            there are too few rows.
        decisions: by column and value, recall, precision and share flagged of the scored slices;
            only for a binary task.
    """

    model: dict[str, Series]
    baseline: dict[str, Series]
    slices: dict[str, dict[str, tuple[Counts, Series | None]]]
    decisions: dict[str, dict[str, dict[str, Series]]] = field(default_factory=dict)

    def lead(self, metric: str) -> Score:
        """Return the difference between the model's and the baseline's score, with its interval."""
        return self.model[metric].less(self.baseline[metric]).score()

    def content(self) -> dict[str, Any]:
        """Return the content of evaluation.json on the split."""
        return {
            "metrics": {
                name: asdict(found.score()) | _prefixed(self.baseline[name].score())
                for name, found in self.model.items()
            },
            "slices": {
                column: {
                    value: counts
                    | asdict(found.score() if found else Score(*[np.nan] * 3))
                    | self._decided(column, value)
                    for value, (counts, found) in values.items()
                }
                for column, values in self.slices.items()
            },
            "gaps": {
                column: {name: gap.content() for name, gap in found.items()}
                for column, found in self.gaps().items()
            },
        }

    def gaps(self) -> dict[str, dict[str, Gap]]:
        """Return the largest gap between the slices of each column, by column and measure."""
        found = {}
        for column, values in self.slices.items():
            measures = {MAIN_METRIC: {name: one for name, (_, one) in values.items() if one}}
            decided = self.decisions.get(column, {})
            for measure in DECISIONS:
                measures[measure] = {
                    name: one[measure] for name, one in decided.items() if measure in one
                }
            gaps = {name: gap for name, one in measures.items() if (gap := largest(one))}
            found[column] = gaps
        return found

    def _decided(self, column: str, value: str) -> dict[str, Any]:
        found = self.decisions.get(column, {}).get(value)
        scores = {name: asdict(one.score()) for name, one in (found or {}).items()}
        return {"decisions": scores} if scores else {}


def score_split(
    predictions: Predictions,
    constant: np.ndarray,
    labels: dict[str, pd.Series],
    listed: MetricList,
    params: Evaluate,
) -> ScoredSplit:
    """Score the predictions of the model and the baseline on a split.

    Args:
        predictions: of the model.
        constant: the baseline's prediction for every row.
        labels: the slice that each row belongs to, by column.
        listed: the metrics.
        params: the section `evaluate` of params.yaml, with its main metric.

    Raises:
        InputError: a custom metric does not return a finite number.
    """
    repeated = np.broadcast_to(constant, predictions.prediction.shape)
    model = _drawn(predictions, listed, params)
    listed.require_finite({name: one.value for name, one in model.items()}, len(repeated))
    baseline = _drawn(replace(predictions, prediction=repeated), listed, params)
    slices: dict[str, dict[str, tuple[Counts, Series | None]]] = {}
    decisions: dict[str, dict[str, dict[str, Series]]] = {}
    for column, values in labels.items():
        slices[column], decisions[column] = {}, {}
        found = predictions.table.groupby(values).indices
        indices = {value: np.asarray(rows) for value, rows in found.items()}
        if column in listed.schema.columns and listed.schema.columns[column].sensitive:
            indices = without_few(indices, predictions.groups)
        for value, rows in sorted(indices.items()):
            some = predictions.of(rows)
            counts = {"rows": len(rows)}
            if listed.schema.task == "binary":
                counts["positive"] = int(some.y_true.sum())
            enough = len(rows) >= params.min_slice_rows
            series = _drawn_slice(some, listed, params) if enough else {}
            slices[column][str(value)] = (counts, series.pop(MAIN_METRIC, None))
            if series:
                decisions[column][str(value)] = series
    return ScoredSplit(model, baseline, slices, decisions)


def _drawn(predictions: Predictions, listed: MetricList, params: Evaluate) -> dict[str, Series]:
    scores = listed.scorer(predictions.y_true, predictions.prediction, params.threshold)
    return drawn(scores, predictions.weights, predictions.groups, params.resamples)


def _drawn_slice(some: Predictions, listed: MetricList, params: Evaluate) -> dict[str, Series]:
    """Return the main metric of a slice and, with two classes, its decisions."""
    metric, threshold = params.main_metric, params.threshold
    main = listed.scorer(some.y_true, some.prediction, threshold, metric)
    is_binary = listed.schema.task == "binary"
    decided = BinaryScores(some.y_true, some.prediction, threshold) if is_binary else None
    scores = SliceScores(main, metric, decided)
    return drawn(scores, some.weights, some.groups, params.resamples)


def _prefixed(baseline: Score) -> dict[str, float]:
    return {f"baseline_{bound}": value for bound, value in asdict(baseline).items()}

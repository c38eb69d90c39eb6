"""Stage 3: score the model on validation and test, beside a baseline, overall and per slice."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from . import model, model_card, params, paths, plots, schema, tables
from .documents import to_csv, to_json, write_texts
from .errors import run_stage
from .metrics import METRICS, BinaryScores, Score, score
from .split import row_hashes

SCORERS = {"log_loss": "neg_log_loss", "brier": "neg_brier_score"}


def main() -> None:
    """Read the model and the prepared tables; write metrics, plots and the model card.

    Raises:
        InputError: a file is missing, damaged or not trusted.
    """
    all_knobs, contract = params.load(), schema.load()
    knobs = all_knobs.evaluate
    pipeline, facts = model.load(paths.MODEL)
    base_rate = _base_rate(contract)
    splits = {
        "validation": predict(paths.VALIDATION, pipeline, contract),
        "test": predict(paths.TEST, pipeline, contract),
    }
    results: dict[str, Any] = {
        split: {
            "metrics": _metrics(predictions, base_rate, knobs),
            "slices": _slices(predictions, contract, knobs),
        }
        for split, predictions in splits.items()
    }
    curves = _curves(splits["validation"], pipeline, contract, knobs)
    data = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    card = model_card.render(all_knobs, contract, facts, data, results, curves["importance"])
    write_texts(
        {
            paths.METRICS: to_json(_values(results)),
            paths.EVALUATION: to_json(results),
            paths.MODEL_CARD: card,
            **{paths.PLOTS / f"{name}.csv": to_csv(curve) for name, curve in curves.items()},
        }
    )
    print(_summary(results["validation"]["metrics"][knobs.main_metric], knobs.main_metric))


@dataclass(frozen=True)
class Predictions:
    """What a model says of a table.

    Attributes:
        table: the rows, n_rows of them.
        truth: 1 for the positive class, else 0; shape (n_rows,).
        probability: of the positive class; shape (n_rows,).
        entities: number of each row's key, or of the row itself without a key; shape (n_rows,).
    """

    table: pd.DataFrame
    truth: np.ndarray
    probability: np.ndarray
    entities: np.ndarray


def predict(path: Path, pipeline: Pipeline, contract: schema.Schema) -> Predictions:
    """Read a prepared table and let the model score it."""
    table = tables.read(path)
    entities = row_hashes(table[contract.key]) if contract.key else np.arange(len(table))
    return Predictions(
        table=table,
        truth=schema.truth(table[contract.target], contract),
        probability=pipeline.predict_proba(table[contract.features])[:, 1],
        entities=pd.factorize(entities)[0],
    )


def _base_rate(contract: schema.Schema) -> float:
    """Return what the baseline says of every row: the share of positives in training."""
    table = tables.read(paths.TRAIN, [contract.target])
    truth = schema.truth(table[contract.target], contract)
    baseline = DummyClassifier(strategy="prior").fit(np.zeros((len(truth), 1)), truth)
    return float(baseline.predict_proba([[0]])[0, 1])


def _metrics(
    predictions: Predictions, base_rate: float, knobs: params.Evaluate
) -> dict[str, dict[str, float]]:
    """Return every metric of the model and of the baseline, with intervals."""
    constant = np.full_like(predictions.probability, base_rate)
    metrics: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    for prefix, probability in (("", predictions.probability), ("baseline_", constant)):
        scores = BinaryScores(predictions.truth, probability, knobs.threshold)
        found = score(scores, predictions.entities, knobs.resamples, knobs.seed)
        for name, result in found.items():
            metrics[name] |= {f"{prefix}{bound}": n for bound, n in asdict(result).items()}
    return metrics


def _slices(
    predictions: Predictions, contract: schema.Schema, knobs: params.Evaluate
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the main metric for each value of the slice columns, with row counts."""
    slices: dict[str, dict[str, dict[str, float]]] = {column: {} for column in contract.slices}
    for column in contract.slices:
        labels = _labels(predictions.table[column])
        for value, rows in sorted(predictions.table.groupby(labels).indices.items()):
            truth = predictions.truth[rows]
            result = Score(np.nan, np.nan, np.nan)
            if len(rows) >= knobs.min_slice_rows:
                scores = BinaryScores(truth, predictions.probability[rows], knobs.threshold)
                entities = pd.factorize(predictions.entities[rows])[0]
                found = score(scores, entities, knobs.resamples, knobs.seed)
                result = found[knobs.main_metric]
            counts = {"rows": len(rows), "positive": int(truth.sum())}
            slices[column][str(value)] = counts | asdict(result)
    return slices


def _labels(values: pd.Series) -> pd.Series:
    """Return the names of the slices that rows belong to; booleans are numbers in a table."""
    if pd.api.types.is_float_dtype(values):
        values = values.map({1.0: "yes", 0.0: "no"})
    return values.fillna("missing")


def _curves(
    predictions: Predictions, pipeline: Pipeline, contract: schema.Schema, knobs: params.Evaluate
) -> dict[str, pd.DataFrame]:
    """Return the table behind each plot, by its name."""
    truth, probability = predictions.truth, predictions.probability
    count = min(len(truth), knobs.importance_rows)
    some = np.random.default_rng(knobs.seed).choice(len(truth), count, replace=False)
    return {
        "roc": plots.roc(truth, probability),
        "precision_recall": plots.precision_recall(truth, probability),
        "calibration": plots.calibration(truth, probability),
        "confusion": plots.confusion(truth, probability, knobs.threshold),
        "importance": plots.importance(
            pipeline,
            predictions.table[contract.features].iloc[some],
            truth[some],
            SCORERS.get(knobs.main_metric, knobs.main_metric),
            knobs.seed,
        ),
    }


def _values(results: dict[str, Any]) -> dict[str, float]:
    """Return the scores alone: few enough for a glance at `dvc metrics diff`."""
    return {
        f"{split}.{name}": numbers["value"]
        for split, result in results.items()
        for name, numbers in result["metrics"].items()
    }


def _summary(numbers: dict[str, float], metric: str) -> str:
    return (
        f"validation {metric}: {numbers['value']:.3f} "
        f"(95% interval {numbers['low']:.3f} to {numbers['high']:.3f}; "
        f"baseline {numbers['baseline_value']:.3f})"
    )


if __name__ == "__main__":
    run_stage(main)

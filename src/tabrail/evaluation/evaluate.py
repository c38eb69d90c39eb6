"""Stage 3: score the model on validation and test, beside a baseline, overall and per slice."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from tabrail import paths
from tabrail.config import Evaluate, load_params
from tabrail.data import cells, distributions, tables
from tabrail.data.schema import Schema, load_schema
from tabrail.documents import to_csv, to_json, write_texts
from tabrail.errors import run_stage
from tabrail.evaluation import curves, importance, latency, metrics, model_card
from tabrail.evaluation.intervals import Score, score
from tabrail.evaluation.predictions import Predictions, baseline, predict
from tabrail.model import file as model
from tabrail.model import reference


def main() -> None:
    """Read the model and the prepared tables; write metrics, plots and the model card.

    Raises:
        InputError: a file is missing, damaged or not trusted, or the task has no such metric.
    """
    all_params, schema = load_params(), load_schema()
    params = all_params.evaluate
    metrics.require(params.main_metric, schema.task)
    pipeline, metadata = model.load(paths.MODEL)
    names = [name for name in (schema.target, schema.weight) if name]
    constant = baseline(tables.read(paths.TRAIN, names), schema)
    splits = {
        split: predict(tables.read(path), pipeline, metadata, schema)
        for split, path in (("validation", paths.VALIDATION), ("test", paths.TEST))
    }
    results: dict[str, Any] = {
        split: {
            "metrics": _metrics(predictions, constant, schema, params),
            "slices": _slices(predictions, schema, params),
        }
        for split, predictions in splits.items()
    }
    about = {
        "main_metric": params.main_metric,
        "model": {
            "bytes": paths.MODEL.stat().st_size,
            "one_row_within_ms": _latency(splits["validation"].table, pipeline, metadata, schema),
            "versions": metadata.versions,
        },
        "scores": distributions.describe_scores(splits["validation"].prediction, schema),
        "reference": _reference(pipeline, metadata, schema),
    }
    plotted = _plotted(splits["validation"], pipeline, metadata, schema, params)
    data = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    card = model_card.render(all_params, schema, metadata, data, results, plotted)
    write_texts(
        {
            paths.METRICS: to_json(_values(results)),
            paths.EVALUATION: to_json(about | results),
            paths.MODEL_CARD: card,
            **{paths.PLOTS / f"{name}.csv": to_csv(table) for name, table in plotted.items()},
        }
    )
    print(_summary(results["validation"]["metrics"][params.main_metric], params.main_metric))


def _scores(predictions: Predictions, schema: Schema, params: Evaluate) -> dict[str, Score]:
    scores = metrics.scorer(
        schema.task, predictions.y_true, predictions.prediction, params.threshold
    )
    return score(scores, predictions.weights, predictions.groups, params.resamples, params.seed)


def _metrics(
    predictions: Predictions,
    constant: np.ndarray,
    schema: Schema,
    params: Evaluate,
) -> dict[str, dict[str, float]]:
    """Return every metric of the model and of the baseline, with intervals."""
    repeated = np.broadcast_to(constant, predictions.prediction.shape)
    found = _scores(predictions, schema, params)
    beside = _scores(replace(predictions, prediction=repeated), schema, params)
    return {
        name: asdict(found[name])
        | {f"baseline_{bound}": value for bound, value in asdict(beside[name]).items()}
        for name in found
    }


def _slices(
    predictions: Predictions, schema: Schema, params: Evaluate
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the main metric for each value of the slice columns, with row counts."""
    slices: dict[str, dict[str, dict[str, float]]] = {column: {} for column in schema.slices}
    for column in schema.slices:
        labels = cells.words(predictions.table[column]).fillna("missing")
        for value, rows in sorted(predictions.table.groupby(labels).indices.items()):
            some = predictions.of(np.asarray(rows))
            result = Score(np.nan, np.nan, np.nan)
            if len(rows) >= params.min_slice_rows:
                result = _scores(some, schema, params)[params.main_metric]
            counts = {"rows": len(rows)}
            if schema.task == "binary":
                counts["positive"] = int(some.y_true.sum())
            slices[column][str(value)] = counts | asdict(result)
    return slices


def _plotted(
    predictions: Predictions,
    pipeline: Pipeline,
    metadata: model.Metadata,
    schema: Schema,
    params: Evaluate,
) -> dict[str, pd.DataFrame]:
    """Return the table behind each plot, by its name."""
    found = curves.tables(
        schema.task,
        predictions.y_true,
        predictions.prediction,
        predictions.weights,
        schema.classes,
        params.threshold,
    )
    count = min(len(predictions.y_true), params.importance_rows)
    places = np.random.default_rng(params.seed).choice(
        len(predictions.y_true), count, replace=False
    )
    some = predictions.of(places)

    def main_metric(columns: pd.DataFrame) -> float:
        prediction = model.predict(pipeline, metadata, columns, schema)
        scores = metrics.scorer(schema.task, some.y_true, prediction, params.threshold)
        value = scores.under(some.weights[None, scores.order])[params.main_metric][0]
        return metrics.sign(params.main_metric) * float(value)

    columns = some.table[schema.features]
    measured = importance.by_column(pipeline, columns, some.y_true, main_metric, params.seed)
    return found | {"importance": measured}


def _latency(
    table: pd.DataFrame, pipeline: Pipeline, metadata: model.Metadata, schema: Schema
) -> int | None:
    """Return how long the prediction for one row takes, which more than one thread only slows."""
    row = table.iloc[:1]
    with threadpool_limits(limits=1):
        return latency.within_ms(lambda: model.predict(pipeline, metadata, row, schema))


def _reference(pipeline: Pipeline, metadata: model.Metadata, schema: Schema) -> list[Any]:
    """Return what the model says of the rows by which it is known again elsewhere."""
    known = json.loads(paths.DISTRIBUTIONS.read_text(encoding="utf-8"))
    rows = reference.table(reference.rows(schema, known), schema)
    return model.predict(pipeline, metadata, rows, schema).tolist()


def _values(results: dict[str, Any]) -> dict[str, float]:
    """Return the scores alone: few enough for a glance at `dvc metrics diff`."""
    return {
        f"{split}.{name}": numbers["value"]
        for split, result in results.items()
        for name, numbers in result["metrics"].items()
    }


def _summary(numbers: dict[str, float], metric: str) -> str:
    value, low, high, baseline = (
        metrics.shown(metric, numbers[name]) for name in ("value", "low", "high", "baseline_value")
    )
    has_interval = np.isfinite(numbers["low"])
    bounds = (
        f"95% interval {low} to {high}" if has_interval else "no interval: too few rows or keys"
    )
    return f"validation {metric}: {value} ({bounds}; baseline {baseline})"


if __name__ == "__main__":
    run_stage(main)

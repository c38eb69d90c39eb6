"""Score the model and a baseline on validation and test, overall and per slice."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Evaluate
from tabrail.data import distributions, tables
from tabrail.documents import to_csv, to_json, write_texts
from tabrail.evaluation import curves, importance, model_card, replicates, slices, thresholds
from tabrail.evaluation.bootstrap import FEW_GROUPS
from tabrail.evaluation.metric_list import MetricList
from tabrail.evaluation.metrics import Metric
from tabrail.evaluation.predictions import Predictions, baseline, predict
from tabrail.evaluation.reported import ReportedMetric
from tabrail.evaluation.scored import score_split
from tabrail.model import reference
from tabrail.model.derived import derive
from tabrail.model.limits import HELD, Limits
from tabrail.model.saving import Model
from tabrail.project.project import Project

# Scores with a best value of 1, and the values above which they are rarely true.
AT_MOST_1 = ("roc_auc", "roc_auc_ovr", "r2", "accuracy", "f1_macro")
TOO_GOOD, EASY = 0.99, 0.9


def evaluate(project: Project, model: Model, metrics: Sequence[str | Metric] | None = None) -> None:
    """Score a model and a baseline on the validation and test rows, overall and by slice.

    It writes reports/metrics.json, evaluation.json, replicates.json, model_card.md and the plots:
    all of them or none.

    Args:
        project: the project.
        model: the model, as `load_model` returns it.
        metrics: names of metrics of the task, and metrics of your own, in the order of reports. The
            default is all metrics of the task.

    Raises:
        InputError: a file is missing or damaged, or a metric cannot be used.

    Example:
        >>> from tabrail import Project, evaluate, load_model
        >>> project = Project.load(example_root)
        >>> evaluate(project, load_model(project), ["roc_auc", "brier"])  # doctest: +ELLIPSIS
        validation roc_auc: 0... (95% interval 0... to 0...; baseline 0.500)
    """
    all_params, schema = project.params, project.schema
    listed = MetricList.of(schema, metrics)
    main_metric = listed.main(all_params.evaluate.main_metric)
    params = all_params.evaluate.model_copy(update={"main_metric": main_metric})
    pipeline, metadata = model.pipeline, model.metadata
    located = partial(paths.located, project.root)
    names = [name for name in (schema.target, schema.weight) if name]
    constant = baseline(tables.read(located(paths.TRAIN), names), schema)
    splits = {
        split: predict(tables.read(located(path)), model.score, schema)
        for split, path in (("validation", paths.VALIDATION), ("test", paths.TEST))
    }
    labels = {
        split: slices.labels(predictions.table, schema, partial(derive, pipeline))
        for split, predictions in splits.items()
    }
    scored = {
        split: score_split(predictions, constant, labels[split], listed, params)
        for split, predictions in splits.items()
    }
    results = {split: found.content() for split, found in scored.items()}
    about = {
        "main_metric": params.main_metric,
        "metrics": listed.content(),
        "model": {
            "bytes": located(paths.MODEL).stat().st_size,
            "python": metadata.python,
            "versions": metadata.versions,
        },
        "scores": distributions.describe_scores(splits["validation"].prediction, schema),
        **_texts(splits["validation"]),
        **_held(splits, metadata.limits),
        "reference": _reference(model, located(paths.DISTRIBUTIONS)),
    }
    plotted = _plotted(splits["validation"], model, listed, params)
    data = json.loads(located(paths.DATA_REPORT).read_text(encoding="utf-8"))
    main_scores = {split: found.model[params.main_metric] for split, found in scored.items()}
    card = model_card.render(
        all_params,
        schema,
        metadata,
        data,
        about | results,
        scored["validation"].lead(params.main_metric),
        {split: series.groups for split, series in main_scores.items()},
        plotted,
        thresholds.compared(splits["validation"], params.threshold, params.costs)
        if schema.task == "binary"
        else [],
    )
    texts = {
        paths.METRICS: to_json(_values(results)),
        paths.EVALUATION: to_json(about | results),
        paths.REPLICATES: replicates.text(params.main_metric, scored["validation"]),
        paths.MODEL_CARD: card,
        **{paths.PLOTS / f"{name}.csv": to_csv(table) for name, table in plotted.items()},
    }
    write_texts({located(path): text for path, text in texts.items()})
    summed_up = results["validation"]["metrics"][params.main_metric]
    groups = main_scores["validation"].groups
    print(_summary(summed_up, listed.reported(params.main_metric), groups))
    if warning := too_good(results["validation"]["metrics"]):
        print(warning)


def too_good(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Return a warning about a validation score that is too good to be true, or nothing.

    Args:
        scores: by metric, its value and that of the baseline.
    """
    for name in AT_MOST_1:
        if name in scores and scores[name]["baseline_value"] <= EASY:
            value = scores[name]["value"]
            if value > TOO_GOOD:
                return (
                    f"warning: validation {name} is {value:.4f}, and so good a score is rarely "
                    "true. A column may reveal the target, or rows that belong together may be in "
                    f"both train and validation. {paths.MODEL_CARD} lists the columns by "
                    "importance: check whether the first ones are known when a prediction is made, "
                    f"and write {{kind: ignored}} in {paths.SCHEMA} for each that is not"
                )
    return ""


def _plotted(
    predictions: Predictions, model: Model, listed: MetricList, params: Evaluate
) -> dict[str, pd.DataFrame]:
    """Return the table behind each plot, by its name."""
    schema, metric = listed.schema, params.main_metric
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

    def main_metric(predicted: np.ndarray) -> float:
        scores = listed.scorer(some.y_true, predicted, params.threshold, metric)
        value = scores.under(some.weights[None, scores.order], metric)[metric][0]
        return listed.reported(metric).sign * float(value)

    measured = importance.by_column(
        model,
        some.table[schema.inputs],
        some.y_true,
        main_metric,
        params.seed,
    )
    # Keys and identifiers that no column is derived from have no importance.
    counts = measured["column"].isin(schema.features) | (measured["importance"] != 0)
    return found | {"importance": measured[counts].reset_index(drop=True)}


def _texts(validation: Predictions) -> dict[str, Any]:
    """Return the distributions of the measures of texts, if the model learns from texts."""
    texts = validation.texts
    return {"texts": distributions.describe_numbers(texts)} if texts else {}


def _held(splits: Mapping[str, Predictions], limits: Limits) -> dict[str, Any]:
    """Return how many predictions of each split are clipped to limits of the target."""
    counts = {split: int(one.held.sum()) for split, one in splits.items()}
    return {HELD: counts} if limits else {}


def _reference(model: Model, distributions_file: Path) -> Any:
    """Return the predictions of the reference rows, which identify the model elsewhere."""
    known = json.loads(distributions_file.read_text(encoding="utf-8"))
    rows = reference.table(reference.rows(model.schema, known), model.schema)
    return reference.stored(model.predict(rows))


def _values(results: dict[str, Any]) -> dict[str, float]:
    """Return only the scores, so that `dvc metrics diff` is short."""
    return {
        f"{split}.{name}": numbers["value"]
        for split, result in results.items()
        for name, numbers in result["metrics"].items()
    }


def _summary(numbers: dict[str, float], metric: ReportedMetric, groups: int) -> str:
    value, low, high, baseline = (
        metric.shown(numbers[name]) for name in ("value", "low", "high", "baseline_value")
    )
    has_interval = np.isfinite(numbers["low"])
    bounds = (
        f"95% interval {low} to {high}" if has_interval else "no interval: too few rows or keys"
    )
    if has_interval and groups < FEW_GROUPS:
        bounds += f", rough: of {groups} rows or keys"
    return f"validation {metric.name}: {value} ({bounds}; baseline {baseline})"

"""Render the model card: what a model predicts, how well, and its limits, for its users.

After Mitchell et al., 2019, "Model Cards for Model Reporting". The text is in model_card.md.jinja.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tabrail.config import MAIN_METRIC, Evaluate, Params
from tabrail.data.schema import Schema
from tabrail.evaluation.bootstrap import FEW_GROUPS, FEWEST_GROUPS
from tabrail.evaluation.gaps import DECISIONS
from tabrail.evaluation.intervals import Score
from tabrail.evaluation.metrics import BY_THRESHOLD, MEANINGS, METRICS
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.evaluation.thresholds import Threshold
from tabrail.jinja import fill_markdown
from tabrail.markdown import amount
from tabrail.model.limits import HELD, held_text
from tabrail.model.metadata import Metadata

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")
TOP_COLUMNS = 10
MOST_CLASSES = 20
NAMES = {"flagged": "share flagged"}  # others are called what they are
SHARE = ReportedMetric("share", "higher", "none")
CLASSES_WEIGH_ALIKE = ("f1_macro", "roc_auc_ovr")
MOMENTS = {"mean": "mean", "std": "standard deviation", "min": "minimum", "max": "maximum"}


def render(
    params: Params,
    schema: Schema,
    metadata: Metadata,
    data: Mapping[str, Any],
    results: Mapping[str, Any],
    lead: Score,
    groups: Mapping[str, int],
    plotted: Mapping[str, pd.DataFrame],
    thresholds: Sequence[Threshold] = (),
) -> str:
    """Return the model card as Markdown.

    Args:
        params: all params; `card` has what only a person can say.
        schema: the data schema.
        metadata: the metadata of the model file.
        data: content of reports/data.json.
        results: content of reports/evaluation.json.
        lead: the difference between the model's and the baseline's main metric on validation.
        groups: how many groups each split has.
        plotted: the tables behind the plots, by name.
        thresholds: the decisions by the threshold in use and by others; only for a binary task.
    """
    metric = reported(results["main_metric"], results)
    return fill_markdown(
        TEMPLATE,
        card=params.card,
        schema=schema,
        target=schema.columns[schema.target],
        metadata=metadata,
        metric=metric,
        **_data(params, schema, data),
        **_scores(results, params.evaluate, schema),
        classes=_classes(plotted.get("class_scores")),
        **_slices(results, params.evaluate, metric),
        importance=list(plotted["importance"].head(TOP_COLUMNS).itertuples(index=False)),
        few_groups={
            split: count for split, count in groups.items() if FEWEST_GROUPS <= count < FEW_GROUPS
        },
        thresholds=thresholds,
        costs=params.evaluate.costs,
        has_costs=any(one.cost is not None for one in thresholds),
        baseline=_against_baseline(lead, metric),
        held=_held(schema, metadata, data, results),
    )


def _data(params: Params, schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sizes of splits, statistics of the target in each split, and missing values.

    For a regression, `statistics` are moments. Otherwise, they are shares of classes, without rare
    ones.
    """
    target = data["target"]
    names = list(target["train"])
    if schema.task == "multiclass":
        names = sorted(names, key=lambda name: -target["train"][name])
    is_regression = schema.task == "regression"
    show = amount if is_regression else "{:.1%}".format
    labels = {name: MOMENTS[name] if is_regression else name for name in names[:MOST_CLASSES]}
    gaps = {name: share for name, share in data["missing_share"].items() if share > 0}
    return {
        "rows": data["rows"],
        "splits": list(target),
        "split_by_time": params.prepare.split.method == "time" and schema.time,
        "statistics": [
            (label, [show(target[split][name]) for split in target])
            for name, label in labels.items()
        ],
        "rarer_classes": max(len(names) - MOST_CLASSES, 0),
        "missing": sorted(gaps.items(), key=lambda item: -item[1]),
    }


def _scores(results: Mapping[str, Any], params: Evaluate, schema: Schema) -> dict[str, Any]:
    """Return the scores of each metric and of the baseline, and explanations of the metrics."""
    names = list(results["metrics"])
    described = [reported(name, results) for name in names]
    return {
        "scores": [
            {
                "name": name,
                "is_main": name == results["main_metric"],
                "intervals": [
                    reported(name, results).interval(results[split]["metrics"][name], prefix)
                    for split in ("validation", "test")
                    for prefix in ("", "baseline_")
                ],
            }
            for name in results["validation"]["metrics"]
        ],
        "resamples": params.resamples,
        "threshold": params.threshold,
        "are_standard_metrics": tuple(names) == METRICS[schema.task],
        "by_threshold": [name for name in names if name in BY_THRESHOLD],
        "classes_weigh_alike": [name for name in names if name in CLASSES_WEIGH_ALIKE],
        "in_unit_of_target": [one.name for one in described if one.unit == "target"],
        "meanings": [(name, MEANINGS[name]) for name in names if name in MEANINGS],
        "own_metrics": [one for one in described if one.unit == "unknown"],
    }


def _held(
    schema: Schema, metadata: Metadata, data: Mapping[str, Any], results: Mapping[str, Any]
) -> str:
    """Return how many predictions on validation are clipped to limits; blank without limits."""
    if not metadata.limits:
        return ""
    rows = data["rows"]["validation"]
    return held_text(results[HELD]["validation"], rows, schema.target, metadata.limits)


def _classes(scores: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return the scores of each class, or None where there are none."""
    if scores is None:
        return None
    listed = scores.head(MOST_CLASSES).itertuples(index=False)
    return {
        "columns": list(scores.columns),
        "rows": [(name, count, found) for name, count, *found in listed],
        "left_out": max(len(scores) - MOST_CLASSES, 0),
    }


def _slices(results: Mapping[str, Any], params: Evaluate, metric: ReportedMetric) -> dict[str, Any]:
    """Return the scores of each slice on validation, the largest gaps, and unscored slices."""
    slices = [
        (column, value, numbers)
        for column, values in results["validation"]["slices"].items()
        for value, numbers in values.items()
    ]
    return {
        "slices": slices,
        "counts": [name for name in ("rows", "positive") if slices and name in slices[0][2]],
        "decisions": DECISIONS if any("decisions" in one for *_, one in slices) else (),
        "decision_names": [NAMES.get(name, name) for name in DECISIONS],
        "share": SHARE,
        "gaps": [
            (column, metric.name, metric.interval(gap), gap)
            if name == MAIN_METRIC
            else (column, NAMES.get(name, name), SHARE.interval(gap), gap)
            for column, found in results["validation"].get("gaps", {}).items()
            for name, gap in found.items()
        ],
        "min_slice_rows": params.min_slice_rows,
        "not_scored": [
            f"{column} {value}"
            for column, value, numbers in slices
            if not math.isfinite(numbers["value"])
        ],
    }


def _against_baseline(lead: Score, metric: ReportedMetric) -> str:
    """Return whether the model is `better` than the baseline, `worse`, or `unclear`."""
    worst, best = sorted(metric.sign * bound for bound in (lead.low, lead.high))
    if best < 0:
        return "worse"
    return "better" if worst > 0 else "unclear"

"""The model card: what the run says of its own model, for those who decide whether to use it.

After Mitchell et al., 2019, "Model Cards for Model Reporting".
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tabrail import paths
from tabrail.config import Evaluate, Params
from tabrail.data.schema import Schema, Task
from tabrail.evaluation import data_card
from tabrail.evaluation.metrics import METRICS
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.markdown import number, plain, table
from tabrail.model.file import Metadata

TOP_COLUMNS = 10
MOST_CLASSES = 20

# What every row gets of the baseline, how the scores are meant, and what a prediction is.
BASELINE: dict[Task, str] = {
    "binary": "the share of positives in training",
    "multiclass": "the share of each class in training",
    "regression": "the target's mean in training",
}
MEANING: dict[Task, str] = {
    "binary": "Precision, recall and F1 are at a probability of {threshold}.",
    "multiclass": "The most probable class counts as predicted. In f1_macro and roc_auc_ovr all "
    "classes weigh alike.",
    "regression": "All but r2 are in the unit of the target.",
}
PREDICTION: dict[Task, str] = {
    "binary": "the probability that {target} is {positive}",
    "multiclass": "a probability for each class, in the order of `schema.classes`",
    "regression": "a prediction of {target}",
}


def render(
    params: Params,
    schema: Schema,
    metadata: Metadata,
    data: Mapping[str, Any],
    results: Mapping[str, Any],
    plotted: Mapping[str, pd.DataFrame],
) -> str:
    """Return the model card as Markdown.

    Args:
        params: all params; `card` has what only a person can say.
        schema: the data schema.
        metadata: what the model file says of itself.
        data: content of reports/data.json.
        results: content of reports/evaluation.json.
        plotted: the tables behind the plots, by name.
    """
    card, metric = params.card, reported(results["main_metric"], results)
    sections = [
        f"# Model card: {plain(card.title)}",
        table(
            ["", ""],
            [
                ["Predicts", f"{_what(schema)} (task: {schema.task})"],
                ["Estimator", _estimator(metadata)],
                *([["Search", _search(metadata)]] if metadata.search else []),
                ["Owner", plain(card.owner)],
                ["License", card.license],
                ["Libraries", ", ".join(f"{n} {v}" for n, v in metadata.versions.items())],
            ],
        ),
        f"## Intended use\n\n{plain(card.intended_use)}",
        f"## Data\n\n{data_card.describe(params, schema, metadata, data)}",
        f"## Results\n\n{_results(results, params.evaluate, schema)}",
    ]
    if "class_scores" in plotted:
        sections.append(f"## Classes\n\n{_classes(plotted['class_scores'])}")
    sections += [
        f"## Slices\n\n{_slices(results, metric, params.evaluate.min_slice_rows)}",
        f"## What it looks at\n\n{_importance(plotted['importance'], metric)}",
        f"## Limits\n\n{_limits(plain(card.limits), results, metric)}",
        f"## How to load it\n\n{_loading(schema)}",
    ]
    return "\n\n".join(sections) + "\n"


def _what(schema: Schema) -> str:
    target = schema.columns[schema.target]
    outcome = plain(schema.target)
    if schema.positive:
        outcome += f" = {plain(schema.positive)}"
    if schema.task == "multiclass":
        outcome += f", one of {len(schema.classes)} classes"
    if target.unit:
        outcome += f" in {plain(target.unit)}"
    return f"{outcome}: {plain(target.description)}" if target.description else outcome


def _estimator(metadata: Metadata) -> str:
    options = ", ".join(plain(f"{name}={value}") for name, value in metadata.options.items())
    return f"`{metadata.estimator}`" + (f" with {options}" if options else "")


def _search(metadata: Metadata) -> str:
    found = metadata.search
    return (
        f"{found['method']}: these options did best of {found['candidates']} on {found['folds']} "
        f"folds of the training rows, with {found['scoring']} at {number(found['score'])}"
    )


def _results(results: Mapping[str, Any], params: Evaluate, schema: Schema) -> str:
    head = ["metric", "validation", "baseline", "test", "baseline"]
    rows = [
        [f"**{plain(name)}**" if name == results["main_metric"] else plain(name)]
        + [
            _interval(reported(name, results), results[split]["metrics"][name], prefix)
            for split in ("validation", "test")
            for prefix in ("", "baseline_")
        ]
        for name in results["validation"]["metrics"]
    ]
    lines = [
        f"In brackets: 95% bootstrap intervals from {params.resamples:,} resamples of the "
        f"{'keys' if schema.key else 'rows'}.",
        f"The baseline gives every row {BASELINE[schema.task]}.",
        *_meaning(results, params.threshold, schema.task),
        "Validation is for decisions; test is only reported.",
    ]
    if schema.weight:
        lines.insert(1, f"Each row counts as much as its {plain(schema.weight)} says.")
    return f"{table(head, rows)}\n\n{' '.join(lines)}"


def _meaning(results: Mapping[str, Any], threshold: float, task: Task) -> list[str]:
    """Return sentences that tell how the listed metrics are meant."""
    names = tuple(results["metrics"])
    if names == METRICS[task]:
        return [MEANING[task].format(threshold=threshold)]
    described = [reported(name, results) for name in names]
    lines = []
    match task:
        case "binary":
            lines.append(f"Decisions are at a probability of {threshold}.")
        case "multiclass":
            lines.append("The most probable class counts as predicted.")
            if alike := [name for name in names if name in ("f1_macro", "roc_auc_ovr")]:
                lines.append(f"In {_joined(alike)} all classes weigh alike.")
        case "regression":
            if units := [one.name for one in described if one.unit == "target"]:
                verb = "is" if len(units) == 1 else "are"
                lines.append(f"{_joined(units)} {verb} in the unit of the target.")
    lines += [
        f"{plain(one.name)} is the project's own metric; {one.better} is better."
        for one in described
        if one.unit == "unknown"
    ]
    return lines


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _classes(scores: pd.DataFrame) -> str:
    rows = [
        [plain(name), f"{count:,}", *map(number, found)]
        for name, count, *found in scores.head(MOST_CLASSES).itertuples(index=False)
    ]
    listed = table([str(name) for name in scores.columns], rows)
    return f"{listed}\n\nOn validation, the lowest F1 first" + (
        f"; {len(scores) - len(rows)} classes with a higher one are left out."
        if len(scores) > len(rows)
        else "."
    )


def _slices(results: Mapping[str, Any], metric: ReportedMetric, least: int) -> str:
    slices = results["validation"]["slices"]
    if not slices:
        return f"None: `slices` in {paths.SCHEMA} names no columns."
    found = [
        (column, value, numbers)
        for column, values in slices.items()
        for value, numbers in values.items()
    ]
    counts = [name for name in ("rows", "positive") if name in found[0][2]]
    rows = [
        [
            plain(column),
            plain(value),
            *(f"{numbers[c]:,}" for c in counts),
            _interval(metric, numbers),
        ]
        for column, value, numbers in found
    ]
    listed = table(["column", "value", *counts, f"{plain(metric.name)} on validation"], rows)
    return f"{listed}\n\nBelow {least} rows, or without a class it needs, none is given."


def _importance(importance: pd.DataFrame, metric: ReportedMetric) -> str:
    rows = [
        [plain(str(column)), metric.shown(fall)]
        for column, fall in importance.head(TOP_COLUMNS).itertuples(index=False)
    ]
    return table(["column", f"how much worse {plain(metric.name)} is when it is shuffled"], rows)


def _limits(stated: str, results: Mapping[str, Any], metric: ReportedMetric) -> str:
    lines = [f"- {stated}"]
    name, numbers = plain(metric.name), results["validation"]["metrics"][metric.name]
    worst, best = sorted(metric.sign * numbers[bound] for bound in ("low", "high"))
    baseline = metric.sign * numbers["baseline_value"]
    if best < baseline:
        lines.append(f"- On validation, {name} is worse than the baseline's.")
    elif not worst > baseline:
        lines.append(f"- On validation, {name} does not differ clearly from the baseline's.")
    unscored = [
        plain(f"{column} {value}")
        for column, values in results["validation"]["slices"].items()
        for value, found in values.items()
        if not math.isfinite(found["value"])
    ]
    if unscored:
        lines.append(f"- Not scored, for want of rows or of a class: {', '.join(unscored)}.")
    return "\n".join(lines)


def _loading(schema: Schema) -> str:
    prediction = PREDICTION[schema.task].format(
        target=plain(schema.target), positive=plain((schema.classes or [""])[-1])
    )
    return f"""From the project's root:

```python
from tabrail import Project, load_model

project = Project.load()
model = load_model(project)
predictions = model.predict(project.split("test").rows)
```

Each row gets {prediction}. The model expects {len(schema.inputs)} columns:
{", ".join(map(plain, schema.inputs))}.
Score rows from elsewhere with `uv run tabrail predict IN OUT`, which cleans and checks them."""


def _interval(metric: ReportedMetric, numbers: Mapping[str, float], prefix: str = "") -> str:
    value, low, high = (numbers[f"{prefix}{bound}"] for bound in ("value", "low", "high"))
    if not math.isfinite(value):
        return "not scored"
    bounds = f" [{metric.shown(low)}, {metric.shown(high)}]" if math.isfinite(low) else ""
    return f"{metric.shown(value)}{bounds}"

"""The model card: what the run says of its own model, for those who decide whether to use it.

After Mitchell et al., 2019, "Model Cards for Model Reporting".
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from . import paths
from .metrics import LOWER_IS_BETTER
from .model import Facts
from .params import Params
from .schema import Schema

TOP_COLUMNS = 10


def render(
    params: Params,
    contract: Schema,
    facts: Facts,
    data: Mapping[str, Any],
    results: Mapping[str, Any],
    importance: pd.DataFrame,
) -> str:
    """Return the model card as Markdown.

    Args:
        params: all knobs; `card` has what only a person can say.
        contract: the data contract.
        facts: what the model file says of itself.
        data: content of reports/data.json.
        results: content of reports/evaluation.json.
        importance: columns and their permutation importance, most important first.
    """
    card, metric = params.card, params.evaluate.main_metric
    sections = [
        f"# Model card: {_plain(card.title)}",
        _table(
            ["", ""],
            [
                ["Predicts", f"{_what(contract)} (task: {contract.task})"],
                ["Estimator", f"`{facts.estimator}`"],
                ["Owner", _plain(card.owner)],
                ["License", card.license],
                ["Libraries", ", ".join(f"{n} {v}" for n, v in facts.versions.items())],
            ],
        ),
        f"## Intended use\n\n{_plain(card.intended_use)}",
        f"## Data\n\n{_data(contract, facts, data)}",
        f"## Results\n\n{_results(results, params)}",
        f"## Slices\n\n{_slices(results, metric, params.evaluate.min_slice_rows)}",
        f"## What it looks at\n\n{_importance(importance, metric)}",
        f"## Limits\n\n{_limits(_plain(card.limits), results, metric)}",
        f"## How to load it\n\n{_loading(contract)}",
    ]
    return "\n\n".join(sections) + "\n"


def _what(contract: Schema) -> str:
    target = contract.columns[contract.target]
    outcome = f"{contract.target} = {contract.positive}" if contract.positive else contract.target
    return f"{outcome}: {target.description}" if target.description else outcome


def _data(contract: Schema, facts: Facts, data: Mapping[str, Any]) -> str:
    rows = data["rows"]
    lines = [f"{contract.name}. {contract.row}".strip()]
    if contract.source:
        lines.append(f"Source: {contract.source} License: {contract.license or 'not stated'}.")
    lines.append(
        f"{rows['raw']:,} rows came in and {rows['dropped']:,} were dropped. "
        f"SHA-256 of the training table: `{facts.training_data[:16]}…`"
    )
    table = _table(
        ["split", "rows", "positive"],
        [[name, f"{rows[name]:,}", f"{share:.1%}"] for name, share in data["target_share"].items()],
    )
    gaps = {name: share for name, share in data["missing_share"].items() if share > 0}
    missing = ", ".join(f"{n} {s:.1%}" for n, s in sorted(gaps.items(), key=lambda i: -i[1]))
    return "\n\n".join([" ".join(lines), table, f"Missing values: {missing or 'none'}."])


def _results(results: Mapping[str, Any], params: Params) -> str:
    head = ["metric", "validation", "baseline", "test", "baseline"]
    rows = [
        [f"**{name}**" if name == params.evaluate.main_metric else name]
        + [
            _interval(results[split]["metrics"][name], prefix)
            for split in ("validation", "test")
            for prefix in ("", "baseline_")
        ]
        for name in results["validation"]["metrics"]
    ]
    return (
        f"{_table(head, rows)}\n\n"
        f"In brackets: 95% bootstrap intervals from {params.evaluate.resamples:,} resamples of the "
        "keys. The baseline gives every row the share of positives in training. Precision, recall "
        f"and F1 are at a probability of {params.evaluate.threshold}. Validation is for "
        "decisions; test is only reported."
    )


def _slices(results: Mapping[str, Any], metric: str, least: int) -> str:
    slices = results["validation"]["slices"]
    if not slices:
        return f"None: `slices` in {paths.SCHEMA} names no columns."
    rows = [
        [column, value, f"{numbers['rows']:,}", f"{numbers['positive']:,}", _interval(numbers)]
        for column, values in slices.items()
        for value, numbers in values.items()
    ]
    head = ["column", "value", "rows", "positive", f"{metric} on validation"]
    return (
        f"{_table(head, rows)}\n\nBelow {least} rows, or without a class it needs, none is given."
    )


def _importance(importance: pd.DataFrame, metric: str) -> str:
    rows = [
        [str(column), f"{fall:.4f}"]
        for column, fall in importance.head(TOP_COLUMNS).itertuples(index=False)
    ]
    return _table(["column", f"loss in {metric} when it is shuffled"], rows)


def _limits(stated: str, results: Mapping[str, Any], metric: str) -> str:
    lines = [f"- {stated}"]
    numbers = results["validation"]["metrics"][metric]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    worst, best = sorted(sign * numbers[bound] for bound in ("low", "high"))
    if best < sign * numbers["baseline_value"]:
        lines.append(f"- On validation, {metric} is worse than the baseline's.")
    elif not worst > sign * numbers["baseline_value"]:
        lines.append(f"- On validation, {metric} cannot be told from the baseline's.")
    unscored = [
        f"{column} {value}"
        for column, values in results["validation"]["slices"].items()
        for value, found in values.items()
        if not math.isfinite(found["value"])
    ]
    if unscored:
        lines.append(f"- Not scored, for want of rows or of a class: {', '.join(unscored)}.")
    return "\n".join(lines)


def _loading(contract: Schema) -> str:
    return f"""From the project's root:

```python
from {__package__} import model, paths, schema, tables

contract = schema.load()
pipeline, facts = model.load(paths.MODEL)
rows = tables.read(paths.TEST)
probability = pipeline.predict_proba(rows[contract.features])[:, 1]
```

It expects {len(contract.features)} columns: {", ".join(contract.features)}. Rows from elsewhere go
through `schema.conform(table, contract)` first, with or without the target."""


def _plain(text: str) -> str:
    """Escape a person's words so that Markdown shows them as they were typed."""
    return re.sub(r"[\\`*_\[\]<>#&~$]", r"\\\g<0>", text)


def _interval(numbers: Mapping[str, float], prefix: str = "") -> str:
    value, low, high = (numbers[f"{prefix}{bound}"] for bound in ("value", "low", "high"))
    if not math.isfinite(value):
        return "not scored"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]" if math.isfinite(low) else f"{value:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

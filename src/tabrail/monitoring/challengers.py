"""Compare the challenger with the champion on the same rows."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tabrail.config import Params
from tabrail.data.identity import known_groups
from tabrail.data.schema import encode_target
from tabrail.errors import InputError
from tabrail.evaluation.intervals import drawn
from tabrail.evaluation.metrics import BY_THRESHOLD
from tabrail.evaluation.reported import ReportedMetric
from tabrail.monitoring.expected import Expected, of_version
from tabrail.monitoring.performance import RESAMPLES
from tabrail.monitoring.period import Period


def compared(periods: Sequence[Period], version: str, expected: Expected) -> dict[str, Any]:
    """Compare both models on all rows that both have scored.

    Args:
        periods: periods from the log.
        version: the challenger's version. Its decisions use its own threshold.
        expected: what is expected of the champion.

    Returns:
        `model`: the challenger's version. `rows`: the champion's rows since the challenger's first
        one. `both`: how many of them the challenger has also scored. `equal`: the share of equal
        answers. `difference`: the mean of the challenger's number minus the champion's, not for
        several classes. `latency_ms` and `champion_latency_ms`: the medians. `outcomes`: the
        number of known outcomes of those rows. `metric`: the difference of the main metric as
        `value`, `low` and `high`, or None. `sentence`: whether the challenger is better.
    """
    target = expected.schema.target
    table, numbers, other, served = _joined(periods)
    there = ~np.isnan(other.reshape(len(other), -1)).any(axis=1)
    first = int(there.argmax()) if there.any() else len(there)
    known = there & (table[target].notna().to_numpy() if target in table else False)
    both = served[there]
    content: dict[str, Any] = {
        "model": version,
        "rows": len(there) - first,
        "both": int(there.sum()),
        "equal": float((both["answer"] == both["challenger"]).mean()) if len(both) else None,
        "difference": None,
        "latency_ms": float(both["challenger_ms"].median()) if len(both) else None,
        "champion_latency_ms": float(both["latency_ms"].median()) if len(both) else None,
        "outcomes": int(known.sum()),
        "metric": None,
    }
    if expected.schema.task != "multiclass" and len(both):
        content["difference"] = float((other[there] - numbers[there]).mean())
    if expected.metric and known.sum() >= expected.params.monitor.min_rows:
        models = (numbers[known], other[known])
        own = _params(version, expected)
        content["metric"] = _difference(table[known], models, expected, own) if own else None
    content["sentence"] = _sentence(content, expected.reported, expected.params.monitor.min_rows)
    return content


def _params(version: str, expected: Expected) -> Params | None:
    """Return the parameters of a challenger's decisions; None if they are needed but missing."""
    try:
        return of_version(version).params
    except InputError:
        by_threshold = expected.schema.task == "binary" and expected.metric in BY_THRESHOLD
        decides = by_threshold or expected.reported.unit == "unknown"
        return None if decides else expected.params


def _joined(
    periods: Sequence[Period],
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.DataFrame]:
    filled = [period for period in periods if len(period.table)]
    return (
        pd.concat([period.table for period in filled], ignore_index=True),
        np.concatenate([period.numbers for period in filled]),
        np.concatenate([period.challenger for period in filled]),
        pd.concat([period.served for period in filled], ignore_index=True),
    )


def _difference(
    table: pd.DataFrame,
    models: tuple[np.ndarray, np.ndarray],
    expected: Expected,
    of_challenger: Params,
) -> dict[str, Any] | None:
    """Return the challenger's score minus the champion's; each replicate scores both."""
    schema, name = expected.schema, expected.metric
    y_true = encode_target(table[schema.target], schema)
    groups = known_groups(table, schema)
    champion, challenger = (
        drawn(expected.scorer(y_true, numbers, params), np.ones(len(y_true)), groups, RESAMPLES)
        for numbers, params in zip(models, (expected.params, of_challenger), strict=True)
    )
    found = asdict(challenger[name].less(champion[name]).score())
    return {"name": name, **found} if np.isfinite(list(found.values())).all() else None


def _sentence(content: dict[str, Any], metric: ReportedMetric, least: int) -> str:
    found = content["metric"]
    if not metric.name:
        return f"It is unknown whether {content['model']} is better, as there is no metric for it."
    if found is None and content["outcomes"] >= least:
        return (
            f"It is unknown whether {content['model']} is better: its parameters are missing here, "
            f"or {metric.name} is undefined; fetch its tag with: git fetch --tags"
        )
    if found is None:
        return (
            f"It is not known yet whether {content['model']} is better: of the rows that both have "
            f"scored, {content['outcomes']:,} outcomes are known; {least:,} are needed."
        )
    numbers = (
        f"{metric.name} differs by {metric.shown(found['value'])} (95% interval "
        f"{metric.shown(found['low'])} to {metric.shown(found['high'])})"
    )
    if found["low"] <= 0 <= found["high"]:
        return f"It is not known yet whether {content['model']} is better: {numbers}."
    better = metric.sign * found["value"] > 0
    return f"{content['model']} is {'better' if better else 'worse'} than the champion: {numbers}."

"""Live performance: the checks of rows with known outcomes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, ttest_1samp

from tabrail.data.identity import numbered
from tabrail.data.schema import Schema, encode_target
from tabrail.evaluation.bootstrap import LEVEL
from tabrail.evaluation.intervals import Score, score
from tabrail.evaluation.reported import ReportedMetric
from tabrail.evaluation.slices import named
from tabrail.monitoring.checks import Point, Points
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period

RESAMPLES = 200  # enough for the width of an interval
MIN_GROUPS = 10
SPLITS = ("validation", "test")


def main_metric(period: Period, expected: Expected) -> Points:
    """Return the main metric, which is beyond its limit if it is worse than expected."""
    known = period.labeled(expected.schema.target)
    usual = measured(expected)
    if usual is None or known.sum() < expected.params.monitor.min_rows:
        return {}
    found = scored(period, known, expected)
    return {"": _compared(found, usual, expected.reported, expected.params.monitor.margin)}


def slices(period: Period, expected: Expected) -> Points:
    """Return the main metric of each slice.

    With more slices, more of them are worse by chance. A wider margin keeps the chance of any
    alert the same as for one slice (Dunn, 1961, "Multiple comparisons among means"). There are no
    slices if their scores at evaluation are by another metric.
    """
    if expected.metric != expected.evaluation["main_metric"]:
        return {}
    least, labeled = expected.params.evaluate.min_slice_rows, period.labeled(expected.schema.target)
    if labeled.sum() < expected.params.monitor.min_rows:
        return {}
    parts = {
        name: (rows, usual)
        for name, rows, usual in _slices(period, expected)
        if (rows & labeled).sum() >= least
    }
    tail = (1 - LEVEL) / 2
    wider = float(norm.isf(tail / max(1, len(parts))) / norm.isf(tail))
    return {
        name: _compared(
            scored(period, rows & labeled, expected),
            usual,
            expected.reported,
            expected.params.monitor.margin * wider,
        )
        for name, (rows, usual) in parts.items()
    }


def calibration(period: Period, expected: Expected) -> Points:
    """Return the difference between the share of positives and the mean probability; binary only.

    The interval is Student's, from the sums of each group, since rows of a group are alike.
    """
    schema, known = expected.schema, period.labeled(expected.schema.target)
    if schema.task != "binary" or known.sum() < expected.params.monitor.min_rows:
        return {}
    y_true = encode_target(period.table[schema.target][known], schema)
    groups = numbered(period.groups(schema, known))
    gap = y_true - period.numbers[known]
    sums = np.bincount(groups, gap)
    if len(sums) < MIN_GROUPS or not sums.any():
        return {}
    value, rows = float(gap.mean()), len(gap)
    centered = sums - value * np.bincount(groups)  # of a ratio: both parts vary
    width = ttest_1samp(centered, 0.0).confidence_interval(LEVEL)
    half = float(width.high - width.low) / 2 * len(sums) / rows
    least = abs(value) - half
    words = (
        f"observed {y_true.mean():.1%} (95% interval {max(0.0, y_true.mean() - half):.1%} to "
        f"{min(1.0, y_true.mean() + half):.1%}), predicted {period.numbers[known].mean():.1%}"
    )
    limit = expected.params.monitor.calibration
    return {"": Point(value, value - half, value + half, least > limit, words)}


def measured(expected: Expected) -> Mapping[str, Any] | None:
    """Return the main metric at evaluation, if it has an interval."""
    found = [expected.evaluation[split]["metrics"] for split in SPLITS]
    return _cautious(found, expected.metric, expected.reported)


def scored(period: Period, rows: np.ndarray, expected: Expected) -> Score:
    """Return the main metric of some rows with its bootstrap interval, by key as at evaluation."""
    schema = expected.schema
    wanted = [name for name in (schema.target, schema.weight) if name in period.table]
    table = period.table.loc[rows, wanted]
    scores = expected.scorer(
        encode_target(table[schema.target], schema),
        period.numbers[rows],
    )
    draws = min(expected.params.evaluate.resamples, RESAMPLES)
    found = score(scores, weights(table, schema), period.groups(schema, rows), draws)
    return found[expected.metric]


def weights(table: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return the weight of each row; 1 for rows of the log."""
    if schema.weight and schema.weight in table:
        return table[schema.weight].fillna(0.0).to_numpy(np.float64)
    return np.ones(len(table))


def half_width(numbers: Mapping[str, Any]) -> float | None:
    """Return half the width of an interval, if there is one."""
    low, high = numbers["low"], numbers["high"]
    if low is None or high is None or not math.isfinite(high - low):
        return None
    return float(high - low) / 2


def _compared(
    found: Score, usual: Mapping[str, Any], metric: ReportedMetric, margin: float
) -> Point:
    """Compare a score with that of the evaluation, given the intervals of both."""
    live, before = half_width({"low": found.low, "high": found.high}), half_width(usual)
    if live is None or before is None or not math.isfinite(found.value):
        words = f"{metric.shown(found.value)}; too few rows or groups to compare"
        return Point(found.value, None, None, False, words)
    room = margin * math.hypot(live, before)
    worst = usual["value"] - metric.sign * room
    beyond = metric.sign * (found.value - worst) < 0
    words = (
        f"{metric.shown(found.value)} (95% interval {metric.shown(found.low)} to "
        f"{metric.shown(found.high)}), {metric.shown(usual['value'])} at evaluation; "
        f"{metric.shown(worst)} or better was expected for this number of rows"
    )
    return Point(found.value, found.low, found.high, beyond, words, worst)


def _slices(
    period: Period, expected: Expected
) -> Iterator[tuple[str, np.ndarray, Mapping[str, Any]]]:
    """Yield the slices that were scored at evaluation: name, rows, and score at evaluation."""
    both = [expected.evaluation[split]["slices"] for split in SPLITS]
    for column in both[0]:
        if column not in period.table:
            continue
        labels = named(period.table[column], expected.schema.columns.get(column))
        parts = [one.get(column, {}) for one in both]
        for name in sorted(parts[0].keys() | parts[1].keys()):
            usual = _cautious(parts, name, expected.reported)
            if usual is not None:
                yield f"{column} {name}", (labels == name).to_numpy(), usual


def _cautious(
    found: Sequence[Mapping[str, Mapping[str, Any]]], name: str, metric: ReportedMetric
) -> Mapping[str, Any] | None:
    """Return the worse score of validation and test, of those with an interval.

    A score that was high by chance would make every later period look worse.
    """
    known = [one[name] for one in found if name in one and half_width(one[name]) is not None]
    return min(known, key=lambda one: metric.sign * one["value"], default=None)

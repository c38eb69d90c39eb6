"""The checks of a period; each check depends on that period alone.

Shares have Wilson's score interval (Wilson, 1927, "Probable inference, the law of succession, and
statistical inference"), and are beyond their limit only if the whole interval is. The population
stability index (PSI) of `distributions.psi` leaves out what chance explains for single rows
(Yurdakul and Naranjo, 2020), and `clusters.chance` what chance explains for groups of rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from tabrail.data.distributions import describe, describe_scores, psi
from tabrail.data.identity import group_numbers
from tabrail.monitoring.clusters import chance
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period

SLOW = 0.01  # the share of requests that may take longer than the limit
MIN_REQUESTS = 3  # slow or failed ones, below which there is no alert


@dataclass(frozen=True)
class Point:
    """What one check found in one period.

    Attributes:
        value: the number.
        low: start of its 95% interval, if it has one.
        high: end of it.
        beyond: whether it is beyond the limit, and not by chance.
        words: the change, for people.
        limit: the limit for this period, where each has its own.
    """

    value: float
    low: float | None
    high: float | None
    beyond: bool
    words: str
    limit: float | None = None


Points = dict[str, Point]  # by column or slice; blank for the whole model
Check = Callable[[Period, Expected], Points]


def refused(period: Period, expected: Expected) -> Points:
    """Return the share of rows that broke the schema."""
    if not (rows := period.rows + period.by_other_models + period.refused):
        return {}
    found = {key: n for key, n in period.violations.items() if n and key[1] != "unseen_category"}
    words = ""
    if found:
        column, kind = max(found, key=lambda key: found[key])
        words = f"most often {column or 'request'}: {kind}"
    return {"": _share(period.refused, rows, expected.params.monitor.refused, words)}


def violations(period: Period, expected: Expected) -> Points:
    """Return the share of rows with each kind of violation of each column."""
    if not (rows := period.rows + period.refused):
        return {}
    return {
        f"{column or 'request'}: {kind}": _share(
            min(count, rows), rows, expected.params.monitor.refused, ""
        )
        for (column, kind), count in period.violations.items()
    }


def missing(period: Period, expected: Expected) -> Points:
    """Return the share of missing values of each feature."""
    points, rows = {}, len(period.table)
    for name in expected.schema.features:
        if rows and name in expected.distributions["columns"] and name in period.table:
            usual = expected.distributions["columns"][name]["missing"]
            count = int(period.table[name].isna().sum())
            words = f"missing in {count / rows:.1%} of the rows, {usual:.1%} in training"
            points[name] = _share(count, rows, usual + expected.params.monitor.missing, words)
    return points


def drift(period: Period, expected: Expected) -> Points:
    """Return the PSI of each feature against the training data."""
    schema = expected.schema
    columns = [name for name in schema.features if name in period.table]
    before = expected.distributions["columns"]
    if not len(period.table) or not columns:
        return {}
    table = period.table.assign(**{schema.target: np.nan})
    after = describe(table, schema)["columns"]
    same = {
        name: _at(before[name], after[name], table[name].to_numpy())
        for name in columns
        if name in after and name in before
    }
    found = psi(expected.distributions, {"rows": len(table), "columns": same})
    groups, trained = group_numbers(table, schema), expected.distributions["rows"]
    points = {}
    for name, index in found.items():
        index = max(0.0, index - chance(before[name], table[name], groups, trained))
        points[name] = _moved(index, expected.params.monitor.psi, before[name], after[name])
    return points


def scores(period: Period, expected: Expected) -> Points:
    """Return the PSI of the predictions against those of the validation rows."""
    if not len(period.numbers):
        return {}
    before = expected.evaluation["scores"]
    after = describe_scores(period.numbers, expected.schema)
    [(name, known)] = before["columns"].items()
    same = _at(known, after["columns"][name], period.numbers)
    [index] = psi(before, {"rows": len(period.numbers), "columns": {name: same}}).values()
    if expected.schema.task != "multiclass":
        groups = group_numbers(period.table, expected.schema)
        index -= chance(known, pd.Series(period.numbers), groups, before["rows"])
    return {"": _moved(max(0.0, index), expected.params.monitor.psi, known, after["columns"][name])}


def review(period: Period, expected: Expected) -> Points:
    """Return the share of predictions that went to human review."""
    if "review" not in period.served or not len(period.served):
        return {}
    marked = int(period.served["review"].sum())
    return {"": _share(marked, len(period.served), expected.params.monitor.review, "")}


def latency(period: Period, expected: Expected) -> Points:
    """Return the 99th percentile of the time to answer a request, in milliseconds.

    It is beyond the limit if the share of requests above the limit is more than 1%, with the
    whole interval.
    """
    if "latency_ms" not in period.served:
        return {}
    taken, limit = (
        period.served["latency_ms"].dropna().to_numpy(),
        expected.params.monitor.latency_ms,
    )
    if not len(taken):
        return {}
    slow = _share(int((taken > limit).sum()), len(taken), SLOW, "")
    median, high = np.quantile(taken, [0.5, 0.99])
    words = f"median {figure(float(median))} ms, 99th percentile {figure(float(high))} ms"
    beyond = slow.beyond and (taken > limit).sum() >= MIN_REQUESTS
    return {"": Point(float(high), None, None, bool(beyond), words)}


def errors(period: Period, expected: Expected) -> Points:
    """Return the share of requests that failed with a server error."""
    if not period.requests:
        return {}
    words = f"{period.errors:,} of {period.requests:,} requests"
    found = _share(period.errors, period.requests, expected.params.monitor.errors, words)
    return {"": replace(found, beyond=found.beyond and period.errors >= MIN_REQUESTS)}


def _share(count: int, rows: int, limit: float, words: str) -> Point:
    interval = binomtest(count, rows).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    shown = words or f"{count:,} of {rows:,} rows"
    return Point(count / rows, low, high, low > limit, shown)


def _at(
    before: Mapping[str, Any], after: Mapping[str, Any], values: np.ndarray
) -> Mapping[str, Any]:
    """Describe numbers by their shares up to the limits of the distribution to compare with.

    Interpolation between quantiles of their own would spread out a number that many rows have.
    """
    if "shares" in before or not before["values"] or not after["values"]:
        return after
    limits = [np.nextafter(before["values"][0], -np.inf), *before["values"]]
    ordered = np.sort(values[~np.isnan(values)])
    up_to = np.searchsorted(ordered, _rounded_up(limits), side="right") / len(ordered)
    return {"missing": after["missing"], "values": limits, "up_to": up_to.tolist()}


def _rounded_up(limits: list[float]) -> np.ndarray:
    """Return the largest numbers that a report, which has 6 digits, writes as these limits.

    Many rows may have one number, such as 1/12: it must not lie above its own rounded limit. The
    first limit is below all that was there, and so below what is written as the first number.
    """
    found = np.array(limits)
    size = np.floor(np.log10(np.abs(found), out=np.zeros(len(found)), where=found != 0))
    steps = np.where(found != 0, 10.0 ** (size - 5), 0.0)
    steps[0] *= -1
    return found + steps / 2


def _moved(
    index: float, limit: float, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Point:
    return Point(index, None, None, index > limit, from_to(before, after))


def from_to(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Describe the largest change between two distributions of a column, in its own units."""
    gaps = [one["missing"] for one in (before, after)]
    if "shares" in before:
        shares = [one["shares"] | {"any other": one["other"]} for one in (before, after)]
        name = max(shares[0], key=lambda key: abs(shares[1].get(key, 0.0) - shares[0][key]))
        was, now = shares[0][name], shares[1].get(name, 0.0)
        if abs(now - was) >= abs(gaps[1] - gaps[0]):
            return f"{name} from {was:.1%} to {now:.1%}"
    elif abs(gaps[1] - gaps[0]) < 0.1 and before["values"] and after["values"]:
        was, now = (_spread(one) for one in (before, after))
        if was == now:
            was, now = (_high(one) for one in (before, after))
            return f"95th percentile from {was} to {now}"
        return f"median from {was} to {now}"
    return f"missing from {gaps[0]:.1%} to {gaps[1]:.1%}"


def _spread(column: Mapping[str, Any]) -> str:
    places = np.searchsorted(column["up_to"], [0.25, 0.5, 0.75])
    low, middle, high = (figure(column["values"][place]) for place in places)
    return f"{middle} (interquartile range {low} to {high})"


def _high(column: Mapping[str, Any]) -> str:
    return figure(column["values"][np.searchsorted(column["up_to"], 0.95)])


def figure(value: float) -> str:
    """Return a number to four significant digits, or to whole ones."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:.4g}"

"""The checks of a period; each check depends only on that period.

Shares have Wilson's score interval (Wilson, 1927, "Probable inference, the law of succession, and
statistical inference"). A share is beyond its limit only if the whole interval is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest

from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period

SLOW = 0.01  # the share of requests that may take longer than the limit
MIN_REQUESTS = 3  # the fewest slow or failed requests for an alert


@dataclass(frozen=True)
class Point:
    """What one check found in one period.

    Attributes:
        value: the number.
        low: lower bound of its 95% interval, if it has one.
        high: upper bound of the interval.
        beyond: whether it is significantly beyond the limit.
        words: the change as text.
        limit: the limit for this period, if each period has its own.
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


def review(period: Period, expected: Expected) -> Points:
    """Return the share of predictions that went to human review."""
    if "review" not in period.served or not len(period.served):
        return {}
    marked = int(period.served["review"].sum())
    return {"": _share(marked, len(period.served), expected.params.monitor.review, "")}


def latency(period: Period, expected: Expected) -> Points:
    """Return the 99th percentile of the time to answer a request, in milliseconds.

    It is beyond the limit if the share of slower requests is above 1% with its whole interval.
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


def figure(value: float) -> str:
    """Return a number to four significant digits, or to whole ones."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:.4g}"

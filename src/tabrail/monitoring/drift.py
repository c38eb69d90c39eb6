"""The checks of drift: how far columns, texts and predictions are from what is expected.

The population stability index (PSI) of `distributions.psi` leaves out what chance explains for
single rows (Yurdakul and Naranjo, 2020), and `clusters.chance` what it explains for groups of rows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data.distributions import (
    Distributions,
    describe,
    describe_numbers,
    describe_scores,
    psi,
)
from tabrail.data.identity import numbered
from tabrail.monitoring.checks import Point, Points, figure
from tabrail.monitoring.clusters import chance
from tabrail.monitoring.expected import Expected
from tabrail.monitoring.period import Period


def drift(period: Period, expected: Expected) -> Points:
    """Return the PSI of each feature against the training data."""
    schema = expected.schema
    columns = [name for name in schema.features if name in period.table]
    if not len(period.table) or not columns:
        return {}
    table = period.table.copy(deep=False)
    table[schema.target] = np.nan
    after = describe(table, schema)["columns"]
    groups = numbered(period.groups(schema))
    return _moved(
        expected.distributions, after, table[columns], groups, expected.params.monitor.psi
    )


def texts(period: Period, expected: Expected) -> Points:
    """Return the PSI of the lengths of texts, and of their shares of known words."""
    # An earlier version of the library measured nothing, and has no length of a text.
    measured = period.texts.notna().any(axis=1).to_numpy()
    before = expected.evaluation.get("texts")
    if not before or not measured.any():
        return {}
    values = period.texts[measured]
    after = describe_numbers({str(name): one.to_numpy() for name, one in values.items()})["columns"]
    groups = numbered(period.groups(expected.schema, measured))
    return _moved(before, after, values, groups, expected.params.monitor.psi)


def scores(period: Period, expected: Expected) -> Points:
    """Return the PSI of the predictions against those of the validation rows."""
    if not len(period.numbers):
        return {}
    before = expected.evaluation["scores"]
    after = describe_scores(period.numbers, expected.schema)["columns"]
    is_one = expected.schema.task != "multiclass"
    values = pd.DataFrame(
        dict.fromkeys(after, period.numbers if is_one else period.numbers.argmax(axis=1))
    )
    groups = numbered(period.groups(expected.schema)) if is_one else None
    [point] = _moved(before, after, values, groups, expected.params.monitor.psi).values()
    return {"": point}


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
    before: Distributions,
    after: Mapping[str, Any],
    values: pd.DataFrame,
    groups: np.ndarray | None,
    limit: float,
) -> Points:
    """Return the PSI of columns.

    Args:
        before: the distributions that are expected.
        after: those of the columns now, by name.
        values: the columns' values now.
        groups: the number of each row's group; None to take rows for independent.
        limit: of the PSI.
    """
    known = before["columns"]
    same = {
        name: _at(known[name], column, values[name].to_numpy())
        for name, column in after.items()
        if name in known and name in values
    }
    points = {}
    for name, index in psi(before, {"rows": len(values), "columns": same}).items():
        if groups is not None:
            index -= chance(known[name], values[name], groups, before["rows"])
        index = max(0.0, index)
        points[name] = Point(index, None, None, index > limit, from_to(known[name], after[name]))
    return points


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

"""Summarize the distributions of columns for Git, and measure how far two differ."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import cells, date_order
from tabrail.data.rounding import months_outward, outward
from tabrail.data.schema import Column, Schema

QUANTILES = np.linspace(0, 1, 21)
SMALLEST_SHARE = 1e-4  # stands for none
FEWEST_EXPECTED = 5  # rows in a category, as for a chi-squared test
SMALLEST_RANGE = 0.025  # half the distance between two quantiles

Distributions = Mapping[str, Any]


def describe(table: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """Return the distribution of the target and of each feature that `psi` can compare.

    Dates are kept apart, because new dates differ anyway. Texts are left out. Categories that the
    schema does not list are left out, too, because the result is in Git.

    Args:
        table: rows that conform to the schema.
        schema: names the columns.

    Returns:
        The number of rows, and the share of missing values of each column. A column of categories
        has `shares` by category. A column of numbers has `values`, with the share of values `up_to`
        each of them. A value that many rows have is in it twice, first with the share below it. The
        lowest and the highest value are rounded outward unless five rows have them. A column of
        dates that is not sensitive has `dates`, from the first to the last, and the shares of their
        `days_of_month`. Dates are rounded so that none is a row's date.
    """
    columns: dict[str, Any] = {}
    for name in [*schema.features, schema.target]:
        column, values = schema.columns[name], table[name]
        if column.kind == "boolean":
            columns[name] = _shares(cells.words(values), ["no", "yes"])
        elif column.kind == "categorical" and column.categories:
            columns[name] = _shares(values, column.categories)
        elif column.kind == "numeric":
            columns[name] = _with_rounded_ends(_cumulative(values), values, column)
    dates = {
        name: _dates(table[name])
        for name, column in schema.used.items()
        if column.kind == "datetime" and not column.sensitive
    }
    days = date_order.usual_days(table, schema)
    return {"rows": len(table), "columns": columns, "dates": dates, "days_of_month": days}


def describe_scores(numbers: np.ndarray, schema: Schema) -> dict[str, Any]:
    """Return the distribution of predictions, in a form that `psi` can compare.

    Args:
        numbers: as `model.predict` returns them, of n_rows rows.
        schema: names the task and the classes.

    Returns:
        The result of `describe` for one column. With two classes, it is `probability`. With more,
        it is `prediction`, with the shares of the most probable classes. For a regression, it is
        `prediction`, a number.
    """
    if schema.task == "multiclass":
        predicted = pd.Series(pd.array(schema.classes, dtype="str").take(numbers.argmax(axis=1)))
        shares = _shares(predicted, schema.classes)
        return {"rows": len(numbers), "columns": {"prediction": shares}}
    return describe_numbers({"probability" if schema.task == "binary" else "prediction": numbers})


def describe_numbers(columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the distributions of some columns of numbers, in a form that `psi` can compare.

    Args:
        columns: at least one, each of shape (n_rows,), with NaN where a number is missing.
    """
    [rows] = {len(numbers) for numbers in columns.values()}
    found = {name: _cumulative(pd.Series(numbers)) for name, numbers in columns.items()}
    return {"rows": rows, "columns": found}


def psi(expected: Distributions, actual: Distributions) -> dict[str, float]:
    """Return the population stability index of each column that two tables have in common.

    It is the sum of (actual share - expected share) * ln(actual share / expected share) over
    categories. For numbers, the categories are about 20 ranges, which are equally frequent in the
    expected table. Missing values are one more category. Above 0.2, a distribution is commonly said
    to have changed. The difference between two samples of one distribution is subtracted: the
    index's mean and two standard deviations under the null hypothesis. Categories with fewer than 5
    expected rows are pooled.

    Source: Yurdakul and Naranjo, 2020, "Statistical properties of the population stability index".

    Args:
        expected: the result of `describe` for one table.
        actual: its result for the other table.

    Returns:
        The index, 0 or above, by column.
    """
    columns = {
        name: (column, actual["columns"][name])
        for name, column in expected["columns"].items()
        if name in actual["columns"]
    }
    rows = np.maximum([expected["rows"], actual["rows"]], 1)
    return {
        name: _index(*_pooled(*_aligned(before, after), int(rows.min())), rows)
        for name, (before, after) in columns.items()
        if before.keys() == after.keys()
    }


def _shares(values: pd.Series, names: list[str]) -> dict[str, Any]:
    found = values.value_counts(normalize=True)
    listed = {name: float(found.get(name, 0.0)) for name in names}
    return {
        "missing": _missing(values),
        "shares": listed,
        "other": max(0.0, 1 - sum(listed.values())),
    }


def _cumulative(values: pd.Series) -> dict[str, Any]:
    numbers = np.sort(values.dropna().to_numpy(np.float64))
    if not len(numbers):
        return {"missing": 1.0, "values": [], "up_to": []}
    # Actual values with their exact shares, however many quantiles fall on one.
    found, counts = np.unique(numbers, return_counts=True)
    shares = np.cumsum(counts) / len(numbers)
    quantiles = np.searchsorted(found, np.quantile(numbers, QUANTILES, method="lower"))
    points = {(found[place], shares[place]) for place in quantiles}
    # A frequent value makes a step, which a line between quantiles would smooth away.
    for place in np.flatnonzero(counts > SMALLEST_RANGE * len(numbers)):
        points.add((found[place], shares[place]))
        if place:
            points |= {(found[there], shares[place - 1]) for there in (place - 1, place)}
    ends, up_to = np.array(sorted(points)).T
    return {"missing": _missing(values), "values": ends.tolist(), "up_to": up_to.tolist()}


def _with_rounded_ends(found: dict[str, Any], values: pd.Series, column: Column) -> dict[str, Any]:
    """Return a distribution whose lowest and highest value are not those of a single row."""
    ends = found["values"]
    if len(ends) < 2:
        return found
    low, high = outward(ends[0], ends[-1])
    few = [(values == end).sum() < FEWEST_EXPECTED for end in (ends[0], ends[-1])]
    if few[0]:
        ends[0] = low if column.min is None else max(low, min(column.min, ends[0]))
    if few[1]:
        ends[-1] = high if column.max is None else min(high, max(column.max, ends[-1]))
    return found


def _dates(values: pd.Series) -> list[str]:
    """Return quantiles as if the dates of each month, or year, were evenly spread over it."""
    known = values.dropna()
    if known.empty:
        return []
    edges = months_outward(known.min(), known.max()).astype("datetime64[s]")
    below = np.searchsorted(np.sort(known.to_numpy()), edges[:-1]) / len(known)
    seconds = np.interp(QUANTILES, [*below, 1.0], edges.astype(np.int64))
    return np.unique(seconds.round().astype("datetime64[s]")).astype("str").tolist()


def _missing(values: pd.Series) -> float:
    return float(values.isna().mean())


def _aligned(before: Distributions, after: Distributions) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of two columns in the same categories or ranges."""
    if "shares" in before:
        names = list(before["shares"] | after["shares"])
        shares = [
            [*(one["shares"].get(n, 0.0) for n in names), one["other"]] for one in (before, after)
        ]
    elif before["values"] and after["values"]:
        limits = _limits(before)
        shares = [_between(limits, one) for one in (before, after)]
    else:  # one has only missing values
        shares = [[1.0], [1.0]]
    expected, actual = (
        np.array([*(np.array(found) * (1 - one["missing"])), one["missing"]])
        for found, one in zip(shares, (before, after), strict=True)
    )
    return expected, actual


def _limits(column: Distributions) -> list[float]:
    """Return the upper bounds of the ranges of a column."""
    values, up_to = sorted(set(column["values"])), column["up_to"]
    if len(values) == 1:  # a constant: the ranges below it, and the constant itself
        return [np.nextafter(values[0], -np.inf), values[0]]
    # A straight line to the lowest value would not show how thin the tail is.
    first = 0 if up_to[0] >= SMALLEST_RANGE else 1
    return values[first:-1]


def _between(limits: list[float], column: Distributions) -> list[float]:
    """Return the shares of a column's numbers in the ranges with these upper bounds."""
    reached = np.interp(limits, column["values"], column["up_to"], left=0.0, right=1.0)
    return np.diff([0.0, *reached, 1.0]).tolist()


def _pooled(expected: np.ndarray, actual: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Pool the categories or ranges that are too rare for the index's distribution to hold."""
    rare = expected * rows < FEWEST_EXPECTED
    before, after = (np.append(one[~rare], one[rare].sum()) for one in (expected, actual))
    return before, after


def _index(expected: np.ndarray, actual: np.ndarray, rows: np.ndarray) -> float:
    there = (expected > 0) | (actual > 0)
    # The logarithm of 0 is undefined, so a share of zero becomes that of half a row, at most.
    least = np.maximum(0.5 / rows, SMALLEST_SHARE)
    expected, actual = np.maximum(expected[there], least[0]), np.maximum(actual[there], least[1])
    index = float(((actual - expected) * np.log(actual / expected)).sum())
    others = len(expected) - 1
    noise = float((1 / rows).sum())
    return max(0.0, index - noise * float(others + 2 * np.sqrt(2 * others)))

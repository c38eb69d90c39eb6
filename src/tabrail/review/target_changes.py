"""Whether the target has changed so that scores before and after are not comparable."""

import math
from collections.abc import Mapping
from typing import Any

from tabrail import paths
from tabrail.markdown import amount
from tabrail.review.check import cut
from tabrail.review.schema_changes import DESCRIPTIONS
from tabrail.review.snapshot import Snapshot

BEYOND_CHANCE = 4.0  # standard errors
LARGE = 0.1  # of the spread, or of all rows: less does not matter


def not_comparable(base: Snapshot, head: Snapshot) -> str:
    """Return why scores of two runs are not comparable; a blank text if they are.

    They are not if the target is described otherwise in schema.yaml, or if its values have another
    mean, spread or other shares of classes than chance explains: an error of 100 cents is not one
    of 100 euros.

    Args:
        base: the run that the change starts from.
        head: the run of the change.
    """
    if not base.evaluation or not head.evaluation or not base.schema or not head.schema:
        return ""
    before, after = base.schema.get("target"), head.schema.get("target")
    if before != after:
        return f"the target is {cut(str(after))}, and was {cut(str(before))}"
    lines = [
        {
            key: value
            for key, value in one["columns"].get(before, {}).items()
            if key == "unit" or key not in DESCRIPTIONS
        }
        for one in (base.schema, head.schema)
    ]
    if changed := [key for key in lines[0] | lines[1] if lines[0].get(key) != lines[1].get(key)]:
        return f"{paths.SCHEMA} describes the target otherwise: {', '.join(changed)}"
    values = [one.data.get("target", {}).get("train", {}) for one in (base, head)]
    rows = [one.data.get("rows", {}).get("train") or 0 for one in (base, head)]
    if not all(isinstance(one, Mapping) for one in values) or not all(rows):
        return ""
    if all("mean" in one and "std" in one for one in values):
        return _numbers(values[0], values[1], rows)
    return _classes(values[0], values[1], rows)


def _numbers(before: Mapping[str, Any], after: Mapping[str, Any], rows: list[int]) -> str:
    """Return how the mean or the spread of numbers has changed, if that matters."""
    means, spreads = ([one[name] or 0.0 for one in (before, after)] for name in ("mean", "std"))
    if not all(spread > 0 for spread in spreads):
        return ""
    error = math.hypot(*(spread / math.sqrt(n) for spread, n in zip(spreads, rows, strict=True)))
    moved = abs(means[1] - means[0])
    wider = abs(math.log(spreads[1] / spreads[0]))
    # The error of a spread, where far values are more frequent than in a normal distribution.
    wide_error = math.sqrt(sum(1 / n for n in rows))
    is_other_mean = moved > max(BEYOND_CHANCE * error, LARGE * min(spreads))
    if not is_other_mean and wider <= max(BEYOND_CHANCE * wide_error, LARGE):
        return ""
    return (
        f"the target has other values: mean {amount(means[0])} → {amount(means[1])}, "
        f"standard deviation {amount(spreads[0])} → {amount(spreads[1])}"
    )


def _classes(before: Mapping[str, Any], after: Mapping[str, Any], rows: list[int]) -> str:
    """Return which class has another share of the rows, if that matters."""
    for name in sorted(before.keys() & after.keys()):
        first, second = before[name], after[name]
        both = (first + second) / 2
        error = math.sqrt(both * (1 - both) * sum(1 / n for n in rows))
        if abs(second - first) > max(BEYOND_CHANCE * error, LARGE):
            shares = f"{first:.0%} → {second:.0%} of the rows are {cut(str(name))}"
            return f"the target has other values: {shares}"
    return ""

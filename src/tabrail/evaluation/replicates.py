"""Replicates of the main metric in Git, to compare two commits without data.

The weight of a group in a replicate depends on its salted hash, and the salt is not in Git. So the
repository alone does not show which groups a replicate has drawn, or how often. Nobody can compute
the predictions for a single group from it.
"""

import json
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tabrail.evaluation.bootstrap import FEWEST_GROUPS
from tabrail.evaluation.intervals import Series

if TYPE_CHECKING:  # reports read the file without importing the scorers
    from tabrail.evaluation.scored import ScoredSplit

MOST_BYTES = 64 * 1024  # largest file: Git stores one for each commit
MOST, FEWER, FEWEST = 1000, 500, 250  # replicates: of all rows, and of slices
DIGITS = 1000  # steps in a standard deviation: replicates are rounded to a step
UNDEFINED = "-"

Slices = dict[str, dict[str, Series]]


@dataclass(frozen=True)
class Replicates:
    """The main metric on validation, in each replicate.

    Attributes:
        metric: its name; blank if there are none.
        model: of the model.
        baseline: of the baseline, with the same draws.
        slices: of the model, by column and value; only slices with an interval.
        left_out: slices with an interval for which there was no room, as column and value.
    """

    metric: str = ""
    model: Series | None = None
    baseline: Series | None = None
    slices: Slices = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def text(metric: str, scored: "ScoredSplit") -> str:
    """Return the content of reports/replicates.json, at most 64 KB.

    The more slices there are, the fewer replicates each gets. If there is no room for all, the
    slices with the fewest groups are left out, and named.

    Args:
        metric: the name of the main metric.
        scored: the scores of the validation split.
    """
    whole = {"model": scored.model[metric], "baseline": scored.baseline[metric]}
    slices = sorted(_with_interval(scored), key=lambda one: -one[2].groups)
    for count in (MOST, FEWER, FEWEST):
        found = _text(metric, whole, slices, [], count)
        if len(found.encode()) <= MOST_BYTES:
            return found

    def keeping(kept: int) -> str:
        return _text(metric, whole, slices[:kept], slices[kept:], FEWEST)

    # Each slice makes the file longer.
    too_many = bisect_right(range(len(slices)), MOST_BYTES, key=lambda n: len(keeping(n).encode()))
    return keeping(max(0, too_many - 1))


def parse(content: Any) -> Replicates:
    """Read the text that `text` returned.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is damaged.
    """
    whole = content["validation"]
    return Replicates(
        str(content["metric"]),
        _series(whole["model"]),
        _series(whole["baseline"]),
        {
            column: {value: _series(one) for value, one in values.items()}
            for column, values in content["slices"].items()
        },
        [(str(column), str(value)) for column, value in content["left_out"]],
    )


def _with_interval(scored: "ScoredSplit") -> Iterator[tuple[str, str, Series]]:
    for column, values in scored.slices.items():
        for value, (_, series) in values.items():
            if series and series.groups >= FEWEST_GROUPS and math.isfinite(series.value):
                yield column, value, series


def _text(
    metric: str,
    whole: Mapping[str, Series],
    slices: list[tuple[str, str, Series]],
    left_out: list[tuple[str, str, Series]],
    count: int,
) -> str:
    stored: dict[str, dict[str, Any]] = {}
    for column, value, series in slices:
        stored.setdefault(column, {})[value] = _content(series, count)
    content = {
        "metric": metric,
        "validation": {name: _content(series, MOST) for name, series in whole.items()},
        "slices": stored,
        "left_out": [[column, value] for column, value, _ in left_out],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _content(series: Series, count: int) -> dict[str, Any]:
    """Return a series as its value and the rounded difference of each replicate from it."""
    some = series.replicates[:count]
    defined = some[np.isfinite(some)]
    spread = float(defined.std()) if len(defined) else 0.0
    center, step = float(f"{series.value:.6g}"), float(f"{spread / DIGITS:.1g}")
    # For equal replicates, rounding leaves a spread that is not real.
    step = step if step > 1e-12 * abs(center) else 0.0
    steps = np.round((some - center) / step) if step else np.where(np.isfinite(some), 0.0, np.nan)
    return {
        "groups": series.groups,
        "value": center if math.isfinite(center) else None,
        "step": step,
        "replicates": " ".join(f"{one:.0f}" if np.isfinite(one) else UNDEFINED for one in steps),
    }


def _series(content: Mapping[str, Any]) -> Series:
    value = math.nan if content["value"] is None else float(content["value"])
    words = content["replicates"].split()
    steps = np.array([math.nan if word == UNDEFINED else int(word) for word in words])
    return Series(int(content["groups"]), value, value + steps * float(content["step"]))

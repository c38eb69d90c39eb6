"""Metrics as reports state them: which way is better, and how a value is shown.

evaluation.json has both for every metric, so that a reader of reports needs no code of the project.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tabrail.evaluation.metrics import IN_UNITS_OF_TARGET, LOWER_IS_BETTER
from tabrail.markdown import amount, number

BOUNDS = ("value", "low", "high")


@dataclass(frozen=True)
class ReportedMetric:
    """A metric as a report states it.

    Attributes:
        name: its name.
        better: which way is better: `lower` or `higher`.
        unit: `none` for a share or an index; `target` for that of the target; `unknown` for a
            metric of the project's own.
    """

    name: str
    better: str
    unit: str

    @property
    def sign(self) -> int:
        """Return 1 if higher is better, else -1."""
        return -1 if self.better == "lower" else 1

    def shown(self, value: float | None) -> str:
        """Return a value as people read it."""
        value = math.nan if value is None else value
        return number(value) if self.unit == "none" else amount(value)

    def interval(self, numbers: Mapping[str, float | None] | None, prefix: str = "") -> Markup:
        """Return a score with its interval, as Markdown; blank for no score.

        Args:
            numbers: value, low and high as evaluation.json has them.
            prefix: what their names begin with, such as `baseline_`.
        """
        if numbers is None:
            return Markup()
        value, low, high = (_finite(numbers[f"{prefix}{name}"]) for name in BOUNDS)
        if value is None:
            return Markup("not scored")
        bounds = "" if low is None or high is None else f" [{self.shown(low)}, {self.shown(high)}]"
        return Markup(f"{self.shown(value)}{bounds}")  # noqa: S704 (these are numbers)

    def content(self) -> dict[str, str]:
        """Return what evaluation.json has under the metric's name."""
        return {"better": self.better, "unit": self.unit}


def reported(name: str, *evaluations: Mapping[str, Any]) -> ReportedMetric:
    """Return what reports state of a metric.

    Args:
        name: the metric.
        evaluations: contents of evaluation.json; the first that describes the metric counts. None
            of them does if all were written before descriptions were; then the metric is taken
            for one of the library.
    """
    for evaluation in evaluations:
        found = evaluation.get("metrics", {}).get(name)
        if found:
            return ReportedMetric(name, found["better"], found["unit"])
    return ReportedMetric(
        name,
        "lower" if name in LOWER_IS_BETTER else "higher",
        "target" if name in IN_UNITS_OF_TARGET else "none",
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def are_described(metrics: Any) -> bool:
    """Return whether this is what evaluation.json may have under `metrics`."""
    return isinstance(metrics, dict) and all(
        isinstance(one, dict)
        and one.get("better") in ("lower", "higher")
        and isinstance(one.get("unit"), str)
        for one in metrics.values()
    )

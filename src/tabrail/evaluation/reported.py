"""Metrics in reports: whether higher or lower is better, and how a value is shown.

evaluation.json has both for every metric, so reports can be read without the project's code.
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
    """A metric in a report.

    Attributes:
        name: its name.
        better: which way is better: `lower` or `higher`.
        unit: `none` for a share or an index; `target` for that of the target; `unknown` for a
            custom metric.
    """

    name: str
    better: str
    unit: str

    @property
    def sign(self) -> int:
        """Return 1 if higher is better, else -1."""
        return -1 if self.better == "lower" else 1

    def shown(self, value: float | None) -> str:
        """Return a value as text for people."""
        value = math.nan if value is None else value
        return number(value) if self.unit == "none" else amount(value)

    def interval(self, numbers: Mapping[str, float | None] | None, prefix: str = "") -> Markup:
        """Return a score with its interval as Markdown; blank for no score.

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
        """Return the content of evaluation.json under the metric's name."""
        return {"better": self.better, "unit": self.unit}


def reported(name: str, *evaluations: Mapping[str, Any]) -> ReportedMetric:
    """Return the description of a metric for reports.

    Args:
        name: the metric.
        evaluations: contents of evaluation.json; the first that describes the metric is used. Older
            files have no descriptions; then the metric is assumed to be one of the library.
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
    """Check whether this is a valid content of `metrics` in evaluation.json."""
    return isinstance(metrics, dict) and all(
        isinstance(one, dict)
        and one.get("better") in ("lower", "higher")
        and isinstance(one.get("unit"), str)
        for one in metrics.values()
    )

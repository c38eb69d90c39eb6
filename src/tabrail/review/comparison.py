"""What came of comparing two models: scores of both and their difference, on the same rows.

The text is in comparison.md.jinja.
"""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tabrail.evaluation.intervals import Score
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.jinja import fill_comment
from tabrail.review.check import cut

TEMPLATE = Path(__file__).with_name("comparison.md.jinja")
FRESH, ALL = "fresh rows", "all rows"
MOST_ROWS = 40  # GitHub takes 65,536 characters in all


@dataclass(frozen=True)
class Comparison:
    """How two models do on the same rows.

    Attributes:
        rows: how many there are.
        challenger: the score of the model that is here.
        champion: that of the other one.
        difference: the first less the second, on the same draws of rows.
    """

    rows: int
    challenger: Score
    champion: Score
    difference: Score


@dataclass(frozen=True)
class Compared:
    """A challenger and a champion.

    Attributes:
        challenger: the version of the model that is here.
        champion: that of the other one.
        metric: what they are scored by.
        fresh: how many test rows the champion's run did not have.
        verdict: better, worse or no clear difference, on the fresh rows, or on all if there are
            none.
        parts: comparisons by name: fresh rows, slices of them, all rows.
        notes: what to bear in mind, in sentences.
        described: which way the metric is better and how it is shown, for a metric of the project's
            own.
    """

    challenger: str
    champion: str
    metric: str
    fresh: int
    verdict: str
    parts: dict[str, Comparison]
    notes: list[str]
    described: ReportedMetric | None = field(default=None, repr=False)

    def content(self) -> dict[str, Any]:
        """Return it for programs."""
        content = asdict(self)
        del content["described"]
        return content

    def markdown(self) -> str:
        """Return it for people."""
        metric, judged = self._described(), FRESH if FRESH in self.parts else ALL
        return fill_comment(
            TEMPLATE,
            verdict=self.verdict,
            metric=metric,
            challenger=self.challenger,
            champion=self.champion,
            parts=[
                {
                    "name": cut(name),
                    "is_judged": name == judged,
                    "rows": part.rows,
                    "challenger": metric.interval(asdict(part.challenger)),
                    "champion": metric.interval(asdict(part.champion)),
                    "difference": _with_sign(metric, part.difference),
                }
                for name, part in self._worst_first()
            ],
            most_rows=MOST_ROWS,
            notes=self.notes,
        )

    def _described(self) -> ReportedMetric:
        return self.described or reported(self.metric)

    def _worst_first(self) -> list[tuple[str, Comparison]]:
        """Return the parts, the slices in another order if there is no room for all."""
        if len(self.parts) <= MOST_ROWS:
            return list(self.parts.items())

        def place(part: tuple[str, Comparison]) -> tuple[bool, float]:
            name, ahead = part[0], self._described().sign * part[1].difference.value
            return name not in (FRESH, ALL), ahead if math.isfinite(ahead) else math.inf

        return sorted(self.parts.items(), key=place)


def verdict(metric: str, difference: Score, described: ReportedMetric | None = None) -> str:
    """Return which model is better, if the interval of their difference leaves no doubt.

    Args:
        metric: what they are scored by.
        difference: the challenger's score less the champion's.
        described: which way the metric is better and how it is shown; not needed for a metric of
            the library.
    """
    described = described or reported(metric)
    if not math.isfinite(difference.low):
        return f"⚪ There is no verdict on {metric}: too few rows or keys"
    ahead = f"by {_with_sign(described, difference)}"
    low, high = sorted(described.sign * bound for bound in (difference.low, difference.high))
    if low > 0:
        return f"✅ The challenger is better: {metric} differs {ahead}"
    if high < 0:
        return f"❌ The challenger is worse: {metric} differs {ahead}"
    return f"⚪ There is no clear difference: {metric} differs {ahead}"


def _with_sign(metric: ReportedMetric, score: Score) -> Markup:
    """Return a difference with its interval, as Markdown; a + says that it is above 0."""
    if not math.isfinite(score.value):
        return Markup("not scored")
    numbers = (score.value, score.low, score.high)
    value, low, high = (f"{'+' if one > 0 else ''}{metric.shown(one)}" for one in numbers)
    bounds = f" [{low}, {high}]" if math.isfinite(score.low) else ""
    return Markup(f"{value}{bounds}")  # noqa: S704 (these are numbers)

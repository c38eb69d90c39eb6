"""The result of comparing two models: both scores and their difference on the same rows.

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
    """The scores of two models on the same rows.

    Attributes:
        rows: the number of rows.
        challenger: the score of this project's model.
        champion: the score of the other model.
        difference: the challenger's score minus the champion's, on the same bootstrap samples.
    """

    rows: int
    challenger: Score
    champion: Score
    difference: Score


@dataclass(frozen=True)
class Compared:
    """A challenger and a champion.

    Attributes:
        challenger: the version of this project's model.
        champion: the version of the other model.
        metric: the metric of the scores.
        fresh: how many test rows the champion's run did not have.
        verdict: better, worse or no clear difference, on the fresh rows. Without fresh rows, on all
            rows.
        parts: comparisons by name: fresh rows, slices of them, all rows.
        notes: remarks for the reader, in sentences.
        described: in which direction the metric is better and how it is shown. Needed for a metric
            of the project.
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
        """Return the content for JSON."""
        content = asdict(self)
        del content["described"]
        return content

    def markdown(self) -> str:
        """Return the text as Markdown."""
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
        """Return the parts; if there are too many, those with the worst slices first."""
        if len(self.parts) <= MOST_ROWS:
            return list(self.parts.items())

        def place(part: tuple[str, Comparison]) -> tuple[bool, float]:
            name, ahead = part[0], self._described().sign * part[1].difference.value
            return name not in (FRESH, ALL), ahead if math.isfinite(ahead) else math.inf

        return sorted(self.parts.items(), key=place)


def verdict(metric: str, difference: Score, described: ReportedMetric | None = None) -> str:
    """Return which model is better, if the interval of their difference excludes 0.

    Args:
        metric: the metric of the scores.
        difference: the challenger's score minus the champion's.
        described: in which direction the metric is better and how it is shown; not needed for a
            metric of the library.
    """
    described = described or reported(metric)
    if not math.isfinite(difference.low):
        return f"⚪ There is no verdict on {metric}, because there are too few rows or keys"
    ahead = f"by {_with_sign(described, difference)}"
    low, high = sorted(described.sign * bound for bound in (difference.low, difference.high))
    if low > 0:
        return f"✅ The challenger is better: {metric} differs {ahead}"
    if high < 0:
        return f"❌ The challenger is worse: {metric} differs {ahead}"
    return f"⚪ There is no clear difference: {metric} differs {ahead}"


def _with_sign(metric: ReportedMetric, score: Score) -> Markup:
    """Return a difference with its interval, as Markdown; a + shows that a number is above 0."""
    if not math.isfinite(score.value):
        return Markup("not scored")
    numbers = (score.value, score.low, score.high)
    value, low, high = (f"{'+' if one > 0 else ''}{metric.shown(one)}" for one in numbers)
    bounds = f" [{low}, {high}]" if math.isfinite(score.low) else ""
    return Markup(f"{value}{bounds}")  # noqa: S704 (these are numbers)

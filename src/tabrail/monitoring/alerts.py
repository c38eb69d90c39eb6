"""Alerts and notes: which results of the checks need a person, and what to do first.

An alert needs an effect beyond its limit. An effect in the data must also last: the latest periods
with enough rows must all show it, or all periods if there are fewer. A newer effect is a note, and
so is one in a column of little importance. For an effect in the service, one period is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tabrail.config import Monitor
from tabrail.data.conform import HARMLESS
from tabrail.monitoring.checks import Point
from tabrail.monitoring.expected import Expected

MIN_IMPORTANCE = 0.01  # the smallest share of all importance for an alert about a column's drift
HARMLESS_KINDS = tuple(f": {kind}" for kind in HARMLESS)
OF_COLUMNS = {"violations", "missing", "drift", "texts"}
RETRAIN = "retrain with newer rows: export, ingest, dvc repro"


@dataclass(frozen=True)
class Kind:
    """A kind of alert.

    Attributes:
        title: the title on the page.
        sentence: what is wrong; a format of `about`, `value`, `limit` and `metric`.
        first: the first thing to do.
        limit: the parameter of `monitor` that is the limit; blank if each period has its own.
        at_once: whether one period is enough.
        is_share: whether its values are shares, which are shown in percent.
        alone: the first thing to do if no column moved; blank if it is the same as `first`.
    """

    title: str
    sentence: str
    first: str
    limit: str = ""
    at_once: bool = False
    is_share: bool = False
    alone: str = ""


KINDS = {
    "volume": Kind(
        "Rows scored",
        "No rows came in",
        "Check that the server answers (GET /ready), and that its callers still call it.",
        at_once=True,
    ),
    "refused": Kind(
        "Rows that break the schema",
        "{value:.1%} of the rows break the schema; at most {limit:.1%} may",
        "Ask the sender of these rows what changed. Correct it there, or widen the schema in "
        "schema.yaml deliberately.",
        limit="refused",
        at_once=True,
        is_share=True,
    ),
    "violations": Kind(
        "Violations by column",
        "{about} in {value:.1%} of the rows; at most {limit:.1%} may",
        "Ask the sender of these rows what changed. A model learns a new category only when it is "
        "trained with it.",
        limit="refused",
        is_share=True,
    ),
    "missing": Kind(
        "Missing values",
        "{about} has more missing values than in training",
        "Find out at the column's source why its values no longer arrive.",
        is_share=True,
    ),
    "drift": Kind(
        "Columns against training",
        "{about} moved away from training (PSI {value:.2f}; at most {limit:.2f})",
        "Check the column's source: another unit, code or default? If the world has changed, "
        f"{RETRAIN}.",
        limit="psi",
    ),
    "texts": Kind(
        "Texts against validation",
        "{about} moved away from validation (PSI {value:.2f}; at most {limit:.2f})",
        "Read some of the latest texts: another language, source or form? If they are right, "
        f"{RETRAIN}.",
        limit="psi",
    ),
    "scores": Kind(
        "Predictions against validation",
        "The predictions moved (PSI {value:.2f}; at most {limit:.2f})",
        f"Check the columns that moved. If their values are right, {RETRAIN}.",
        alone="No column moved by itself, so look at several together: which rows are new, and who "
        f"sends them? If they are right, {RETRAIN}.",
        limit="psi",
    ),
    "review": Kind(
        "Sent to human review",
        "{value:.1%} of the predictions went to human review; at most {limit:.1%} should",
        "Check that enough people answer reviews. If predictions have come closer to the "
        f"threshold, {RETRAIN}.",
        limit="review",
        is_share=True,
    ),
    "latency": Kind(
        "Time to answer",
        "More than 1 of 100 requests takes longer than {limit:g} ms",
        "Check the server's load in GET /metrics. Add workers, or a larger machine.",
        limit="latency_ms",
        at_once=True,
    ),
    "errors": Kind(
        "Failed requests",
        "{value:.1%} of the requests failed; at most {limit:.1%} may",
        "Read the server's log for these times. If the errors began with a release, roll back.",
        limit="errors",
        at_once=True,
        is_share=True,
    ),
    "slices": Kind(
        "Live performance by slice",
        "{metric} of {about} is worse than expected",
        f"Check whether rows of this slice arrive as before. If they do, {RETRAIN}.",
    ),
    "main_metric": Kind(
        "Live performance",
        "{metric} is worse than expected",
        f"Check the columns that moved. If the data is right, {RETRAIN}. If another version did "
        "better, roll back.",
        alone="No column moved, so the same values lead to other outcomes. Check how outcomes are "
        f"recorded now. If that is right, {RETRAIN}. If another version did better, roll back.",
    ),
    "calibration": Kind(
        "Observed and predicted rate",
        "The probabilities do not match the outcomes",
        "Do not rely on the probabilities, nor on decisions at the threshold. Check that the "
        f"outcomes are complete, then {RETRAIN}.",
        limit="calibration",
        is_share=True,
    ),
}


@dataclass(frozen=True)
class Series:
    """The results of one check over the periods, for one column, slice or the whole model.

    Attributes:
        check: the name of the check.
        about: a column, a slice, or blank.
        limit: the limit of the values; None if each period has its own.
        may_alert: whether it may raise an alert, or only a note.
        points: one for each period; None if the period has too few rows.
    """

    check: str
    about: str
    limit: float | None
    may_alert: bool
    points: tuple[Point | None, ...]

    @property
    def last(self) -> Point:
        """The latest point."""
        return next(point for point in reversed(self.points) if point)

    def content(self) -> dict[str, Any]:
        """Return the series for JSON."""
        points = [
            point
            and {
                "value": point.value,
                "low": point.low,
                "high": point.high,
                "limit": point.limit if point.limit is not None else self.limit,
                "beyond": point.beyond,
                "words": point.words,
            }
            for point in self.points
        ]
        return {
            "check": self.check,
            "about": self.about,
            "limit": self.limit,
            "may_alert": self.may_alert,
            "periods": points,
        }


@dataclass(frozen=True)
class Alert:
    """Something that needs a person, or may need one soon.

    Attributes:
        check: the name of the check that found it.
        about: a column, a slice, or blank.
        what: a sentence: what changed, and by how much.
        since: the first of the latest consecutive periods that show it.
        first: the first thing to do.
    """

    check: str
    about: str
    what: str
    since: str
    first: str


def limit(check: str, about: str, expected: Expected, params: Monitor) -> float | None:
    """Return the limit of a check; None if each period has its own."""
    if check == "missing":
        return float(expected.distributions["columns"][about]["missing"]) + params.missing
    parameter = KINDS[check].limit
    return float(getattr(params, parameter)) if parameter else None


def may_alert(check: str, about: str, expected: Expected) -> bool:
    """Return whether a check may raise an alert, or only a note."""
    if check in {"drift", "missing", "texts"}:
        importance = expected.importance
        return not importance or importance.get(_column(check, about), 0.0) >= MIN_IMPORTANCE
    # Rows with other violations are refused, and there is a separate check for that.
    return check != "violations" or about.endswith(HARMLESS_KINDS)


def alerts_and_notes(
    series: Sequence[Series], names: Sequence[str], expected: Expected, persistence: int
) -> tuple[list[Alert], list[Alert]]:
    """Return the alerts and the notes.

    Args:
        series: the results of the checks.
        names: the names of the periods.
        expected: what is expected of the model.
        persistence: how many periods in a row must show an effect in the data.
    """
    alerts: list[Alert] = []
    notes: list[Alert] = []
    for one in series:
        known = [(place, point) for place, point in enumerate(one.points) if point]
        run = 0
        for _, point in reversed(known):
            if not point.beyond:
                break
            run += 1
        if run:
            # If fewer periods have enough rows, all of them must show it.
            lasts = run >= min(1 if KINDS[one.check].at_once else persistence, len(known))
            where = alerts if one.may_alert and lasts else notes
            where.append(_alert(one, names[known[-run][0]], expected))
    if not any(one.check in OF_COLUMNS for one in (*alerts, *notes)):
        alerts, notes = (
            [replace(one, first=KINDS[one.check].alone or one.first) for one in found]
            for found in (alerts, notes)
        )
    order = list(KINDS)

    def rank(one: Alert) -> tuple[int, float]:
        """Return a smaller number for a more important column."""
        share = expected.importance.get(_column(one.check, one.about), 0.0)
        return -order.index(one.check), -share

    return sorted(alerts, key=rank), sorted(notes, key=rank)


def _column(check: str, about: str) -> str:
    """Return the column that a series is about, if it is about one."""
    return about.rpartition(": ")[0] if check == "texts" else about


def _alert(one: Series, since: str, expected: Expected) -> Alert:
    kind = KINDS[one.check]
    sentence = kind.sentence.format(
        about=one.about, value=one.last.value, limit=one.limit, metric=expected.metric
    )
    what = f"{sentence}: {one.last.words}." if one.last.words else f"{sentence}."
    return Alert(one.check, one.about, what, since, kind.first)

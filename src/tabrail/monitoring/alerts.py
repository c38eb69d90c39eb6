"""What the checks found over the periods, and which of it people are told.

An alert needs an effect beyond its limit. What the world or its data may do by themselves needs to
last, too: the latest periods with enough rows must all have it, or all of them if there are fewer.
What began only in the last one, or is in a column that hardly counts, is a note. A service that
fails is an alert at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tabrail.config import Monitor
from tabrail.monitoring.checks import Point
from tabrail.monitoring.expected import Expected

MATTERS = 0.01  # the least share of all importance with which a column's drift is an alert

AT_ONCE = {"volume", "refused", "errors", "latency"}  # checks for which one period is enough

TITLES = {
    "volume": "Rows scored",
    "refused": "Rows that break the schema",
    "faults": "Faults by column",
    "missing": "Missing values",
    "drift": "Columns against training",
    "scores": "Predictions against validation",
    "review": "Sent to a person",
    "latency": "Time to answer",
    "errors": "Failed requests",
    "slices": "Live performance by slice",
    "main_metric": "Live performance",
    "calibration": "Observed and predicted rate",
}
SENTENCES = {
    "volume": "No rows came in",
    "refused": "{value:.1%} of the rows break the schema; at most {limit:.1%} may",
    "faults": "{about} in {value:.1%} of the rows; at most {limit:.1%} may",
    "missing": "{about} misses more values than in training",
    "drift": "{about} moved away from training (index {value:.2f}; at most {limit:.2f})",
    "scores": "The predictions moved (index {value:.2f}; at most {limit:.2f})",
    "review": "{value:.1%} of the predictions went to a person; at most {limit:.1%} should",
    "latency": "More than 1 of 100 requests takes longer than {limit:g} ms",
    "errors": "{value:.1%} of the requests failed; at most {limit:.1%} may",
    "main_metric": "{metric} is worse than could be expected",
    "slices": "{metric} of {about} is worse than could be expected",
    "calibration": "The probabilities are off",
}
RETRAIN = "retrain with newer rows: export, ingest, dvc repro"
FIRST_THING = {
    "volume": "See whether the server answers (GET /ready), and whether its callers still call it.",
    "refused": "Ask whoever sends these rows what changed; correct it there, or widen the schema "
    "in schema.yaml deliberately.",
    "faults": "Ask whoever sends these rows what changed; a new category is learned only by "
    "training with it.",
    "missing": "Find out at the column's source why its values no longer arrive.",
    "drift": "Look at the column's source: another unit, code or default? If the world has "
    f"changed, {RETRAIN}.",
    "scores": f"Look at the columns that moved below; if none is at fault, {RETRAIN}.",
    "review": "See that enough people answer reviews; if predictions have come closer to the "
    f"threshold, {RETRAIN}.",
    "latency": "Look at the server's load in GET /metrics; add workers, or give it more room.",
    "errors": "Read the server's log for these times; if it began with a release, roll back.",
    "main_metric": f"Look at the columns that moved; if the data is right, {RETRAIN}. If another "
    "version did better, roll back.",
    "slices": f"See whether rows of this slice come in as before; if they do, {RETRAIN}.",
    "calibration": "Do not take the probabilities at their word, nor what the threshold makes of "
    f"them: check that the outcomes are complete, then {RETRAIN}.",
}


@dataclass(frozen=True)
class Series:
    """What one check found about one thing over the periods.

    Attributes:
        check: its name.
        about: a column, a slice, or blank.
        limit: beyond which it is too much; None if each period has its own.
        grave: whether it may raise an alert.
        points: one for each period; None where there is too little to tell.
    """

    check: str
    about: str
    limit: float | None
    grave: bool
    points: tuple[Point | None, ...]

    @property
    def last(self) -> Point:
        """The latest point that there is."""
        return next(point for point in reversed(self.points) if point)

    def content(self) -> dict[str, Any]:
        """Return it for JSON."""
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
            "may_alert": self.grave,
            "periods": points,
        }


@dataclass(frozen=True)
class Alert:
    """Something that people are told.

    Attributes:
        check: the name of the check that found it.
        about: a column, a slice, or blank.
        what: a sentence: what moved and by how much.
        since: the first period of those in a row that have it.
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
    limits: Mapping[str, float] = {
        "refused": params.refused,
        "faults": params.refused,
        "drift": params.psi,
        "scores": params.psi,
        "review": params.review,
        "latency": params.latency_ms,
        "errors": params.errors,
        "calibration": params.calibration,
    }
    return limits.get(check)


def grave(check: str, about: str, expected: Expected) -> bool:
    """Say whether a check may raise an alert, or only a note."""
    if check in {"drift", "missing"}:
        return not expected.importance or expected.importance.get(about, 0.0) >= MATTERS
    # Other faults are refusals, which have a check of their own.
    return check != "faults" or about.endswith(": unseen_category")


def told(
    series: Sequence[Series], names: Sequence[str], expected: Expected, persistence: int
) -> tuple[list[Alert], list[Alert]]:
    """Return the alerts and the notes.

    Args:
        series: what the checks found.
        names: of the periods.
        expected: what is expected of the model.
        persistence: how many periods in a row must have what has to last.
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
            # Where few periods have enough rows, they are all the evidence that there is.
            lasts = run >= min(1 if one.check in AT_ONCE else persistence, len(known))
            where = alerts if one.grave and lasts else notes
            where.append(_alert(one, names[known[-run][0]], expected))
    # Of the drifting columns, the ones that count most come first.
    weight = {name: -share for name, share in expected.importance.items()}
    order = list(TITLES)
    for found in (alerts, notes):
        found.sort(key=lambda one: (-order.index(one.check), weight.get(one.about, 0.0)))
    return alerts, notes


def _alert(one: Series, since: str, expected: Expected) -> Alert:
    sentence = SENTENCES[one.check].format(
        about=one.about, value=one.last.value, limit=one.limit, metric=expected.metric
    )
    what = f"{sentence}: {one.last.words}." if one.last.words else f"{sentence}."
    return Alert(one.check, one.about, what, since, FIRST_THING[one.check])

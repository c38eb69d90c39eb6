"""Monitor the model: run all checks on periods of the prediction log, or on tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from tabrail import paths
from tabrail.config import Params, load_params
from tabrail.data import tables
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.evaluation.metrics import Metric
from tabrail.log.entries import utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.moments import moment
from tabrail.monitoring import alerts, challengers, checks, drift, performance, window
from tabrail.monitoring.alerts import Series
from tabrail.monitoring.checks import Check, Point, Points
from tabrail.monitoring.expected import Expected, here, of_version
from tabrail.monitoring.period import Period
from tabrail.monitoring.result import Result
from tabrail.project.registry import registered

Metrics = Sequence[str | Metric] | None
MAX_NAMED = 5  # tables
MIN_DAYS = 7  # with requests, before a long time without any raises an alert

CHECKS: dict[str, Check] = {
    "refused": checks.refused,
    "violations": checks.violations,
    "missing": checks.missing,
    "drift": drift.drift,
    "texts": drift.texts,
    "scores": drift.scores,
    "review": checks.review,
    "latency": checks.latency,
    "errors": checks.errors,
    "main_metric": performance.main_metric,
    "slices": performance.slices,
    "calibration": performance.calibration,
}


def monitor(
    files: Sequence[Path],
    since: str = "",
    until: str = "",
    metrics: Sequence[str | Metric] | None = None,
    *,
    untrusted: bool = False,
) -> Result:
    """Check a span of time in the prediction log, or tables.

    Args:
        files: tables, or folders of them, each table a period; if none, the log is checked.
        since: the start. The default is `monitor.window_days` of params.yaml before the end.
        until: the end. The default is now.
        metrics: the project's METRICS; needed if the main metric is one of them. Without them, a
            metric of the library measures live performance.
        untrusted: whether to load a model file that was never recorded.

    Raises:
        InputError: there is no model, the log is missing or empty, a file is not a suitable table,
            or the main metric cannot be computed.
    """
    params = load_params()
    if files and (since or until):
        raise InputError("--since and --until apply to the prediction log, not to tables")
    if files:
        return _of_tables(files, params, metrics, untrusted=untrusted)
    with PredictionLog() as log:
        try:
            return _of_log(log, since, until, params, metrics)
        except SQLAlchemyError as error:
            raise InputError(
                f"the prediction log {log} cannot be read ({type(error).__name__}); try again"
            ) from None


def _of_tables(
    places: Sequence[Path], params: Params, metrics: Metrics, *, untrusted: bool
) -> Result:
    rows, aside = params.prepare.chunk_rows, SetAside()
    found = [file for place in places for file in tables.find(place, aside)]
    model = load_release(untrusted=untrusted)
    periods = [window.from_table(file, model, rows, aside) for file in found]
    source = ", ".join(map(str, found)) if len(found) < MAX_NAMED else f"{len(found)} tables"
    expected = replace(here(model.version), given=metrics)
    return replace(run_checks(source, expected, periods), seen=_seen(found), aside=aside)


def _seen(files: Sequence[Path]) -> str:
    """Return a warning if the model may have learned from the rows of a table, or blank."""
    raw, train = paths.RAW.resolve(), paths.TRAIN.resolve()
    for file in files:
        if file.resolve() == train or file.resolve().is_relative_to(raw):
            return (
                f"The model may have learned from rows of {file}, so its score there does not hold "
                f"for new rows. For unseen rows, run: uv run tabrail monitor {paths.TEST}"
            )
    return ""


def _of_log(log: PredictionLog, since: str, until: str, params: Params, metrics: Metrics) -> Result:
    now = utc_now()
    end = moment(until, now) if until else now
    first_day = window.midnight(end) - timedelta(days=params.monitor.window_days)
    start = moment(since, now) if since else first_day
    if start >= end:
        raise InputError(f"--since {start} is not before --until {end}")
    versions = {role: registered(one) for role, one in log.answering(start, end).items()}
    if not versions:
        raise InputError(
            f"{log} has no prediction from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC "
            f"({log.span()}); check that the server writes to this log (PREDICTION_LOG), or choose "
            "another time: --since, --until"
        )
    expected = replace(of_version(versions["champion"]), given=metrics)
    spans = window.spans(start, end, params.monitor.periods)
    bar = tqdm(spans, desc="monitor", unit=" periods", delay=1, leave=False, disable=None)
    usual = expected.distributions.get("days_of_month")
    periods = (window.from_log(log, *span, expected.schema, versions, usual) for span in bar)
    return run_checks("the prediction log", expected, periods, versions, end.date())


def run_checks(
    source: str,
    expected: Expected,
    periods: Iterable[Period],
    versions: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Result:
    """Run all checks on all periods, by the limits that the model's own params.yaml has.

    Args:
        source: the source of the periods, as text.
        expected: what is expected of the model.
        periods: in the order of time; each is checked before the next one is read, and then keeps
            little of its rows, unless it is the last one that has any.
        versions: of the models, by role, if the periods are from the log.
        today: the day on which the last period ends, if the periods are from the log.
    """
    params = expected.params.monitor
    least = params.min_rows
    checked = list(_checked(periods, expected))
    periods = [period for period, _ in checked]
    known = {violation for period in periods for violation in period.violations}
    for period, points in checked:  # a violation that is gone counts as 0 rows
        period.violations.update(dict.fromkeys(known, 0))
        if points:
            points["violations"] = checks.violations(period, expected)
    series = [_volume(periods, least, today)] if today else []
    for name in CHECKS:
        found = [points.get(name, {}) for _, points in checked]
        for about in sorted({about for points in found for about in points}):
            limit = alerts.limit(name, about, expected, params)
            may_alert = alerts.may_alert(name, about, expected)
            series.append(
                Series(name, about, limit, may_alert, tuple(points.get(about) for points in found))
            )
    raised, notes = alerts.alerts_and_notes(
        series,
        [period.begin or period.name for period in periods],
        expected,
        params.persistence,
    )
    challenger = (versions or {}).get("challenger")
    comparison = None
    if challenger:
        comparison = challengers.compared(periods, challenger, expected)
    return Result(
        source,
        expected,
        periods,
        series,
        raised,
        notes,
        comparison,
        least,
        enough=any(points for _, points in checked),
    )


def _checked(
    periods: Iterable[Period], expected: Expected
) -> Iterator[tuple[Period, dict[str, Points]]]:
    """Yield each period with what the checks found in it; nothing if it has too few rows.

    Its violations are left to whoever knows those of the other periods.
    """
    whole: Period | None = None  # the last one that has rows, which the page draws
    for period in periods:
        if whole and len(period.table):
            whole.reduce(expected.schema)
        whole = period if len(period.table) else whole
        is_enough = period.rows + period.refused + period.errors >= expected.params.monitor.min_rows
        found = {
            name: check(period, expected) if name != "violations" else {}
            for name, check in CHECKS.items()
            if is_enough
        }
        yield period, found


def _volume(periods: Sequence[Period], least: int, today: date) -> Series:
    """Return how many rows came; no rows are an alert once a period had enough of them."""
    points: list[Point | None] = []
    started = False
    for period in periods:
        started = started or period.rows >= least
        points.append(Point(float(period.rows), None, None, started and not period.days, ""))
    days = sorted({day for period in periods for day in period.days})
    if started and len(days) >= MIN_DAYS:
        longest = max(after - before for before, after in pairwise(days))
        silent = today - days[-1] > longest + timedelta(days=1)  # today is not over
        words = f"the last row came on {days[-1]}" if silent else ""
        points[-1] = Point(float(periods[-1].rows), None, None, silent, words)
    return Series("volume", "", None, may_alert=True, points=tuple(points))

"""The result of monitoring as one HTML page: complete without a network, and without scripts.

The text is in page.html.jinja.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tabrail.jinja import fill_html
from tabrail.monitoring import drawings, performance
from tabrail.monitoring.alerts import KINDS, Series
from tabrail.monitoring.checks import figure
from tabrail.monitoring.period import Period
from tabrail.monitoring.result import Result

TEMPLATE = Path(__file__).with_name("page.html.jinja")
MAX_DRAWN = 4  # columns with a drawing of their distribution
Facts = list[tuple[str, str]]


def page(result: Result) -> str:
    """Return the page: first the verdict and what to do, then the rest, folded."""
    target = result.expected.schema.target
    names = [period.name for period in result.periods]
    series = {(one.check, one.about): one for one in result.series}
    return fill_html(
        TEMPLATE,
        result=result,
        name=result.expected.schema.name,
        span=_span(result.periods),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        alerts=[
            (one, _title(one.check, one.about), _line(series[one.check, one.about], names))
            for one in result.alerts
        ],
        facts=_facts(result, target),
        aside=result.aside.text(),
        remark=result.remark,
        performance=_performance(result),
        challenger=_challenger(result.challenger),
        drift=_drift(result),
        checks=[
            {
                "title": _title(one.check, one.about),
                "drawing": _line(one, names),
                "value": _value(one.check, one.last.value),
                "limit": _limit(one),
                "beyond": one.last.beyond,
            }
            for one in result.series
        ],
        periods=[(period.name, _counts(period, target)) for period in result.periods],
    )


def _title(check: str, about: str) -> str:
    return f"{KINDS[check].title}: {about}" if about else KINDS[check].title


def _facts(result: Result, target: str) -> Facts:
    facts = [
        ("rows scored", f"{sum(period.rows for period in result.periods):,}"),
        ("rows refused", f"{sum(period.refused for period in result.periods):,}"),
        ("outcomes known", f"{sum(int(p.labeled(target).sum()) for p in result.periods):,}"),
    ]
    if held := sum(period.held for period in result.periods):
        facts.append(("clipped to a limit", f"{held:,}"))
    for check, title in (("main_metric", f"live {result.expected.metric}"), ("latency", "p99, ms")):
        if found := [one for one in result.series if one.check == check]:
            facts.append((title, figure(found[0].last.value)))
    return facts


def _performance(result: Result) -> dict[str, Any] | None:
    """Return the main metric in each period, or None if it is unknown."""
    found = [one for one in result.series if one.check == "main_metric"]
    usual = performance.measured(result.expected)
    if not found or usual is None:
        return None
    metric, before = result.expected.reported, float(usual["value"])
    known = [
        (period.name, metric.shown(point.value))
        for period, point in zip(result.periods, found[0].points, strict=True)
        if point
    ]
    drawn = drawings.ranges(found[0], before)
    return {
        "metric": metric.name,
        "usual": metric.shown(before),
        "periods": [(*one, drawing) for one, drawing in zip(known, drawn, strict=True)],
    }


def _challenger(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    equal = found["equal"]
    facts: Facts = [
        ("rows scored by both", f"{found['both']:,} of {found['rows']:,}"),
        ("equal answers", f"{equal:.1%}" if equal is not None else "none"),
        ("mean difference", _number(found["difference"])),
        ("median time, ms", _number(found["latency_ms"])),
        ("the champion's, ms", _number(found["champion_latency_ms"])),
        ("outcomes", f"{found['outcomes']:,}"),
    ]
    return {"sentence": found["sentence"], "facts": facts}


def _drift(result: Result) -> dict[str, Any] | None:
    """Return the distributions of the columns with the most important drift, or None."""
    filled = [period for period in result.periods if len(period.table)]
    drifts = [one for one in result.series if one.check == "drift" and one.last.value > 0]
    if not filled or not drifts:
        return None
    weight = result.expected.importance
    raised = {alert.about for alert in result.alerts if alert.check == "drift"}
    drifts.sort(key=lambda one: (one.about not in raised, -weight.get(one.about, 0.0)))
    known = result.expected.distributions["columns"]
    return {
        "period": filled[-1].name,
        "columns": [
            (
                f"{one.about}: {one.last.words}",
                drawings.bars(known[one.about], filled[-1].table[one.about]),
            )
            for one in drifts[:MAX_DRAWN]
        ],
    }


def _counts(period: Period, target: str) -> list[int]:
    outcomes = int(period.labeled(target).sum())
    return [period.rows, period.refused, period.errors, outcomes, period.by_other_models]


def _line(series: Series, names: Sequence[str]) -> drawings.Drawing | None:
    return drawings.line(series, names) if len(names) > 1 else None


def _value(check: str, value: float) -> str:
    if check == "volume":
        return f"{value:,.0f}"
    return f"{value:.1%}" if KINDS[check].is_share else figure(value)


def _limit(series: Series) -> str:
    limit = series.last.limit if series.last.limit is not None else series.limit
    return "" if limit is None else _value(series.check, limit)


def _number(value: object) -> str:
    return figure(value) if isinstance(value, float) else "unknown"


def _span(periods: Sequence[Period]) -> str:
    first, last = periods[0].name, periods[-1].name
    if " to " in first:
        return f"{first.split(' to ')[0]} to {last.split(' to ')[-1]}, UTC"
    return first if first == last else f"{first} to {last}"

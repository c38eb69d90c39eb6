"""The result as one HTML page: complete without a network, and without scripts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from tabrail.monitoring import drawings, performance
from tabrail.monitoring.alerts import TITLES, Alert, Series
from tabrail.monitoring.checks import Point, figure
from tabrail.monitoring.period import Period
from tabrail.monitoring.result import Result

SHELL = Path(__file__).with_name("page.html")
MOST_DRAWN = 4  # columns whose distribution is drawn
SHARES = {"refused", "faults", "missing", "review", "errors", "calibration"}


def page(result: Result) -> str:
    """Return the page: first the verdict and what to do, then the rest, folded."""
    target = result.expected.schema.target
    named = result.expected.schema.name
    parts = [
        _alerts(result),
        _facts(result, target),
        _performance(result),
        _challenger(result),
        _moved(result),
        _notes(result.notes),
        _checks(result),
        _periods(result.periods, target),
    ]
    return Template(SHELL.read_text(encoding="utf-8")).substitute(
        title=escape(f"{result.word}: {named}"),
        name=escape(named),
        verdict=result.verdict,
        word=result.word,
        headline=escape(result.headline),
        model=escape(result.expected.version),
        source=escape(result.source),
        span=escape(_span(result.periods)),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        body="\n".join(part for part in parts if part),
    )


def _alerts(result: Result) -> str:
    series = {(one.check, one.about): one for one in result.series}
    names = [period.name for period in result.periods]
    cards = [
        f'<article class="card alert"><div><h3>{escape(TITLES[alert.check])}'
        f"{': ' + escape(alert.about) if alert.about else ''}</h3>"
        f"<p>{escape(alert.what)}</p><p class=quiet>Since {escape(alert.since)}</p>"
        f"<p><strong>First:</strong> {escape(alert.first)}</p></div>"
        f"{_line(series[alert.check, alert.about], names)}</article>"
        for alert in result.alerts
    ]
    return f"<section><h2>What is wrong</h2>{''.join(cards)}</section>" if cards else ""


def _facts(result: Result, target: str) -> str:
    rows = sum(period.rows for period in result.periods)
    known = sum(int(period.labeled(target).sum()) for period in result.periods)
    refused = sum(period.refused for period in result.periods)
    metadata = [("rows scored", f"{rows:,}"), ("rows refused", f"{refused:,}")]
    metadata.append(("outcomes known", f"{known:,}"))
    for check, title in (("main_metric", f"live {result.expected.metric}"), ("latency", "p99, ms")):
        if found := [one for one in result.series if one.check == check]:
            metadata.append((title, figure(found[0].last.value)))
    return _listed(metadata)


def _performance(result: Result) -> str:
    found = [one for one in result.series if one.check == "main_metric"]
    usual = performance.measured(result.expected)
    remark = escape(result.expected.scoring.remark)
    if not found or usual is None:
        return f"<section><h2>Live performance</h2><p>{remark}</p></section>" if remark else ""
    metric, before = result.expected.reported, float(usual["value"])
    drawn = iter(drawings.ranges(found[0], before))
    rows = "".join(
        f"<div><span>{escape(period.name)}</span><b>{metric.shown(point.value)}</b>"
        f"{next(drawn)}</div>"
        for period, point in zip(result.periods, found[0].points, strict=True)
        if point
    )
    return (
        f"<section><h2>Live performance</h2>{f'<p>{remark}</p>' if remark else ''}"
        f"<p>{escape(metric.name)} with its 95% interval in each "
        f"period. The dashed line is {metric.shown(before)}, as measured at evaluation; the "
        "shaded band is what was to be expected of so many rows.</p>"
        f"<div class=ranges>{rows}</div>"
        "</section>"
    )


def _challenger(result: Result) -> str:
    challenger = result.challenger
    if challenger is None:
        return ""
    metadata = {
        "rows scored by both": f"{challenger['both']:,} of {challenger['rows']:,}",
        "equal answers": f"{challenger['equal']:.1%}"
        if challenger["equal"] is not None
        else "none",
        "mean difference": _number(challenger["difference"]),
        "median time, ms": _number(challenger["latency_ms"]),
        "the champion's, ms": _number(challenger["champion_latency_ms"]),
        "outcomes": f"{challenger['outcomes']:,}",
    }
    return (
        f"<section><h2>The challenger</h2><p>{escape(str(challenger['sentence']))}</p>"
        f"{_listed(list(metadata.items()))}</section>"
    )


def _moved(result: Result) -> str:
    filled = [period for period in result.periods if len(period.table)]
    drifts = [one for one in result.series if one.check == "drift" and one.last.value > 0]
    if not filled or not drifts:
        return ""
    weight = result.expected.importance
    raised = {alert.about for alert in result.alerts if alert.check == "drift"}
    drifts.sort(key=lambda one: (one.about not in raised, -weight.get(one.about, 0.0)))
    figures = []
    for one in drifts[:MOST_DRAWN]:
        known = result.expected.distributions["columns"][one.about]
        about = f"{one.about}: {one.last.words}"
        drawn = drawings.bars(known, filled[-1].table[one.about])
        figures.append(f"<figure><figcaption>{escape(about)}</figcaption>{drawn}</figure>")
    return (
        "<section><h2>Columns that moved</h2><p><span class='key then'></span>training "
        f"<span class='key now'></span>{escape(filled[-1].name)}</p>"
        f"<div class=grid>{''.join(figures)}</div></section>"
    )


def _notes(notes: Sequence[Alert]) -> str:
    if not notes:
        return ""
    items = "".join(
        f"<li>{escape(note.what)} <span class=quiet>Since {escape(note.since)}</span></li>"
        for note in notes
    )
    why = "These began only lately, or are in columns that hardly count for the model."
    return f"<details><summary>Notes ({len(notes)})</summary><p>{why}</p><ul>{items}</ul></details>"


def _checks(result: Result) -> str:
    names = [period.name for period in result.periods]
    rows = [
        (
            f'<th scope="row">{escape(TITLES[one.check])}'
            f"{': ' + escape(one.about) if one.about else ''}</th>",
            f"<td>{_line(one, names)}</td>",
            f"<td>{_value(one.check, one.last.value)}</td>",
            f"<td>{_limit(one)}</td>",
            f"<td>{_state(one.last)}</td>",
        )
        for one in result.series
    ]
    head = ["Check", "Over the periods", "Latest", "Limit", "State"]
    return _folded(f"All checks ({len(rows)})", head, ("".join(row) for row in rows))


def _periods(periods: Sequence[Period], target: str) -> str:
    head = ["Period", "Rows", "Refused", "Errors", "Outcomes", "By other models"]
    rows = (
        f'<th scope="row">{escape(period.name)}</th>'
        + "".join(
            f"<td>{count:,}</td>"
            for count in (
                period.rows,
                period.refused,
                period.errors,
                int(period.labeled(target).sum()),
                period.others,
            )
        )
        for period in periods
    )
    return _folded(f"Periods ({len(periods)})", head, rows)


def _folded(title: str, head: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    region = f'<div class=wide tabindex="0" role="region" aria-label="{title}">{table}</div>'
    return f"<details><summary>{title}</summary>{region}</details>"


def _line(series: Series, names: Sequence[str]) -> str:
    return drawings.line(series, names) if len(names) > 1 else ""


def _value(check: str, value: float) -> str:
    if check == "volume":
        return f"{value:,.0f}"
    return f"{value:.1%}" if check in SHARES else figure(value)


def _limit(series: Series) -> str:
    limit = series.last.limit if series.last.limit is not None else series.limit
    return "" if limit is None else _value(series.check, limit)


def _state(point: Point) -> str:
    return "<b class=bad>beyond</b>" if point.beyond else "well"


def _listed(metadata: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in metadata
    )
    return f"<dl class=metadata>{items}</dl>"


def _number(value: object) -> str:
    return figure(value) if isinstance(value, float) else "unknown"


def _span(periods: Sequence[Period]) -> str:
    first, last = periods[0].name, periods[-1].name
    if " to " in first:
        return f"{first.split(' to ')[0]} to {last.split(' to ')[-1]}, UTC"
    return first if first == last else f"{first} to {last}"

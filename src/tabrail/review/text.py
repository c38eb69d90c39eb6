"""The report of a change as Markdown: ten lines for a glance, the rest folded."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.markdown import amount, plain, table
from tabrail.review.acceptance import HOW
from tabrail.review.base import Base
from tabrail.review.check import Check, cut, some
from tabrail.review.differences import Difference, Differences, ScoreDifference, StageDifference
from tabrail.review.schema_changes import ContractChange
from tabrail.review.snapshot import Snapshot

MARKER = "<!-- model report -->"
SYMBOLS = {
    "ok": "✅",
    "FAILED": "❌",
    "accepted": "☑️",
    "dry run": "⚠️",
    "skipped": "⚪",
    "disabled": "⚪",
}
MOST_ROWS, MOST_BARS, MOST_NAMED = 40, 8, 3  # GitHub takes 65,536 characters in all
LONGEST_LABEL = 20
Describe = Callable[[str], ReportedMetric]
NOTED = {"gate", "acceptance"}  # what is said of the gate itself


def render(
    base: Base | None,
    before: Snapshot,
    now: Snapshot,
    found: Differences,
    gate: Sequence[Check],
    plots_url: str,
) -> str:
    """Return the report.

    Args:
        base: the commit that the change is compared with, if there is one.
        before: what that commit has.
        now: what the working tree has.
        found: what differs.
        gate: the gate's verdicts.
        plots_url: where the page of `dvc plots diff` is; blank if it is nowhere.
    """

    def describe(metric: str) -> ReportedMetric:
        return reported(metric, before.evaluation, now.evaluation)

    parts = [
        MARKER,
        f"## {_headline(before, now, found, gate)}",
        _intro(base, before, now, found, gate),
    ]
    if now.evaluation and found.any:
        parts += [_main_scores(now, found, describe), _plot(before, now, found)]
    if plots_url:
        parts.append(f"[All plots, before and now]({plots_url})")
    score, value = ["", "before", "now", "difference"], ["", "before", "now"]
    libraries = _ours_first(found.packages, now.direct | before.direct)
    parts += [
        _folded("Gate", ["", "check", "what was got, what is allowed"], _gate(gate)),
        _folded("All metrics", score, _scores(found.metrics, describe)),
        _folded(
            "Slices of the validation split", score, _scores(_worst_first(found.slices), describe)
        ),
        _folded("Parameters", value, _values(found.params)),
        _folded("Data", value, _values(found.data)),
        _folded("Schema", ["column", "change", "allows more"], _contract(found.schema)),
        _folded("Stages that ran", ["stage", "because of"], _stages(found.stages)),
        _folded("Libraries", value, _values(libraries)),
    ]
    text = "\n\n".join(filter(None, parts)) + "\n"
    return text.replace("@", "@\u200b")  # a name in the data is nobody to be called


def _headline(before: Snapshot, now: Snapshot, found: Differences, gate: Sequence[Check]) -> str:
    if not now.evaluation:
        return "❌ No results: run the pipeline, and commit them"
    symbol = "❌" if any(check.verdict == "FAILED" for check in gate) else "✅"
    if not found.any:
        return f"{symbol} Nothing changed"
    metric = reported(now.evaluation["main_metric"], before.evaluation, now.evaluation)
    main = _of("validation", metric.name, found.metrics)
    name, is_now = plain(metric.name), metric.shown(_value(main.head))
    value = f"{name} {is_now}"
    if main.base is None:
        return f"{symbol} {value}"
    if main.direction == "same":
        return f"{symbol} {value}, as before"
    was = metric.shown(_value(main.base))
    return f"{symbol} {name} {was} → {is_now}: {_judgment(main)}"


def _intro(
    base: Base | None, before: Snapshot, now: Snapshot, found: Differences, gate: Sequence[Check]
) -> str:
    if base is None:
        sentences = ["There is nothing to compare with yet."]
    elif not before.evaluation:
        sentences = [f"Compared with {plain(str(base))}, which has no results yet."]
    elif not found.any:
        sentences = [
            f"No result, parameter, data, schema, stage or library differs from {plain(str(base))}."
        ]
    else:
        sentences = [f"Compared with {plain(str(base))}, on validation."]
        if before.scored_rows != now.scored_rows:
            sentences.append("The scores are about other rows than before.")
    lines = [
        f"- {SYMBOLS[check.verdict]} **{check.name}**: {plain(check.detail)}"
        for check in gate
        if check.verdict in {"FAILED", "accepted", "dry run"} or check.name in NOTED
    ]
    if any(check.verdict == "FAILED" for check in gate):
        lines.append(f"- to accept one of these on purpose: `{HOW.format(check='<check>')}`")
    if worse := _hidden_losses(found, before):
        lines.append(f"- ⚠️ better on average, but worse in {worse}")
    if gate and not any(check.verdict == "FAILED" for check in gate):
        sentences.append("The gate lets it through.")
    return "\n".join([" ".join(sentences), *([""] if lines else []), *lines])


def _hidden_losses(found: Differences, before: Snapshot) -> str:
    """Name the slices that lost most although the whole has gained."""
    metric = reported(before.evaluation.get("main_metric", ""), before.evaluation)
    main = [one for one in found.metrics if (one.where, one.metric) == ("validation", metric.name)]
    if not main or main[0].direction != "better":
        return ""
    worse = [one for one in found.slices if one.direction == "worse"]
    worse.sort(key=lambda one: -abs(one.change or 0))
    named = [
        f"{plain(one.where)} ({metric.shown(_value(one.base))} → "
        f"{metric.shown(_value(one.head))}{', intervals overlap' if one.is_noise else ''})"
        for one in worse[:MOST_NAMED]
    ]
    more = f" and {len(worse) - MOST_NAMED} more slices" if len(worse) > MOST_NAMED else ""
    return ", ".join(named) + more


def _main_scores(now: Snapshot, found: Differences, describe: Describe) -> str:
    metric = now.evaluation["main_metric"]
    rows = [["", "before", "now", "difference"]]
    for split in ("validation", "test"):
        one = _of(split, metric, found.metrics)
        rows.append([plain(f"{metric} on {split}"), *_cells(one, describe)])
    constant = _of("validation", metric, found.metrics)
    rows.append(
        [
            "baseline on validation",
            *(
                describe(metric).shown(_value(run, "baseline_value")) if run else ""
                for run in (constant.base, constant.head)
            ),
            "",
        ]
    )
    return table(rows[0], rows[1:])


def _plot(before: Snapshot, now: Snapshot, found: Differences) -> str:
    """Return a chart that GitHub and GitLab draw, of the largest slices or else of importance."""
    metric = now.evaluation["main_metric"]
    slices = [one for one in found.slices if one.head and one.head["value"] is not None]
    slices.sort(key=lambda one: -float((one.head or {}).get("rows") or 0))
    if slices:
        what = f"{metric} by slice (validation)"
        bars = {one.where: _value(one.head) for one in slices[:MOST_BARS]}
        lines = {one.where: _value(one.base) for one in slices if one.base}
        main = _of("validation", metric, found.metrics)
        higher = reported(metric, before.evaluation, now.evaluation).sign > 0
        start = _value(main.head, "baseline_value") if higher else 0.0
    else:
        start = 0.0
        what = f"Importance: loss of {metric} (validation)"
        bars = dict(list(now.importance.items())[:MOST_BARS])
        lines = before.importance
    if not bars:
        return ""
    both = [lines[name] for name in bars if name in lines and lines[name] == lines[name]]
    numbers = [*bars.values(), *both]
    # A bar's length is what is gained over guessing, or what is lost.
    low, high = min(numbers + [start] * (start == start)), max(numbers)
    room = (high - low or abs(high) or 1) / 10
    labels = ", ".join(f'"{label}"' for label in _labels(bars))
    has_line = len(both) == len(bars)
    chart = [
        "---",
        "config: {xyChart: {height: 300}}",
        "---",
        "xychart-beta",
        f'    title "{_drawn(what)}: bars now{", line before" if has_line else ""}"',
        f"    x-axis [{labels}]",
        f"    y-axis {low:.6f} --> {high + room:.6f}",
        f"    bar [{', '.join(f'{value:.6f}' for value in bars.values())}]",
        *([f"    line [{', '.join(f'{value:.6f}' for value in both)}]"] if has_line else []),
    ]
    return "\n".join(["```mermaid", *chart, "```"])


def _labels(names: Iterable[str]) -> list[str]:
    """Return names for an axis: short, and still different, for equal ones would share a bar."""
    labels: list[str] = []
    for name in map(_drawn, names):
        label, count = name[:LONGEST_LABEL], 1
        while label in labels:
            count += 1
            label = f"{name[: LONGEST_LABEL - 2]} {count}"
        labels.append(label)
    return labels


def _drawn(text: str) -> str:
    """Return a text without what means something to Mermaid."""
    return re.sub(r"[^\w .,+/():=-]", "·", " ".join(text.split())) or "·"


def _scores(differences: Iterable[ScoreDifference], describe: Describe) -> list[list[str]]:
    return [
        [plain(cut(f"{one.metric} on {one.where}")), *_cells(one, describe)] for one in differences
    ]


def _worst_first(slices: Sequence[ScoreDifference]) -> Sequence[ScoreDifference]:
    """Return the slices, in another order if there is no room for all."""
    if len(slices) <= MOST_ROWS:
        return slices
    return sorted(slices, key=lambda one: (one.direction != "worse", -abs(one.change or 0)))


def _cells(one: ScoreDifference, describe: Describe) -> list[str]:
    metric = describe(one.metric)
    return [_interval(metric, one.base), _interval(metric, one.head), _judgment(one)]


def _interval(metric: ReportedMetric, numbers: Mapping[str, Any] | None) -> str:
    if numbers is None:
        return ""
    if numbers["value"] is None:
        return "not scored"
    low, high = numbers["low"], numbers["high"]
    bounds = f" [{metric.shown(low)}, {metric.shown(high)}]" if low is not None else ""
    return f"{metric.shown(numbers['value'])}{bounds}"


def _judgment(one: ScoreDifference) -> str:
    if one.change is None or one.direction == "same":
        return {"new": "new", "gone": "gone"}.get(one.direction, "")
    added = "+" if one.change > 0 else "-"
    noise = ", intervals overlap" if one.is_noise else ""
    return f"{added}{amount(abs(one.change))} {one.direction}{noise}"


def _gate(gate: Iterable[Check]) -> list[list[str]]:
    return [
        [f"{SYMBOLS[check.verdict]} {check.verdict}", check.name, plain(check.detail)]
        for check in gate
    ]


def _values(differences: Iterable[Difference]) -> list[list[str]]:
    return [[plain(cut(d.name)), _shown(d.base), _shown(d.head)] for d in differences]


def _contract(changes: Iterable[ContractChange]) -> list[list[str]]:
    return [[plain(cut(c.where)), plain(cut(c.what)), "yes" if c.loosens else ""] for c in changes]


def _stages(stages: Iterable[StageDifference]) -> list[list[str]]:
    return [[plain(s.stage), plain(some(s.because))] for s in stages]


def _ours_first(packages: Sequence[Difference], direct: set[str]) -> list[Difference]:
    return sorted(packages, key=lambda one: one.name not in direct)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    # A number as it is: of 0.0001 and 0.0002, three decimals would show nothing.
    return plain(cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))


def _folded(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    more = len(rows) - MOST_ROWS
    rest = [[f"and {more} more", *[""] * (len(head) - 1)]] if more > 0 else []
    listed = table(head, [*rows[:MOST_ROWS], *rest])
    return f"<details><summary>{title} ({len(rows)})</summary>\n\n{listed}\n\n</details>"


def _of(split: str, metric: str, scores: Iterable[ScoreDifference]) -> ScoreDifference:
    return next(one for one in scores if (one.where, one.metric) == (split, metric))


def _value(numbers: Mapping[str, Any] | None, name: str = "value") -> float:
    found = (numbers or {}).get(name)
    return float("nan") if found is None else float(found)

"""The report of a change as Markdown: ten lines of summary, the rest folded.

The text is in report.md.jinja.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.jinja import fill_comment
from tabrail.review.acceptance import HOW
from tabrail.review.base import Base
from tabrail.review.chart import chart
from tabrail.review.check import Check, cut, some
from tabrail.review.differences import Difference, Differences, ScoreDifference
from tabrail.review.snapshot import Snapshot
from tabrail.review.target_changes import not_comparable

TEMPLATE = Path(__file__).with_name("report.md.jinja")
SYMBOLS = {
    "ok": "✅",
    "FAILED": "❌",
    "accepted": "☑️",
    "dry run": "⚠️",
    "skipped": "⚪",
    "disabled": "⚪",
}
MOST_ROWS, MOST_NAMED = 40, 3  # GitHub takes 65,536 characters in all
WORTH_A_REMARK = {"FAILED", "accepted", "dry run"}
ABOUT_THE_GATE = {"gate", "acceptance"}


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
        before: the results of that commit.
        now: the results in the working tree.
        found: the differences.
        gate: the gate's verdicts.
        plots_url: the address of the page of `dvc plots diff`; blank if there is none.
    """

    def describe(metric: str) -> ReportedMetric:
        return reported(metric, before.evaluation, now.evaluation)

    metric = describe(str((now.evaluation or before.evaluation).get("main_metric", "")))
    main = _of("validation", metric.name, found.metrics)
    return fill_comment(
        TEMPLATE,
        base=str(base) if base else None,
        base_has_results=bool(before.evaluation),
        has_results=bool(now.evaluation),
        changed=found.any,
        fewer_rows=_fewer_rows(before, now),
        other_rows=_other_rows(before, now),
        incomparable=not_comparable(before, now),
        gate=gate,
        failed=any(check.verdict == "FAILED" for check in gate),
        accepted=any(check.verdict == "accepted" for check in gate),
        remarks=[
            check
            for check in gate
            if check.verdict in WORTH_A_REMARK or check.name in ABOUT_THE_GATE
        ],
        symbols=SYMBOLS,
        how_to_accept=HOW.format(check="<check>"),
        losses=_hidden_losses(found, main),
        most_named=MOST_NAMED,
        describe=describe,
        cut=cut,
        metric=metric,
        main=main,
        chart=chart(before, now, found) if now.evaluation and found.any else None,
        plots_url=plots_url,
        most_rows=MOST_ROWS,
        gate_rows=[(f"{SYMBOLS[one.verdict]} {one.verdict}", one.name, one.detail) for one in gate],
        metrics=found.metrics,
        slices=_worst_first(found.slices),
        params=_values(found.params),
        data=_values(found.data),
        schema=[(cut(one.where), cut(one.what), "yes" * one.loosens) for one in found.schema],
        stages=[(one.stage, some(one.because)) for one in found.stages],
        libraries=_values(_ours_first(found.packages, now.direct | before.direct)),
    )


def _fewer_rows(before: Snapshot, now: Snapshot) -> str:
    """Return a text if there are fewer raw rows than before: old data may have come back."""
    if before.raw_rows is None or now.raw_rows is None or before.raw_rows <= now.raw_rows:
        return ""
    fewer = before.raw_rows - now.raw_rows
    return f", {fewer:,} raw row{'s' if fewer > 1 else ''} fewer"


def _other_rows(before: Snapshot, now: Snapshot) -> str:
    """Return a text if the validation rows are others, or have other values, with both numbers."""
    if before.scored_rows == now.scored_rows:
        return ""
    changed = " The validation rows are not the same as before"
    series = (before.replicates.model, now.replicates.model)
    if not (series[0] and series[1]):
        return f"{changed}."
    if series[0].groups == series[1].groups:
        same = f"there are as many rows or keys ({series[1].groups:,}), but others or other values"
        return f"{changed}: {same}."
    return f"{changed}: {series[0].groups:,} rows or keys then, {series[1].groups:,} now."


def _hidden_losses(found: Differences, main: ScoreDifference | None) -> list[ScoreDifference]:
    """Return the slices that got worse although the model got better, the largest loss first."""
    if main is None or main.direction != "better":
        return []
    worse = [one for one in found.slices if one.direction == "worse"]
    return sorted(worse, key=lambda one: -abs(one.change or 0))


def _worst_first(slices: Sequence[ScoreDifference]) -> Sequence[ScoreDifference]:
    """Return the slices; if there are too many, the worst first."""
    if len(slices) <= MOST_ROWS:
        return slices
    return sorted(slices, key=lambda one: (one.direction != "worse", -abs(one.change or 0)))


def _values(differences: Iterable[Difference]) -> list[tuple[str, str, str]]:
    return [(cut(one.name), _shown(one.base), _shown(one.head)) for one in differences]


def _ours_first(packages: Sequence[Difference], direct: set[str]) -> list[Difference]:
    return sorted(packages, key=lambda one: one.name not in direct)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    # Numbers are not rounded: with three decimals, 0.0001 and 0.0002 would look equal.
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _of(split: str, metric: str, scores: Iterable[ScoreDifference]) -> ScoreDifference | None:
    return next((one for one in scores if (one.where, one.metric) == (split, metric)), None)

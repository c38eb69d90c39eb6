"""Differences between two runs: scores, params, data, schema, stages and packages."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tabrail.dvc import runs
from tabrail.evaluation.intervals import Series
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.review import schema_changes
from tabrail.review.schema_changes import SchemaChange
from tabrail.review.snapshot import Snapshot

Direction = Literal["better", "worse", "same", "new", "gone"]


@dataclass(frozen=True)
class Difference:
    """A value that differs; None if a run has no such value."""

    name: str
    base: Any
    head: Any


@dataclass(frozen=True)
class ScoreDifference:
    """A score of two runs, with its 95% intervals.

    Attributes:
        where: the split, or the slice of the validation split as column and value.
        metric: the metric.
        base: value, low and high before; None if there was none.
        head: value, low and high now; None if there is none.
        change: the new value minus the old one.
        direction: whether the change is an improvement.
        interval: bounds of the change, if both runs were scored on the same replicates.
    """

    where: str
    metric: str
    base: Mapping[str, float | None] | None
    head: Mapping[str, float | None] | None
    change: float | None
    direction: Direction
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class StageDifference:
    """A stage that ran again, and what changed."""

    stage: str
    because: list[str]


@dataclass(frozen=True)
class Differences:
    """All differences between two runs. `metrics` and `slices` also have the equal values."""

    metrics: list[ScoreDifference]
    slices: list[ScoreDifference]
    params: list[Difference]
    data: list[Difference]
    schema: list[SchemaChange]
    stages: list[StageDifference]
    packages: list[Difference]

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        moved = any(one.direction != "same" for one in [*self.metrics, *self.slices])
        others = (self.params, self.data, self.schema, self.stages, self.packages)
        return moved or any(map(bool, others))


def between(base: Snapshot, head: Snapshot) -> Differences:
    """Compare two runs."""
    return Differences(
        metrics=list(_metrics(base, head)),
        slices=list(_slices(base, head)),
        params=_values(base.params, head.params),
        data=_values(base.data, head.data),
        schema=in_schema(base, head),
        stages=list(_stages(base.stages, head.stages)),
        packages=_values(base.packages, head.packages),
    )


def in_schema(base: Snapshot, head: Snapshot) -> list[SchemaChange]:
    """Compare the schemas of two runs, and the ways in which they measure."""
    return schema_changes.changes(
        base.schema,
        head.schema,
        (base.measures, head.measures),
        (base.evaluation.get("metrics", {}), head.evaluation.get("metrics", {})),
    )


def _metrics(base: Snapshot, head: Snapshot) -> Iterator[ScoreDifference]:
    pair = (base.replicates, head.replicates)
    drawn = pair[0].metric if pair[0].metric == pair[1].metric else None
    for split in ("validation", "test"):
        before, after = (run.evaluation.get(split, {}).get("metrics", {}) for run in (base, head))
        for metric in _names(after, before):
            described = reported(metric, base.evaluation, head.evaluation)
            of = pair if (split, metric) == ("validation", drawn) else ()
            series = [one.model for one in of]
            yield _score(split, described, before.get(metric), after.get(metric), series)


def _slices(base: Snapshot, head: Snapshot) -> Iterator[ScoreDifference]:
    metric = head.evaluation.get("main_metric", "")
    evaluations = [base.evaluation, head.evaluation]
    described = reported(metric, *evaluations)
    if metric != base.evaluation.get("main_metric", metric):
        evaluations[0] = {}
    before, after = (run.get("validation", {}).get("slices", {}) for run in evaluations)
    drawn = [
        one.slices if one.metric == metric else {} for one in (base.replicates, head.replicates)
    ]
    for column in _names(after, before):
        old, new = before.get(column, {}), after.get(column, {})
        for value in _names(new, old):
            series = [one.get(column, {}).get(value) for one in drawn]
            yield _score(f"{column} {value}", described, old.get(value), new.get(value), series)


def _score(
    where: str,
    metric: ReportedMetric,
    base: Mapping[str, Any] | None,
    head: Mapping[str, Any] | None,
    series: Sequence[Series | None],
) -> ScoreDifference:
    before, after = ((one or {}).get("value") for one in (base, head))
    if base is None or before is None or head is None or after is None:
        direction: Direction = "same"
        if (before is None) != (after is None):
            direction = "new" if before is None else "gone"
        return ScoreDifference(where, metric.name, base, head, None, direction, None)
    change = after - before
    gain = metric.sign * change
    direction = "same" if change == 0 else "better" if gain > 0 else "worse"
    interval = None
    if known := [one for one in series if one is not None]:
        found = known[-1].less(known[0]).score()
        if len(known) == len(series) and math.isfinite(found.low):
            interval = (found.low, found.high)
    return ScoreDifference(where, metric.name, base, head, change, direction, interval)


def _stages(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[StageDifference]:
    for stage in _names(head, base):
        before, after = base.get(stage), head.get(stage)
        if before is None or after is None:
            what = "the stage is new" if before is None else "the stage was removed"
            yield StageDifference(stage, [what])
        elif before != after:
            read = [runs.read(run) for run in (before, after)]
            params = [runs.params(run) for run in (before, after)]
            changed = [difference.name for difference in _values(read[0], read[1])]
            changed += [
                f"{file}: {difference.name}"
                for file in _names(params[1], params[0])
                for difference in _values(params[0].get(file, {}), params[1].get(file, {}))
            ]
            same_command = runs.command(before) == runs.command(after)
            changed += [] if same_command else ["the command"]
            yield StageDifference(stage, changed or ["only its outputs, no dependency"])


def _values(base: Any, head: Any, name: str = "") -> list[Difference]:
    """Return the values that differ, with dotted keys as names."""
    if base == head:
        return []
    if not isinstance(base, Mapping) or not isinstance(head, Mapping):
        if isinstance(base, Mapping) and head is None:
            return _values(base, {}, name)
        if isinstance(head, Mapping) and base is None:
            return _values({}, head, name)
        return [Difference(name, base, head)]
    return [
        difference
        for key in _names(head, base)
        for difference in _values(
            base.get(key), head.get(key), f"{name}.{key}" if name else str(key)
        )
    ]


def _names(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the keys of two mappings: those of the first one, then those of the second only."""
    return [*first, *(key for key in second if key not in first)]

"""The gate: the requirements in params.yaml for merging a change."""

from collections.abc import Callable, Mapping

from tabrail import paths
from tabrail.config import Gate, Goal
from tabrail.data.distributions import psi
from tabrail.errors import nearest
from tabrail.evaluation.metrics import METRICS
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.markdown import amount
from tabrail.review import gaps, losses, slices
from tabrail.review.acceptance import HOW, Acceptance
from tabrail.review.check import Check, Outcome, cut, some, some_whole
from tabrail.review.differences import in_schema
from tabrail.review.losses import Loss
from tabrail.review.snapshot import Snapshot

NOT_MADE = {"disabled": "is disabled in params.yaml", "blank": "has no limit in params.yaml"}


def checks(
    base: Snapshot, head: Snapshot, params: Gate, accepted: Mapping[str, Acceptance]
) -> list[Check]:
    """Compare a run with another one and with fixed bounds.

    Args:
        base: the run that the change starts from; empty if there was none.
        head: the run of the change.
        params: the requirements.
        accepted: failures that people have accepted, by check.
    """
    if not head.evaluation:
        return [Check("gate", "FAILED", "there are no results", "run: uv run dvc repro")]
    outcomes: dict[str, Callable[[], Outcome]] = {
        "goal": lambda: _goal(head, params.goal),
        "baseline": lambda: _baseline(head),
        "main_metric": lambda: _main_metric(base, head, params.main_metric.max_loss),
        "slices": lambda: slices.judged(base, head, params.slices.max_loss),
        "max_gap": lambda: gaps.judged(head, params.max_gap),
        "rows": lambda: _rows(base, head),
        "schema": lambda: _schema(base, head),
        "drift": lambda: _drift(base, head, params.drift.psi),
        "model_size": lambda: _size(head, params.model_size.megabytes),
    }
    return [
        _judged(name, params.check(name), outcome, accepted.get(name))
        for name, outcome in outcomes.items()
    ]


def _judged(
    name: str, state: str, outcome: Callable[[], Outcome], accepted: Acceptance | None
) -> Check:
    if state in NOT_MADE:
        return Check(name, "disabled", NOT_MADE[state])
    passed, detail = outcome()
    if passed is None:
        return Check(name, "skipped", detail)
    if passed:
        return Check(name, "ok", detail)
    if accepted:
        by = f"{accepted.author} in {accepted.commit}"
        return Check(name, "accepted", f"{detail}; accepted by {by}: {accepted.reason}")
    if state == "dry_run":
        return Check(name, "dry run", detail)
    return Check(name, "FAILED", detail, f"fix it, or accept it: {HOW.format(check=name)}")


def alone(head: Snapshot, params: Gate) -> list[Check]:
    """Return the gate's checks of a run without a base.

    Nothing is merged, so nothing fails: a failed check has the verdict "dry run".
    """
    checked = checks(Snapshot(), head, params, {}) if head.evaluation else []
    return [
        Check(one.name, "dry run", one.detail) if one.verdict == "FAILED" else one
        for one in checked
        if one.verdict in ("ok", "FAILED", "dry run")
    ]


def _goal(head: Snapshot, goal: Goal) -> Outcome:
    found = head.evaluation["validation"]["metrics"]
    name = goal.metric or head.evaluation["main_metric"]
    if not goal.is_set:
        better = reported(name, head.evaluation) if name in found else None
        words = "at_most" if better and better.sign < 0 else "at_least"
        example = f"goal: {{metric: {name}, {words}: <number>}}"
        return None, f"no success number is set; write it in {paths.PARAMS}, gate: {example}"
    if name not in found:
        return False, f"{name} of gate.goal is not in METRICS{nearest(name, found)}"
    metric = reported(name, head.evaluation)
    lower = metric.sign < 0
    bound, words = (goal.at_most, "at_most") if lower else (goal.at_least, "at_least")
    if bound is None:
        return False, f"{name} is better when {metric.better}; write {words} in gate.goal"
    value = found[name]["value"]
    if value is None:
        return False, f"{name} is undefined on validation"
    detail = f"{name} {metric.shown(value)}; {words.replace('_', ' ')} {amount(bound)}"
    return (value <= bound if lower else value >= bound), detail


def _baseline(head: Snapshot) -> Outcome:
    metric = reported(head.evaluation["main_metric"], head.evaluation)
    numbers = head.evaluation["validation"]["metrics"][metric.name]
    value, constant = numbers["value"], numbers["baseline_value"]
    if value is None or constant is None:
        return False, f"{metric.name} is undefined on validation"
    found = head.replicates
    if found.model is None or found.baseline is None:
        return None, f"{paths.REPLICATES} is missing, so the lead over the baseline is unknown"
    ahead = losses.between(found.model, found.baseline, metric.sign)
    if not ahead.has_interval:
        return None, f"{metric.name} has no interval: too few validation rows or keys"
    bounds = f"95% interval {amount(ahead.low)} to {amount(ahead.high)}"
    lead = f"is {amount(ahead.value)} ahead of the baseline's {metric.shown(constant)}"
    compared = f"{metric.name} {metric.shown(value)} {lead} ({bounds})"
    return ahead.low > 0, f"{compared}; the whole interval must be above 0"


def _main_metric(base: Snapshot, head: Snapshot, most: float | None) -> Outcome:
    if not base.evaluation:
        return None, "the base has no results"
    # Someone could choose the head's main metric because it looks good.
    metric = reported(base.evaluation["main_metric"], base.evaluation, head.evaluation)
    before, after = (
        run.evaluation["validation"]["metrics"].get(metric.name) for run in (base, head)
    )
    if after is None:
        if _could_have(head, base, metric):
            return False, f"{metric.name}, the base's main metric, is no longer in METRICS"
        return None, f"there is no {metric.name} to compare, because the task has changed"
    if before["value"] is None or after["value"] is None:
        return after["value"] is not None, f"{metric.name} was or is undefined on validation"
    loss = _loss(base, head, metric)
    values = f"{metric.name} {metric.shown(before['value'])} → {metric.shown(after['value'])}"
    if loss.value <= 0:
        return True, f"{values}, not worse"
    if most is None and not loss.has_interval:
        return None, f"{metric.name} has no interval: too few validation rows or keys"
    limit = loss.limit(most, losses.lead(before, metric.sign))
    return not loss.is_refused(limit), f"{values}, {loss.said(limit)}"


def _loss(base: Snapshot, head: Snapshot, metric: ReportedMetric) -> Loss:
    """Return the loss in the base's main metric, paired if both runs have replicates."""
    pair = (base.replicates, head.replicates)
    if pair[0].model and pair[1].model and {one.metric for one in pair} == {metric.name}:
        return losses.between(pair[0].model, pair[1].model, metric.sign)
    before, after = (run.evaluation["validation"]["metrics"][metric.name] for run in (base, head))
    return losses.unpaired(before, after, metric.sign)


def _could_have(head: Snapshot, base: Snapshot, metric: ReportedMetric) -> bool:
    """Return whether a metric of the base could be computed for the head's task."""
    task = head.schema.get("task", "")
    own = metric.unit == "unknown" and task == base.schema.get("task", "")
    return own or metric.name in METRICS.get(task, ())


def _rows(base: Snapshot, head: Snapshot) -> Outcome:
    if base.raw_rows is None or head.raw_rows is None:
        which = "the base" if base.raw_rows is None else "this run"
        return None, f"{which} has no number of raw rows"
    fewer = base.raw_rows - head.raw_rows
    if fewer > 0:
        return False, f"{head.raw_rows:,} raw rows, {fewer:,} fewer than in the base"
    return True, f"{head.raw_rows:,} raw rows, no fewer than in the base"


def _schema(base: Snapshot, head: Snapshot) -> Outcome:
    if not base.schema:
        return None, "the base has no schema"
    if not head.schema:
        return False, "the schema is gone"
    if found := [str(change) for change in in_schema(base, head) if change.loosens]:
        return False, f"the schema allows more, or metrics are measured differently: {some(found)}"
    return True, "the schema allows no more than before, and metrics are measured the same way"


def _drift(base: Snapshot, head: Snapshot, most: float) -> Outcome:
    if not base.distributions or not head.distributions:
        which = "this run" if base.distributions else "the base"
        return None, f"{which} has no distributions of its columns"
    found = psi(base.distributions, head.distributions)
    if not found:
        return None, "there are no columns to compare"
    ordered = sorted(found, key=lambda name: -found[name])
    beyond = [f"{cut(name)} {found[name]:.2f}" for name in ordered if found[name] > most]
    if beyond:
        return False, f"population stability index of {some_whole(beyond)}; at most {most:g}"
    if not found[ordered[0]]:
        return True, "no column's distribution has changed"
    highest = f"highest population stability index {found[ordered[0]]:.2f} ({ordered[0]})"
    return True, f"{highest}; at most {most:g}"


def _size(head: Snapshot, most: float) -> Outcome:
    size = head.evaluation["model"]["bytes"] / 1e6
    return size <= most, f"the model file has {size:,.2f} MB; at most {most:g}"

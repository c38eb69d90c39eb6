"""The gate: what params.yaml demands of a change before it is merged."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tabrail.config import Gate
from tabrail.data.distributions import psi
from tabrail.evaluation.metrics import METRICS
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.review.acceptance import HOW, Acceptance
from tabrail.review.check import Check, some
from tabrail.review.differences import in_schema
from tabrail.review.snapshot import Snapshot

Numbers = Mapping[str, Any]
Outcome = tuple[bool | None, str]  # None: unknown; and what was found and is allowed


def checks(
    base: Snapshot, head: Snapshot, params: Gate, accepted: Mapping[str, Acceptance]
) -> list[Check]:
    """Compare a run with another one and with fixed bounds.

    Args:
        base: the run that the change starts from; empty if there was none.
        head: the run of the change.
        params: what is demanded.
        accepted: failures that people have accepted, by check.
    """
    if not head.evaluation:
        return [Check("gate", "FAILED", "there are no results", "run: uv run dvc repro")]
    outcomes: dict[str, Callable[[], Outcome]] = {
        "baseline": lambda: _baseline(head, params.baseline.margin),
        "main_metric": lambda: _main_metric(base, head, params.main_metric.tolerance),
        "slices": lambda: _slices(base, head, params.slices.tolerance),
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
    if state == "disabled":
        return Check(name, "disabled", "is disabled in params.yaml")
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
    return Check(name, "FAILED", detail, f"mend it, or: {HOW.format(check=name)}")


def _baseline(head: Snapshot, least: float) -> Outcome:
    metric = reported(head.evaluation["main_metric"], head.evaluation)
    numbers = head.evaluation["validation"]["metrics"][metric.name]
    value, constant, error = numbers["value"], numbers["baseline_value"], margin(numbers)
    if value is None or constant is None:
        return False, f"{metric.name} is undefined on validation"
    if error is None:
        return None, f"{metric.name} has no interval: too few validation rows or keys"
    lead = metric.sign * (value - constant)
    ahead = f"{_times(lead, error)} margins of error ahead of the baseline's"
    compared = f"{metric.name} {metric.shown(value)} is {ahead} {metric.shown(constant)}"
    # Without an error to measure by, as with a constant, being ahead at all has to do.
    return lead >= least * error if error else lead > 0, f"{compared}; at least {least:g}"


def _main_metric(base: Snapshot, head: Snapshot, most: float) -> Outcome:
    if not base.evaluation:
        return None, "the base has no results"
    # What the head has could be chosen to look well.
    metric = reported(base.evaluation["main_metric"], base.evaluation, head.evaluation)
    before, after = (
        run.evaluation["validation"]["metrics"].get(metric.name) for run in (base, head)
    )
    if after is None:
        if _could_have(head, base, metric):
            return False, f"{metric.name}, the base's main metric, is no longer in METRICS"
        return None, f"there is no {metric.name} to compare: the task is another one"
    if before["value"] is None or after["value"] is None:
        return after["value"] is not None, f"{metric.name} was or is undefined on validation"
    error = _margin(before, after, same_rows=base.scored_rows == head.scored_rows)
    if error is None:
        return None, f"{metric.name} of the base has no interval: too few validation rows or keys"
    loss = metric.sign * (before["value"] - after["value"])
    values = f"{metric.name} {metric.shown(before['value'])} → {metric.shown(after['value'])}"
    if loss <= 0:
        return True, f"{values}, not worse"
    return (
        loss <= most * error,
        f"{values}, worse by {_times(loss, error)} margins of error; at most {most:g}",
    )


def _could_have(head: Snapshot, base: Snapshot, metric: ReportedMetric) -> bool:
    """Return whether a metric of the base could be computed for the head's task."""
    task = head.schema.get("task", "")
    own = metric.unit == "unknown" and task == base.schema.get("task", "")
    return own or metric.name in METRICS.get(task, ())


def _slices(base: Snapshot, head: Snapshot, most: float) -> Outcome:
    if not base.evaluation:
        return None, "the base has no results"
    name = head.evaluation["main_metric"]
    if base.evaluation["main_metric"] != name:
        return None, f"the base has its slices by {base.evaluation['main_metric']}, not by {name}"
    metric = reported(name, base.evaluation, head.evaluation)
    same_rows = base.scored_rows == head.scored_rows
    compared, worse, unscored = 0, [], []
    for column, values in base.evaluation["validation"]["slices"].items():
        for value, before in values.items():
            after = head.evaluation["validation"]["slices"].get(column, {}).get(value, {})
            error = margin(before)
            if error is None:
                continue
            if after.get("value") is None:
                unscored.append(f"{column} {value}")
                continue
            error = _margin(before, after, same_rows=same_rows) or 0.0
            compared += 1
            loss = metric.sign * (before["value"] - after["value"])
            if loss > most * error:
                numbers = f"{metric.shown(before['value'])} → {metric.shown(after['value'])}"
                worse.append(f"{column} {value} {numbers} ({_times(loss, error)})")
    problems = [f"no longer scored: {some(unscored)}"] if unscored else []
    if worse:
        problems = [f"worse by margins of error: {some(worse)}; at most {most:g}", *problems]
    if problems:
        return False, "; ".join(problems)
    if not compared:
        return None, "no slice has an interval in both"
    return True, f"none of {compared} is worse by more than {most:g} margins of error"


def _schema(base: Snapshot, head: Snapshot) -> Outcome:
    if not base.schema:
        return None, "the base has no schema"
    if not head.schema:
        return False, "there is no schema any more"
    if found := [str(change) for change in in_schema(base, head) if change.loosens]:
        return False, f"allows more, or measures otherwise: {some(found)}"
    return True, "allows no more than before, and measures the same"


def _drift(base: Snapshot, head: Snapshot, most: float) -> Outcome:
    if not base.distributions or not head.distributions:
        which = "this run" if base.distributions else "the base"
        return None, f"{which} has no distributions of its columns"
    found = psi(base.distributions, head.distributions)
    if not found:
        return None, "there are no columns to compare"
    ordered = sorted(found, key=lambda name: -found[name])
    beyond = [f"{name} {found[name]:.2f}" for name in ordered if found[name] > most]
    if beyond:
        return False, f"population stability index of {some(beyond)}; at most {most:g}"
    if not found[ordered[0]]:
        return True, "no column has other values than before"
    highest = f"highest population stability index {found[ordered[0]]:.2f} ({ordered[0]})"
    return True, f"{highest}; at most {most:g}"


def _size(head: Snapshot, most: float) -> Outcome:
    size = head.evaluation["model"]["bytes"] / 1e6
    return size <= most, f"the model file has {size:,.2f} MB; at most {most:g}"


def margin(numbers: Numbers) -> float | None:
    """Return the margin of error: half of the interval's width, if there is an interval."""
    low, high = numbers["low"], numbers["high"]
    if low is None or high is None or not high >= low or not math.isfinite(high - low):
        return None
    return float(high - low) / 2


def _margin(before: Numbers, after: Numbers, *, same_rows: bool) -> float | None:
    """Return the error that a difference has; None if the base has none.

    On the same rows it is the base's, which is more than enough, for both models err on the same
    of them; on other rows both errors add up as those of independent draws. Where no draw made
    the base err, it is the head's.
    """
    errors = margin(before), margin(after)
    if errors[0] is None:
        return None
    if errors[0] > 0 and same_rows:
        return errors[0]
    return math.hypot(errors[0], errors[1] or 0.0)


def _times(difference: float, error: float) -> str:
    if error:
        return f"{difference / error:.2f}"
    return "∞" if difference else "0.00"

"""Check whether the loss of each slice is within the limit."""

from collections.abc import Mapping

from tabrail import paths
from tabrail.evaluation.bootstrap import FEW_GROUPS
from tabrail.evaluation.reported import reported
from tabrail.review import losses
from tabrail.review.check import Outcome, cut, some, some_whole
from tabrail.review.losses import Loss
from tabrail.review.snapshot import Snapshot

MOST_SHOWN = 3  # slices, the worst first: each is a sentence


def judged(base: Snapshot, head: Snapshot, most: float | None) -> Outcome:
    """Return whether the losses of all slices are within the limit, and those that are not.

    Args:
        base: the run that the change starts from.
        head: the run of the change.
        most: the largest loss that is allowed, in the unit of the main metric; None for a tenth of
            the base's lead.
    """
    if not base.evaluation:
        return None, "the base has no results"
    name = head.evaluation["main_metric"]
    if base.evaluation["main_metric"] != name:
        return None, f"the base has its slices by {base.evaluation['main_metric']}, not by {name}"
    if base.replicates.metric != name:
        return None, f"the base has no {paths.REPLICATES}, so losses of slices are unknown"
    metric = reported(name, base.evaluation, head.evaluation)
    found: dict[str, Loss] = {}
    unscored, unjudged = [], [" ".join(one) for one in head.replicates.left_out]
    for column, values in base.replicates.slices.items():
        for value, before in values.items():
            known = head.evaluation["validation"]["slices"].get(column, {}).get(value, {})
            after = head.replicates.slices.get(column, {}).get(value)
            if known.get("value") is None:
                unscored.append(f"{column} {value}")
            elif after is not None:
                found[f"{column} {value}"] = losses.between(before, after, metric.sign)
            elif (column, value) not in head.replicates.left_out:
                unjudged.append(f"{column} {value}")
    return _judged_slices(
        found,
        most,
        losses.lead(base.evaluation["validation"]["metrics"][name], metric.sign),
        unscored,
        unjudged,
    )


def _judged_slices(
    found: Mapping[str, Loss],
    most: float | None,
    lead: float,
    unscored: list[str],
    unjudged: list[str],
) -> Outcome:
    """Return whether slices are worse than allowed, given their number."""
    together = dict(zip(found, losses.judged_together(list(found.values())), strict=True))
    limits = {name: one.limit(most, lead, len(found)) for name, one in together.items()}
    ordered = sorted(together, key=lambda name: together[name].chance)
    refused = [name for name in ordered if together[name].is_refused(limits[name])]
    named = [name for name in ordered if together[name].is_clear and name not in refused]

    def said(names: list[str]) -> str:
        sentences = [
            f"{cut(name)} {_small(together[name])}{together[name].said(limits[name])}"
            for name in names
        ]
        return some_whole(sentences, MOST_SHOWN)

    details = [f"no longer scored: {some(unscored)}"] if unscored else []
    details += [said(refused)] if refused else []
    if not details:
        if not found:
            return None, "no slice has an interval in both"
        small = sum(1 for one in found.values() if one.groups < FEW_GROUPS)
        few = f" ({small} of them small: fewer than {FEW_GROUPS} rows or keys)" if small else ""
        details = [f"none of {len(found)}{few} is worse than allowed"]
        details += [f"worse, within the limit: {said(named)}"] if named else []
    details += [f"not judged: {some(unjudged)}"] if unjudged else []
    return not (unscored or refused), "; ".join(details)


def _small(loss: Loss) -> str:
    return f"(small: {loss.groups} rows or keys) " if loss.groups < FEW_GROUPS else ""

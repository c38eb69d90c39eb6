"""Check the gap between the slices of a column."""

from tabrail import paths
from tabrail.config import MAIN_METRIC, MaxGap
from tabrail.evaluation.reported import reported
from tabrail.markdown import amount
from tabrail.review.check import Outcome, cut, some_whole
from tabrail.review.snapshot import Snapshot


def judged(head: Snapshot, params: MaxGap) -> Outcome:
    """Return whether every gap is within the limit (None without a limit), and the gaps.

    Args:
        head: the run of the change.
        params: the limit, and the measures that it applies to.
    """
    if params.limit is None:
        return None, f"gate.max_gap in {paths.PARAMS} has no limit"
    main = reported(head.evaluation["main_metric"], head.evaluation)
    gaps = {
        f"{column}, {main.name if measure == MAIN_METRIC else measure}": gap
        for column, measures in head.evaluation["validation"].get("gaps", {}).items()
        for measure, gap in measures.items()
        if measure in params.of
    }
    if not gaps:
        return None, "no column has two slices with an interval"
    ordered = sorted(gaps, key=lambda name: -gaps[name]["value"])
    beyond = [name for name in ordered if gaps[name]["value"] > params.limit]

    def said(name: str) -> str:
        gap = gaps[name]
        low, high = gap["low"], gap["high"]
        bounds = "" if low is None else f" (95% interval {amount(low)} to {amount(high)})"
        lowest, highest = cut(gap["lowest"]), cut(gap["highest"])
        return f"{cut(name)} {amount(gap['value'])}{bounds} between {lowest} and {highest}"

    shown = some_whole([said(name) for name in beyond or ordered[:1]])
    return not beyond, f"{'' if beyond else 'largest gap: '}{shown}; at most {params.limit:g}"

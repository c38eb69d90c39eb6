"""Measure the loss in the main metric, and whether it is statistically significant.

Both runs are scored on the same replicates. A replicate with difficult rows is difficult for both
runs, and the difference cancels that out. A loss is refused if it is above a limit in the metric's
unit. A significant loss is refused if it is above half the limit. Significance alone is not enough:
a model that was trained again on other rows is often significantly, but only a little, worse.

Sources:

- For pairs: Efron and Tibshirani, 1993, "An introduction to the bootstrap".
- For many slices: Holm, 1979, "A simple sequentially rejective multiple test procedure".
- For why overlap is not used: Schenker and Gentleman, 2001, "On judging the significance of
  differences by examining the overlap between confidence intervals".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from tabrail.evaluation import bootstrap
from tabrail.evaluation.intervals import Series
from tabrail.evaluation.reported import BOUNDS
from tabrail.markdown import amount

PART_OF_LEAD = 0.1  # default limit of a loss, as a part of the base's lead over its baseline
TAIL = (1 - bootstrap.LEVEL) / 2


@dataclass(frozen=True)
class Loss:
    """The loss of a score since the base.

    Attributes:
        value: in the metric's unit; below 0 for a gain.
        low: lower bound of its 95% interval; NaN if there is none.
        high: upper bound.
        error: the standard error; NaN if there is none.
        chance: the probability of such a loss by chance alone.
        groups: how many groups were drawn.
        is_clear: whether the loss is statistically significant.
    """

    value: float
    low: float
    high: float
    error: float
    chance: float
    groups: int
    is_clear: bool

    @property
    def has_interval(self) -> bool:
        """Whether there are enough groups for an interval."""
        return math.isfinite(self.low)

    def limit(self, given: float | None, lead: float, among: int = 1) -> float:
        """Return the largest loss that is allowed.

        Args:
            given: the limit in params.yaml; None for a limit from the base's lead and the
                measurable size of a loss.
            lead: the base's lead over its baseline.
            among: how many losses are tested.
        """
        if given is not None:
            return given
        half = (self.high - self.low) / 2
        if among > 1:
            half = -float(stdtrit(self.groups - 1, TAIL / among)) * self.error
        return max(PART_OF_LEAD * lead, half if self.has_interval else 0.0)

    def is_refused(self, limit: float) -> bool:
        """Return whether the loss is above the limit, or significant and above half of it."""
        return self.value > limit or (self.is_clear and self.value > limit / 2)

    def said(self, limit: float) -> str:
        """Return the loss and the limits as text, the limit that applies first."""
        bounds = f" (95% interval {_shown(self.low)} to {_shown(self.high)})"
        clear = "clearly " if self.is_clear else ""
        allowed = f"at most {_shown(limit)}, or {_shown(limit / 2)} if the loss is clear"
        if self.is_clear:
            allowed = f"at most {_shown(limit / 2)} for a clear loss, else {_shown(limit)}"
        found = f"{clear}worse by {_shown(self.value)}{bounds if self.has_interval else ''}"
        return f"{found}; {allowed}"


def between(base: Series, head: Series, sign: int) -> Loss:
    """Return the loss of one run against another.

    Args:
        base: the score before, and its replicates.
        head: the score now, and its replicates.
        sign: 1 if higher is better, else -1.
    """
    less = base.less(head)
    drawn, value = sign * less.replicates, sign * less.value
    if not len(drawn):
        return Loss(value, np.nan, np.nan, np.nan, 1.0, less.groups, is_clear=False)
    low, high = bootstrap.interval(drawn, less.groups)
    chance = bootstrap.chance(-value, -drawn, less.groups)
    error = float(np.nanstd(drawn, ddof=1)) if math.isfinite(low) else np.nan
    return Loss(value, low, high, error, chance, less.groups, is_clear=low > 0)


def unpaired(
    before: Mapping[str, float | None], after: Mapping[str, float | None], sign: int
) -> Loss:
    """Return the loss of one run against another without replicates of both.

    A base has no replicates if an earlier version of the library made it. If the main metrics
    differ, the replicates do not serve. The interval is then as wide as for scores on different
    rows.

    Args:
        before: value, low and high as evaluation.json has them.
        after: the same numbers now.
        sign: 1 if higher is better, else -1.
    """
    (value, low, high), (now, now_low, now_high) = (
        [math.nan if (found := one[name]) is None else found for name in BOUNDS]
        for one in (before, after)
    )
    loss, half = sign * (value - now), math.hypot(high - low, now_high - now_low) / 2
    error = -half / float(ndtri(TAIL))
    return Loss(loss, loss - half, loss + half, error, 1.0, 0, is_clear=loss > half)


def judged_together(losses: Sequence[Loss]) -> list[Loss]:
    """Return the losses in the same order, marked as clear by Holm's procedure."""
    clear, found = True, list(losses)
    for place, number in enumerate(np.argsort([one.chance for one in losses], kind="stable")):
        one = losses[number]
        clear = clear and one.has_interval and one.chance <= TAIL / (len(losses) - place)
        found[number] = replace(one, is_clear=clear and one.value > 0)
    return found


def _shown(value: float) -> str:
    """Return a loss with enough digits to compare it with its limit."""
    return amount(value) if abs(value) >= 1 else f"{value:.3g}"


def lead(numbers: Mapping[str, float | None], sign: int) -> float:
    """Return a score's lead over the baseline; 0 if it has none, or if one is undefined."""
    value, constant = numbers["value"], numbers["baseline_value"]
    return 0.0 if value is None or constant is None else max(0.0, sign * (value - constant))

"""How much worse the main metric is than before, and whether that is more than chance.

Both runs are scored in the same replicates, so that what is hard about the rows that a replicate
draws cancels out. A loss is refused beyond a limit in the metric's own unit, and beyond half of it
if chance does not explain the loss. Chance alone is no ground: a model that learns again from other
rows is often clearly a little better or worse.

Sources: Efron and Tibshirani, 1993, "An introduction to the bootstrap", for pairs; Holm, 1979, "A
simple sequentially rejective multiple test procedure", for many slices at once; Schenker and
Gentleman, 2001, "On judging the significance of differences by examining the overlap between
confidence intervals", for why overlap is not asked.
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

PART_OF_LEAD = 0.1  # of the base over its baseline: what a change may cost by default
TAIL = (1 - bootstrap.LEVEL) / 2


@dataclass(frozen=True)
class Loss:
    """How much worse a score is than before.

    Attributes:
        value: in the metric's unit; below 0 for a gain.
        low: lower bound of its 95% interval; NaN if there is none.
        high: upper bound.
        error: the standard error; NaN if there is none.
        chance: how likely such a loss is by chance alone.
        groups: how many groups were drawn.
        is_clear: whether chance does not explain it.
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
        """Whether there are enough groups to judge by."""
        return math.isfinite(self.low)

    def limit(self, given: float | None, lead: float, among: int = 1) -> float:
        """Return the largest loss that is allowed.

        Args:
            given: by params.yaml; None to go by the base's lead and by what can be measured.
            lead: how far the base is ahead of its baseline.
            among: how many losses are looked at.
        """
        if given is not None:
            return given
        half = (self.high - self.low) / 2
        if among > 1:
            half = -float(stdtrit(self.groups - 1, TAIL / among)) * self.error
        return max(PART_OF_LEAD * lead, half if self.has_interval else 0.0)

    def is_refused(self, limit: float) -> bool:
        """Return whether the loss is beyond a limit, or beyond half of it and clear."""
        return self.value > limit or (self.is_clear and self.value > limit / 2)

    def said(self, limit: float) -> str:
        """Return the loss and what is allowed, as people read it."""
        bounds = f" (95% interval {_shown(self.low)} to {_shown(self.high)})"
        clear = "clearly " if self.is_clear else ""
        allowed = f"at most {_shown(limit)}, and {_shown(limit / 2)} where it is clear"
        found = f"{clear}worse by {_shown(self.value)}{bounds if self.has_interval else ''}"
        return f"{found}; {allowed}"


def between(base: Series, head: Series, sign: int) -> Loss:
    """Return how much worse one run is than another.

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
    """Return how much worse one run is than another whose replicates are not known.

    Its interval is as wide as if both had been scored on other rows: a base that an earlier version
    of the library made, or one with another main metric, has no replicates.

    Args:
        before: value, low and high as evaluation.json has them.
        after: likewise.
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
    """Return losses of which as many are clear as Holm's procedure allows, in the same order."""
    clear, found = True, list(losses)
    for place, number in enumerate(np.argsort([one.chance for one in losses], kind="stable")):
        one = losses[number]
        clear = clear and one.has_interval and one.chance <= TAIL / (len(losses) - place)
        found[number] = replace(one, is_clear=clear and one.value > 0)
    return found


def _shown(value: float) -> str:
    """Return a loss with digits enough to be compared with its limit."""
    return amount(value) if abs(value) >= 1 else f"{value:.3g}"


def lead(numbers: Mapping[str, float | None], sign: int) -> float:
    """Return how far a score is ahead of the baseline's; 0 if it is not, or if one is undefined."""
    value, constant = numbers["value"], numbers["baseline_value"]
    return 0.0 if value is None or constant is None else max(0.0, sign * (value - constant))

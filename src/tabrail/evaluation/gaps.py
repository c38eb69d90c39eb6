"""The gaps between the slices of a column, and the decisions of the model in each slice."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tabrail.config import MAIN_METRIC
from tabrail.evaluation.intervals import Score, Series
from tabrail.evaluation.scores import BinaryScores, Scores

DECISIONS = ("recall", "precision", "flagged")  # of a binary task


class SliceScores:
    """The main metric and, with two classes, the decisions, under the same weights; see `Scores`.

    Precision is undefined for a slice without a flagged row, so such a slice makes no gap.
    """

    def __init__(self, main: Scores, metric: str, decided: BinaryScores | None) -> None:
        """Take the scores by the main metric, its name, and the decisions on the same rows."""
        self.order = main.order
        self._main, self._metric, self._decided = main, metric, decided

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """See `Scores`."""
        found = {MAIN_METRIC: self._main.under(weights, self._metric)[self._metric]}
        if self._decided:
            decided = self._decided.decisions(weights)
            found |= {name: decided[name] for name in DECISIONS}
        return {name: values for name, values in found.items() if only in ("", name)}


@dataclass(frozen=True)
class Gap:
    """The difference between the slices with the highest and the lowest value.

    Attributes:
        score: the difference, with its interval.
        lowest: the name of the slice with the lowest value.
        highest: the name of the slice with the highest value.
    """

    score: Score
    lowest: str
    highest: str

    def content(self) -> dict[str, Any]:
        """Return its content for evaluation.json."""
        return asdict(self.score) | {"lowest": self.lowest, "highest": self.highest}


def largest(found: Mapping[str, Series]) -> Gap | None:
    """Return the largest gap between slices; None if fewer than two of them have an interval.

    Both slices are scored in the same replicates. The interval is that of their difference.

    Args:
        found: the value of each slice, by its name.
    """
    known = {name: one for name, one in found.items() if np.isfinite(one.score().low)}
    if len(known) < 2:
        return None
    lowest, *_, highest = sorted(known, key=lambda name: known[name].value)
    return Gap(known[highest].less(known[lowest]).score(), lowest, highest)

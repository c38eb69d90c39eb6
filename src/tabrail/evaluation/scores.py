"""Scores of each task under many sets of weights of the same rows.

A set of weights has the weight of each row, such as its number of draws in a resample. The rows are
sorted once, so a score of a thousand resamples takes a few operations on one matrix. With weights
of 1, each score equals scikit-learn's function of the same name, or the function that is named
(https://scikit-learn.org/stable/modules/model_evaluation.html).
"""

from collections.abc import Collection
from functools import cache, partial
from typing import Protocol

import numpy as np

from tabrail.evaluation.sums import (
    by_blocks,
    computed,
    log_losses,
    mean_of_defined,
    ratio,
    steps,
    sum_by,
)


class Scores(Protocol):
    """Rows with their predictions, ready to be scored.

    Attributes:
        order: the rows' positions before they were sorted; shape (n_rows,).
    """

    order: np.ndarray

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """Compute every score under several sets of weights.

        Args:
            weights: shape (n_sets, n_rows), rows in the order of `order`, all 0 or more.
            only: the name of the one score to compute; all of them, if blank.

        Returns:
            For each metric of the task an array of shape (n_sets,); NaN where it is undefined.
        """


class BinaryScores:
    """The scores of predicted probabilities of the positive class."""

    def __init__(self, y_true: np.ndarray, probability: np.ndarray, threshold: float) -> None:
        """Sort the rows by probability, from high to low; arguments as of `metrics.scorer`."""
        self.order = np.argsort(-probability, kind="stable")
        descending = probability[self.order]
        self._truth = y_true[self.order].astype(np.float64)
        self._group_ends = np.flatnonzero(np.r_[descending[1:] != descending[:-1], True])
        self._predicted = (descending >= threshold).astype(np.float64)
        self._log_losses = log_losses(np.where(self._truth == 1, descending, 1 - descending))
        self._squares = (descending - self._truth) ** 2

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """See `Scores`; `brier` is brier_score_loss."""
        wanted = {only} if only else {"roc_auc", "average_precision"}
        ranked = by_blocks(partial(self._ranked, wanted=wanted), weights)
        rows, positives = ranked["rows"], ranked["positives"]

        @cache
        def predicted() -> np.ndarray:
            return weights @ self._predicted

        @cache
        def hits() -> np.ndarray:
            return weights @ (self._predicted * self._truth)

        return computed(
            {
                "roc_auc": lambda: ranked["roc_auc"],
                "average_precision": lambda: ranked["average_precision"],
                "log_loss": lambda: ratio(weights @ self._log_losses, rows),
                "brier": lambda: ratio(weights @ self._squares, rows),
                "precision": lambda: ratio(hits(), predicted(), otherwise=0.0),
                "recall": lambda: ratio(hits(), positives),
                "f1": lambda: ratio(2 * hits(), predicted() + positives),
                "accuracy": lambda: ratio(rows - predicted() - positives + 2 * hits(), rows),
            },
            only,
        )

    def _ranked(self, weights: np.ndarray, wanted: Collection[str]) -> dict[str, np.ndarray]:
        """Return cumulative counts of all rows and positive rows, and the scores from them."""
        both = np.cumsum(weights, axis=1).take(self._group_ends, axis=1)
        true = np.cumsum(weights * self._truth, axis=1).take(self._group_ends, axis=1)
        rows, positives = both[:, -1], true[:, -1]
        found = {"rows": rows, "positives": positives}
        if "roc_auc" in wanted:
            false = both - true
            area = np.sum(steps(false) * (true - steps(true) / 2), axis=1)
            found["roc_auc"] = ratio(area, positives * false[:, -1])
        if "average_precision" in wanted:
            sums = np.sum(steps(true) * ratio(true, both, otherwise=0.0), axis=1)
            found["average_precision"] = ratio(sums, positives)
        return found

    def decisions(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute the decisions of the threshold; shape (n_sets,) each, NaN where undefined.

        Unlike the metric, `precision` is undefined if no row is flagged. `flagged`,
        `false_positive` and `false_negative` are shares of all rows.

        Args:
            weights: as of `under`.
        """
        rows, positives = weights.sum(axis=1), weights @ self._truth
        predicted = weights @ self._predicted
        hits = weights @ (self._predicted * self._truth)
        return {
            "flagged": ratio(predicted, rows),
            "precision": ratio(hits, predicted),
            "recall": ratio(hits, positives),
            "false_positive": ratio(predicted - hits, rows),
            "false_negative": ratio(positives - hits, rows),
        }


class MulticlassScores:
    """The scores of predicted probabilities of several classes; the highest is the prediction.

    A class without rows under a set of weights is left out of means over classes.
    """

    def __init__(self, y_true: np.ndarray, probability: np.ndarray) -> None:
        """Sort the rows by class; arguments as of `metrics.scorer`."""
        classes = probability.shape[1]
        predicted = probability.argmax(axis=1)
        self.order = np.argsort(y_true, kind="stable")
        self._actual, self._predicted = y_true[self.order], predicted[self.order]
        self._log_losses = log_losses(probability[self.order, self._actual])
        self._ranks = [
            _Ranks(probability[self.order, code], np.flatnonzero(self._actual == code))
            for code in range(classes)
        ]

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """See `Scores`; `f1_macro` and `f1_weighted` are f1_score, `roc_auc_ovr` roc_auc_score."""
        rows = weights.sum(axis=1)
        classes = len(self._ranks)
        actual = sum_by(weights, self._actual, classes)
        predicted = sum_by(weights, self._predicted, classes)
        right = self._actual == self._predicted
        hits = sum_by(weights[:, right], self._actual[right], classes)
        f1 = ratio(2 * hits, actual + predicted)

        def areas() -> np.ndarray:
            return np.stack([ranks.area(weights) for ranks in self._ranks], axis=1)

        return computed(
            {
                "accuracy": lambda: ratio(hits.sum(axis=1), rows),
                "f1_macro": lambda: mean_of_defined(f1),
                "f1_weighted": lambda: ratio(np.sum(actual * np.nan_to_num(f1), axis=1), rows),
                "log_loss": lambda: ratio(weights @ self._log_losses, rows),
                "roc_auc_ovr": lambda: mean_of_defined(areas()),
            },
            only,
        )


class RegressionScores:
    """The scores of predicted numbers."""

    def __init__(self, y_true: np.ndarray, prediction: np.ndarray) -> None:
        """Sort the rows by absolute error; arguments as of `metrics.scorer`."""
        errors = np.abs(prediction - y_true)
        self.order = np.argsort(errors, kind="stable")
        self._errors = errors[self.order]
        # For values far from zero, the squares would lose the digits of the spread.
        self._centered = (y_true - np.median(y_true))[self.order]

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """See `Scores`; `mae` is mean_absolute_error, `rmse` root_mean_squared_error.

        Unlike `r2_score`, `r2` is undefined if y_true is constant.
        """
        upto = np.cumsum(weights, axis=1)
        rows = upto[:, -1]

        @cache
        def squares() -> np.ndarray:
            return weights @ self._errors**2

        def around_mean() -> np.ndarray:
            spread = weights @ self._centered**2
            found = spread - ratio((weights @ self._centered) ** 2, rows)
            found[found < 1e-12 * spread] = 0  # rounding errors of equal numbers
            return found

        def median() -> np.ndarray:
            half, last = rows[:, None] / 2, len(self._errors) - 1
            lower = np.count_nonzero(upto < half, axis=1).clip(max=last)
            upper = np.count_nonzero(upto <= half, axis=1).clip(max=last)
            middle = (self._errors[lower] + self._errors[upper]) / 2
            return np.where(rows > 0, middle, np.nan)

        return computed(
            {
                "mae": lambda: ratio(weights @ self._errors, rows),
                "rmse": lambda: np.sqrt(ratio(squares(), rows)),
                "r2": lambda: 1 - ratio(squares(), around_mean()),
                "median_absolute_error": median,
            },
            only,
        )


class _Ranks:
    """The area under the ROC curve of one class against the others, from its rows' ranks.

    Source: Hanley and McNeil, 1982, "The meaning and use of the area under a ROC curve".
    """

    def __init__(self, probability: np.ndarray, own: np.ndarray) -> None:
        """Sort the rows by the probability of the class; `own` has the positions of its rows."""
        order = np.argsort(probability, kind="stable")
        ascending = probability[order]
        self._order = order.astype(np.int32)  # one array for each class, which adds up
        self._own = own
        self._below = np.searchsorted(ascending, probability[own], "left").astype(np.int32)
        self._upto = np.searchsorted(ascending, probability[own], "right").astype(np.int32)

    def area(self, weights: np.ndarray) -> np.ndarray:
        """Return the area under each set of weights; NaN without rows of the class or of others."""
        ranks = np.zeros((len(weights), weights.shape[1] + 1))
        np.cumsum(weights.take(self._order, axis=1), axis=1, out=ranks[:, 1:])
        own = weights[:, self._own]
        middle = (ranks.take(self._below, axis=1) + ranks.take(self._upto, axis=1)) / 2
        count = own.sum(axis=1)
        # Half of all pairs within the class are among the rows below.
        area = np.einsum("ij,ij->i", own, middle) - count**2 / 2
        return ratio(area, count * (ranks[:, -1] - count))

"""Scores of each task under many sets of weights of the same rows at once.

A set of weights says how much each row counts: how often a resample drew it, say. So the rows are
sorted once, and a score of a thousand resamples is a few operations on one matrix. With weights
of 1 each score is that of scikit-learn's function of the same name, or of the one that is named
(https://scikit-learn.org/stable/modules/model_evaluation.html).
"""

from typing import Protocol

import numpy as np


class Scores(Protocol):
    """Rows and what a model predicted for them, ready to be scored.

    Attributes:
        order: the rows' places before they were sorted; shape (n_rows,).
    """

    order: np.ndarray

    def under(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute every score under several sets of weights.

        Args:
            weights: of shape (n_sets, n_rows), rows in the order of `order`, none below 0.

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
        self._log_losses = _log_losses(np.where(self._truth == 1, descending, 1 - descending))
        self._squares = (descending - self._truth) ** 2

    def under(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """See `Scores`; `brier` is brier_score_loss."""
        both = np.cumsum(weights, axis=1).take(self._group_ends, axis=1)
        true = np.cumsum(weights * self._truth, axis=1).take(self._group_ends, axis=1)
        false = both - true
        rows, positives = both[:, -1], true[:, -1]
        gains = np.diff(true, prepend=0)
        area = np.sum(np.diff(false, prepend=0) * (true - gains / 2), axis=1)
        predicted = weights @ self._predicted
        hits = weights @ (self._predicted * self._truth)
        return {
            "roc_auc": _ratio(area, positives * false[:, -1]),
            "average_precision": _ratio(
                np.sum(gains * _ratio(true, both, otherwise=0.0), axis=1), positives
            ),
            "log_loss": _ratio(weights @ self._log_losses, rows),
            "brier": _ratio(weights @ self._squares, rows),
            "precision": _ratio(hits, predicted, otherwise=0.0),
            "recall": _ratio(hits, positives),
            "f1": _ratio(2 * hits, predicted + positives),
            "accuracy": _ratio(rows - predicted - positives + 2 * hits, rows),
        }

    def decisions(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Compute what the threshold decides; shape (n_sets,) each, NaN where it is undefined.

        Unlike the metric, `precision` is undefined where nothing is flagged. `flagged`,
        `false_positive` and `false_negative` are shares of all rows.

        Args:
            weights: as of `under`.
        """
        rows, positives = weights.sum(axis=1), weights @ self._truth
        predicted = weights @ self._predicted
        hits = weights @ (self._predicted * self._truth)
        return {
            "flagged": _ratio(predicted, rows),
            "precision": _ratio(hits, predicted),
            "recall": _ratio(hits, positives),
            "false_positive": _ratio(predicted - hits, rows),
            "false_negative": _ratio(positives - hits, rows),
        }


class MulticlassScores:
    """The scores of predicted probabilities of several classes; the highest is the prediction.

    A class that a set of weights leaves without rows counts in no mean over the classes.
    """

    def __init__(self, y_true: np.ndarray, probability: np.ndarray) -> None:
        """Sort the rows by class; arguments as of `metrics.scorer`."""
        classes = probability.shape[1]
        predicted = probability.argmax(axis=1)
        self.order = np.argsort(y_true, kind="stable")
        self._actual, self._predicted = y_true[self.order], predicted[self.order]
        self._log_losses = _log_losses(probability[self.order, self._actual])
        self._ranks = [
            _Ranks(probability[self.order, code], np.flatnonzero(self._actual == code))
            for code in range(classes)
        ]

    def under(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """See `Scores`; `f1_macro` and `f1_weighted` are f1_score, `roc_auc_ovr` roc_auc_score."""
        rows = weights.sum(axis=1)
        classes = len(self._ranks)
        actual = _sum_by(weights, self._actual, classes)
        predicted = _sum_by(weights, self._predicted, classes)
        right = self._actual == self._predicted
        hits = _sum_by(weights[:, right], self._actual[right], classes)
        f1 = _ratio(2 * hits, actual + predicted)
        areas = np.stack([ranks.area(weights) for ranks in self._ranks], axis=1)
        return {
            "accuracy": _ratio(hits.sum(axis=1), rows),
            "f1_macro": _mean_of_defined(f1),
            "f1_weighted": _ratio(np.sum(actual * np.nan_to_num(f1), axis=1), rows),
            "log_loss": _ratio(weights @ self._log_losses, rows),
            "roc_auc_ovr": _mean_of_defined(areas),
        }


class RegressionScores:
    """The scores of predicted numbers."""

    def __init__(self, y_true: np.ndarray, prediction: np.ndarray) -> None:
        """Sort the rows by absolute error; arguments as of `metrics.scorer`."""
        errors = np.abs(prediction - y_true)
        self.order = np.argsort(errors, kind="stable")
        self._errors = errors[self.order]
        # Far from zero, the squares would leave no digits for the spread.
        self._centered = (y_true - np.median(y_true))[self.order]

    def under(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """See `Scores`; `mae` is mean_absolute_error, `rmse` root_mean_squared_error.

        Unlike `r2_score`, `r2` is undefined where the y_true does not vary.
        """
        upto = np.cumsum(weights, axis=1)
        rows = upto[:, -1]
        squares = weights @ self._errors**2
        spread = weights @ self._centered**2
        around_mean = spread - _ratio((weights @ self._centered) ** 2, rows)
        around_mean[around_mean < 1e-12 * spread] = 0  # what rounding leaves of equal numbers
        half, last = rows[:, None] / 2, len(self._errors) - 1
        lower = np.count_nonzero(upto < half, axis=1).clip(max=last)
        upper = np.count_nonzero(upto <= half, axis=1).clip(max=last)
        median = (self._errors[lower] + self._errors[upper]) / 2
        return {
            "mae": _ratio(weights @ self._errors, rows),
            "rmse": np.sqrt(_ratio(squares, rows)),
            "r2": 1 - _ratio(squares, around_mean),
            "median_absolute_error": np.where(rows > 0, median, np.nan),
        }


class _Ranks:
    """The area under the ROC curve of one class against the others, from its rows' ranks.

    Source: Hanley and McNeil, 1982, "The meaning and use of the area under a ROC curve".
    """

    def __init__(self, probability: np.ndarray, own: np.ndarray) -> None:
        """Sort the rows by the probability of the class; `own` has the places of its rows."""
        order = np.argsort(probability, kind="stable")
        ascending = probability[order]
        self._order = order.astype(np.int32)  # one for each class: they add up
        self._own = own
        self._below = np.searchsorted(ascending, probability[own], "left").astype(np.int32)
        self._upto = np.searchsorted(ascending, probability[own], "right").astype(np.int32)

    def area(self, weights: np.ndarray) -> np.ndarray:
        """Return the area under each set of weights; NaN without rows of it or of another."""
        ranks = np.zeros((len(weights), weights.shape[1] + 1))
        np.cumsum(weights.take(self._order, axis=1), axis=1, out=ranks[:, 1:])
        own = weights[:, self._own]
        middle = (ranks.take(self._below, axis=1) + ranks.take(self._upto, axis=1)) / 2
        count = own.sum(axis=1)
        # Of the rows below, half of all pairs within the class are its own.
        area = np.einsum("ij,ij->i", own, middle) - count**2 / 2
        return _ratio(area, count * (ranks[:, -1] - count))


def _log_losses(given: np.ndarray) -> np.ndarray:
    """Return the loss of each row from the probability that was given to what came true."""
    smallest = np.finfo(np.float64).eps
    return -np.log(np.clip(given, smallest, 1 - smallest))


def _sum_by(weights: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """Return the sum of each class's weights, shape (n_sets, n_classes)."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    sums = np.zeros((len(weights), classes))
    sums[:, present] = np.add.reduceat(weights.take(order, axis=1), starts, axis=1)
    return sums


def _mean_of_defined(values: np.ndarray) -> np.ndarray:
    return _ratio(np.nansum(values, axis=1), np.isfinite(values).sum(axis=1))


def _ratio(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below != 0)

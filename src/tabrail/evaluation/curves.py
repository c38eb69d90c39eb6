"""The tables behind the plots, with few points, so that Git can store and DVC can overlay them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve, precision_recall_fscore_support, roc_curve

from tabrail.data.schema import Task

CURVE_POINTS = 200
PROBABILITY_BINS = 10
VALUE_BINS = 20
MOST_CLASSES = 14  # in a confusion matrix, whose table has a line for each pair
OTHERS = "(others)"
LARGEST_SHARE = 0.99  # of the rows: an outlier beyond would flatten the rest of the curve


def tables(
    task: Task,
    y_true: np.ndarray,
    prediction: np.ndarray,
    weights: np.ndarray,
    classes: Sequence[str],
    threshold: float,
) -> dict[str, pd.DataFrame]:
    """Return the table behind each of a task's plots, except the importance of columns.

    Args:
        task: the task.
        y_true: as `metrics.scorer` takes it; shape (n_rows,).
        prediction: as `model.predict` gives it; shape (n_rows,) or (n_rows, n_classes).
        weights: how much each row counts; shape (n_rows,).
        classes: the names of the classes in the order of their codes.
        threshold: the least probability of a row that is predicted positive; binary only.
    """
    match task:
        case "binary":
            return {
                "roc": roc(y_true, prediction, weights),
                "precision_recall": precision_recall(y_true, prediction, weights),
                "calibration": calibration(y_true, prediction, weights),
                "confusion": confusion(y_true, prediction >= threshold, classes),
            }
        case "multiclass":
            predicted = prediction.argmax(axis=1)
            return {
                "confusion": confusion(y_true, predicted, classes),
                "class_scores": class_scores(y_true, predicted, weights, classes),
                "calibration": calibration(y_true == predicted, prediction.max(axis=1), weights),
            }
        case "regression":
            return {
                "calibration": mean_values(y_true, prediction, weights),
                "errors": errors(y_true, prediction, weights),
            }


def roc(y_true: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Return the ROC curve, thinned to 200 points; no points without rows of both classes."""
    false, true = np.empty(0), np.empty(0)
    if 0 < weights[y_true == 1].sum() < weights.sum():
        false, true, _ = roc_curve(y_true, probability, sample_weight=weights)
    return _thin(pd.DataFrame({"false_positive_rate": false, "true_positive_rate": true}))


def precision_recall(
    y_true: np.ndarray, probability: np.ndarray, weights: np.ndarray
) -> pd.DataFrame:
    """Return the precision-recall curve, thinned to 200 points, from recall 0 to 1.

    It has no points without positive rows.
    """
    precision, recall = np.empty(0), np.empty(0)
    if weights[y_true == 1].sum() > 0:
        precision, recall, _ = precision_recall_curve(y_true, probability, sample_weight=weights)
    return _thin(pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]}))


def calibration(y_true: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Return the observed rate against the predicted probability, in tenths of the rows.

    Source: Guo et al., 2017, "On Calibration of Modern Neural Networks".
    """
    predicted, observed = _binned(probability, y_true, weights, PROBABILITY_BINS)
    return pd.DataFrame({"predicted": predicted, "observed": observed})


def mean_values(y_true: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Return the observed mean against the mean prediction, in twentieths of the rows."""
    predicted, actual = _binned(prediction, y_true, weights, VALUE_BINS)
    return pd.DataFrame({"predicted": predicted, "actual": actual})


def errors(y_true: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """Return the share of rows with at most each absolute error, in 200 steps.

    Source: Bi and Bennett, 2003, "Regression Error Characteristic Curves".
    """
    error, places = np.unique(np.abs(prediction - y_true), return_inverse=True)
    upto = np.cumsum(np.bincount(places, weights))
    steps = np.linspace(0, LARGEST_SHARE, CURVE_POINTS) * upto[-1]
    kept = np.unique(np.searchsorted(upto, steps))
    share = upto[kept] / upto[-1] if upto[-1] else np.nan
    return pd.DataFrame({"error": error[kept], "share": share}).dropna()


def confusion(y_true: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Return the confusion matrix; rare classes are merged into one."""
    frequent = np.argsort(-np.bincount(y_true, minlength=len(classes)), kind="stable")
    if len(classes) > MOST_CLASSES:
        frequent = frequent[: MOST_CLASSES - 1]
    place = np.full(len(classes), len(frequent))
    place[np.sort(frequent)] = np.arange(len(frequent))
    names = [classes[code] for code in np.sort(frequent)]
    if len(names) < len(classes):
        names.append(OTHERS)
    cells = place[y_true] * len(names) + place[predicted.astype(np.int64)]
    counts = np.bincount(cells, minlength=len(names) ** 2).reshape(len(names), -1)
    return pd.DataFrame(
        [
            {"actual": actual, "predicted": predicted, "rows": int(counts[i, j])}
            for i, actual in enumerate(names)
            for j, predicted in enumerate(names)
        ]
    )


def class_scores(
    y_true: np.ndarray, predicted: np.ndarray, weights: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return precision, recall and F1 of each class; at most 200, those with the lowest F1."""
    precision, recall, f1, _ = precision_recall_fscore_support(
        y_true,
        predicted,
        labels=np.arange(len(classes)),
        sample_weight=weights,
        zero_division=np.nan,
    )
    rows = np.bincount(y_true, minlength=len(classes))
    table = pd.DataFrame(
        {"class": list(classes), "rows": rows, "precision": precision, "recall": recall, "f1": f1}
    )
    lowest = table.dropna(subset="f1").sort_values(["f1", "class"], ignore_index=True)
    return lowest.head(CURVE_POINTS)


def _binned(
    predicted: np.ndarray, observed: np.ndarray, weights: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of both in bins of about as many rows, by the prediction."""
    edges = np.quantile(predicted, np.linspace(0, 1, bins + 1))
    places = np.searchsorted(edges[1:-1], predicted)
    total, *sums = (
        np.bincount(places, weights=values * weights, minlength=bins)
        for values in (np.ones(len(weights)), predicted, observed)
    )
    return sums[0][total > 0] / total[total > 0], sums[1][total > 0] / total[total > 0]


def _thin(curve: pd.DataFrame) -> pd.DataFrame:
    """Keep points at equal distances along the curve, including its ends."""
    if len(curve) <= CURVE_POINTS:
        return curve
    steps = np.hypot(*np.diff(curve.to_numpy(), axis=0).T)
    travelled = np.r_[0, np.cumsum(steps)]
    kept = np.searchsorted(travelled, np.linspace(0, travelled[-1], CURVE_POINTS))
    return curve.iloc[np.unique(np.r_[0, kept.clip(max=len(curve) - 1), len(curve) - 1])]

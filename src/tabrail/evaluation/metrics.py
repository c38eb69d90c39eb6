"""The metrics of each task: their names, which way is better, and what computes them."""

import numpy as np

from tabrail import paths
from tabrail.data.schema import Task
from tabrail.errors import InputError, nearest
from tabrail.evaluation.scores import BinaryScores, MulticlassScores, RegressionScores, Scores
from tabrail.markdown import amount, number

METRICS: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "log_loss", "brier", "precision", "recall", "f1"),
    "multiclass": ("accuracy", "f1_macro", "f1_weighted", "log_loss", "roc_auc_ovr"),
    "regression": ("mae", "rmse", "r2", "median_absolute_error"),
}
IN_UNITS_OF_TARGET = {"mae", "rmse", "median_absolute_error"}
LOWER_IS_BETTER = {"log_loss", "brier", *IN_UNITS_OF_TARGET}


def scorer(task: Task, y_true: np.ndarray, prediction: np.ndarray, threshold: float) -> Scores:
    """Return the scores of a task's predictions.

    Args:
        task: the task.
        y_true: codes of the classes (binary: 1 for the positive one), or the numbers themselves
            for regression; shape (n_rows,).
        prediction: as `model.predict` gives it: probabilities of the positive class, shape
            (n_rows,); of each class, shape (n_rows, n_classes); or numbers, shape (n_rows,).
        threshold: the probability from which on a row counts as predicted positive; binary only.
    """
    match task:
        case "binary":
            return BinaryScores(y_true, prediction, threshold)
        case "multiclass":
            return MulticlassScores(y_true, prediction)
        case "regression":
            return RegressionScores(y_true, prediction)


def sign(metric: str) -> int:
    """Return 1 if higher is better, else -1."""
    return -1 if metric in LOWER_IS_BETTER else 1


def shown(metric: str, value: float) -> str:
    """Return a score as people read it."""
    return amount(value) if metric in IN_UNITS_OF_TARGET else number(value)


def require(metric: str, task: Task) -> None:
    """Check that a task has the main metric that params.yaml names.

    Raises:
        InputError: it has not.
    """
    if metric not in METRICS[task]:
        raise InputError(
            f"{paths.PARAMS}, evaluate.main_metric: {metric!r} is no metric of a {task} task"
            f"{nearest(metric, METRICS[task])}; it has: {', '.join(METRICS[task])}"
        )

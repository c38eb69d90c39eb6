"""The metrics of each task, and custom metrics of a project."""

import inspect
import math
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from tabrail import paths
from tabrail.data.schema import Task
from tabrail.errors import InputError, nearest
from tabrail.evaluation.scores import BinaryScores, MulticlassScores, RegressionScores, Scores

METRICS: dict[Task, tuple[str, ...]] = {
    "binary": (
        *("roc_auc", "average_precision", "log_loss", "brier"),
        *("precision", "recall", "f1", "accuracy"),
    ),
    "multiclass": ("accuracy", "f1_macro", "f1_weighted", "log_loss", "roc_auc_ovr"),
    "regression": ("mae", "rmse", "r2", "median_absolute_error"),
}
IN_UNITS_OF_TARGET = {"mae", "rmse", "median_absolute_error"}
BY_THRESHOLD = ("precision", "recall", "f1", "accuracy")  # of a binary task
LOWER_IS_BETTER = {"log_loss", "brier", *IN_UNITS_OF_TARGET}
# The sentence on each metric in the model card.
MEANINGS = {
    "roc_auc": "of a positive row and a negative one, how often the positive one has the higher "
    "probability; 0.5 is a guess.",
    "average_precision": "precision averaged over all thresholds; a guess has the share of "
    "positives.",
    "log_loss": "how improbable the model considered the true class; 0 is best, and confident "
    "errors cost most.",
    "brier": "the mean squared difference between probability and outcome; 0 is best.",
    "precision": "the share of positives among the rows that are predicted positive.",
    "recall": "the share of positive rows that are predicted positive.",
    "f1": "the harmonic mean of precision and recall.",
    "accuracy": "the share of rows with the right predicted class.",
    "f1_macro": "the F1 of each class, averaged over classes.",
    "f1_weighted": "the F1 of each class, averaged over rows.",
    "roc_auc_ovr": "the ROC AUC of each class against the others, averaged over classes.",
    "mae": "how far off a prediction is on average.",
    "rmse": "the root of the mean squared error: like mae, but large errors count more.",
    "r2": "the share of the target's variance that the model explains; 0 is a constant.",
    "median_absolute_error": "half of the predictions have a smaller error.",
}

Better = Literal["lower", "higher"]
On = Literal["decisions", "probabilities", "values"]
NAME = re.compile(r"[^\W\d][\w-]{0,63}")  # it becomes a key of metrics.json, so it has no dots


@dataclass(frozen=True)
class Metric:
    """A custom metric of a project, for the list METRICS.

    It is computed on the same rows and bootstrap resamples as the metrics of the library. So it
    also gets an interval, a baseline and slices.

    The function is called as `function(y_true, y_pred)`. If it has a parameter `sample_weight`,
    it also gets the weight of each row. In a resample, that is the number of draws of the row times
    its own weight. Without the parameter, a row that was drawn twice is passed twice. The function
    returns one number, or NaN where the metric is undefined, such as on a slice with one class.

    Attributes:
        function: computes the metric. The arrays that it gets are read-only.
        better: which way is better: `lower` or `higher`.
        on: the content of `y_pred`. `decisions`: binary: 1 where the probability reaches the
            threshold, else 0, shape (n_rows,); multiclass: the label of the most probable class,
            shape (n_rows,). `probabilities`: binary: that of the positive class, shape (n_rows,);
            multiclass: that of each class in the order of the schema's classes, shape (n_rows,
            n_classes). `values`: regression: the predicted numbers, in the unit of the target,
            shape (n_rows,). `y_true` is 0 or 1 for binary, labels for multiclass, numbers for
            regression.
        name: its name in reports; the function's name, if blank.
        takes_weights: whether the function has a parameter `sample_weight`; found by the class.

    Raises:
        InputError: an argument cannot be used.

    Example:
        >>> import numpy as np
        >>> from tabrail import Metric
        >>> def cost(y_true, y_pred):
        ...     "Return the mean cost of a row: 1 for a false alarm, 5 for a miss."
        ...     return np.mean((y_pred > y_true) + 5 * (y_true > y_pred))
        >>> metric = Metric(cost, better="lower", on="decisions")
        >>> metric.name
        'cost'
        >>> metric(np.array([0, 1, 0, 1]), np.array([1, 0, 0, 1]))
        1.5
    """

    function: Callable[..., Any]
    better: Better | Literal[""] = ""
    on: On | Literal[""] = ""
    name: str = ""
    takes_weights: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the arguments and fill in the name."""
        _require_function(self.function)
        name = self.name or getattr(self.function, "__name__", "")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(
                f"Metric: {name!r} cannot be the name of a metric: expected at most 64 letters, "
                "digits, - and _, and no digit or - first; give it one, as in "
                "Metric(function, name='cost', …)"
            )
        object.__setattr__(self, "name", name)
        for argument, allowed in (("better", Better), ("on", On)):
            value, words = getattr(self, argument), get_args(allowed)
            if value not in words:
                hint = nearest(value, words) if isinstance(value, str) else ""
                wanted = ", ".join(f"{argument}={word!r}" for word in words)
                raise InputError(
                    f"Metric {name}: {argument} is {_brief(value)}{hint}; expected one of {wanted}"
                )
        object.__setattr__(self, "takes_weights", self._has_weights())

    def __call__(
        self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> float:
        """Compute the metric.

        Args:
            y_true: the observed target; shape (n_rows,).
            y_pred: the predictions; see `on`.
            sample_weight: the weight of each row, 0 or more; shape (n_rows,). Without it, all
                weights are equal. They must be whole numbers if the function has no
                `sample_weight`.

        Returns:
            The metric; NaN where it is undefined or infinite, and without any weight.

        Raises:
            InputError: the function raises an exception or does not return a number, or it has no
                `sample_weight` and weights are not whole numbers.
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        weights = np.ones(len(y_true)) if sample_weight is None else np.asarray(sample_weight)
        kept = weights > 0
        if not kept.any():
            return math.nan
        if not kept.all():
            y_true, y_pred, weights = y_true[kept], y_pred[kept], weights[kept]
        options = {"sample_weight": weights} if self.takes_weights else {}
        if not options and np.any(weights != 1):
            times = weights.astype(np.int64)
            if np.any(weights != times):
                raise InputError(weights_wanted(self.name))
            y_true, y_pred = np.repeat(y_true, times), np.repeat(y_pred, times, axis=0)
        given = [_read_only(array) for array in (y_true, y_pred)]
        try:
            found = self.function(*given, **options)
        except Exception as error:  # the function is the project's code and may raise anything
            raise InputError(
                f"METRICS, {self.name}: the function raised {type(error).__name__}: "
                f"{' '.join(str(error).split())} ({_line(error)}), given {len(y_true):,} rows of "
                f"{self.on}; correct it, and return float('nan') where it is undefined"
            ) from error
        return self._number(found)

    def _number(self, found: Any) -> float:
        scalar = found.item() if isinstance(found, np.ndarray) and found.ndim == 0 else found
        allowed = (int, float, np.integer, np.floating)
        if isinstance(scalar, bool) or not isinstance(scalar, allowed):
            raise InputError(
                f"METRICS, {self.name}: the function returned {_brief(found)}, expected one "
                "number; let it return a float"
            )
        number = float(scalar)
        return number if math.isfinite(number) else math.nan

    def _has_weights(self) -> bool:
        """Return whether the function has a parameter `sample_weight`.

        Raises:
            InputError: it cannot be called with these arguments.
        """
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):  # some functions written in C have no signature
            return False
        has = "sample_weight" in signature.parameters
        try:
            signature.bind(None, None, **({"sample_weight": None} if has else {}))
        except TypeError as error:
            raise InputError(
                f"Metric {self.name}: the function takes {signature}, expected (y_true, y_pred) "
                f"or (y_true, y_pred, sample_weight) ({error}); give other arguments a default"
            ) from None
        return has


def scorer(task: Task, y_true: np.ndarray, prediction: np.ndarray, threshold: float) -> Scores:
    """Return the scores of a task's predictions by all metrics of the library.

    Args:
        task: the task.
        y_true: codes of the classes (binary: 1 for the positive one), or the numbers themselves
            for regression; shape (n_rows,).
        prediction: as `model.predict` gives it: probabilities of the positive class, shape
            (n_rows,); of each class, shape (n_rows, n_classes); or numbers, shape (n_rows,).
        threshold: the least probability of a row that is predicted positive; binary only.
    """
    match task:
        case "binary":
            return BinaryScores(y_true, prediction, threshold)
        case "multiclass":
            return MulticlassScores(y_true, prediction)
        case "regression":
            return RegressionScores(y_true, prediction)


def require(metric: str, task: Task, listed: Sequence[str] = ()) -> None:
    """Check that the main metric in params.yaml exists.

    Args:
        metric: its name.
        task: the task.
        listed: the names in METRICS; all metrics of the task if there is no such list.

    Raises:
        InputError: it is not there.
    """
    names = listed or METRICS[task]
    if metric in names:
        return
    if tuple(names) == METRICS[task]:
        what, has = f"is not a metric of a {task} task", "it has"
    else:
        what, has = "is not in METRICS", "name one of these, or add it there"
    raise InputError(
        f"{paths.PARAMS}, evaluate.main_metric: {metric!r} {what}{nearest(metric, names)}; {has}: "
        f"{', '.join(names)}"
    )


def weights_wanted(name: str) -> str:
    """Return the error for a metric without weights when rows have weights."""
    return (
        f"METRICS, {name}: the rows have weights (`weight` in {paths.SCHEMA}), but the function "
        "takes none; expected a parameter sample_weight, an array with the weight of each row; "
        f"write: def {name}(y_true, y_pred, sample_weight)"
    )


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return a read-only array, because the next metric gets the same numbers."""
    view = array.view()
    view.flags.writeable = False
    return view


def _line(error: Exception) -> str:
    """Return the line of the project's function that raised or caused an error."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the caller, above
    return f"{Path(frames[0].filename).name}, line {frames[0].lineno}" if frames else "in its call"


def name_of(one: str | Metric) -> str:
    """Return the name of a metric of the library or of a custom one."""
    return one if isinstance(one, str) else one.name


def _require_function(given: object) -> None:
    if not callable(given):
        hint = "; list a metric of the library by its name alone, without Metric(…)"
        raise InputError(
            "Metric: expected a function(y_true, y_pred), got "
            f"{_brief(given)}{hint if isinstance(given, str) else ''}"
        )


def _brief(value: Any) -> str:
    """Return a short text for an unexpected value, with its type."""
    text = " ".join(repr(value).split())
    return f"{text if len(text) <= 40 else f'{text[:40]}…'} ({type(value).__name__})"

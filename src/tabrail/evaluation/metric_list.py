"""The list METRICS of a project: check it against the task, and score by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tabrail.data.schema import Schema
from tabrail.errors import InputError, nearest
from tabrail.evaluation.metrics import METRICS, Metric, name_of, require, scorer, weights_wanted
from tabrail.evaluation.own_scores import OwnScores
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.evaluation.scores import Scores

Given = Sequence[str | Metric]


@dataclass(frozen=True)
class MetricList:
    """The metrics of a project.

    Attributes:
        schema: the data schema, which has the task.
        metrics: names of metrics of the library, and custom metrics, in the order of reports.
    """

    schema: Schema
    metrics: tuple[str | Metric, ...]

    @classmethod
    def of(cls, schema: Schema, given: Given | None = None) -> "MetricList":
        """Check a list of metrics.

        Args:
            schema: the data schema, which has the task and says whether rows have weights.
            given: names of metrics of the task, and custom metrics; the default is all of the task.

        Raises:
            InputError: it is not a list of metrics, or a metric does not fit the task or the rows'
                weights. Or a name is listed twice, or is that of a metric of the library.
        """
        if given is None:
            return cls(schema, METRICS[schema.task])
        _require_list(given, schema)
        for one in given:
            _require_fit(one, schema)
        names = [name_of(one) for one in given]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(
                f"METRICS: {', '.join(twice)} is listed more than once; keep one, or give your own "
                "another name: Metric(…, name=…)"
            )
        return cls(schema, tuple(given))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics."""
        return tuple(map(name_of, self.metrics))

    def main(self, asked: str) -> str:
        """Return the name of the main metric.

        Args:
            asked: the metric in params.yaml; the first of the list, if blank.

        Raises:
            InputError: the list does not have it.
        """
        if not asked:
            return self.names[0]
        require(asked, self.schema.task, self.names)
        return asked

    def reported(self, name: str) -> ReportedMetric:
        """Return whether higher or lower is better for a metric, and how its values are shown."""
        for one in self.metrics:
            if isinstance(one, Metric) and one.name == name:
                return ReportedMetric(name, one.better, "unknown")
        return reported(name)

    def content(self) -> dict[str, dict[str, str]]:
        """Return the description of the metrics for evaluation.json."""
        return {name: self.reported(name).content() for name in self.names}

    def scorer(
        self, y_true: np.ndarray, prediction: np.ndarray, threshold: float, only: str = ""
    ) -> Scores:
        """Return the scores of predictions by the metrics of the list.

        Args:
            y_true: as `metrics.scorer` takes it; shape (n_rows,).
            prediction: likewise; shape (n_rows,) or (n_rows, n_classes).
            threshold: likewise.
            only: the one metric to compute; all of the list, if blank.
        """
        builtin = scorer(self.schema.task, y_true, prediction, threshold)
        wanted = [one for one in self.metrics if only in ("", name_of(one))]
        if tuple(wanted) == METRICS[self.schema.task]:
            return builtin
        if all(isinstance(one, str) for one in wanted):
            return OwnScores(builtin, wanted, y_true, {})
        truth, predictions = self._as_own_metrics_get_it(y_true, prediction, threshold)
        return OwnScores(builtin, wanted, truth, predictions)

    def require_finite(self, values: Mapping[str, float], rows: int) -> None:
        """Check that each custom metric is defined on all rows of a split.

        Args:
            values: of the metrics, by name.
            rows: how many rows there are.

        Raises:
            InputError: one is not defined.
        """
        for one in self.metrics:
            if isinstance(one, Metric) and not np.isfinite(values[one.name]):
                raise InputError(
                    f"METRICS, {one.name}: the function returned no finite number for all {rows:,} "
                    f"rows of a split, expected one; correct it, or leave {one.name} out"
                )

    def _as_own_metrics_get_it(
        self, y_true: np.ndarray, prediction: np.ndarray, threshold: float
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return y_true and, by `Metric.on`, y_pred."""
        match self.schema.task:
            case "binary":
                decisions = (prediction >= threshold).astype(np.int64)
                return y_true.astype(np.int64), {
                    "decisions": decisions,
                    "probabilities": prediction,
                }
            case "multiclass":
                labels = np.array(self.schema.classes)
                decisions = labels[prediction.argmax(axis=1)]
                return labels[y_true], {"decisions": decisions, "probabilities": prediction}
            case "regression":
                return y_true, {"values": prediction}


@dataclass(frozen=True)
class Scoring:
    """The metric to score new rows with, for a model that was evaluated before.

    Attributes:
        metrics: the available metrics: all of the task, and the main metric if it is a custom one.
        name: the metric to use; blank if there is none.
        remark: a sentence if it is not the main metric; else blank.
    """

    metrics: MetricList
    name: str
    remark: str = ""


def scoring(
    main: str, schema: Schema, evaluation: Mapping[str, Any], given: Given | None
) -> Scoring:
    """Choose the metric to score new rows with: the main metric, if its function is available.

    Args:
        main: the main metric.
        schema: of the model.
        evaluation: content of its evaluation.json.
        given: the project's METRICS, if available.

    Returns:
        The main metric. Without its function, the first metric of the library in the evaluation.

    Raises:
        InputError: the evaluation has no such metric, or the custom one does not fit the model.
    """
    builtin = METRICS[schema.task]
    own = [one for one in given or () if isinstance(one, Metric) and one.name == main]
    can = MetricList.of(schema, [*builtin, *own])
    if main in can.names:
        return Scoring(can, main)
    require(main, schema.task, [*builtin, *evaluation.get("metrics", {})])
    known = [name for name in builtin if name in evaluation["validation"]["metrics"]]
    name = known[0] if known else ""
    instead = f"{name} is used instead" if name else "METRICS has no metric of the library either"
    why = f"{main} is the project's own metric, and its function was not given"
    return Scoring(can, name, f"{why}: {instead}.")


def _require_fit(one: Any, schema: Schema) -> None:
    """Check one entry of a list.

    Raises:
        InputError: it is not a metric, or not one of this task.
    """
    builtin = METRICS[schema.task]
    if isinstance(one, str):
        if one not in builtin:
            raise InputError(
                f"METRICS: {one!r} is not a metric of a {schema.task} task{nearest(one, builtin)}; "
                f"it has: {', '.join(builtin)}; write Metric(…) for one of your own"
            )
        return
    if not isinstance(one, Metric):
        name = getattr(one, "__name__", "")
        example = f"Metric({name or 'function'}, better=…, on=…)"
        raise InputError(
            f"METRICS: {name or repr(one)} is not a metric; expected a name or a Metric; write: "
            f"{example if callable(one) else 'a name in quotation marks, or ' + example}"
        )
    if one.name in builtin:
        raise InputError(
            f"METRICS: {one.name} is a metric of the library; list it by name, {one.name!r}, or "
            "give yours another name: Metric(…, name=…)"
        )
    fitting = ("values",) if schema.task == "regression" else ("decisions", "probabilities")
    if one.on not in fitting:
        raise InputError(
            f"METRICS, {one.name}: on={one.on!r} does not fit a {schema.task} task; expected "
            f"{_either(f'on={word!r}' for word in fitting)}"
        )
    if schema.weight and not one.takes_weights:
        raise InputError(weights_wanted(one.name))


def _require_list(given: object, schema: Schema) -> None:
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise InputError(
            f"METRICS: expected a list of names and Metric(…), got {given!r}; write, for "
            f"example: METRICS = {list(METRICS[schema.task][:2])}"
        )


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)

"""Scores by a list of metrics, some of which are custom metrics."""

from collections.abc import Mapping, Sequence

import numpy as np
from tqdm import tqdm

from tabrail.evaluation.metrics import Metric, name_of
from tabrail.evaluation.scores import Scores


class OwnScores:
    """The scores of some predictions by the listed metrics, in their order; see `Scores`.

    Metrics of the library and custom metrics are computed under the same weights, so their
    intervals and differences have the same draws.
    """

    def __init__(
        self,
        builtin: Scores,
        metrics: Sequence[str | Metric],
        y_true: np.ndarray,
        predictions: Mapping[str, np.ndarray],
    ) -> None:
        """Keep the rows.

        Args:
            builtin: the scores of the same rows by the metrics of the library.
            metrics: names of some of these, and custom metrics.
            y_true: as custom metrics get it; shape (n_rows,).
            predictions: as custom metrics get them, by `Metric.on`; n_rows each.
        """
        self.order = builtin.order
        self._builtin, self._metrics = builtin, metrics
        self._y_true, self._predictions = y_true, predictions
        self._places = np.argsort(builtin.order, kind="stable")

    def under(self, weights: np.ndarray, only: str = "") -> dict[str, np.ndarray]:
        """See `Scores`."""
        wanted = [one for one in self._metrics if only in ("", name_of(one))]
        builtin = [one for one in wanted if isinstance(one, str)]
        single = builtin[0] if len(builtin) == 1 else ""
        known = self._builtin.under(weights, single) if builtin else {}
        some_own = len(builtin) < len(wanted)
        as_they_came = weights.take(self._places, axis=1) if some_own else weights
        found: dict[str, np.ndarray] = {}
        for one in wanted:
            if isinstance(one, str):
                found[one] = known[one]
            else:
                found[one.name] = self._own(one, as_they_came)
        return found

    def _own(self, metric: Metric, weights: np.ndarray) -> np.ndarray:
        """Compute one metric under each set of weights, with a progress bar if it takes long."""
        sets = tqdm(weights, desc=metric.name, delay=1, leave=False, disable=None)
        y_pred = self._predictions[metric.on]
        return np.array([metric(self._y_true, y_pred, one) for one in sets])

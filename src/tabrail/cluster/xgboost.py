"""XGBoost's estimators, fitted by the workers of a cluster together.

Once fitted, one is XGBoost's own: a model file has nothing of this module, nor of Dask.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import xgboost

from tabrail import paths
from tabrail.errors import InputError

BINS = 256  # XGBoost's own number, unless the option max_bin is set
CANNOT: dict[str, tuple[Any, ...]] = {  # options, and what workers can do
    "tree_method": (None, "auto", "hist"),
    "booster": (None, "gbtree", "dart"),
    "device": (None, "cpu"),
    "early_stopping_rounds": (None,),
    "callbacks": (None,),
    "feature_types": (None,),
}


class Learning(NamedTuple):
    """What workers need to know to boost together.

    Attributes:
        params: XGBoost's parameters.
        rounds: how many there are.
        missing: the number that stands for a missing one.
    """

    params: dict[str, Any]
    rounds: int
    missing: float


class Rows(NamedTuple):
    """Rows as XGBoost takes them.

    Attributes:
        x: shape (n_rows, n_features), float32; may be sparse.
        y_true: shape (n_rows,).
        weights: shape (n_rows,); None if all rows count the same.
    """

    x: Any
    y_true: np.ndarray
    weights: np.ndarray | None


# Gets what to learn and the rows of the sample; returns a booster, and how many made it.
Train = Callable[[Learning, Rows], tuple[bytes, int]]


class XGBClassifier(xgboost.XGBClassifier):
    """XGBoost's classifier, fitted by all workers of a cluster together.

    Its options are XGBoost's. `tabrail.fit` passes it to the workers. Its method `fit` is
    XGBoost's: it fits in this process, on the given rows.
    """

    def fit(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Self:
        """Fit, and become XGBoost's own classifier."""
        if not _fitted_on_workers(self, Rows(X, y, sample_weight)):
            super().fit(X, y, sample_weight=sample_weight)
        self.__class__ = xgboost.XGBClassifier
        return self


class XGBRegressor(xgboost.XGBRegressor):
    """XGBoost's regressor, fitted by all workers of a cluster together, like `XGBClassifier`."""

    def fit(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> Self:
        """Fit, and become XGBoost's own regressor."""
        if not _fitted_on_workers(self, Rows(X, y, sample_weight)):
            super().fit(X, y, sample_weight=sample_weight)
        self.__class__ = xgboost.XGBRegressor
        return self


def require_possible(estimator: Any) -> None:
    """Refuse options that workers cannot follow together.

    Raises:
        InputError: there is one.
    """
    given = estimator.get_params()
    for option, possible in CANNOT.items():
        if given.get(option) not in possible:
            wanted = [str(value) for value in possible if value is not None]
            what = f"set {' or '.join(wanted)}, or delete it" if wanted else "delete it"
            raise InputError(
                f"{paths.PARAMS}, train.options.{type(estimator).__name__}.{option}: workers of a "
                f"cluster cannot train with {given[option]!r}; {what}"
            )


def _fitted_on_workers(estimator: Any, sample: Rows) -> bool:
    """Fit on the workers inside `tabrail.fit`; return whether this was done."""
    found: tuple[Train, int] | None = vars(estimator).pop("on_workers", None)
    if found is None:
        return False
    train, classes = found
    params = {**estimator.get_xgb_params(), "n_jobs": 1}
    if classes > 2:  # as XGBoost's own classifier does
        if params.get("objective") != "multi:softmax":
            params["objective"] = "multi:softprob"
        params["num_class"] = classes
    rounds = estimator.get_num_boosting_rounds()
    booster, workers = train(Learning(params, rounds, estimator.missing), sample)
    estimator.load_model(bytearray(booster))
    estimator.n_workers_ = workers
    return True


class Pieces(xgboost.DataIter):
    """Gives XGBoost the rows piece by piece, without one matrix of all rows."""

    def __init__(self, pieces: list[Rows]) -> None:
        """Take the pieces."""
        super().__init__()
        self._pieces, self._next = pieces, 0

    def next(self, input_data: Callable[..., None]) -> bool:
        """Give a piece; return whether there was one."""
        if self._next == len(self._pieces):
            return False
        x, y_true, weights = self._pieces[self._next]
        input_data(data=x, label=y_true, weight=weights)
        self._next += 1
        return True

    def reset(self) -> None:
        """Begin again."""
        self._next = 0


def boost(learning: Learning, pieces: list[Rows]) -> bytes:
    """Boost with this worker's rows, together with the others; return the booster."""
    params, rounds, missing = learning
    bins = params.get("max_bin") or BINS
    data = xgboost.QuantileDMatrix(Pieces(pieces), max_bin=bins, missing=missing, nthread=1)
    return bytes(xgboost.train(params, data, rounds).save_raw("ubj"))

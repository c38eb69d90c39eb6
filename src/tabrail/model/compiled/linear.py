"""Take the weights of a fitted linear model."""

from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

from tabrail.model.compiled.last_step import Linear

REGRESSIONS = (ElasticNet, Lasso, LinearRegression, Ridge)


def weighs(estimator: Any) -> bool:
    """Check whether an estimator is a linear model of a known kind."""
    return type(estimator) in (*REGRESSIONS, LogisticRegression)


def weights(estimator: Any) -> Linear:
    """Return the weights of such an estimator."""
    coefficients = np.atleast_2d(np.asarray(estimator.coef_, np.float64))
    begin = np.atleast_1d(np.asarray(estimator.intercept_, np.float64))
    if type(estimator) in REGRESSIONS:
        return Linear(coefficients.T, begin, "identity")
    return Linear(coefficients.T, begin, "logit" if len(begin) == 1 else "softmax")

"""The package that the import path of an estimator belongs to."""

ON_WORKERS = "tabrail.cluster."  # prefix of estimators that a cluster fits


def package(path: str) -> str:
    """Return the package of an estimator.

    >>> package("sklearn.linear_model.Ridge"), package("tabrail.cluster.xgboost.XGBRegressor")
    ('sklearn', 'xgboost')
    """
    return path.removeprefix(ON_WORKERS).partition(".")[0]

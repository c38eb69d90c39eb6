"""What the import path of an estimator says of it."""

ON_WORKERS = "tabrail.cluster."  # begins the path of one that workers of a cluster fit together


def package(path: str) -> str:
    """Return the package whose estimator it is.

    >>> package("sklearn.linear_model.Ridge"), package("tabrail.cluster.xgboost.XGBRegressor")
    ('sklearn', 'xgboost')
    """
    return path.removeprefix(ON_WORKERS).partition(".")[0]

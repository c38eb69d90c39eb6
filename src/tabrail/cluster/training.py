"""Fit an estimator on the workers of a cluster, after scikit-learn fitted earlier steps here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.cluster import VARIABLE, scheduler
from tabrail.config.estimators import ON_WORKERS
from tabrail.data.sample import Sample
from tabrail.errors import InputError


@contextmanager
def on_workers(root: Path, model: Pipeline, sample: Sample | None) -> Iterator[None]:
    """Fit the last step of a model on the cluster inside the block, if its rows are a sample.

    Args:
        root: the project's root, which workers have at the same place.
        model: the model, whose last step is one of `tabrail.cluster.xgboost`.
        sample: the sample of the table; None if the whole table was read.

    Raises:
        InputError: the model or the cluster cannot do it.
    """
    if sample is None:
        yield
        return
    last: Any = model[-1]
    kind = type(last)
    if not f"{kind.__module__}.".startswith(ON_WORKERS):
        raise InputError(
            f"the estimator in {paths.PARAMS} is fitted on a cluster, but the last step of the "
            f"model is {kind.__name__}, which would see only a sample of the training rows; make "
            "that step with: estimator(project)"
        )
    name = f"{kind.__module__}.{kind.__name__}"
    if not scheduler():
        raise InputError(
            f"{paths.PARAMS}, train.estimator: {name} is fitted by the workers of a cluster, but "
            f"{VARIABLE} is not set; set it to the address of a scheduler, or use "
            f"{name.removeprefix(ON_WORKERS)}, which is fitted on this machine with all rows"
        )
    from tabrail.cluster import together, xgboost
    from tabrail.cluster.client import connected

    xgboost.require_possible(last)
    with connected(scheduler(), root, list(sample.files)) as cluster:

        def train(learning: xgboost.Learning, own: xgboost.Rows) -> tuple[bytes, int]:
            return together.train(cluster.client, model[:-1], sample, learning, own)

        last.on_workers = train, len(sample.present)
        yield
    last.__class__ = kind.__bases__[0]

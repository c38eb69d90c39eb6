"""Hyperparameter search on folds of the training rows, if params.yaml enables it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TimeSeriesSplit,
)
from sklearn.pipeline import Pipeline

from tabrail import cluster, paths
from tabrail.config import Params, Search
from tabrail.config.estimators import package
from tabrail.data.identity import mixed
from tabrail.data.schema import Schema, Task
from tabrail.errors import InputError, nearest
from tabrail.model.fitting import by_groups
from tabrail.project.project import Project, Split

KEY = f"{paths.PARAMS}, train.search"


SCORING: dict[Task, str] = {
    "binary": "neg_log_loss",
    "multiclass": "neg_log_loss",
    "regression": "neg_mean_squared_error",
}


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Attributes:
        model: the unfitted model, with the options with the best score on the folds.
        best: these options.
        summary: a summary of the search for the model's metadata; empty without a search.
        table: a row for each candidate, best first: its options and its score.
        train: the training rows.
    """

    model: Pipeline
    best: dict[str, Any]
    summary: dict[str, Any]
    table: pd.DataFrame
    train: Split = field(repr=False)


def search(project: Project, model: Pipeline, train: Split) -> SearchResult:
    """Search for the estimator's best options, by `train.search` in params.yaml.

    Random search (Bergstra and Bengio, 2012) tries every candidate on all rows. Successive halving
    (Jamieson and Talwalkar, 2016) tries all on few rows, and the better third on three times as
    many. The folds are like the split: rows of one key stay together, or the past predicts the
    future.

    Source: https://scikit-learn.org/stable/modules/grid_search.html

    Args:
        project: the project.
        model: the unfitted model, whose last step is named `estimator`; it is not changed.
        train: the training rows.

    Returns:
        The model to fit, and how its options were found. Without a search, it is the given model.

    Raises:
        InputError: the search cannot be run as configured.

    Example:
        >>> from sklearn.pipeline import Pipeline
        >>> from tabrail import Project, estimator, search
        >>> project = Project.load(example_root)
        >>> model = Pipeline([("estimator", estimator(project))])
        >>> search(project, model, project.split("train")).best
        {}
    """
    search_here = partial(_search, model, train, project.schema, project.params)
    if project.params.train.search.method == "none":
        found = search_here()
    else:
        found = cluster.with_joblib(project.root, search_here)
    best = {f"estimator__{name}": value for name, value in found.best.items()}
    return replace(found, model=clone(model).set_params(**best))


def _search(pipeline: Pipeline, train: Split, schema: Schema, params: Params) -> SearchResult:
    wanted = params.train.search
    if wanted.method == "none":
        nothing = pd.DataFrame(columns=["candidate", "rows", "score", "std"])
        return SearchResult(pipeline, {}, {}, nothing, train)
    if train.sample:
        raise InputError(
            f"{KEY}.method: {wanted.method} fits on this machine, but the estimator is fitted by "
            "the workers of a cluster; set method: none, or search with the estimator of "
            f"{package(params.train.estimator)} itself on less data"
        )
    name = type(pipeline[-1]).__name__
    values = wanted.values.get(name, {})
    if not values:
        raise InputError(
            f"{KEY}.values: there are no values to try for {name}{nearest(name, wanted.values)}"
        )
    scoring = wanted.scoring or SCORING[schema.task]
    if scoring not in get_scorer_names():
        hint = nearest(scoring, get_scorer_names())
        raise InputError(f"{KEY}.scoring: {scoring!r} is not a scorer of scikit-learn{hint}")
    candidates = min(wanted.candidates, int(np.prod([len(tried) for tried in values.values()])))
    print(f"searching: {candidates} candidates on {wanted.folds} folds …", flush=True)
    options: dict[str, Any] = {
        "estimator": pipeline,
        "param_distributions": {f"estimator__{key}": tried for key, tried in values.items()},
        "scoring": get_scorer(scoring),
        "random_state": params.train.seed,
        "refit": False,
        "error_score": "raise",
    }
    try:
        options["cv"] = list(_folds(train, schema, params))
        if wanted.method == "random":
            tried = RandomizedSearchCV(n_iter=candidates, **options)
        else:
            tried = HalvingRandomSearchCV(
                n_candidates=candidates, min_resources="exhaust", **options
            )
        with by_groups(pipeline, train) as given:
            if train.weights is not None:
                tried.scoring.set_score_request(sample_weight="weights_of_rows")
            tried.fit(train.rows, train.y_true, **given)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # estimators raise different errors for wrong options
        raise InputError(f"{KEY}: {error}") from error
    return _found(pipeline, tried.cv_results_, values, wanted, scoring, train)


def _folds(train: Split, schema: Schema, params: Params) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the positions of the rows to fit and to score, for each fold.

    A row's fold depends only on the hash of its group, and not on other rows.

    Raises:
        InputError: there are fewer groups than folds, or a fold has all rows of some class.
    """
    count, seed = params.train.search.folds, params.train.seed
    if params.prepare.split.method == "time" and schema.time:
        order = np.argsort(train.table[schema.time].to_numpy(), kind="stable")
        for fit, score in TimeSeriesSplit(count).split(order):
            yield order[fit], order[score]
        return
    fold = fold_of(train.groups, count, seed)
    for number in range(count):
        fit, score = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if schema.task != "regression" and len(set(train.y_true[fit])) < len(train.classes):
            raise InputError(
                f"{KEY}.folds: one of the {count} folds has all training rows of a class; set more "
                "folds, another train.seed, or method: none"
            )
        yield fit, score


def fold_of(groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each row, from 0, by the hash of its group; shape (n_rows,).

    If there are so few groups that a fold would be empty, they are dealt out in the order of the
    hashes.

    Args:
        groups: the hash of each row's group, uint64; shape (n_rows,).
        folds: the number of folds.
        seed: gives other folds.

    Raises:
        InputError: there are fewer groups than folds.
    """
    hashes = mixed(groups ^ mixed(np.array([seed + 1], dtype=np.uint64)))
    found = (hashes % np.uint64(folds)).astype(np.intp)
    if len(np.unique(found)) == folds:
        return found
    known, ranks = np.unique(hashes, return_inverse=True)
    if len(known) < folds:
        raise InputError(
            f"{KEY}.folds: {folds} folds need as many groups of training rows; there are "
            f"{len(known)}; set fewer folds, or method: none"
        )
    return np.asarray(ranks) % folds


def _found(
    pipeline: Pipeline,
    results: dict[str, Any],
    values: dict[str, list[Any]],
    wanted: Search,
    scoring: str,
    train: Split,
) -> SearchResult:
    """Sort the candidates by number of rows, which halving varies, and by score."""
    table = pd.DataFrame(
        {
            "candidate": [
                ", ".join(f"{key}={given[f'estimator__{key}']}" for key in values)
                for given in results["params"]
            ],
            "rows": results.get("n_resources", [len(train.rows)] * len(results["params"])),
            "score": results["mean_test_score"],
            "std": results["std_test_score"],
            "place": range(len(results["params"])),
        }
    ).sort_values(["rows", "score", "place"], ascending=[False, False, True], ignore_index=True)
    # Halving fits a candidate several times. Its last score, on the most rows, is used.
    table = table.drop_duplicates("candidate", ignore_index=True)
    chosen = results["params"][int(table["place"][0])]
    best = {key: chosen[f"estimator__{key}"] for key in values}
    summary = {
        "method": wanted.method,
        "candidates": len(table),
        "folds": wanted.folds,
        "scoring": scoring,
        "score": float(table["score"][0]),
    }
    return SearchResult(pipeline, best, summary, table.drop(columns="place"), train)

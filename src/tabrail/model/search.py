"""Hyper-parameter search: tries options on folds of the training rows, if params.yaml says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import (
    GroupKFold,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.config import Params, Search
from tabrail.data.schema import Schema
from tabrail.data.split import row_hashes
from tabrail.errors import InputError, nearest

KEY = f"{paths.PARAMS}, train.search"


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        best: the options that did best on the folds.
        summary: how they were found, for the model's metadata; empty without a search.
        table: a row for each candidate, best first: its options and its score.
    """

    best: dict[str, Any]
    summary: dict[str, Any]
    table: pd.DataFrame


def search(
    pipeline: Pipeline,
    table: pd.DataFrame,
    y_true: np.ndarray,
    weights: np.ndarray | None,
    schema: Schema,
    params: Params,
) -> Found:
    """Look for the estimator's best options as `train.search` says.

    Random search (Bergstra and Bengio, 2012) tries every candidate on all rows. Successive halving
    (Jamieson and Talwalkar, 2016) tries all on few rows, and the better third on thrice as many.
    The folds are like the split: rows of one key stay together, or the past predicts the future.

    Source: https://scikit-learn.org/stable/modules/grid_search.html

    Args:
        pipeline: the unfitted model; the search does not change it.
        table: the training rows.
        y_true: what to learn; shape (n_rows,).
        weights: of the rows, or None; shape (n_rows,).
        schema: names the key, or the time.
        params: all of params.yaml.

    Raises:
        InputError: what is to be tried cannot be.
    """
    wanted = params.train.search
    if wanted.method == "none":
        return Found({}, {}, pd.DataFrame(columns=["candidate", "rows", "score", "std"]))
    name = type(pipeline[-1]).__name__
    values = wanted.values.get(name, {})
    if not values:
        raise InputError(
            f"{KEY}.values: there are none to try for {name}{nearest(name, wanted.values)}"
        )
    if wanted.scoring not in get_scorer_names():
        hint = nearest(wanted.scoring, get_scorer_names())
        raise InputError(f"{KEY}.scoring: {wanted.scoring!r} is no score of scikit-learn{hint}")
    candidates = min(wanted.candidates, int(np.prod([len(tried) for tried in values.values()])))
    print(f"searching: {candidates} candidates on {wanted.folds} folds …", flush=True)
    options: dict[str, Any] = {
        "estimator": pipeline,
        "param_distributions": {f"estimator__{key}": tried for key, tried in values.items()},
        "scoring": _scorer(wanted.scoring, weights),
        "random_state": params.train.seed,
        "refit": False,
        "error_score": "raise",
    }
    fit_options = {} if weights is None else {"estimator__sample_weight": weights}
    try:
        options["cv"] = list(_folds(table, y_true, schema, params))
        if wanted.method == "random":
            tried = RandomizedSearchCV(n_iter=candidates, **options)
        else:
            tried = HalvingRandomSearchCV(
                n_candidates=candidates, min_resources="exhaust", **options
            )
        tried.fit(table[schema.features], y_true, **fit_options)
    except MemoryError:
        raise
    except Exception as error:  # estimators check their options in ways of their own
        raise InputError(f"{KEY}: {error}") from error
    return _found(tried.cv_results_, values, wanted, len(table))


def _scorer(name: str, weights: np.ndarray | None) -> Callable[..., float]:
    """Return scikit-learn's scorer; it would fit the folds with weights and score without."""
    score: Callable[..., float] = get_scorer(name)
    if weights is None:
        return score

    def weighted(model: Pipeline, rows: pd.DataFrame, y_true: np.ndarray) -> float:
        return float(score(model, rows, y_true, sample_weight=weights[rows.index]))

    return weighted


def _folds(
    table: pd.DataFrame, y_true: np.ndarray, schema: Schema, params: Params
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Return the places of the rows to fit and to score, for each fold."""
    count, seed = params.train.search.folds, params.train.seed
    if params.prepare.split.method == "time" and schema.time:
        order = np.argsort(table[schema.time].to_numpy(), kind="stable")
        for fit, score in TimeSeriesSplit(count).split(order):
            yield order[fit], order[score]
        return
    groups = row_hashes(table[schema.key or schema.features])
    kind = GroupKFold if schema.task == "regression" else StratifiedGroupKFold
    yield from kind(count, shuffle=True, random_state=seed).split(table, y_true, groups)


def _found(
    results: dict[str, Any], values: dict[str, list[Any]], wanted: Search, rows: int
) -> Found:
    """Order what was tried: by the rows it was fitted on, which halving varies, and by score."""
    table = pd.DataFrame(
        {
            "candidate": [
                ", ".join(f"{key}={given[f'estimator__{key}']}" for key in values)
                for given in results["params"]
            ],
            "rows": results.get("n_resources", [rows] * len(results["params"])),
            "score": results["mean_test_score"],
            "std": results["std_test_score"],
            "place": range(len(results["params"])),
        }
    ).sort_values(["rows", "score", "place"], ascending=[False, False, True], ignore_index=True)
    # Halving fits a candidate several times: its last score, on the most rows, counts.
    table = table.drop_duplicates("candidate", ignore_index=True)
    chosen = results["params"][int(table["place"][0])]
    best = {key: chosen[f"estimator__{key}"] for key in values}
    summary = {
        "method": wanted.method,
        "candidates": len(table),
        "folds": wanted.folds,
        "scoring": wanted.scoring,
        "score": float(table["score"][0]),
    }
    return Found(best, summary, table.drop(columns="place"))

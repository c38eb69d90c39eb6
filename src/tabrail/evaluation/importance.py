"""Which columns a model looks at: by how much its score falls when one is shuffled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline
from tqdm import tqdm

MOST_COLUMNS = 200
MOST_CALLS = 200


def by_column(
    pipeline: Pipeline,
    rows: pd.DataFrame,
    y_true: np.ndarray,
    score: Callable[[pd.DataFrame], float],
    seed: int,
) -> pd.DataFrame:
    """Return the mean fall of the score for each column, most important first.

    Each is shuffled five times, or fewer times if there are more than 40 columns. Of more than 200
    only those are measured that go along with the target most, by rank correlation.

    Source: https://scikit-learn.org/stable/modules/permutation_importance.html

    Args:
        pipeline: the fitted model.
        rows: what to shuffle, shape (n_rows, n_features).
        y_true: what the model was to say of them, as a number each; shape (n_rows,).
        score: scores the model on such rows in this order; higher is better.
        seed: of the shuffles.
    """
    measured = _promising(rows, y_true)
    others = rows.drop(columns=measured)
    repeats = min(5, max(1, MOST_CALLS // len(measured)))
    calls = 1 + repeats * len(measured)
    with tqdm(desc="importance", total=calls, delay=1, leave=False, disable=None) as progress:

        def counted(_model: Pipeline, shuffled: pd.DataFrame, *_truth: Any) -> float:
            progress.update()
            return score(pd.concat([shuffled, others], axis=1)[list(rows)])

        found = permutation_importance(
            pipeline, rows[measured], None, scoring=counted, n_repeats=repeats, random_state=seed
        )
    table = pd.DataFrame({"column": measured, "importance": found.importances_mean}).dropna()
    return table.sort_values(["importance", "column"], ascending=[False, True], ignore_index=True)


def _promising(rows: pd.DataFrame, y_true: np.ndarray) -> list[str]:
    """Return the columns that are worth the time."""
    if rows.shape[1] <= MOST_COLUMNS:
        return list(rows.columns)
    codes = rows.apply(lambda column: pd.Series(pd.factorize(column, sort=True)[0]))
    along = codes.corrwith(pd.Series(y_true), method="spearman").abs()
    return list(along.fillna(0).nlargest(MOST_COLUMNS).index)

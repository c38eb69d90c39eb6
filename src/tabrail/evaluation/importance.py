"""The importance of columns: the fall of a model's score when a column is shuffled."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from tabrail.model.compiled.replaced import Replaced
from tabrail.model.compiled.scorer import Compiled
from tabrail.model.saving import Model

MOST_COLUMNS = 200
MOST_CALLS = 200
BATCH_CELLS = 4_000_000  # rows of the tables that are predicted together


def by_column(
    model: Model,
    rows: pd.DataFrame,
    y_true: np.ndarray,
    score: Callable[[np.ndarray], float],
    seed: int,
) -> pd.DataFrame:
    """Return the mean fall of the score for each column, most important first.

    Each is shuffled five times, or fewer times if there are more than 40 columns. If there are more
    than 200, only those with the highest rank correlation with the target are measured.

    Source: https://scikit-learn.org/stable/modules/permutation_importance.html

    Args:
        model: the fitted model, whose prediction for a row depends on this row alone.
        rows: the rows to shuffle, shape (n_rows, n_features).
        y_true: the true target of each row, as numbers; shape (n_rows,).
        score: scores the predictions for the rows in this order; higher is better.
        seed: of the shuffles.
    """
    measured = _promising(rows, y_true)
    repeats = min(5, max(1, MOST_CALLS // len(measured)))

    def each(scoring: Callable[..., float]) -> Any:
        """Call a function with the rows as they are, and then with each shuffled column."""
        return permutation_importance(
            model.pipeline,
            rows[measured],
            None,
            scoring=scoring,
            n_repeats=repeats,
            random_state=seed,
        )

    # A call of a model costs more than a row. So the calls are made twice. The first time, they
    # only collect the shuffled columns. The second time, they get the scores of predictions that
    # were made together.
    names = iter([measured[0], *(name for name in measured for _ in range(repeats))])
    shuffled: list[pd.Series] = []

    def seen(_model: Pipeline, table: pd.DataFrame, *_truth: Any) -> float:
        shuffled.append(table[next(names)].copy())
        return 0.0

    each(seen)
    scores = iter([score(predictions) for predictions in _predictions(rows, shuffled, model)])
    found = each(lambda *_: next(scores))
    table = pd.DataFrame({"column": measured, "importance": found.importances_mean}).dropna()
    return table.sort_values(["importance", "column"], ascending=[False, True], ignore_index=True)


def _predictions(
    rows: pd.DataFrame, columns: Sequence[pd.Series], model: Model
) -> Iterator[np.ndarray]:
    """Yield the predictions for the rows with each of the columns in place of the original one.

    Args:
        rows: the rows.
        columns: the first is the original one.
        model: the model.
    """
    again = _by_matrix(rows, columns[0], model)
    size = 1 if again else max(1, BATCH_CELLS // max(1, rows.size))
    with tqdm(
        desc="importance", total=len(columns), delay=1, leave=False, disable=None
    ) as progress:
        for start in range(0, len(columns), size):
            batch = columns[start : start + size]
            if again:
                yield again(batch[0])
            else:
                tables = [_replaced(rows, column) for column in batch]
                found = model.predict(pd.concat(tables, ignore_index=True))
                yield from np.split(found, len(batch))
            progress.update(len(batch))


def _by_matrix(
    rows: pd.DataFrame, column: pd.Series, model: Model
) -> Callable[[pd.Series], np.ndarray] | None:
    """Return a function that predicts the rows with another column, which computes little again.

    Args:
        rows: the rows.
        column: one of their columns, as it is.
        model: the model.

    Returns:
        None if the model cannot be compiled, derives columns from others, or predicts the rows
        unlike its pipeline then.
    """
    try:
        again = Replaced(Compiled(*model), rows).predict
        found = again(column)
    except Exception:  # of steps that need the whole pipeline, which then predicts the rows
        return None
    return again if np.array_equal(found, model.predict(rows)) else None


def _replaced(rows: pd.DataFrame, column: pd.Series) -> pd.DataFrame:
    """Return the rows with another column in place of the one with the same name."""
    table = rows.copy(deep=False)
    table[column.name] = column  # `assign` cannot set a column called self
    return table


def _promising(rows: pd.DataFrame, y_true: np.ndarray) -> list[str]:
    """Return the columns that are worth measuring."""
    if rows.shape[1] <= MOST_COLUMNS:
        return list(rows.columns)
    codes = rows.apply(lambda column: pd.Series(pd.factorize(column, sort=True)[0]))
    along = codes.corrwith(pd.Series(y_true), method="spearman").abs()
    return list(along.fillna(0).nlargest(MOST_COLUMNS).index)

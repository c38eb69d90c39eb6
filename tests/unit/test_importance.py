"""The importance of columns is the same whether a matrix or whole tables are predicted again."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from test_compiled import BOOSTING, KNOWN, all_kinds, fitted, ratio, schema

from tabrail.data.schema import Task
from tabrail.evaluation import importance
from tabrail.features import numbers
from tabrail.model.compiled import encoders
from tabrail.model.compiled.proof import drawn
from tabrail.model.compiled.replaced import Replaced
from tabrail.model.compiled.scorer import Compiled
from tabrail.model.saving import Model

ROWS = 120


def model(task: Task, first: Any = None) -> Model:
    """Return a model that is fitted on columns of all kinds."""
    given, boosting = schema(task), BOOSTING.get(task, HistGradientBoostingRegressor)
    return Model(*fitted(given, all_kinds(task), boosting(max_iter=9), first), given)


def measured(model: Model, monkeypatch: pytest.MonkeyPatch, *, by_matrix: bool) -> pd.DataFrame:
    """Return the importance of each column, and require that it is measured in this way."""
    used: list[str] = []
    real_matrix, real_table = Replaced.predict, importance._replaced

    def matrix(self: Replaced, column: pd.Series) -> np.ndarray:
        used.append("matrix")
        return real_matrix(self, column)

    def table(rows: pd.DataFrame, column: pd.Series) -> pd.DataFrame:
        used.append("table")
        return real_table(rows, column)

    with monkeypatch.context() as patch:
        patch.setattr(Replaced, "predict", matrix)
        patch.setattr(importance, "_replaced", table)
        rows = drawn(model.schema, KNOWN, ROWS).frame()
        y_true = np.arange(ROWS) % 2
        found = importance.by_column(model, rows, y_true, lambda numbers: -float(numbers.std()), 0)
    assert used[-1] == ("matrix" if by_matrix else "table")
    return found


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_matrix_gives_the_importance_that_tables_give(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = model(task)
    found = measured(given, monkeypatch, by_matrix=True)
    assert (found["importance"] != 0).sum() > 3
    monkeypatch.setattr(importance, "_by_matrix", lambda *_: None)
    pd.testing.assert_frame_equal(found, measured(given, monkeypatch, by_matrix=False))


def test_a_replaced_column_is_put_back() -> None:
    given = model("binary")
    rows = drawn(given.schema, KNOWN, ROWS).frame()
    again = Replaced(Compiled(*given), rows)
    before = again.predict(rows["age"])
    other = again.predict(rows["age"].iloc[::-1].reset_index(drop=True))
    assert (before != other).any()
    np.testing.assert_array_equal(again.predict(rows["city"]), before)


def test_tables_are_predicted_where_a_matrix_would_be_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured(model("binary", FunctionTransformer(ratio)), monkeypatch, by_matrix=False)
    without = model("binary")
    whole = without._replace(pipeline=Pipeline([("all", without.pipeline)]))
    measured(whole, monkeypatch, by_matrix=False)  # it has no ColumnTransformer
    columns = ColumnTransformer([("numbers", numbers(), ["age"])]).set_output(transform="pandas")
    chosen = ColumnTransformer([("some", "passthrough", ["numbers__age"])])
    two = make_pipeline(columns, chosen, clone(without.pipeline[-1]))
    rows = drawn(without.schema, KNOWN, ROWS).frame()
    two.fit(rows, np.array(["no", "yes"])[np.arange(ROWS) % 2])
    measured(without._replace(pipeline=two), monkeypatch, by_matrix=False)
    real = encoders.Scaler.matrix
    monkeypatch.setattr(encoders.Scaler, "matrix", lambda *given: real(*given) + 1)
    measured(without, monkeypatch, by_matrix=False)

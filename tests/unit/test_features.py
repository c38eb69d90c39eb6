"""Every kind of column becomes finite numbers, and says what it should."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA, shops

from tabrail import params
from tabrail.data import schema
from tabrail.features import preprocessing as features

KNOBS = params.Params.model_validate(PARAMS).train


def matrix(table: pd.DataFrame, *, by_time: bool = False, **changes: Any) -> np.ndarray:
    """Return the features of a table that is fitted on itself."""
    contract = schema.Schema.model_validate(SCHEMA | changes)
    typed, _ = schema.conform(table, contract)
    classes = len(contract.classes)
    transformer = features.preprocessing(contract, KNOBS, classes=classes, by_time=by_time)
    truth = schema.truth(typed[contract.target], contract)
    return np.asarray(transformer.fit_transform(typed[contract.features], truth))


@pytest.mark.parametrize(
    ("task", "target"), [("binary", "bought"), ("multiclass", "city"), ("regression", "age")]
)
@pytest.mark.filterwarnings("error")
def test_all_kinds_become_finite_numbers(task: str, target: str) -> None:
    found = matrix(shops(300), task=task, target=target, slices=[])
    assert found.shape[0] == 300
    assert np.isfinite(found).all()


@pytest.mark.filterwarnings("error")
def test_columns_without_any_value_do_no_harm() -> None:
    nothing = shops(90).assign(income=np.nan, note=None)
    assert np.isfinite(matrix(nothing)).all()


def test_many_categories_take_one_column_and_unlisted_ones_count_as_many() -> None:
    columns = SCHEMA["columns"] | {"city": {"kind": "categorical"}}
    few, many = matrix(shops(300)), matrix(shops(300), columns=columns, slices=[])
    assert few.shape[1] - many.shape[1] == 3 - 1


def test_dates_are_places_on_circles() -> None:
    dates = pd.DataFrame({"d": pd.to_datetime(["2023-12-31 23:59", "2024-01-01 00:00", "NaT"])})
    parts = features.DateParts(with_years=False).fit(dates).transform(dates)
    assert parts.shape == (3, 6)
    assert np.abs(parts[0, [0, 1, 4, 5]] - parts[1, [0, 1, 4, 5]]).max() < 0.05
    assert np.isnan(parts[2]).all()
    with_years = features.DateParts(with_years=True).fit(dates).transform(dates)
    assert with_years[1, 6] == pytest.approx(54, abs=0.01)


def test_with_a_split_by_time_no_row_says_which_year_it_is() -> None:
    plain, ordered = (matrix(shops(300), time="seen", by_time=by) for by in (False, True))
    assert plain.shape[1] - ordered.shape[1] == 1


def test_the_words_that_tell_count() -> None:
    table = shops(300)
    telling = table.assign(note=np.where(table["bought"], "gladly yes", "rather not"))
    contract = schema.Schema.model_validate(SCHEMA)
    typed, _ = schema.conform(telling, contract)
    truth = schema.truth(typed["bought"], contract)
    words = features.preprocessing(contract, KNOBS, classes=2, by_time=False).fit(
        typed[contract.features], truth
    )
    found = words.named_transformers_["text_0"].transform(typed["note"]).toarray()
    assert found.shape == (300, KNOBS.text_words)
    assert max(abs(np.corrcoef(column, truth)[0, 1]) for column in found.T if column.std()) > 0.99

"""Every kind of column becomes finite numbers, and says what it should."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA, package, shops
from sklearn.compose import ColumnTransformer

from tabrail.config import Params
from tabrail.data.conform import conform
from tabrail.data.schema import Schema, encode_target
from tabrail.features import DateParts

PARAMETERS = Params.model_validate(PARAMS)


def build(schema: Schema, *, by_time: bool) -> ColumnTransformer:
    """Return the transformer of the generated module."""
    module: dict[str, Any] = {}
    exec(package()["src/shops/features.py"], module)  # noqa: S102
    split = PARAMETERS.prepare.split.model_copy(update={"method": "time" if by_time else "hash"})
    prepare = PARAMETERS.prepare.model_copy(update={"split": split})
    made: ColumnTransformer = module["build"](
        schema, PARAMETERS.model_copy(update={"prepare": prepare})
    )
    return made


def matrix(table: pd.DataFrame, *, by_time: bool = False, **changes: Any) -> np.ndarray:
    """Return the features of a table that is fitted on itself."""
    schema = Schema.model_validate(SCHEMA | changes)
    typed, _ = conform(table, schema)
    transformer = build(schema, by_time=by_time)
    y_true = encode_target(typed[schema.target], schema)
    return np.asarray(transformer.fit_transform(typed[schema.features], y_true))


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
    parts = DateParts(with_years=False).fit(dates).transform(dates)
    assert parts.shape == (3, 6)
    assert np.abs(parts[0, [0, 1, 4, 5]] - parts[1, [0, 1, 4, 5]]).max() < 0.05
    assert np.isnan(parts[2]).all()
    with_years = DateParts(with_years=True).fit(dates).transform(dates)
    assert with_years[1, 6] == pytest.approx(54, abs=0.01)


@pytest.mark.parametrize("unit", ["s", "us"])
def test_years_beyond_those_of_nanoseconds_count_as_missing(unit: str) -> None:
    days = np.array(["0014-03-02", "1678-01-02", "2024-01-01", "9999-12-31", "NaT"])
    dates = pd.DataFrame({"d": days.astype(f"datetime64[{unit}]")})
    for with_years in (False, True):
        parts = DateParts(with_years=with_years).fit(dates).transform(dates)
        assert np.isnan(parts).all(axis=1).tolist() == [True, False, False, True, True]
        assert np.isfinite(parts[1:3]).all()


def test_with_a_split_by_time_no_row_says_which_year_it_is() -> None:
    plain, ordered = (matrix(shops(300), time="seen", by_time=by) for by in (False, True))
    assert plain.shape[1] - ordered.shape[1] == 1


def test_the_words_that_tell_count() -> None:
    table = shops(300)
    telling = table.assign(note=np.where(table["bought"], "gladly yes", "rather not"))
    schema = Schema.model_validate(SCHEMA)
    typed, _ = conform(telling, schema)
    y_true = encode_target(typed["bought"], schema)
    words = build(schema, by_time=False).fit(typed[schema.features], y_true)
    found = words.named_transformers_["text_0"].transform(typed["note"]).toarray()
    assert found.shape == (300, PARAMETERS.train.text_words)
    assert max(abs(np.corrcoef(column, y_true)[0, 1]) for column in found.T if column.std()) > 0.99

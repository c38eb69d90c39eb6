"""Two tables of one distribution are alike, two of different ones are not."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import SCHEMA, shops

from tabrail.data.distributions import describe, psi
from tabrail.data.rounding import months_outward, seen_dates
from tabrail.data.schema import Schema
from tabrail.documents import to_json

Draw = Callable[[np.random.Generator, int], np.ndarray]
LIMIT = 0.2  # what params.yaml allows

SHAPES: dict[str, Draw] = {
    "normal": lambda r, n: r.normal(size=n),
    "heavy tails": lambda r, n: r.standard_t(2, size=n),
    "skewed": lambda r, n: r.lognormal(3, 1, n),
    "mostly zero": lambda r, n: np.where(r.random(n) < 0.94, 0, r.exponential(1, n)),
    "20 whole numbers": lambda r, n: r.integers(0, 20, n),
    "24 whole numbers": lambda r, n: r.integers(0, 24, n),
    "counts": lambda r, n: r.poisson(3, n),
    "round": lambda r, n: np.round(r.normal(size=n), 1),
    "mostly ten": lambda r, n: np.where(r.random(n) < 0.8, 10, 10 - np.round(r.exponential(3, n))),
    "a constant": lambda r, n: np.full(n, 7.0),
    "half is missing": lambda r, n: np.where(r.random(n) < 0.5, np.nan, r.normal(size=n)),
}


def index(before: np.ndarray, after: np.ndarray) -> float:
    """Return the index of a numeric column that holds these numbers."""
    schema = Schema.model_validate(
        {
            "name": "One column",
            "task": "regression",
            "target": "y",
            "columns": {"x": {"kind": "numeric", "nullable": True}, "y": {"kind": "numeric"}},
        }
    )
    described = [
        json.loads(to_json(describe(pd.DataFrame({"x": values, "y": 1.0}, dtype=float), schema)))
        for values in (before, after)
    ]
    return psi(described[0], described[1])["x"]


@pytest.mark.parametrize("rows", [100, 400, 2_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_sample_of_a_large_table_does_not_differ(shape: str, rows: int) -> None:
    random, draw = np.random.default_rng(0), SHAPES[shape]
    known = draw(random, 12_000)
    found = [index(known, random.choice(known, rows, replace=False)) for _ in range(20)]
    assert max(found) < LIMIT


@pytest.mark.parametrize(("rows", "categories"), [(200, 100), (500, 300), (5000, 100)])
def test_many_rare_categories_do_not_differ_by_chance(rows: int, categories: int) -> None:
    """Drawn from Zipf's distribution, as words and products are."""
    random, weights = np.random.default_rng(0), 1 / np.arange(1, categories + 1)

    def sample() -> dict[str, Any]:
        counts = random.multinomial(rows, weights / weights.sum())
        shares = {str(name): count / rows for name, count in enumerate(counts.tolist())}
        return {"rows": rows, "columns": {"c": {"missing": 0.0, "shares": shares, "other": 0.0}}}

    assert max(psi(sample(), sample())["c"] for _ in range(50)) < 0.1


@pytest.mark.parametrize(("rows", "noise"), [(200, 0.15), (12_000, 0.04)])
@pytest.mark.parametrize("shape", SHAPES)
def test_two_samples_of_one_distribution_do_not_differ(shape: str, rows: int, noise: float) -> None:
    random, draw = np.random.default_rng(0), SHAPES[shape]
    found = [index(draw(random, rows), draw(random, rows)) for _ in range(20)]
    assert max(found) < noise < LIMIT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda r, n: r.normal(size=n), lambda r, n: r.normal(size=n) + 0.5),
        (lambda r, n: r.normal(size=n), lambda r, n: r.normal(size=n) * 2),
        (lambda r, n: r.normal(10, 2, n), lambda r, n: 1000 * r.normal(10, 2, n)),  # another unit
        (lambda r, n: r.integers(0, 20, n), lambda r, n: r.integers(0, 20, n) + 1),
        (lambda r, n: np.full(n, 5.0), lambda r, n: np.full(n, 7.0)),
        (lambda r, n: np.full(n, 7.0), lambda r, n: np.full(n, 5.0)),
        (lambda r, n: np.full(n, 5.0), lambda r, n: r.normal(5, 1, n)),
        (lambda r, n: r.normal(5, 1, n), lambda r, n: np.full(n, 5.0)),
        (
            lambda r, n: r.normal(size=n),
            lambda r, n: np.where(r.random(n) < 0.2, np.nan, r.normal(size=n)),
        ),
        (lambda r, n: r.normal(size=n), lambda r, n: np.full(n, np.nan)),
        (lambda r, n: np.full(n, np.nan), lambda r, n: r.normal(size=n)),
        (lambda r, n: np.where(r.random(n) < 0.5, 0, r.random(n)), lambda r, n: r.random(n)),
    ],
)
def test_a_shift_is_found(before: Draw, after: Draw) -> None:
    random = np.random.default_rng(0)
    assert index(before(random, 2000), after(random, 2000)) > LIMIT


def shops_of(**changes: Any) -> dict[str, float]:
    """Return the index of each column of the shops, one table with changes."""
    schema = Schema.model_validate(SCHEMA)
    tables = [shops(3000).astype({"member": float, "bought": float}) for _ in range(2)]
    tables[1] = tables[1].assign(**changes)
    return psi(describe(tables[0], schema), describe(tables[1], schema))


def test_every_kind_but_dates_texts_and_identifiers_is_compared() -> None:
    assert set(shops_of()) == {"age", "income", "city", "member", "bought"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("city", "Ulm"),
        ("city", "Rom"),  # a category that the schema does not list
        ("city", None),
        ("member", 1.0),
        ("bought", np.nan),
        ("income", np.nan),
    ],
)
def test_only_the_column_that_changed_is_found(column: str, values: object) -> None:
    found = shops_of(**{column: values})
    assert {name for name, value in found.items() if value > LIMIT} == {column}
    assert all(value == 0 for name, value in found.items() if name != column)


def test_what_the_contract_does_not_list_is_not_written_down() -> None:
    table = shops().assign(city="Secret").astype({"member": float, "bought": float})
    found = describe(table, Schema.model_validate(SCHEMA))
    assert "Secret" not in to_json(found)
    assert found["columns"]["city"]["other"] == 1


def test_categories_of_which_the_contract_lists_none_are_left_out() -> None:
    columns = SCHEMA["columns"] | {"city": {"kind": "categorical"}}
    schema = Schema.model_validate(SCHEMA | {"columns": columns, "slices": []})
    table = shops().astype({"member": float, "bought": float})
    assert "city" not in describe(table, schema)["columns"]


def test_a_column_of_another_kind_or_that_is_gone_is_not_compared() -> None:
    before = {"rows": 9, "columns": {"a": {"missing": 0, "values": [1], "up_to": [1]}, "b": {}}}
    after = {"rows": 9, "columns": {"a": {"missing": 0, "shares": {}, "other": 1}, "c": {}}}
    assert psi(before, after) == {}


DATES = {
    "within an hour": ("2023-05-09 07:13:31", "2023-05-09 08:01:02", "2023-05-01", "2023-06-01"),
    "of a few days": ("2023-12-30", "2024-01-02", "2023-12-01", "2024-02-01"),
    "first days of months": ("2020-02-01", "2024-01-01", "2020-02-01", "2024-02-01"),
    "of a life": ("1931-05-06", "2024-03-01", "1931-01-01", "2025-01-01"),
    "of centuries": ("1471-03-09", "2008-01-30", "1470-01-01", "2010-01-01"),
    "the first and the last": ("0001-01-01", "9999-12-31", "0001-01-01", "9999-12-01"),
}


DATED = Schema.model_validate(
    {
        "name": "Dates",
        "task": "regression",
        "target": "y",
        "columns": {"when": {"kind": "datetime"}, "y": {"kind": "numeric"}},
    }
)


@pytest.mark.parametrize(("low", "high", "first", "last"), DATES.values(), ids=DATES)
def test_dates_are_rounded_outward_and_can_be_read(
    low: str, high: str, first: str, last: str
) -> None:
    when = pd.Series(np.array([low, high, high], dtype="datetime64[us]"))
    table = pd.DataFrame({"when": when, "y": [1.0, 2.0, 3.0]})
    dates = describe(table, DATED)["dates"]["when"]
    assert (dates[0], dates[-1]) == (f"{first}T00:00:00", f"{last}T00:00:00")
    assert dates == sorted(set(dates))
    assert [datetime.fromisoformat(date) for date in dates]
    nothing = when.where(when.isna())
    assert describe(table.assign(when=nothing), DATED)["dates"]["when"] == []


def test_most_dates_are_where_most_rows_are() -> None:
    when = pd.to_datetime(["2001-03-04"] * 5 + ["2024-05-06"] * 995).to_series()
    dates = describe(pd.DataFrame({"when": when, "y": 1.0}), DATED)["dates"]["when"]
    assert sum(date.startswith("2024") for date in dates) >= len(dates) - 2


def test_what_schema_yaml_says_of_dates_is_of_no_row() -> None:
    low, high = pd.Timestamp("2024-02-29"), pd.Timestamp("2024-03-01")
    assert months_outward(low, high).astype(str).tolist() == ["2024-02", "2024-03", "2024-04"]
    assert seen_dates(low, high) == "seen 2024-02 to 2024-03"
    assert seen_dates(pd.Timestamp("1931-05-06"), high) == "seen 1931 to 2024"

"""Rows of a request come out of a cleaning function each by itself, and says what it may."""

from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Schema
from tabrail.serving.cleaning import LEFT_OUT, clean_rows, json_cells

COLUMNS = {
    "age": Column(kind="numeric"),
    "city": Column(kind="categorical"),
    "seen": Column(kind="datetime"),
    "email": Column(kind="text", sensitive=True),
    "y": Column(kind="boolean"),
}
FILE = Path(__file__).name
SCHEMA = Schema(name="Any", task="binary", target="y", columns=COLUMNS)
ROW: dict[str, Any] = {"age": 44.0, "city": "Oslo", "seen": "2024-02-01", "email": "a@b.de"}


def test_a_row_that_cannot_be_cleaned_is_refused_alone_with_the_line_and_no_value() -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        if (rows["age"] < 0).any():
            raise ValueError("a secret age")
        return rows[rows["age"] < 100]

    line = clean.__code__.co_firstlineno + 2
    found = clean_rows([ROW | {"age": age} for age in (44.0, -1.0, 120.0)], SCHEMA, clean)
    assert found.dropped == {1: f"clean failed: ValueError in line {line} of {FILE}", 2: LEFT_OUT}
    cells, changed = json_cells(found, SCHEMA)
    assert {place: row["age"] for place, row in cells.items()} == {0: 44.0}
    assert changed == set()


@pytest.mark.parametrize(
    ("city", "text"), [("Oslo", ": Can only use .str accessor with string values"), ("string", "")]
)
def test_what_is_wrong_with_types_is_said_unless_a_value_is_in_it(city: str, text: str) -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(age=rows["age"].str.replace("x", ""))

    (reason,) = clean_rows([ROW | {"city": city}], SCHEMA, clean).dropped.values()
    head = f"clean failed: AttributeError in line {clean.__code__.co_firstlineno + 1} of {FILE}"
    assert reason.startswith(head + text)
    assert text or reason == head


def test_what_clean_must_not_return_is_said() -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.drop(columns="city")

    found = clean_rows([ROW], SCHEMA, clean)
    assert found.dropped == {0: "clean failed: its result does not have the required form"}


def test_an_error_of_a_function_without_code_of_its_own_has_no_line() -> None:
    def fail(rows: pd.DataFrame, why: str) -> pd.DataFrame:
        raise KeyError(why)

    clean = update_wrapper(partial(fail, why="a secret"), fail)
    assert clean_rows([ROW], SCHEMA, clean).dropped == {0: "clean failed: KeyError"}


def test_a_column_that_the_model_does_not_use_reaches_clean_and_no_cell() -> None:
    seen: list[str] = []

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        seen.extend(rows["email"])
        return rows.assign(email=rows["email"].str.upper())

    cells, changed = json_cells(clean_rows([ROW], SCHEMA, clean), SCHEMA)
    assert seen == ["a@b.de"]
    assert changed == {"email"}
    assert cells == {0: {"age": 44.0, "city": "Oslo", "seen": "2024-02-01"}}


def test_a_date_that_clean_writes_as_text_stays_text_which_the_api_reads() -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(seen=rows["seen"] + "T12:00")

    cells, _ = json_cells(clean_rows([ROW], SCHEMA, clean), SCHEMA)
    assert cells[0]["seen"] == "2024-02-01T12:00"


@pytest.mark.parametrize("number", [np.float32(7.5), np.int64(7)])
def test_numbers_of_numpy_among_objects_become_those_of_json(number: Any) -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        mixed = pd.Series([number], index=rows.index, dtype="object")
        return rows.assign(city=mixed)

    cells, changed = json_cells(clean_rows([ROW], SCHEMA, clean), SCHEMA)
    assert changed == {"city"}
    assert not isinstance(cells[0]["city"], np.generic)
    assert str(cells[0]["city"]) == str(number)

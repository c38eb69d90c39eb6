"""A row stays the same row whatever is done to the schema, and a group the same group."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import SCHEMA, shops

from tabrail.data.identity import hashes, known_groups, numbered, row_hashes
from tabrail.data.schema import Schema

KEYLESS = SCHEMA | {"key": []}
MIXED = pd.DataFrame(
    {
        "whole": [1, 2, 3],
        "number": [1.0, 2.5, np.nan],
        "large": [2**60, 2**60 + 1, 2**60 + 2],
        "gaps": pd.array([1, None, 3], dtype="Int64"),
        "flag": [True, False, True],
        "day": pd.Series(["2020-01-01", "2020-02-03", None]).astype("datetime64[us]"),
        "moment": pd.Series(["2020-01-01", "2020-02-03T04:05:06", None]).astype("datetime64[us]"),
        "word": ["x", "", None],
    }
)


def all_hashes(table: pd.DataFrame) -> list[int]:
    """Return the hashes of rows by all their columns."""
    found: list[int] = row_hashes(table, [str(name) for name in table]).tolist()
    return found


def changed(**columns: dict[str, Any]) -> Schema:
    """Return the schema of the shops without a key, some of its columns described otherwise."""
    return Schema.model_validate(KEYLESS | {"columns": KEYLESS["columns"] | columns})


def test_a_hash_is_the_same_in_every_process() -> None:
    # Were it to change with a release of pandas, every row would change sides: better to know.
    table = pd.DataFrame({"key": pd.Series(["a", "b"], dtype="str"), "number": [0.0, 1.5]})
    assert all_hashes(table) == [13697638874887352597, 6270238912350661349]


@pytest.mark.parametrize(
    "schema",
    [
        changed(note={"kind": "ignored"}),
        changed(note={"kind": "categorical"}, age={"kind": "identifier"}),
        changed(income={"kind": "ignored"}, member={"kind": "categorical"}),
        Schema.model_validate(
            KEYLESS | {"columns": dict(reversed(KEYLESS["columns"].items())), "slices": []}
        ),
    ],
    ids=["ignored", "other kinds", "both", "another order"],
)
def test_the_schema_moves_no_row(schema: Schema) -> None:
    table = shops()
    before = hashes(table, table, Schema.model_validate(KEYLESS)).groups
    assert (hashes(table, table, schema).groups == before).all()


def test_a_cleaning_step_moves_no_row_without_a_key() -> None:
    table = shops()
    before = hashes(table, table, Schema.model_validate(KEYLESS)).groups
    cleaned = table.assign(city="Oslo", age=0)
    assert (hashes(table, cleaned, Schema.model_validate(KEYLESS)).groups == before).all()


def test_a_key_counts_as_it_is_after_cleaning() -> None:
    table = pd.DataFrame({"customer": ["7", "7 ", "8"]})
    cleaned = table.assign(customer=table["customer"].str.strip())
    first, second, third = hashes(table, cleaned, Schema.model_validate(SCHEMA)).groups
    assert first == second != third


@pytest.mark.parametrize("kind", ["identifier", "categorical", "numeric", "text"])
def test_the_kind_of_the_key_moves_no_row(kind: str) -> None:
    table = shops()
    columns = SCHEMA["columns"] | {"customer": {"kind": kind}}
    schema = Schema.model_validate(SCHEMA | {"columns": columns})
    before = hashes(table, table, Schema.model_validate(SCHEMA)).groups
    assert (hashes(table, table, schema).groups == before).all()


def test_the_order_of_the_key_moves_no_row() -> None:
    table = shops()
    one, other = (
        hashes(table, table, Schema.model_validate(SCHEMA | {"key": key})).groups
        for key in (["customer", "city"], ["city", "customer"])
    )
    assert (one == other).all()


def test_a_corrected_target_moves_no_row() -> None:
    table = shops()
    before = hashes(table, table, Schema.model_validate(KEYLESS)).groups
    corrected = table.assign(bought=~table["bought"])
    assert (hashes(corrected, corrected, Schema.model_validate(KEYLESS)).groups == before).all()


def test_a_column_that_comes_later_moves_no_earlier_row() -> None:
    table = shops(5)
    later = table.assign(age_of_shop=[np.nan, np.nan, 1.0, 2.0, np.nan])
    same = np.equal(all_hashes(table), all_hashes(later))
    assert same.tolist() == [True, True, False, False, True]


def test_values_that_change_places_are_another_row() -> None:
    table = pd.DataFrame({"first": ["a", "b"], "second": ["b", "a"]})
    assert len(set(all_hashes(table))) == 2


@pytest.mark.parametrize("column", MIXED)
def test_a_table_is_the_same_as_csv(column: str) -> None:
    table = MIXED[[column]]
    written = StringIO(table.to_csv(index=False, na_rep=""))
    read = pd.read_csv(written, dtype="str", keep_default_na=False, skip_blank_lines=False)
    assert all_hashes(table) == all_hashes(read)


CHUNKS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "with gaps": lambda table: table.assign(whole=[1.0, 2.0, 3.0]),
    "objects": lambda table: table.astype("object"),
}


@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS.keys())
def test_pandas_type_of_a_chunk_does_not_count(chunk: Callable[[Any], Any]) -> None:
    table = MIXED[["whole", "flag", "word"]]
    assert all_hashes(chunk(table)) == all_hashes(table)


def test_groups_are_counted_by_hash_by_key_or_by_row() -> None:
    schema = Schema.model_validate(SCHEMA)
    table = pd.DataFrame({"customer": ["7", "8", "7"]})
    assert numbered(known_groups(table, schema)).tolist() == [0, 1, 0]
    assert numbered(known_groups(table.assign(group_hash=[5, 5, 6]), schema)).tolist() == [0, 0, 1]
    assert numbered(known_groups(table, Schema.model_validate(KEYLESS))).tolist() == [0, 1, 2]

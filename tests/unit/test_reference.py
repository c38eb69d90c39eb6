"""Rows that the library makes itself are read as they are made."""

from typing import Any

import pytest

from tabrail.data.schema import Schema
from tabrail.model import reference

DISTRIBUTIONS = {"columns": {"size": {"values": [12.5, 68.3, 90.25]}}}


@pytest.mark.parametrize(
    ("form", "column"),
    [
        ({}, {}),
        ({"csv": {"decimal": ",", "thousands": "."}}, {}),
        ({}, {"decimal": ",", "thousands": ""}),
        ({}, {"format": "duration"}),
    ],
    ids=["point", "files with commas", "column with commas", "duration"],
)
def test_numbers_do_not_depend_on_how_files_write_them(
    form: dict[str, Any], column: dict[str, Any]
) -> None:
    schema = Schema.model_validate(
        {
            "name": "Flats",
            "task": "regression",
            "target": "rent",
            **form,
            "columns": {
                "size": {"kind": "numeric", "min": 0, "max": 100, **column},
                "rent": {"kind": "numeric"},
            },
        }
    )
    typical = reference.typical(schema, DISTRIBUTIONS)
    assert typical == {"size": 68.3}
    assert reference.table([typical], schema)["size"].tolist() == [68.3]
    rows = reference.table(reference.rows(schema, DISTRIBUTIONS), schema)["size"]
    assert sorted(set(rows)) == [12.5, 68.3, 90.25]


def test_texts_and_hidden_categories_have_no_typical_value() -> None:
    schema = Schema.model_validate(
        {
            "name": "Permits",
            "task": "regression",
            "target": "fee",
            "columns": {
                "area": {"kind": "numeric"},
                "official": {"kind": "categorical"},
                "district": {"kind": "categorical", "categories": ["North", "South"]},
                "remark": {"kind": "text"},
                "open": {"kind": "boolean"},
                "fee": {"kind": "numeric"},
            },
        }
    )
    known = {"columns": {"district": {"shares": {"North": 0.6, "South": 0.4}}, "official": {}}}
    assert reference.without_typical(schema, known) == ["official", "remark"]

"""The tables of the use cases are understood as tools/use_cases.py expects it."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import TEMPLATE
from ruamel.yaml import YAML

from tabrail.data.schema import Schema
from tabrail.ingest import summary
from tabrail.ingest.draft import to_yaml
from tabrail.ingest.infer import infer

sys.path.append(str(TEMPLATE / "tools"))  # as where the program is run
try:
    import use_case_tables as tables
    from use_case_life import as_sent
finally:
    sys.path.remove(str(TEMPLATE / "tools"))


def schema(text: str) -> Schema:
    """Read schema.yaml."""
    return Schema.model_validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize("name", tables.CASES)
def test_a_table_is_understood(name: str, tmp_path: Path) -> None:
    case = tables.CASES[name]
    file = tables.written(case, tmp_path)
    draft = infer([file], case.target)
    inferred = schema(to_yaml(draft))
    assert tables.misunderstood(case, inferred, summary.text(draft, inferred)) == []
    if case.first_task != case.task:
        draft = infer([file], case.target, "regression")
    mended = schema(tables.edited(case, to_yaml(draft)))
    assert (mended.task, tables.learned(case, mended)) == (case.task, [])


@pytest.mark.parametrize("name", tables.CASES)
def test_months_have_the_columns_of_the_table(name: str) -> None:
    case = tables.CASES[name]
    year, normal, shifted = (tables.table(case, kind) for kind in ("year", "normal", "shifted"))
    assert list(year) == list(normal) == list(shifted)
    assert (len(year), len(normal), len(shifted)) == (case.rows, case.month, case.month)
    pd.testing.assert_frame_equal(year, tables.table(case))
    for values in (case.broken, case.strange):
        assert set(values) <= set(year) - {case.target}


def test_an_expectation_that_fails_is_named() -> None:
    case = tables.CASES["churn"]
    columns: dict[str, Any] = {str(name): {"kind": "numeric"} for name in tables.table(case)}
    wrong = Schema(name="x", task="regression", target="churn", columns=columns)
    found = tables.misunderstood(case, wrong, "")
    assert "the task is regression, not binary" in found
    assert "customer_id is numeric, not identifier" in found
    assert "nothing says: plan: 9 categories" in found
    assert "customer_id" in tables.learned(case, wrong)
    with pytest.raises(ValueError, match="has no"):
        tables.edited(tables.CASES["cars"], "name: x")


def test_a_prepared_row_is_sent_in_the_forms_of_the_schema() -> None:
    kinds: dict[str, Any] = {
        "paid": {"kind": "boolean", "nullable": True},
        "on": {"kind": "datetime", "format": "%d.%m.%Y"},
        "at": {"kind": "datetime"},
        "y": {"kind": "numeric"},
    }
    of = Schema(name="x", task="regression", target="y", columns=kinds)
    row = {"paid": 0.0, "on": "2024-02-01T00:00:00.000", "at": "2024-02-01T08:00:00.000"}
    assert as_sent(row, of) == {**row, "paid": False, "on": "01.02.2024"}
    typed = {"paid": "Yes", "on": "01.02.2024"}
    assert as_sent(typed, of) == {**typed, "paid": True}
    assert as_sent({"paid": None}, of) == {"paid": None}

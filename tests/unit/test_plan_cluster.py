"""The plan of docs/cluster.md is what the program computes, near to what was measured."""

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Seconds of CPU for each million of so many million rows, looked up a million at a time.
MEASURED = {8: 0.0807, 16: 0.117, 32: 0.171, 64: 0.259, 100: 0.286, 128: 0.354}


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "plan_cluster.py"))


def test_the_manual_has_its_tables(program: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert program["times"]() in page
    assert program["sizes"]() in page


@pytest.mark.parametrize("millions", MEASURED)
def test_looking_rows_up_takes_what_was_measured(program: dict[str, Any], millions: int) -> None:
    predicted = program["lookup"](millions * program["MILLION"])
    assert predicted == pytest.approx(MEASURED[millions], rel=program["LARGEST_ERROR"])


@pytest.mark.parametrize(("rows", "workers"), [(10**8, 10), (10**9, 10), (10**9, 100)])
def test_useful_workers_are_where_the_client_becomes_the_limit(
    program: dict[str, Any], rows: int, workers: int
) -> None:
    plan = program["Plan"](rows, workers)
    waits = plan.stage == pytest.approx(program["START"] + plan.lookups)
    assert waits == (workers >= plan.useful_workers)

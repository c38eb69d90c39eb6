"""Rows that follow each other in time are told of without a date that orders them, too."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.in_process import edit, succeed, write_project

from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.ingest import ingest, two_splits
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

ROWS = 1200
RANDOM = np.random.default_rng(3)
DAYS = pd.date_range("2019-01-01", periods=ROWS)
X = RANDOM.normal(size=ROWS)
CITY = RANDOM.choice(list("abcdefgh"), ROWS)
OF_CITY = np.array([ord(city) - 97 for city in CITY])


def carried_on(share: float) -> np.ndarray:
    """Return numbers of which each depends on the one before."""
    values = RANDOM.normal(size=ROWS)
    for row in range(1, ROWS):
        values[row] += share * values[row - 1]
    return values.round(3)


LEVEL = carried_on(0.99)
Y = (LEVEL * 3 + X + RANDOM.normal(size=ROWS)).round(2)
SERIES = {"x": X, "warm": carried_on(1.0), "wet": carried_on(0.99), "y": Y}


def inferred(folder: Path, columns: dict[str, Any], clean: Clean = no_cleaning) -> Draft:
    """Infer the schema of a table."""
    path = folder / "table.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return infer([path], "y", clean=clean)


def told(draft: Draft, head: str) -> str:
    """Return the warning of both scores, of which the honest one is worse and comes first."""
    (warning,) = [one for one in draft.warnings if "small model" in one]
    assert warning.startswith(head)
    honest, random = map(float, re.findall(r"has (?:MAE|ROC AUC)? ?(\d+\.?\d*)", warning))
    assert honest > random if "MAE" in warning else honest < random
    return warning


def shuffled(columns: dict[str, Any]) -> dict[str, Any]:
    order = RANDOM.permutation(ROWS)
    return {name: np.asarray(values)[order] for name, values in columns.items()}


@pytest.mark.parametrize("classes", [False, True])
def test_the_order_of_the_file_is_told(tmp_path: Path, classes: bool) -> None:
    answer = np.where(np.median(Y) < Y, "up", "down") if classes else Y
    draft = inferred(tmp_path, SERIES | {"y": answer})
    warning = told(draft, "rows that are near each other in the file are alike")
    assert "If they are in the order of time" in warning
    assert "write time: and its name in schema.yaml, and method: time at prepare.split" in warning
    again = inferred(tmp_path, shuffled(SERIES | {"y": answer}))
    assert not [one for one in again.warnings if "small model" in one]


NOISE = (2 * X**2 + OF_CITY + RANDOM.normal(size=ROWS)).round(3)
ORDERS = {
    "by a feature": np.argsort(X),
    "nearly by a feature": np.argsort(X + RANDOM.normal(size=ROWS) / 3),
    "by a category": np.argsort(CITY, kind="stable"),
    "by a category and a feature": np.lexsort([X, CITY]),
    "by the target": np.argsort(NOISE),
    "the other way round": np.argsort(-NOISE),
    "in no order": np.arange(ROWS),
}


@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_rows_that_somebody_sorted_follow_in_no_time(
    tmp_path: Path, order: np.ndarray, classes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_splits, "by_time", lambda *_: pytest.fail("there is no suspicion"))
    answer = np.where(np.median(NOISE) < NOISE, "b", "a") if classes else NOISE
    columns = {"x": X, "city": CITY, "z": RANDOM.normal(size=ROWS), "y": answer}
    inferred(tmp_path, {name: values[order] for name, values in columns.items()})


def test_flowers_that_are_sorted_by_kind_follow_in_no_time(tmp_path: Path) -> None:
    kind = np.repeat([0, 1, 2], ROWS // 3)
    petal = (kind * 2 + RANDOM.normal(size=ROWS)).round(1)
    columns = {"petal": petal, "sepal": RANDOM.normal(size=ROWS).round(1), "y": kind}
    names = np.array(["setosa", "versicolor", "virginica"])
    for answer in (names[kind], kind):
        draft = inferred(tmp_path, columns | {"y": answer})
        assert not [one for one in draft.warnings if "small model" in one]


PARTS = {
    "year and month": ({"year": DAYS.year, "month": DAYS.month}, "year, month: "),
    "a day beside them": (
        {"Year": DAYS.year, "Month": DAYS.month, "Day": DAYS.day},
        "Year, Month, Day: ",
    ),
    "names of months": (
        {"arrival_date_year": DAYS.year, "arrival_date_month": DAYS.month_name()},
        "arrival_date_year, arrival_date_month: ",
    ),
    "in German": ({"Jahr": DAYS.year, "Monat": DAYS.month}, "Jahr, Monat: "),
    "a number of the day": ({"day": np.arange(ROWS) + 300}, "day: "),
}


@pytest.mark.parametrize(("columns", "head"), PARTS.values(), ids=PARTS)
def test_numbers_of_a_date_are_told_and_what_is_written_makes_one(
    tmp_path: Path, columns: dict[str, Any], head: str
) -> None:
    table = columns | SERIES
    warning = told(inferred(tmp_path, table), head)
    assert "Then: uv run tabrail ingest data/raw --target y --replace" in warning
    line = warning.partition("in clean (prepare.py): ")[2].partition(". Then: ")[0]

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.copy()
        exec(line, {"rows": rows, "pd": pd})  # noqa: S102 (the line that the owner is to write)
        return rows

    time = head.partition(",")[0].removesuffix(": ")
    draft = inferred(tmp_path, table, clean)
    assert draft.schema["columns"][time]["kind"] == "datetime", line
    assert draft.schema["time"] == time
    assert "method: time at prepare.split" in told(draft, f"{time}: rows that are near in time")


def test_numbers_of_other_dates_are_not(tmp_path: Path) -> None:
    years = {"year_of_birth": DAYS.year, "month_of_birth": DAYS.month}
    for columns in (years, {"year_built": DAYS.year, "month_built": DAYS.month}):
        draft = inferred(tmp_path, shuffled(columns | SERIES))
        assert not [one for one in draft.warnings if "small model" in one]


def test_dates_with_gaps_are_told_and_can_order_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    when = np.where(RANDOM.random(ROWS) < 0.04, "", DAYS.strftime("%Y-%m-%d"))
    table = shuffled({"when": when} | SERIES)
    warning = told(inferred(tmp_path, table), "when: rows that are near in time are alike")
    assert "delete nullable of when in schema.yaml, and write time: when" in warning
    found = re.search(r"missing: (0\.\d+) at prepare.tolerance", warning)
    assert found
    folder = tmp_path / "project"
    write_project(folder, data_file="table.csv", target="y", project_slug="gaps")
    monkeypatch.chdir(folder)
    succeed("ingest", str(tmp_path / "table.csv"), "--target", "y", "--yes")
    edit("schema.yaml", lambda schema: schema["columns"]["when"].pop("nullable"))
    edit("schema.yaml", lambda schema: schema.update(time="when"))
    tolerance = {"missing": float(found[1])}
    edit(
        "params.yaml",
        lambda params: params["prepare"].update(split={"method": "time"}, tolerance=tolerance),
    )
    succeed("run", "prepare")
    parts = [pd.read_parquet(f"data/prepared/{name}.parquet")["when"] for name in ("train", "test")]
    assert parts[0].max() < parts[1].min()

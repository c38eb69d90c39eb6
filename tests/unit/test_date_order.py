"""A fortnight that was read the wrong way round is told from dates that are as they are read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabrail.data.date_order import LIKELY, SURE, chance_of, other_order, usual_days
from tabrail.data.schema import Schema
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

EVERY_DAY = [1 / 31] * 31
FIRST_DAYS = [1.0] + [0.0] * 30
OFTEN_FIRST = [0.4] + [0.02] * 30
YEAR = np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]")
THREE_YEARS = np.arange("2022-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]")
RANDOM = np.random.default_rng(0)
TELLS = {
    "January 1 to 12": (YEAR, EVERY_DAY, "sure"),
    "January 1 to 12, where first days are frequent": (YEAR, OFTEN_FIRST, "likely"),
    "five days of March": (YEAR[:5] + np.timedelta64(2, "D"), EVERY_DAY, "sure"),
    "three days of March": (YEAR[:3] + np.timedelta64(2, "D"), EVERY_DAY, ""),
    "monthly figures": (YEAR, FIRST_DAYS, ""),
    "monthly figures of three years": (THREE_YEARS, None, ""),
    "the fifth day of each month": (THREE_YEARS + np.timedelta64(4, "D"), None, ""),
    "the 15th of each month": (YEAR + np.timedelta64(14, "D"), EVERY_DAY, ""),
    "nobody knows the usual days": (np.repeat(YEAR, 2), None, "likely"),
    "nobody knows, and few rows": (YEAR, None, ""),
    "days of all kinds": (np.arange("2024-01-01", "2024-12-31", dtype="datetime64[D]"), None, ""),
    "none": (YEAR[:0], EVERY_DAY, ""),
}


@pytest.mark.parametrize(("dates", "usual", "verdict"), TELLS.values(), ids=TELLS)
def test_chance(dates: np.ndarray, usual: list[float] | None, verdict: str) -> None:
    chance = chance_of(dates, usual)
    found = "sure" if chance < SURE else "likely" if chance < LIKELY else ""
    assert found == verdict


def test_the_days_of_few_rows_and_of_persons_are_not_told() -> None:
    columns = {
        "seen": {"kind": "datetime", "format": "%d/%m/%Y"},
        "born": {"kind": "datetime", "format": "%d/%m/%Y", "sensitive": True},
        "sent": {"kind": "datetime"},
        "y": {"kind": "numeric"},
    }
    schema = Schema.model_validate(
        {"name": "Days", "task": "regression", "target": "y", "columns": columns}
    )
    dates = pd.Series(pd.to_datetime(["2024-01-01"] * 30 + ["2024-02-09"] * 10 + ["2024-03-17"]))
    found = usual_days(pd.DataFrame({"seen": dates, "born": dates, "sent": dates}), schema)
    assert found == {"seen": [0.75] + [0.0] * 7 + [0.25] + [0.0] * 22}
    assert other_order("%d.%m.%Y %H:%M") == "%m.%d.%Y %H:%M"


def inferred(folder: Path, **dates: pd.DatetimeIndex | list[str]) -> Draft:
    """Write a file for each list of dates, and infer the schema of all."""
    for name, opened in dates.items():
        x = RANDOM.normal(size=len(opened))
        y = x * 3 + RANDOM.normal(size=len(opened))
        pd.DataFrame({"opened": opened, "x": x, "y": y}).to_csv(folder / f"{name}.csv", index=False)
    return infer(sorted(folder.iterdir()), "y")


def test_one_of_several_files_in_the_other_order_is_named(tmp_path: Path) -> None:
    many = pd.Timestamp("2022-01-01") + pd.to_timedelta(RANDOM.integers(0, 700, 400), unit="D")
    fortnight = [f"01/{day:02}/2024" for day in range(1, 13)] * 3
    draft = inferred(tmp_path, first=list(many.strftime("%d/%m/%Y")), later=fortnight)
    (warning,) = [one for one in draft.warnings if one.startswith("opened: ")]
    assert "the wrong way round in later.csv" in warning
    # These dates are there: they were once counted as missing.
    assert draft.schema["columns"]["opened"] == {"kind": "datetime", "format": "%d/%m/%Y"}


def test_monthly_figures_are_not_in_the_other_order(tmp_path: Path) -> None:
    years = {
        f"y{year}": [f"{month:02}/01/{year}" for month in range(1, 13)] * 4 for year in (2021, 2022)
    }
    draft = inferred(tmp_path, **years)
    assert not [one for one in draft.warnings if "the wrong way round in" in one]

"""Dates that stand for none are missing values, and the owner is told, whatever the file's type."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tabrail.data import cells, no_dates, tables
from tabrail.data.conform import conform
from tabrail.data.schema import Schema
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer
from tabrail.serving.fields import Fields

ROWS, FAR = 300, 30
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=ROWS)
Y = X * 3 + RANDOM.normal(size=ROWS)
DAYS = [datetime(2021, 1, 1) + timedelta(days=n * 7 % 700, seconds=n * 977) for n in range(ROWS)]
TYPES = {
    "microseconds": pa.timestamp("us"),
    "milliseconds": pa.timestamp("ms"),
    "seconds": pa.timestamp("s"),
    "UTC": pa.timestamp("us", tz="UTC"),
    "east of UTC": pa.timestamp("ms", tz="Pacific/Kiritimati"),
    "west of UTC": pa.timestamp("us", tz="America/Los_Angeles"),
    "days": pa.date32(),
    "days as milliseconds": pa.date64(),
}
NONE = {
    "the last day": datetime(9999, 12, 31),
    "the last second": datetime(9999, 12, 31, 23, 59, 59),
    "the first day": datetime(1, 1, 1),
    "the year 2999": datetime(2999, 12, 31),
}


def written(folder: Path, kind: pa.DataType, *odd: datetime) -> Path:
    """Write a table in which some dates are others."""
    dates: list[datetime] = [*DAYS]
    for number, date in enumerate(odd):
        dates[number * 9] = date
    file = folder / f"{len(list(folder.iterdir()))}.parquet"
    plain = pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) else kind
    if pa.types.is_date(kind):
        column = pa.array([date.date() for date in dates], type=plain)
    elif kind.tz and all(1 < date.year < 9999 for date in odd):
        column = pa.compute.assume_timezone(pa.array(dates, type=plain), kind.tz)
    else:  # pyarrow refuses what is beyond the calendar on other clocks
        column = pa.array(dates, type=plain).cast(pa.int64()).cast(kind)
    pq.write_table(pa.table({"ends": column, "x": X, "y": Y}), file)
    return file


def inferred(file: Path) -> Draft:
    return infer([file], "y")


@pytest.mark.parametrize("none", NONE.values(), ids=NONE)
@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_a_date_that_stands_for_none_is_missing_and_named(
    tmp_path: Path, kind: pa.DataType, none: datetime
) -> None:
    file = written(tmp_path, kind, *[none] * FAR)
    draft = inferred(file)
    assert draft.schema["columns"]["ends"] == {"kind": "datetime", "nullable": True}
    word = f"{none:%Y-%m-%d}".rjust(10, "0")
    assert f"{word!r} in ends" in draft.reasons["missing"]
    assert "10.0% missing" in draft.column_reasons["ends"]
    assert not [warning for warning in draft.warnings if warning.startswith("ends")]
    schema = Schema.model_validate(draft.schema)
    (chunk,) = tables.read_chunks(file, schema, ROWS)
    table, violations = conform(chunk, schema)
    assert not violations
    assert table["ends"].isna().sum() == FAR
    assert table["ends"].max() < pd.Timestamp("2023-01-01")


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_a_date_of_an_unlikely_year_is_kept_and_asked_about(
    tmp_path: Path, kind: pa.DataType
) -> None:
    odd = [datetime(14, 3, 2), datetime(3021, 5, 6), datetime(2262, 12, 1)]
    draft = inferred(written(tmp_path, kind, *odd))
    assert "nullable" not in draft.schema["columns"]["ends"]
    (warning,) = [warning for warning in draft.warnings if warning.startswith("ends: ")]
    assert "2 dates are before the year 1000 or after 2998, such as 0014-03-02" in warning
    assert 'add "0014-03-02" to missing, and nullable: true to ends' in warning
    # What the warning says is of use.
    draft.schema["missing"] += ["0014-03-02"]
    draft.schema["columns"]["ends"]["nullable"] = True
    draft.schema.pop("time")  # the order of time is by a date in every row
    schema = Schema.model_validate(draft.schema)
    (chunk,) = tables.read_chunks(written(tmp_path, kind, *odd), schema, ROWS)
    assert conform(chunk, schema)[0]["ends"].isna().sum() == 1


@pytest.mark.parametrize(("form", "odd"), [("%Y-%m-%d", "0014-03-02"), ("%d.%m.%Y", "02.03.0014")])
def test_so_it_is_in_csv(tmp_path: Path, form: str, odd: str) -> None:
    dates = [f"{day:{form}}" for day in DAYS]
    dates[4], dates[5] = odd, odd
    none = "9999-12-31" if form.startswith("%Y") else "31.12.9999"
    file = tmp_path / "t.csv"
    pd.DataFrame({"ends": [*dates[FAR:], *[none] * FAR], "x": X, "y": Y}).to_csv(file, index=False)
    assert "dates are" not in " ".join(inferred(file).warnings)
    pd.DataFrame({"ends": dates, "x": X, "y": Y}).to_csv(file, index=False)
    draft = inferred(file)
    assert draft.schema["columns"]["ends"]["kind"] == "datetime"
    assert any(
        f"2 dates are before the year 1000 or after 2998, such as {odd}" in one
        for one in draft.warnings
    )


@pytest.mark.parametrize("given", [[None, None], [np.nan, 1.5], [2, 3], []], ids=str)
def test_a_column_of_any_values_without_a_text_has_none(given: list[object]) -> None:
    column = pd.Series(given, dtype="object")
    assert cells.present(column, ["9999-12-31"]).isna().tolist() == column.isna().tolist()


def test_infinity_of_a_database_is_the_last_day() -> None:
    most = pa.array([2**62, -(2**62), 0, None]).cast(pa.timestamp("us"))
    days = no_dates.within_calendar(most).cast(pa.date32()).to_pylist()
    assert [str(day) for day in days] == ["9999-12-31", "0001-01-01", "1970-01-01", "None"]
    for kind in (pa.date32(), pa.timestamp("ns"), pa.string()):
        same = pa.array([None, None], type=kind)
        assert no_dates.within_calendar(same) is same


@pytest.mark.parametrize(
    "given", ["9999-12-31", "9999-12-31T00:00:00", "9999-12-31 23:59:59.999", "9999-12-31T00:00Z"]
)
def test_a_time_on_such_a_day_is_none_in_texts_and_requests(given: str) -> None:
    schema = Schema.model_validate(
        {
            "name": "Ends",
            "task": "regression",
            "target": "y",
            "missing": ["", "9999-12-31"],
            "columns": {"ends": {"kind": "datetime", "nullable": True}, "y": {"kind": "numeric"}},
        }
    )
    given_cells = pd.Series([given, "2024-01-31", "9999-12-31 is no date"], dtype="str")
    assert cells.present(given_cells, schema.missing).isna().tolist() == [True, False, False]
    assert Fields(schema).text(given) is None
    assert Fields(schema).text(datetime(9999, 12, 31, 5)) is None
    assert Fields(schema).text("2024-01-31") == "2024-01-31"

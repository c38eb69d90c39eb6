"""Numbers of one file in two ways: each column is read in its own, and its owner is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabrail.data import plain_cells
from tabrail.data.conform import conform, read
from tabrail.data.schema import Column, Csv, Schema
from tabrail.errors import InputError
from tabrail.ingest import ingest
from tabrail.ingest.draft import Draft, to_yaml
from tabrail.ingest.infer import infer
from tabrail.ingest.number_format import find_number_format, thousands_mark

RANDOM = np.random.default_rng(3)
AMOUNTS = [int(one) for one in RANDOM.integers(280, 3_500, 200)]
SIZES = [round(float(one), 1) for one in RANDOM.uniform(18, 140, 200)]
COMMAS = [f"{size}".replace(".", ",") for size in SIZES]
WRITTEN: dict[str, Callable[[int], str]] = {
    "comma": lambda amount: f"{amount:,}",
    "euro": lambda amount: f"€{amount:,}",
    "code behind": lambda amount: f"{amount:,} EUR",
    "rupees": lambda amount: f"Rs. {amount:,}",
    "point": lambda amount: f"{amount:,}".replace(",", "."),
    "Swiss": lambda amount: f"CHF {amount:,}".replace(",", "'"),
    "typographic": lambda amount: f"{amount:,}".replace(",", "\u2019"),
}


def save(folder: Path, rent: list[str], *others: list[str], sep: str = ";") -> Path:
    columns = {f"area{place}": column for place, column in enumerate(others)}
    table = pd.DataFrame({"rent": rent, **columns, "noise": RANDOM.integers(0, 90, len(rent))})
    table.to_csv(folder / "rents.csv", index=False, sep=sep, encoding="utf-8-sig")
    return folder / "rents.csv"


def amounts(draft: Draft) -> list[float]:
    """Return what `€1,167` and the like of the draft's file are read as."""
    schema = Schema.model_validate(draft.schema)
    file = Path(draft.files[0])
    rows = pd.read_csv(file, sep=schema.csv.delimiter, dtype="str", encoding="utf-8-sig")
    found: list[float] = conform(rows, schema)[0]["rent"].tolist()
    return found


@pytest.mark.parametrize("others", [0, 1, 3])
@pytest.mark.parametrize("sep", [";", ","])
@pytest.mark.parametrize("way", WRITTEN)
def test_groups_of_thousands_are_no_decimals(
    way: str, sep: str, others: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path, list(map(WRITTEN[way], AMOUNTS)), *[COMMAS] * others, sep=sep)
    draft = infer([Path("rents.csv")], "rent")
    assert amounts(draft) == AMOUNTS
    assert all(draft.schema["columns"][f"area{n}"]["kind"] == "numeric" for n in range(others))
    clash = [one for one in draft.warnings if "is read as" in one]
    assert bool(clash) == (others > 0 and way in ("comma", "euro", "code behind", "rupees"))
    if others == 3 and clash:
        assert clash[0].startswith("THE TARGET rent: ")
        assert 'decimal: ".", thousands: ","' in clash[0]
        assert draft.warnings[0] == clash[0]


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["389", "683", "1,167"], ","),
        (["€1,167", "€2,049"], ","),  # money has no three decimals
        (["1,234,567", "12"], ","),
        (["389", "1'167"], "'"),
        ([f"{n:,}".replace(",", ".") for n in AMOUNTS], "."),
        ([*(f"€{n:,}" for n in range(700, 1400)), "€1,67"], ","),  # a slip
        (["1.167", "2.049"], ""),
        (["0.389", "1.167", "350"], ""),
        (["2", "3", "1.125"], ""),
        (["1500", "683", "1,167"], ""),
        (["250", "300", "310.125", "280.500"], ""),
        (["1.5", "683", "1,167"], ""),
        (["01.02.2024", "02.02.2024"], ""),
        (["12.345%", "1.234%"], ""),
    ],
)
def test_the_mark_that_parts_thousands(values: list[str], mark: str) -> None:
    assert thousands_mark(dict.fromkeys(values, 1)) == mark


def test_months_and_times_are_no_numbers_of_another_way() -> None:
    columns = {"a": COMMAS, "b": ["03.2024", "12.2023"], "c": ["8.30", "17.45"], "d": ["2.75"]}
    words = {name: dict.fromkeys(values, 1) for name, values in columns.items()}
    assert find_number_format(words | {"e": words["a"]}, Csv())[2].keys() == {"d"}


def test_where_nothing_tells_column_value_and_both_readings_are_named() -> None:
    words = {"size": {"1.234": 1, "5.678": 1}}
    assert find_number_format(words, Csv(delimiter=";"))[1] == (
        "AMBIGUOUS: '1.234' in size is read as 1234. It may also mean 1.234: then write "
        'csv: {decimal: ".", thousands: ""} in schema.yaml'
    )


def test_a_column_that_is_left_out_keeps_its_separators_in_the_line_to_write(
    tmp_path: Path,
) -> None:
    deposit = [f"€{3 * n:,}" for n in AMOUNTS]
    path = save(tmp_path, [f"€{n:,}" for n in AMOUNTS], deposit, *[COMMAS] * 4)
    (warning,) = (one for one in infer([path], "rent").warnings if "area0 is ignored" in one)
    assert 'under columns: area0: {kind: numeric, decimal: ".", thousands: ","}' in warning


def test_what_the_owner_wrote_of_numbers_stays(tmp_path: Path) -> None:
    path = save(tmp_path, [f"€{n:,}" for n in AMOUNTS], COMMAS, COMMAS)
    first = infer([path], "rent")
    assert first.schema["csv"]["decimal"] == ","
    written = first.schema | {"csv": {"delimiter": ";", "decimal": ".", "thousands": ","}}
    written["columns"] = {name: dict(column) for name, column in written["columns"].items()}
    del written["columns"]["rent"]["decimal"], written["columns"]["rent"]["thousands"]
    again = infer([path], "rent", before=Schema.model_validate(written))
    assert again.schema["csv"] == {"delimiter": ";", "thousands": ","}
    assert again.schema["columns"]["area0"]["decimal"] == ","
    written["columns"]["rent"] |= {"decimal": ",", "thousands": ""}
    again = infer([path], "rent", before=Schema.model_validate(written))
    assert again.schema["columns"]["rent"]["decimal"] == ","


def test_replace_looks_at_the_present_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, said = save(tmp_path, [f"€{n:,}" for n in AMOUNTS], COMMAS, COMMAS), list[str]()
    draft = infer([path], "rent")
    draft.schema["columns"]["rent"] |= {"decimal": ",", "thousands": ""}
    Path("schema.yaml").write_text(to_yaml(draft), encoding="utf-8")
    ingest.start([path], "rent", None, "", said.append, dry_run=True)
    assert "THE TARGET" not in said[0]
    Path("schema.yaml").unlink()
    ingest.start([path], "rent", None, "", said.append, dry_run=True)
    assert "WARNING: THE TARGET rent" in "".join(said[1:])


@pytest.mark.parametrize(
    ("keys", "csv", "expected"),
    [
        ({}, {"decimal": ","}, (",", "")),
        ({"decimal": "."}, {"decimal": ","}, (".", "")),
        ({"decimal": "."}, {"decimal": ",", "thousands": "."}, (".", "")),
        ({"thousands": ","}, {"decimal": ","}, (".", ",")),
        ({"thousands": "."}, {}, (",", ".")),
        ({"thousands": "'"}, {"decimal": ","}, (",", "'")),
        ({"decimal": ",", "thousands": ""}, {"thousands": ","}, (",", "")),
    ],
)
def test_a_column_has_its_own_separators(
    keys: dict[str, str], csv: dict[str, str], expected: tuple[str, str]
) -> None:
    column = Column.model_validate({"kind": "numeric", **keys})
    assert column.separators(Csv.model_validate(csv)) == expected


def test_both_readers_go_by_the_column() -> None:
    columns = {"a": Column(kind="numeric", decimal="."), "y": Column(kind="boolean")}
    schema = Schema(name="t", task="binary", target="y", csv=Csv(decimal=","), columns=columns)
    plain = plain_cells.read(pa.array(["1.5"], pa.large_string()), columns["a"], schema)
    assert plain is not None
    assert plain.values.tolist() == [1.5]
    assert read(pd.Series(["1.5"], dtype="str"), columns["a"], schema.csv).tolist() == [1.5]
    american = schema.model_copy(update={"csv": Csv()})
    comma = Column(kind="numeric", decimal=",")
    assert plain_cells.read(pa.array(["1.500"], pa.large_string()), comma, american) is None


@pytest.mark.parametrize(
    "column",
    [
        {"kind": "categorical", "decimal": ","},
        {"kind": "numeric", "decimal": ",", "thousands": ","},
        {"kind": "numeric", "decimal": "'"},
    ],
)
def test_wrong_separators_of_a_column_are_refused(column: dict[str, str]) -> None:
    with pytest.raises((ValueError, InputError), match="decimal"):
        Column.model_validate(column)

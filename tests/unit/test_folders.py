"""Folders as Hive and Spark write them are read; those with deleted rows are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabrail.data import folders, tables
from tabrail.data.schema import Column, Csv, Schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.ingest.infer import infer

DRAW = np.random.default_rng(3)
TABLE = pd.DataFrame(
    {
        "size": DRAW.normal(50, 9, 200).round(2),
        "colour": DRAW.choice(["red", "blue"], 200),
        "answer": DRAW.choice(["yes", "no"], 200),
    }
)
VALUES = ["Baden-W%C3%BCrttemberg", "a%2Fb%20c", folders.NO_VALUE, "AT"]


def write(file: Path, rows: pd.DataFrame = TABLE) -> Path:
    """Write rows as CSV or Parquet, by the name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(file, index=False) if file.suffix == ".csv" else rows.to_parquet(file)
    return file


def partitioned(folder: Path, name: str, suffix: str) -> None:
    """Write a part below a folder for each value."""
    for number, value in enumerate(VALUES):
        rows = TABLE[number * 50 : number * 50 + 50]
        write(folder / f"{name}={value}" / "year=2024" / f"part-0{suffix}", rows)


def read(file: Path) -> pd.DataFrame:
    """Read a file as each verb does."""
    names = tables.columns(file, Csv())
    columns = {name: Column(kind="identifier") for name in names}
    schema = Schema.model_construct(csv=Csv(), missing=[], columns=columns)
    return pd.concat(tables.read_chunks(file, schema, 1000, names))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_names_of_folders_are_columns(tmp_path: Path, suffix: str) -> None:
    partitioned(tmp_path / "t", "the%20region", suffix)
    files = tables.find(tmp_path / "t")
    found = {file.parts[-3]: set(read(file)["the region"]) for file in files}
    names = ["Baden-Württemberg", "a/b c", "", "AT"]
    assert found == {f"the%20region={v}": {n} for v, n in zip(VALUES, names, strict=True)}
    draft = infer(files, "answer")
    region = draft.schema["columns"]["the region"]
    assert region["categories"] == ["a/b c", "AT", "Baden-Württemberg"]
    assert region["nullable"]  # the folder without a value
    assert draft.schema["columns"]["year"] == {"kind": "ignored"}


def test_a_name_in_another_unicode_form_is_the_same_column(tmp_path: Path) -> None:
    file = write(tmp_path / "Gro\u0308ße=7" / "a.csv")
    assert "Größe" in tables.columns(file, Csv())


def test_the_column_of_the_file_wins(tmp_path: Path) -> None:
    file = write(tmp_path / "colour=green" / "a.csv")
    assert set(read(file)["colour"]) == {"red", "blue"}


@pytest.mark.parametrize(
    "name",
    ["_SUCCESS", "._SUCCESS.crc", "_temporary/0/a.csv", ".ipynb_checkpoints/a.csv", "_metadata"],
)
def test_what_tools_hide_is_no_table(tmp_path: Path, name: str) -> None:
    write(tmp_path / "t" / "part-0.csv")
    write(tmp_path / "hidden.csv").rename(_parent(tmp_path / "t" / name))
    assert tables.find(tmp_path / "t") == [tmp_path / "t" / "part-0.csv"]


@pytest.mark.parametrize("name", ["a.csv.part", "a.parquet.tmp", "country=AT.part/a.csv"])
def test_what_is_still_written_is_skipped(tmp_path: Path, name: str) -> None:
    write(tmp_path / "t" / "part-0.csv")
    write(tmp_path / "half.csv").rename(_parent(tmp_path / "t" / name))
    assert tables.find(tmp_path / "t") == [tmp_path / "t" / "part-0.csv"]


def test_what_is_no_table_is_refused_unless_it_can_be_named(tmp_path: Path) -> None:
    table = write(tmp_path / "t" / "part-0.csv")
    notes = tmp_path / "t" / "notes.txt"
    notes.touch()
    with pytest.raises(InputError, match=r"notes\.txt is not a table; expected one of: \.csv"):
        tables.find(tmp_path / "t")
    aside = SetAside()
    assert tables.find(tmp_path / "t", aside) == [table]
    assert "notes.txt: left out, because it is not a table" in aside.text()[0]
    with pytest.raises(InputError, match="is not a table"):  # it was asked for by its name
        tables.find(notes, aside)
    table.unlink()
    with pytest.raises(InputError, match="has no table"):
        tables.find(tmp_path / "t", aside)


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


LOGS = {
    "_delta_log/00000000000000000000.json": "Delta Lake",
    ".hoodie/hoodie.properties": "Apache Hudi",
    "metadata/00001-9c1e.metadata.json": "Apache Iceberg",
    "metadata/v3.metadata.json": "Apache Iceberg",
}


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("part", ["part-0.parquet", "data/country=AT/part-0.parquet", "b=1/0.csv"])
def test_a_folder_that_keeps_deleted_rows_is_refused(tmp_path: Path, log: str, part: str) -> None:
    table = tmp_path / "sales" / "orders"
    file = write(table / part)
    _parent(table / log).write_text("{}", encoding="utf-8")
    for place in (table, table.parent, file, file.parent):
        with pytest.raises(InputError, match=rf"orders is a table of {LOGS[log]}: .* Export its"):
            tables.find(place)


def test_other_folders_of_such_names_are_no_logs(tmp_path: Path) -> None:
    for name in ("metadata/part-0.csv", "logs_delta_log/part-0.csv"):
        write(tmp_path / "t" / name)
    (tmp_path / "t" / "metadata" / ".notes.json").write_text("{}", encoding="utf-8")
    assert len(tables.find(tmp_path / "t")) == 2

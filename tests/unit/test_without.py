"""Rows leave a table, and every other byte stays where the format allows it."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tabrail.data.cleaning import no_cleaning
from tabrail.data.persons import Persons
from tabrail.data.schema import Schema
from tabrail.data.without import write_without
from tabrail.errors import InputError

SCHEMA = Schema.model_validate(
    {
        "name": "shops",
        "task": "binary",
        "target": "bought",
        "key": ["customer"],
        "columns": {
            "customer": {"kind": "identifier"},
            "note": {"kind": "text", "nullable": True},
            "bought": {"kind": "boolean"},
        },
    }
)
LINES = [
    "customer,note,bought\r\n",
    "0071,plain,yes\r\n",
    "\r\n",
    "  \t\r\n",
    '"0072","two\r\nlines, and ""quotes""",no\r\n',
    '0071,"of him\r\n\r\nagain",no\r\n',
    '0073,5" wide,yes\r\n',
    "0071,cut",
]
REST = "".join(LINES[:1] + LINES[2:5] + LINES[6:7])


def of(*values: str, schema: Schema = SCHEMA) -> Persons:
    return Persons.of(schema, values)


def forgotten(source: Path, target: Path, schema: Schema = SCHEMA, value: str = "0071") -> int:
    persons = of(value, schema=schema)
    rows = persons.rows_of(source, schema, no_cleaning)
    assert rows is not None
    write_without(source, target, rows.tolist(), schema)
    left = persons.rows_of(target, schema, no_cleaning)
    assert left is not None
    assert not len(left)
    return len(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".tsv.gz"])
def test_all_other_bytes_of_a_csv_file_stay(
    delimiter: str, encoding: str, suffix: str, tmp_path: Path
) -> None:
    def written(text: str) -> bytes:
        text = text.replace(",", delimiter).replace("plain", "Zoë").replace("wide", "weiß")
        return b"\xfe\xff" * (encoding == "utf-16-be") + text.encode(encoding)

    lines = [line for line in LINES if not (delimiter == "\t" and "\t" in line)]
    rest = [line for line in lines if not line.startswith("0071,")]
    source, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    compress = gzip.compress if suffix.endswith(".gz") else bytes
    source.write_bytes(compress(written("".join(lines[:-1]) + "0071,cut,no")))
    form = {"encoding": encoding.removesuffix("-sig").removesuffix("-be"), "delimiter": delimiter}
    schema = Schema.model_validate(SCHEMA.model_dump() | {"csv": form})
    assert forgotten(source, target, schema) == 3
    got = target.read_bytes()
    assert (gzip.decompress(got) if suffix.endswith(".gz") else got) == written("".join(rest))


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_a_parquet_file_keeps_its_schema_and_loses_the_value(
    compression: str, tmp_path: Path
) -> None:
    source, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
    names = [f"customer-{number:04}" for number in range(1000)]
    table = pa.table(
        {
            "customer": pa.array(names).dictionary_encode(),
            "note": names,
            "bought": [True, False] * 500,
        },
        metadata={"who": "somebody"},
    )
    pq.write_table(table, source, row_group_size=300, compression=compression)
    assert forgotten(source, target, value="customer-0071") == 1
    assert pq.read_schema(target).equals(pq.read_schema(source), check_metadata=True)
    kept = table.filter(pa.array(np.arange(1000) != 71)).to_pandas()
    pd.testing.assert_frame_equal(
        pd.read_parquet(target).astype({"customer": "str"}), kept.astype({"customer": "str"})
    )
    assert pq.ParquetFile(target).metadata.row_group(0).column(0).compression == (
        "UNCOMPRESSED" if compression == "none" else compression.upper()
    )
    if compression == "none":
        assert b"customer-0072" in target.read_bytes()
        assert b"customer-0071" not in target.read_bytes()


@pytest.mark.parametrize(
    ("column", "cells", "value"),
    [
        ({"kind": "identifier"}, ["71", "71.0", " 71"], "71"),
        ({"kind": "identifier"}, ["0071"] * 3, "0071"),
        ({"kind": "numeric"}, ["71", "71.0", "7.1e1"], "71"),
        (
            {"kind": "datetime"},
            ["2024-01-31", "2024-01-31 00:00:00", "2024-01-31T00:00"],
            "2024-01-31",
        ),
        ({"kind": "datetime", "format": "%d.%m.%Y"}, ["31.01.2024"] * 3, "31.01.2024"),
        ({"kind": "categorical"}, ["Ada\u00a0Byron", "Ada Byron", " Ada Byron "], "Ada Byron"),
    ],
)
def test_a_person_is_found_however_the_value_is_written(
    column: dict[str, str], cells: list[str], value: str, tmp_path: Path
) -> None:
    content = SCHEMA.model_dump(exclude_none=True)
    content["columns"]["customer"] = column
    schema = Schema.model_validate(content)
    other = {"datetime": "2024-02-01", "numeric": "72"}.get(column["kind"], "72")
    if "format" in column:
        other = "01.02.2024"
    source = tmp_path / "a.csv"
    rows = [f"{cell},x,yes" for cell in [*cells, other, other]]
    source.write_text("\n".join(["customer,note,bought", *rows]) + "\n")
    assert forgotten(source, tmp_path / "b.csv", schema, value) == 3
    assert len(pd.read_csv(tmp_path / "b.csv")) == 2


def test_a_person_is_found_by_what_clean_makes_of_the_value(tmp_path: Path) -> None:
    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows[rows["note"] != "left out"]
        return rows.assign(customer=rows["customer"].str.removeprefix("ID "))

    source = tmp_path / "a.csv"
    source.write_text("customer,note,bought\nID 71,x,yes\n71,left out,no\nID 7,x,no\n")
    rows = of("71").rows_of(source, SCHEMA, clean)
    assert rows is not None
    assert rows.tolist() == [0, 1]


def test_a_table_without_the_column_has_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert of("1").rows_of(tmp_path / "a.csv", SCHEMA, no_cleaning) is None


@pytest.mark.parametrize("key", [[], ["customer", "note"]])
def test_no_key_or_several_are_one_sentence(key: list[str]) -> None:
    content = SCHEMA.model_dump(exclude_none=True) | {"key": key}
    content["columns"] |= {"note": {"kind": "identifier"}, "size": {"kind": "numeric"}}
    with pytest.raises(InputError, match="has no key" if not key else "--column COLUMN"):
        Persons.of(Schema.model_validate(content), ["1"])


def test_an_unknown_column_and_a_wrong_value_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"no column 'custmer' in the key .* mean 'customer'"):
        Persons.of(SCHEMA, ["1"], "custmer")
    content = SCHEMA.model_dump(exclude_none=True)
    content["columns"]["customer"] = {"kind": "numeric"}
    with pytest.raises(InputError, match=r"value 2 of 2 is none of column 'customer'") as said:
        Persons.of(Schema.model_validate(content), ["1", "secret"])
    assert "secret" not in str(said.value)
    with pytest.raises(InputError, match="value 1 of 1"):
        of(" ")


def test_a_table_whose_other_rows_would_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tabrail.data.without._records", lambda text, _: list(text)[:1])
    source = tmp_path / "a.csv"
    source.write_text('customer,note,bought\n72,"a\nb",no\n71,x,yes\n')
    with pytest.raises(InputError, match="the others would change"):
        write_without(source, tmp_path / "b.csv", [0], SCHEMA)

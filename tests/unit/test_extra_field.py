"""Row names without a name and delimiters at the ends of rows are read, at each door."""

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import shops
from stages import prepare
from support.in_process import call
from trained import stand_in

from tabrail import paths
from tabrail.data import dialect, tables
from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import Column, Schema, load_schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.ingest import extend
from tabrail.ingest.infer import infer
from tabrail.monitoring import monitor

ROWS = 120
DRAW = np.random.default_rng(6)
TABLE = pd.DataFrame(
    {
        "size": DRAW.normal(50, 9, ROWS).round(2),
        "colour": DRAW.choice(["red", "blue"], ROWS),
        "count": DRAW.integers(0, 9, ROWS),
        "answer": DRAW.choice(["yes", "no"], ROWS),
    }
)
NEW = Path("new.csv")
CARS = [f"Car {number * 7 % 121} RX" for number in range(ROWS)]
NUMBERED = [str(number) for number in range(1, ROWS + 1)]
SAMPLED = [str(number * 3 + 5) for number in range(ROWS)]


def as_r(names: list[str], table: pd.DataFrame = TABLE, sep: str = ",", quoting: Any = 0) -> str:
    """Return a table as R's write.table writes it: with names of rows, and none above them."""
    text = table.set_axis(names[: len(table)]).to_csv(sep=sep, quoting=quoting)
    header, rows = text.split("\n", 1)
    header = header.partition(sep)[2]  # above the names
    return f"{header}\n{rows}"


def ended(table: pd.DataFrame = TABLE, sep: str = ",", more: int = 1) -> str:
    """Return a table with a delimiter at the end of each row, but not of line 1."""
    header, *rows = table.to_csv(index=False, sep=sep).splitlines()
    return "\n".join([header, *(row + sep * more for row in rows), ""])


def save(folder: Path, text: str, name: str = "a.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


def read(path: Path, chunk: int = 1000) -> tuple[pd.DataFrame, SetAside]:
    """Read a file as each verb does."""
    aside, form = SetAside(), dialect.detect(path)
    names = tables.columns(path, form)
    columns = {name: Column(kind="identifier") for name in names}
    schema = Schema.model_construct(csv=form, missing=[], columns=columns)
    chunks = list(tables.read_chunks(path, schema, chunk, names, aside=aside))
    return pd.concat(chunks), aside


NAMED = {
    "numbers": as_r(NUMBERED),
    "numbers from 0": as_r([str(number) for number in range(ROWS)]),
    "numbers of some of the rows": as_r(SAMPLED),
    "numbers in quotes": as_r(NUMBERED, quoting=csv.QUOTE_NONNUMERIC),
    "names in quotes": as_r(CARS, quoting=csv.QUOTE_ALL),
    "semicolons": as_r(CARS, TABLE[["size", "count", "colour", "answer"]], sep=";"),
    "names": as_r(CARS, TABLE[["size", "count", "colour"]].assign(answer=TABLE["count"] % 2)),
    "a column that identifies, and quotes": as_r(
        NUMBERED, TABLE.rename(columns={"size": "id"}), quoting=csv.QUOTE_NONNUMERIC
    ),
}


@pytest.mark.parametrize("case", NAMED)
@pytest.mark.parametrize(("name", "chunk"), [("a.csv", 1000), ("a.csv.gz", 17)])
def test_names_of_rows_are_a_column(case: str, name: str, chunk: int, tmp_path: Path) -> None:
    text = NAMED[case]
    found, aside = read(save(tmp_path, text, name), chunk)
    delimiter = ";" if case == "semicolons" else ","
    header, *rows = csv.reader(text.splitlines(), delimiter=delimiter)
    assert found.columns.tolist() == ["row_name", *header]
    assert found.to_numpy().tolist() == rows
    [note] = aside.text()
    assert f"such as {rows[0][0]!r}, was read as the name of the row" in note


@pytest.mark.parametrize(
    ("names", "kind"), [(NUMBERED, "ignored"), (SAMPLED, "ignored"), (CARS, "identifier")]
)
def test_they_are_no_feature(names: list[str], kind: str, tmp_path: Path) -> None:
    path = save(tmp_path, as_r(names, quoting=csv.QUOTE_NONNUMERIC))
    draft = infer([path], "answer")
    assert draft.schema["columns"]["row_name"]["kind"] == kind
    assert draft.schema["columns"]["count"]["kind"] == "numeric"
    schema = Schema.model_validate(draft.schema)
    assert schema.features == ["size", "colour", "count"]
    assert sum("read as the name of the row" in one for one in draft.warnings) == 1


def test_a_column_of_that_name_stays(tmp_path: Path) -> None:
    path = save(tmp_path, as_r(NUMBERED, TABLE.rename(columns={"size": "row_name"}), quoting=2))
    found, _ = read(path)
    assert found.columns.tolist() == ["row_name_2", "row_name", *TABLE.columns[1:]]
    assert found["row_name"].astype(float).tolist() == TABLE["size"].tolist()


def test_lines_that_are_no_rows_are_found_beside_them(tmp_path: Path) -> None:
    lines = as_r(NUMBERED).splitlines()
    text = "\n".join([*lines[:50], lines[0], *lines[50:], "Total,5380.5,,,", "", "Source: us", ""])
    found, aside = read(save(tmp_path, text))
    assert [kind for _, kind in aside.found] == ["repeated headers", "totals", "footnotes"]
    assert found["row_name"].tolist() == NUMBERED


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize("more", [1, 3])
def test_delimiters_at_the_ends_of_rows_are_no_fields(sep: str, more: int, tmp_path: Path) -> None:
    path = save(tmp_path, ended(sep=sep, more=more))
    assert dialect.detect(path).delimiter == sep
    found, aside = read(path, 50)
    assert found.columns.tolist() == TABLE.columns.tolist()
    assert found["answer"].tolist() == TABLE["answer"].tolist()
    assert "each row ends in a delimiter and line 1 does not" in aside.text()[0]
    draft = infer([path], "answer")
    assert list(draft.schema["columns"]) == TABLE.columns.tolist()


def test_a_delimiter_at_the_end_of_line_1_too_is_an_empty_column(tmp_path: Path) -> None:
    path = save(tmp_path, TABLE.to_csv(index=False).replace("\n", ",\n"))
    draft = infer([path], "answer")
    assert draft.schema["columns"]["Unnamed: 4"] == {"kind": "ignored"}
    assert draft.column_reasons["Unnamed: 4"] == "empty in all rows"


def test_a_filled_field_far_below_is_refused(tmp_path: Path) -> None:
    header, *lines = ended(pd.concat([TABLE] * 60)).splitlines()
    lines[5000] += "more"
    path = save(tmp_path, "\n".join([header, *lines, ""]))
    with pytest.raises(InputError, match="row 5,001 has 5 fields, and there are 4 column names"):
        read(path, 1000)


PLACES = TABLE.assign(colour=[f"{word}, Austria" for word in TABLE["colour"]])
CODES = [f"A{number}" for number in range(ROWS)]
UNCLEAR = {
    "an address": TABLE.to_csv(index=False).replace("\n", ",Main St\n").replace(",Main St", "", 1),
    "a name and a first name": "name,count,answer\n"
    + "".join(f"Doe{n}, John,{n % 7},yes\n" for n in range(ROWS)),
    "a place": PLACES.assign(size=CODES).to_csv(index=False).replace('"', ""),
    "prices": "article,price,answer\n"
    + "".join(f"{n},{n % 40 + 3},{n * 7 % 90 + 10},yes\n" for n in range(1, ROWS)),
    "a number of the row": "id,weight,answer\n"
    + "".join(f"{n},{n % 40}.5,{n % 9},yes\n" for n in range(1, ROWS)),
    "two words": "thing,count,city,answer\n"
    + "".join(f"{code},{n % 9},Graz,Styria,yes\n" for n, code in enumerate(CODES)),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_may_be_a_field_with_the_delimiter_in_it_is_refused(case: str, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"line 1 names \d columns, and each row has \d fields"
    ) as e:
        dialect.detect(save(tmp_path, UNCLEAR[case]))
    assert "put quotes around such fields" in str(e.value)
    assert "remove" not in str(e.value)


def test_a_few_rows_that_end_in_a_delimiter_are_refused(tmp_path: Path) -> None:
    header, *rows = TABLE.to_csv(index=False).splitlines()
    rows[7] = "Doe, John,3,"
    rows[8] += ","
    with pytest.raises(InputError, match="row 9 has 5 fields"):
        dialect.detect(save(tmp_path, "\n".join([header, *rows])))


def spoiled(form: str, table: pd.DataFrame) -> str:
    """Return a table in one of the forms."""
    if form == "row names":
        names = [str(number) for number in range(1, len(table) + 1)]
        return as_r(names, table, quoting=csv.QUOTE_NONNUMERIC)
    return ended(table)


@pytest.mark.parametrize("form", ["row names", "delimiters at the ends"])
@pytest.mark.parametrize("rows", [1, 3, 40])
def test_each_door_reads_later_files_so(form: str, rows: int, project: Path) -> None:
    stand_in("binary", project)
    table = shops(rows, seed=9).fillna({"income": 40.0})
    table["customer"] = "new " + table["customer"]
    NEW.write_text(spoiled(form, table), encoding="utf-8")
    plain = project / "plain"
    plain.mkdir()
    table.to_csv(plain / "new.csv", index=False)
    note = "the name of the row" if form == "row names" else "the empty field was left out"
    said = call("validate", "new.csv")
    assert said.code == 0, said
    assert f"{rows:,} rows in new.csv: all conform to schema.yaml" in said.output
    assert note in said.output
    assert note in call("predict", "new.csv", "scores.csv").output
    call("predict", "plain/new.csv", "plain.csv")
    found, expected = (
        pd.read_csv(file).drop(columns="scored_at") for file in ("scores.csv", "plain.csv")
    )
    pd.testing.assert_frame_equal(found, expected)
    result = monitor.monitor([NEW])
    assert sum(period.rows for period in result.periods) == rows
    assert note in result.text()
    aside = SetAside()
    assert extend.changes([NEW], load_schema(), no_cleaning, aside=aside) == []
    assert note in aside.text()[0]


@pytest.mark.parametrize("form", ["row names", "delimiters at the ends"])
def test_prepare_makes_of_them_what_it_makes_of_the_rows(
    form: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.main()
    raw = next(paths.RAW.glob("*.csv"))
    before = [path.read_bytes() for path in (paths.TRAIN, paths.VALIDATION, paths.TEST)]
    (paths.RAW / ".salt").write_text(_salt(), encoding="utf-8")
    table = pd.read_csv(raw, dtype=str, keep_default_na=False)
    raw.write_text(spoiled(form, table), encoding="utf-8")
    prepare.main()
    assert [p.read_bytes() for p in (paths.TRAIN, paths.VALIDATION, paths.TEST)] == before
    assert "line 1" in capsys.readouterr().out


def _salt() -> str:
    from tabrail.data import salt

    return salt.of(paths.RAW)

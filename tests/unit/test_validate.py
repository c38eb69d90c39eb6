"""Validate says all that is wrong with a table, at once, to people and to scripts."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import edit, shops
from stages import prepare
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data import checks
from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import Column, Csv, Schema

TABLE = Path("new.csv")


def faulty() -> pd.DataFrame:
    """Return a table with faults in rows 2 to 4 and 601, counted from 1."""
    table = pd.concat([shops(), shops()[:1]], ignore_index=True).astype(
        {"age": object, "member": object}
    )
    table.loc[1, "age"] = "old"
    table.loc[2, "age"], table.loc[2, "city"] = 500, "Rome"
    table.loc[3, "member"] = None
    return table


def call(*arguments: str, code: int) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["validate", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_a_good_table_conforms(project: Path) -> None:
    shops().to_csv(TABLE, index=False)
    assert call("new.csv", code=0) == "600 rows in new.csv: all conform to schema.yaml\n"


def test_a_crash_is_no_verdict(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shops().to_csv(TABLE, index=False)
    monkeypatch.setattr(checks, "conform", lambda *_: 1 / 0)
    assert "ZeroDivisionError" in call("new.csv", code=2)


@pytest.mark.parametrize("rows", [100, 100_000])
def test_all_violations_are_said_by_column(project: Path, rows: int) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=rows))
    faulty().to_csv(TABLE, index=False)
    assert call("new.csv", code=1).splitlines() == [
        "601 rows in new.csv: 4 would be dropped",
        "  (whole row)",
        "    duplicate: 1 (row 601), such as equal to an earlier row",
        "  age",
        "    out_of_range: 1 (row 3), such as '500'",
        "    unreadable: 1 (row 2), such as 'old'",
        "  city",
        "    unseen_category: 1 (row 3), such as 'Rome'; only a warning",
        "  member",
        "    missing: 1 (row 4), such as ''",
    ]


def test_scripts_get_json(project: Path) -> None:
    faulty().to_csv(TABLE, index=False)
    content: dict[str, Any] = json.loads(call("new.csv", "--json", code=1))
    assert (content["rows"], content["rejected"]) == (601, 4)
    assert content["violations"][1] == {
        "column": "age",
        "fault": "out_of_range",
        "count": 1,
        "example": "'500'",
        "rows": [{"file": "new.csv", "row": 3}],
    }


def test_few_of_many_row_numbers_are_shown(project: Path) -> None:
    shops().assign(age=-1).to_csv(TABLE, index=False)
    assert "out_of_range: 600 (rows 1, 2, 3, 4, 5 …)" in call("new.csv", code=1)


def test_rejected_rows_are_those_that_prepare_drops(project: Path) -> None:
    faulty().to_csv("data/raw/shops.csv", index=False)
    call("data/raw", "--rejected", "bad.csv", code=1)
    rejected = pd.read_csv("bad.csv")
    assert rejected["row"].tolist() == [2, 3, 4, 601]
    assert rejected["reasons"].tolist() == [
        "age: unreadable",
        "age: out_of_range; city: unseen_category",
        "member: missing",
        "(whole row): duplicate",
    ]
    assert rejected["age"].tolist()[:2] == ["old", "500"]
    assert list(rejected)[3:] == list(faulty())
    prepare.main()
    report = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    assert report["rows"]["dropped"] == len(rejected)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\uff1d"])
def test_what_we_say_of_rejected_rows_is_no_formula(begin: str, project: Path) -> None:
    column = f"{begin}HYPERLINK(1)"
    edit(
        paths.SCHEMA,
        lambda s: s["columns"].update({column: {"kind": "numeric", "min": 0, "nullable": True}}),
    )
    rows = shops(20, seed=3).assign(**{column: 1})
    rows.loc[3, column] = -5
    file = Path("-new.csv")
    rows.to_csv(file, index=False)
    call("./-new.csv", "--rejected", "bad.csv", code=1)
    bad = pd.read_csv("bad.csv", dtype=str)
    assert bad["reasons"].str.startswith("'").all()
    assert bad["file"].str.startswith("'").all()
    assert "HYPERLINK(1)" in bad["reasons"][0]
    (name,) = (name for name in bad if "HYPERLINK" in str(name))
    assert bad[name].tolist() == ["-5"]  # as it came


def test_an_older_file_of_rejected_rows_is_kept(project: Path) -> None:
    Path("bad.csv").write_text("mine")
    assert "bad.csv already exists" in call("data/raw", "--rejected", "bad.csv", code=2)
    assert Path("bad.csv").read_text() == "mine"


def test_rows_to_score_need_no_target(project: Path) -> None:
    shops().drop(columns="bought").to_csv(TABLE, index=False)
    call("new.csv", code=0)


def test_a_folder_of_parts_is_one_table(project: Path) -> None:
    Path("parts").mkdir()
    for name in ("a", "b"):
        shops(9).to_csv(f"parts/{name}.csv", index=False)
    Path("parts/notes.txt").touch()
    printed = call("parts", code=1)
    assert "notes.txt: left out, because it is not a table" in printed
    assert "18 rows in parts/a.csv, parts/b.csv: 9 would be dropped" in printed
    assert "first in parts/b.csv" in printed


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: None, "error: new.csv is not there"),
        (lambda: TABLE.write_bytes(b""), "error: new.csv is empty"),
        (lambda: TABLE.write_text("a,b\n1,2\n"), "error: new.csv has no column 'customer'"),
    ],
)
def test_what_is_no_such_table_has_a_code_of_its_own(
    project: Path, spoil: Any, message: str
) -> None:
    spoil()
    assert call("new.csv", code=2).startswith(message)


def test_a_name_that_scoring_does_not_need_is_said_so(project: Path) -> None:
    edit(paths.SCHEMA, lambda s: s["columns"]["customer"].update(kind="identifier"))
    for absent, is_said in (("customer", True), ("age", False)):
        shops().drop(columns=absent).to_csv(TABLE, index=False)
        printed = call("new.csv", code=2)
        assert printed.startswith(f"error: new.csv has no column '{absent}'")
        assert ("it is not needed: predict takes the file without it" in printed) == is_said


@pytest.mark.parametrize(("sensitive", "example"), [(False, "02/01/2023"), (True, "(sensitive)")])
def test_dates_in_the_other_order_are_noticed_and_sensitive_ones_not_shown(
    tmp_path: Path, sensitive: bool, example: str
) -> None:
    file = tmp_path / "later.csv"
    days = [f"02/{day:02}/2023" for day in range(1, 13)] * 3
    pd.DataFrame({"seen": days, "y": range(36)}).to_csv(file, index=False)
    seen = Column(kind="datetime", format="%d/%m/%Y", sensitive=sensitive)
    columns = {"seen": seen, "y": Column(kind="numeric")}
    schema = Schema.model_construct(target="y", csv=Csv(), missing=[""], columns=columns)
    (chunk,) = checks.checked([file], schema, 100, "test", no_cleaning)
    (found,) = chunk.violations
    assert (found.kind, found.example) == ("date_order", example)
    assert found.rows.all()

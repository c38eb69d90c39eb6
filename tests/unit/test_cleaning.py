"""The owner's cleaning function: what it may do, and what becomes of rows that it leaves out."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import shops
from stages import evaluate, prepare, train
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data.cleaning import cleaned, no_cleaning
from tabrail.data.conform import conform
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.model import file
from tabrail.model.predict import predict
from tabrail.model.scoring import for_scoring
from tabrail.project import code

NEW, OUT, BAD = Path("new.csv"), Path("scores.csv"), Path("bad.csv")
YOUNG = "    return rows[pd.to_numeric(rows['age'], errors='coerce') >= 30]"


def rows() -> pd.DataFrame:
    """Return three rows with an index of their own."""
    return pd.DataFrame({"a": ["1", "2", "3"], "b": ["x", "y", "z"]}, index=[7, 8, 9])


def write_clean(body: str) -> None:
    """Let the project's clean have a body."""
    path = Path("src/shops/prepare.py")
    before = path.read_text(encoding="utf-8")
    head, main = before.split("def clean", 1)[0], before[before.index("def main") :]
    text = f"{head}def clean(rows: pd.DataFrame) -> pd.DataFrame:\n{body}\n\n\n{main}"
    path.write_text(text, encoding="utf-8")
    code.forget("shops")


def call(*arguments: object, exit_code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, [*map(str, arguments)])
    assert done.exit_code == exit_code, done.output
    return done.output


def fails(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(c=rows["none"])


def returns_nothing(rows: pd.DataFrame) -> Any:
    rows["a"] = rows["a"].str.strip()


def returns_an_array(rows: pd.DataFrame) -> Any:
    return rows.to_numpy()


def adds(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(c=1, d=2)


def loses(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns="b")


def renames(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"b": "c"})


def repeats_a_column(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows["a"]], axis=1)


def counts_anew(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reset_index(drop=True)


def repeats_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows])


@pytest.mark.parametrize(
    ("clean", "message"),
    [
        (fails, r"test_cleaning\.fails failed: KeyError: 'none'"),
        (returns_nothing, r"returns_nothing returned a NoneType; expected a DataFrame"),
        (returns_an_array, r"returned a ndarray; expected a DataFrame"),
        (adds, r"adds adds c, d; it must keep the set of columns.*derive in features\.py"),
        (loses, r"loses loses b; it must keep the set of columns"),
        (renames, r"renames adds c and loses b; it must keep"),
        (repeats_a_column, r"repeats_a_column .*it must keep the set of columns"),
        (counts_anew, r"counts_anew changes the index.*do not call reset_index"),
        (repeats_rows, r"repeats_rows changes the index"),
    ],
)
def test_what_clean_must_not_do_is_said(clean: Callable[..., Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cleaned(rows(), clean)


def test_rows_and_columns_come_back_in_their_order() -> None:
    def mixes(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.iloc[::-1][["b", "a"]].drop(index=8)

    pd.testing.assert_frame_equal(cleaned(rows(), mixes), rows().loc[[7, 9]])


def test_a_function_that_changes_what_it_is_given_does_not_change_what_came() -> None:
    def overwrites(rows: pd.DataFrame) -> pd.DataFrame:
        rows["a"] = "0"
        rows.loc[7, "b"] = "changed"
        return rows

    came = rows()
    assert cleaned(came, overwrites)["a"].tolist() == ["0"] * 3
    pd.testing.assert_frame_equal(came, rows())


def test_no_rows_and_no_cleaning_are_fine() -> None:
    came = rows()
    assert cleaned(came, no_cleaning) is came
    assert cleaned(came, lambda rows: rows.iloc[:0]).empty
    assert cleaned(came.iloc[:0], lambda rows: rows[rows["a"] == "1"]).empty


def test_text_comes_as_text_and_the_schema_parses_what_clean_returns(project: Path) -> None:
    table = shops()
    table.assign(age=table["age"].astype("str") + " years").to_csv(
        "data/raw/shops.csv", index=False
    )
    with pytest.raises(InputError, match="unreadable: 600 of 600"):
        prepare.main()
    write_clean("    return rows.assign(age=rows['age'].str.removesuffix(' years'))")
    prepare.main()
    ages = pd.concat([pd.read_parquet(file)["age"] for file in Path("data/prepared").iterdir()])
    assert sorted(ages) == sorted(table["age"])


def test_prepare_counts_the_rows_that_are_left_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    young = int((shops()["age"] < 30).sum())
    write_clean(YOUNG)
    prepare.main()
    report = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    assert young > 50
    assert report["rows"]["left_out"] == young
    kept = sum(report["rows"][split] for split in ("train", "validation", "test"))
    assert kept == len(shops()) - young
    assert f"{young} left out" in capsys.readouterr().out
    assert pd.read_parquet(paths.TRAIN)["age"].min() >= 30


def test_a_row_that_is_left_out_moves_no_other(project: Path) -> None:
    prepare.main()
    before = pd.read_parquet(paths.TRAIN)
    write_clean(YOUNG)
    prepare.main()
    expected = before[before["age"] >= 30].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(paths.TRAIN), expected)


def test_chunks_do_not_show(project: Path) -> None:
    write_clean(YOUNG)
    prepare.main()
    whole = {path: path.read_bytes() for path in Path("data/prepared").iterdir()}
    report = paths.DATA_REPORT.read_bytes()
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace("chunk_rows: 100000", "chunk_rows: 7"), encoding="utf-8")
    prepare.main()
    assert paths.DATA_REPORT.read_bytes() == report
    for path in whole:
        one = pd.read_parquet(path)
        path.write_bytes(whole[path])
        pd.testing.assert_frame_equal(one, pd.read_parquet(path))


def test_validate_shows_rows_that_are_left_out(project: Path) -> None:
    write_clean(YOUNG)
    table = shops(20, seed=3).assign(age=[*range(25, 45)])
    table.to_csv(NEW, index=False)
    said = call("validate", NEW, "--rejected", BAD, exit_code=1)
    assert "20 rows in new.csv: 5 would be dropped" in said
    assert "left_out: 5 (rows 1, 2, 3, 4, 5)" in said
    assert "a row that clean does not return" in said
    written = pd.read_csv(BAD, dtype="str")
    assert written["row"].tolist() == ["1", "2", "3", "4", "5"]
    assert written["age"].tolist() == ["25", "26", "27", "28", "29"]
    assert set(written["reasons"]) == {"(whole row): left_out by clean"}


def test_rejected_rows_are_as_they_came_and_in_their_order(project: Path) -> None:
    write_clean(YOUNG.replace("rows[", "rows.assign(city=rows['city'].str.upper())[", 1))
    table = shops(6, seed=3).assign(age=[25, 300, 40, 26, 400, 50], city="NO")
    table.assign(city=["NO", "NO", "NO", "NO", "no", "NO"]).to_csv(NEW, index=False)
    call("validate", NEW, "--rejected", BAD, exit_code=1)
    written = pd.read_csv(BAD, dtype="str", keep_default_na=False)
    assert written["row"].tolist() == ["1", "2", "4", "5"]
    assert written["city"].tolist() == ["NO", "NO", "NO", "no"]
    assert written["reasons"].tolist() == [
        "(whole row): left_out by clean",
        "age: out_of_range",
        "(whole row): left_out by clean",
        "age: out_of_range",
    ]


def test_predict_refuses_rows_that_are_left_out_unless_there_is_a_file_for_them(
    project: Path,
) -> None:
    write_clean(YOUNG)
    for stage in (prepare, train):
        stage.main()
    table = shops(20, seed=3).assign(age=[*range(25, 45)]).drop(columns="bought")
    table.to_csv(NEW, index=False)
    said = call("predict", NEW, OUT, exit_code=1)
    assert "left_out: 5 (rows 1, 2, 3, 4, 5)" in said
    assert "Nothing is written" in said
    assert not OUT.exists()
    said = call("predict", NEW, OUT, "--rejected", BAD)
    assert "15 rows scored" in said
    assert "5 rows left out; the reasons are in bad.csv" in said
    assert pd.read_csv(OUT)["row"].tolist() == list(range(6, 21))
    assert pd.read_csv(BAD)["row"].tolist() == [1, 2, 3, 4, 5]


def test_rows_to_score_are_cleaned_as_those_of_training(project: Path) -> None:
    write_clean("    return rows.assign(age=(rows['age'].astype(float) / 2).astype(str))")
    for stage in (prepare, train):
        stage.main()
    table = shops(30, seed=3).drop(columns="bought").fillna({"income": 40.0})
    table.to_csv(NEW, index=False)
    call("predict", NEW, OUT)
    schema = load_schema()
    pipeline, metadata = file.load(paths.MODEL, Path())
    half, _ = conform(table.assign(age=table["age"] / 2), for_scoring(schema))
    expected = predict(pipeline, metadata, half, schema)
    whole, _ = conform(table, for_scoring(schema))
    assert not np.allclose(predict(pipeline, metadata, whole, schema), expected, atol=0.01)
    np.testing.assert_allclose(pd.read_csv(OUT)["probability"], expected, atol=1e-6)


def test_a_model_is_refused_beside_another_clean(project: Path) -> None:
    stand_in("binary", project)
    write_clean("    return rows.copy()")
    shops(5, seed=3).to_csv(NEW, index=False)
    said = call("predict", NEW, OUT, exit_code=1)
    assert "was trained with other code: src/shops/prepare.py differs" in said
    with pytest.raises(InputError, match="was trained with other code"):
        evaluate.main()


def test_an_object_that_can_be_called_is_named_by_its_kind() -> None:
    failing = partial(lambda rows, key: rows[key], key="no such column")
    with pytest.raises(InputError, match=r"functools\.partial failed: KeyError"):
        cleaned(rows(), failing)

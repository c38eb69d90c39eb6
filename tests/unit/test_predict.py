"""Batch scoring: one prediction a row, whole files or none, and rows checked by the schema."""

import errno
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from conftest import add_unused, edit, shops
from stages import prepare, train
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.batch import score as predict
from tabrail.batch import scorer
from tabrail.batch.scorer import Loaded
from tabrail.cli import app as cli
from tabrail.data import outputs, validate
from tabrail.data.conform import conform
from tabrail.data.schema import Task, load_schema
from tabrail.model.limits import Predicted
from tabrail.model.saving import load_model
from tabrail.project import registry
from tabrail.project.project import Project

IN, OUT, BAD = Path("new.csv"), Path("scores.csv"), Path("bad.csv")
NOON = datetime(2024, 5, 1, 12, 0, 0, 250, tzinfo=UTC)


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return NOON


@pytest.fixture(params=get_args(Task))
def task(request: pytest.FixtureRequest, project: Path) -> Task:
    """Stand in a trained project of each task."""
    chosen: Task = request.param
    stand_in(chosen, project)
    rows().to_csv(IN, index=False)
    return chosen


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project of two classes."""
    stand_in("binary", project)
    rows().to_csv(IN, index=False)
    return project


def rows(count: int = 60) -> pd.DataFrame:
    """Return customers that training has not seen, with gaps where they are allowed."""
    return shops(count, seed=7).fillna({"income": 40.0})


def faulty() -> pd.DataFrame:
    """Return a table with faults in rows 2 to 4, counted from 1, and a new city in row 5."""
    table = rows().astype({"age": object, "member": object})
    table.loc[1, "age"] = "old"
    table.loc[2, "age"], table.loc[2, "city"] = 500, "Rome"
    table.loc[3, "member"] = None
    table.loc[4, "city"] = "Rome"
    return table


def call(*arguments: object, code: int = 0) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(cli.app, ["predict", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def scores(path: Path = OUT) -> pd.DataFrame:
    """Return what was written."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype={"customer": "str"})


def expected(table: pd.DataFrame) -> np.ndarray:
    """Return what the model says of rows in memory."""
    schema = load_schema()
    return load_model(Project.load()).predict(conform(table, schema)[0])


def files(folder: Path) -> set[str]:
    """Return all files of a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_command_starts_without_scikit_learn() -> None:
    code = f"import sys, {predict.__name__}; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_row_gets_what_the_model_says(task: Task) -> None:
    said = call(IN, OUT)
    assert said == f"60 rows scored by {registry.model_version()}: scores.csv\n"
    written, numbers = scores(), expected(rows())
    assert written["row"].tolist() == list(range(1, 61))
    assert written["customer"].tolist() == rows()["customer"].tolist()
    classes = load_schema().classes
    match task:
        case "binary":
            names = ["probability", "prediction"]
            assert np.allclose(written["probability"], numbers, rtol=1e-12, atol=0)
            words = np.where(numbers >= 0.3, "yes", "no")
            assert written["prediction"].tolist() == words.tolist()
            assert set(words) == {"yes", "no"}
        case "multiclass":
            names = ["prediction", "probability_NO", "probability_Oslo", "probability_Ulm"]
            assert np.allclose(written[names[1:]], numbers, rtol=1e-12, atol=0)
            words = np.array(classes)[numbers.argmax(axis=1)]
            assert written["prediction"].tolist() == words.tolist()
        case _:
            names = ["prediction"]
            assert np.allclose(written["prediction"], numbers, rtol=1e-12, atol=0)
    assert list(written) == ["row", "customer", *names, "model", "scored_at"]


@pytest.mark.parametrize("taken", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("given", [".csv", ".csv.gz", ".parquet"])
def test_chunks_and_formats_make_no_difference(shop: Path, given: str, taken: str) -> None:
    call(IN, OUT)
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=7))
    source, target = Path(f"in{given}"), Path(f"out{taken}")
    if given == ".parquet":
        rows().to_parquet(source)
    else:
        rows().to_csv(source, index=False)
    call(source, target)
    usual, other = (table.drop(columns="scored_at") for table in (scores(), scores(target)))
    pd.testing.assert_frame_equal(usual, other, rtol=1e-12)


def test_all_rows_have_one_time(shop: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=7))
    call(IN, OUT)
    (time,) = scores()["scored_at"].unique()
    age = datetime.now(UTC) - datetime.fromisoformat(time)
    assert timedelta(0) <= age < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_equal_runs_are_equal_bytes(shop: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(predict, "datetime", Noon)
    contents = []
    for folder in ("x", "y"):
        call(IN, Path(folder) / name)
        contents.append((Path(folder) / name).read_bytes())
    assert contents[0] == contents[1]
    assert scores(Path("x") / name)["scored_at"][0] == "2024-05-01T12:00:00+00:00"


def test_one_bad_row_is_enough_to_refuse_the_table(shop: Path) -> None:
    faulty().to_csv(IN, index=False)
    before = files(shop)
    said = call(IN, OUT, code=1)
    assert said.splitlines() == [
        "error: 60 rows in new.csv: 3 cannot be scored",
        "  age",
        "    out_of_range: 1 (row 3), such as '500'",
        "    unreadable: 1 (row 2), such as 'old'",
        "  city",
        "    unseen_category: 2 (rows 3, 5), such as 'Rome'; only a warning",
        "  member",
        "    missing: 1 (row 4), such as ''",
        "Nothing is written. Correct these rows and check them with: uv run tabrail validate "
        "new.csv, or score the others with: --rejected FILE",
    ]
    assert files(shop) == before


@pytest.mark.parametrize("chunk", [2, 100])
def test_rows_are_counted_to_the_end_although_the_first_is_bad(shop: Path, chunk: int) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=chunk))
    rows().assign(age=-1).to_csv(IN, index=False)
    said = call(IN, OUT, code=1)
    assert "60 cannot be scored" in said
    assert "out_of_range: 60 (rows 1, 2, 3, 4, 5 …)" in said


@pytest.mark.parametrize("chunk", [2, 100])
def test_with_a_file_for_bad_rows_the_others_are_scored(shop: Path, chunk: int) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=chunk))
    faulty().to_csv(IN, index=False)
    lines = call(IN, OUT, "--rejected", BAD).splitlines()
    assert lines[0] == "60 rows in new.csv: 3 left out"
    assert lines[-2].startswith("57 rows scored by md5:")
    assert lines[-1] == "3 rows left out; the reasons are in bad.csv"
    assert scores()["row"].tolist() == [1, *range(5, 61)]
    good = faulty().drop(index=[1, 2, 3])
    assert np.allclose(scores()["probability"], expected(good), rtol=1e-12, atol=0)
    validate.validate([IN], Path("same.csv"))
    assert BAD.read_bytes() == Path("same.csv").read_bytes()
    assert scores(BAD)["reasons"].tolist() == [
        "age: unreadable",
        "age: out_of_range; city: unseen_category",
        "member: missing",
    ]


@pytest.mark.parametrize("options", [[], ["--rejected", str(BAD)]])
def test_a_row_that_the_model_fails_on_is_named(
    shop: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    real = Loaded.score

    def fails(loaded: Loaded, table: pd.DataFrame) -> Predicted:
        if (table.index == 36).any():
            raise ValueError("Input X contains infinity.\nSee the manual.")
        return real(loaded, table)

    monkeypatch.setattr(Loaded, "score", fails)
    done = CliRunner().invoke(cli.app, ["predict", str(IN), str(OUT), *options])
    assert done.exit_code == 1
    assert (
        f"{IN}, row 37: the model cannot score it: ValueError: Input X contains infinity. Nothing "
        "is written. Correct this row"
    ) in done.output
    assert not OUT.exists()
    assert not BAD.exists()


def test_a_category_that_is_new_is_scored_and_said(shop: Path) -> None:
    rows().assign(city="Rome").to_csv(IN, index=False)
    lines = call(IN, OUT).splitlines()
    assert lines[0] == "60 rows in new.csv: none left out"
    assert "unseen_category: 60" in lines[2]
    assert lines[-1].startswith("60 rows scored")
    assert len(scores()) == 60


def test_equal_rows_are_all_scored(shop: Path) -> None:
    pd.concat([rows(2)] * 3).to_csv(IN, index=False)
    call(IN, OUT)
    assert scores()["row"].tolist() == [1, 2, 3, 4, 5, 6]
    assert scores()["probability"].round(12).nunique() == 2


@pytest.mark.parametrize("known", [None, "", "perhaps"])
def test_what_only_training_needs_is_not_looked_at(shop: Path, known: str | None) -> None:
    def weigh(content: Any) -> None:
        content.update(weight="weight", key=["customer", "weight"])
        content["columns"]["weight"] = {"kind": "numeric", "min": 0}

    edit(Path("schema.yaml"), weigh)
    table = rows().drop(columns="bought")
    if known is not None:
        table = table.assign(bought=["yes"] * 9 + [known] * 51, weight=-1)
    table.to_csv(IN, index=False)
    call(IN, OUT)
    assert np.allclose(scores()["probability"], expected(rows()), rtol=1e-12, atol=0)


def test_a_folder_of_parts_is_one_table(shop: Path) -> None:
    Path("parts").mkdir()
    rows()[:25].to_csv("parts/a.csv", index=False)
    rows()[25:].to_parquet("parts/b.parquet")
    Path("parts/notes.txt").touch()
    assert "notes.txt: left out, because it is not a table" in call("parts", OUT)
    written = scores()
    assert list(written)[:3] == ["file", "row", "customer"]
    assert written["file"].tolist() == ["parts/a.csv"] * 25 + ["parts/b.parquet"] * 35
    assert written["row"].tolist() == [*range(1, 26), *range(1, 36)]
    assert np.allclose(written["probability"], expected(rows()), rtol=1e-12, atol=0)


def test_sensitive_columns_stay_where_they_are(shop: Path) -> None:
    def mark(content: Any) -> None:
        content["columns"]["customer"]["sensitive"] = True
        content["columns"]["visit"] = {"kind": "identifier"}
        content["columns"]["passport"] = {"kind": "identifier", "sensitive": True}

    edit(Path("schema.yaml"), mark)
    rows().assign(visit=range(60), passport="X1").to_csv(IN, index=False)
    call(IN, OUT)
    assert list(scores()) == ["row", "visit", "probability", "prediction", "model", "scored_at"]
    assert "X1" not in OUT.read_text()


@pytest.mark.parametrize("name", ["new.csv", "new.parquet"])
def test_a_table_needs_no_column_that_the_model_does_not_use(shop: Path, name: str) -> None:
    edit(Path("schema.yaml"), add_unused)
    given = rows().drop(columns="customer")
    given.to_csv(name, index=False) if name == "new.csv" else given.to_parquet(name)
    call(name, OUT)
    assert list(scores()) == ["row", "probability", "prediction", "model", "scored_at"]
    assert np.allclose(scores()["probability"], expected(rows()), rtol=1e-12, atol=0)


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_columns_that_are_called_like_ours_are_renamed(shop: Path, out: str) -> None:
    def name(content: Any) -> None:
        for column in ("row", "row_", "model"):
            content["columns"][column] = {"kind": "identifier"}

    edit(Path("schema.yaml"), name)
    rows().assign(row="A", row_="B", model="C").to_csv(IN, index=False)
    call(IN, out)
    first = scores(Path(out)).iloc[0]
    assert (first["row"], first["row__"], first["row_"], first["model_"]) == (1, "A", "B", "C")
    assert first["model"].startswith("md5:")


def test_values_are_written_as_they_are(shop: Path) -> None:
    names = ["=1+1", 'a "b", c', "-007", "@x", "ß"] * 12
    rows().assign(customer=names).to_csv(IN, index=False)
    call(IN, OUT)
    assert scores()["customer"].tolist() == names


def test_a_date_among_the_keys_is_written_in_short(shop: Path) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(key=["seen", "customer"]))
    model_of_the_contract()
    rows()[:25].to_csv(IN, index=False)
    call(IN, OUT)
    assert scores()["seen"].tolist()[:2] == ["2024-01-01", "2024-01-01 01:00:00"]
    assert scores()["seen"].tolist()[24] == "2024-01-02"
    call(IN, "out.parquet")
    assert scores(Path("out.parquet"))["seen"].tolist() == rows()["seen"].tolist()[:25]


def model_of_the_contract() -> None:
    """Train for the schema as it is now."""
    for stage in (prepare, train):
        stage.main()


def test_csv_files_are_written_as_the_contract_says(shop: Path) -> None:
    form = {"encoding": "cp1252", "delimiter": ";", "decimal": ","}
    edit(Path("schema.yaml"), lambda s: s.update(csv=form))
    table = rows().assign(customer="Zoë;1")
    table.to_csv(IN, index=False, sep=";", decimal=",", encoding="cp1252")
    call(IN, OUT)
    written = pd.read_csv(OUT, sep=";", decimal=",", encoding="cp1252")
    assert set(written["customer"]) == {"Zoë;1"}
    assert np.allclose(written["probability"], expected(table), rtol=1e-12, atol=0)


def test_a_letter_that_the_encoding_lacks_is_refused(shop: Path) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(csv={"encoding": "latin-1"}))
    rows().assign(customer="Łódź").to_parquet("in.parquet")
    said = call("in.parquet", OUT, code=1)
    assert "scores.csv is to be written in latin-1" in said
    assert "'Ł'" in said
    assert not OUT.exists()
    call("in.parquet", "out.parquet")


@pytest.mark.parametrize("options", [(), ("--rejected", BAD)])
def test_what_is_there_already_is_kept_unless_it_may_go(shop: Path, options: Any) -> None:
    for path in (OUT, BAD):
        path.write_text("mine")
    said = call(IN, OUT, *options, code=1)
    assert said == (
        "error: scores.csv already exists; choose another name, or replace it with: --overwrite\n"
    )
    assert OUT.read_text() == "mine"
    call(IN, OUT, *options, "--overwrite")
    assert len(scores()) == 60
    assert (BAD.read_text() == "mine") is (not options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([IN, "out.xlsx"], "out.xlsx cannot be written; expected one of: .csv, .csv.gz, .parquet"),
        ([IN, IN, "--overwrite"], "new.csv would be among the tables to score"),
        (["data/raw", "data/raw/a/out.csv"], "data/raw/a/out.csv would be among the tables"),
        ([IN, OUT, "--rejected", IN, "--overwrite"], "new.csv would be among the tables to score"),
        ([IN, OUT, "--rejected", OUT], "scores.csv is for the predictions"),
        ([IN, OUT, "--rejected", "data/../scores.csv"], "scores.csv is for the predictions"),
        ([IN, "folder.csv", "--overwrite"], "folder.csv already exists"),
        (["newer.csv", OUT], "newer.csv is not there (did you mean 'new.csv'?)"),
        (["params.yaml", OUT], "params.yaml is not a table"),
    ],
)
def test_places_that_cannot_be_meant_are_refused(
    shop: Path, arguments: list[Any], message: str
) -> None:
    Path("folder.csv").mkdir()
    before = files(shop)
    assert call(*arguments, code=1).startswith(f"error: {message}")
    assert files(shop) == before


def without_age() -> None:
    """Misspell a column's name."""
    rows().rename(columns={"age": "agee"}).to_csv(IN, index=False)


def empty() -> None:
    """Leave nothing of the table."""
    IN.write_bytes(b"")


def header_only() -> None:
    """Leave the names of the columns."""
    rows(0).to_csv(IN, index=False)


def other_form() -> None:
    """Write the table in another way than the schema says."""
    rows().to_csv(IN, index=False, sep=";")


def no_model() -> None:
    """Delete the model."""
    paths.MODEL.unlink()


def other_columns() -> None:
    """Let the schema have columns that the model does not know."""

    def change(content: Any) -> None:
        content["columns"]["income"]["kind"] = "ignored"
        content["columns"]["visits"] = {"kind": "numeric"}

    edit(Path("schema.yaml"), change)
    rows().assign(visits=1).to_csv(IN, index=False)


def other_target() -> None:
    """Let the schema have another target with the same classes."""
    edit(Path("schema.yaml"), lambda s: s.update(target="member"))


def other_task() -> None:
    """Let the schema be of another task."""
    edit(Path("schema.yaml"), lambda s: s.update(target="city", task="multiclass", slices=[]))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_age, "new.csv has no column 'age' (did you mean 'agee'?)"),
        (empty, "new.csv is empty"),
        (header_only, "new.csv has column names but no rows below them"),
        (other_form, "new.csv is written with delimiter ';', and schema.yaml says csv.delimiter"),
        (
            no_model,
            "models/model.skops is missing; make it with: uv run dvc repro, or fetch it with",
        ),
        (other_columns, "models/model.skops was trained on other columns"),
        (other_target, "models/model.skops predicts bought (binary: no, yes), which is not what"),
        (other_task, "models/model.skops predicts bought (binary: no, yes), which is not what"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    shop: Path, spoil: Callable[[], None], message: str
) -> None:
    spoil()
    before = files(shop)
    said = call(IN, OUT, code=1)
    assert said.startswith(f"error: {message}")
    if spoil is other_columns:
        assert ": income, visits; train it again with: uv run dvc repro" in said
    assert files(shop) == before


@pytest.mark.parametrize("out", ["out.csv", "out.csv.gz", "out.parquet"])
def test_no_rows_are_no_predictions(task: Task, out: str) -> None:
    call(IN, "full.parquet")
    usual = scores(Path("full.parquet"))
    rows()[:0].to_parquet("none.parquet")
    assert call("none.parquet", out).startswith("0 rows scored")
    assert list(scores(Path(out))) == list(usual)
    assert len(scores(Path(out))) == 0
    if out == "out.parquet":
        assert scores(Path(out)).dtypes.equals(usual.dtypes)


def test_where_all_rows_are_bad_none_is_scored(task: Task) -> None:
    rows().assign(age=-1).to_csv(IN, index=False)
    call(IN, OUT, "--rejected", BAD)
    assert (len(scores()), len(scores(BAD))) == (0, 60)


def ctrl_c() -> None:
    """Do what a person does."""
    raise KeyboardInterrupt


def stop() -> None:
    """Do what a scheduler does."""
    os.kill(os.getpid(), signal.SIGTERM)


def full_disk() -> None:
    """Do what a disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
@pytest.mark.parametrize(("trouble", "code"), [(ctrl_c, 130), (stop, 130), (full_disk, 1)])
def test_an_interruption_leaves_nothing_and_the_command_can_be_run_again(
    shop: Path, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[], None], code: int, name: str
) -> None:
    monkeypatch.setattr(predict, "datetime", Noon)
    call(IN, f"usual-{name}")
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=7))
    Path(name).write_text("mine")
    before, calls, real = files(shop), [], Loaded.score

    def troubled(*arguments: Any) -> Predicted:
        calls.append(arguments)
        if len(calls) == 5:
            trouble()
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Loaded, "score", troubled)
        call(IN, name, "--rejected", BAD, "--overwrite", code=code)
    assert len(calls) == 5
    assert files(shop) == before
    assert Path(name).read_text() == "mine"
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=100))
    call(IN, name, "--rejected", BAD, "--overwrite")
    assert Path(name).read_bytes() == Path(f"usual-{name}").read_bytes()


def test_what_a_killed_run_left_is_removed(shop: Path) -> None:
    Path("scores.csv.gz.0123abcd.tmp").write_text("half of it")
    call(IN, "scores.csv.gz")
    assert gzip.decompress(Path("scores.csv.gz").read_bytes()).count(b"\n") == 61
    assert not list(shop.glob("*.tmp"))


def test_chunks_are_not_kept(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer, "MOST_ROWS", 7)
    sizes: list[int] = []
    real = outputs._csv

    def counted(table: pd.DataFrame, *arguments: Any, **options: Any) -> str:
        sizes.append(len(table))
        return real(table, *arguments, **options)

    monkeypatch.setattr(outputs, "_csv", counted)
    call(IN, OUT)
    assert sizes == [0, *[7] * 8, 4]

"""Prepare keeps what is good, counts what is not, and refuses too much of it."""

import csv
import errno
import io
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import edit, shops
from stages import prepare

from tabrail import paths
from tabrail.data import tables
from tabrail.data.prepare import SPLITS
from tabrail.documents import load_yaml
from tabrail.errors import InputError, one_message

OUTPUTS = [paths.TRAIN, paths.VALIDATION, paths.TEST, paths.DATA_REPORT]
RAW = Path("data/raw/shops.csv")
IGNORED = {"kind": "ignored"}


def contents() -> list[bytes]:
    """Return what the stage has written."""
    return [path.read_bytes() for path in OUTPUTS]


def allow(**tolerance: float) -> None:
    """Raise tolerances in params.yaml."""
    edit(Path("params.yaml"), lambda p: p["prepare"]["tolerance"].update(tolerance))


def report() -> dict[str, Any]:
    """Return reports/data.json."""
    content: dict[str, Any] = json.loads(paths.DATA_REPORT.read_text(encoding="utf-8"))
    return content


def test_prepare_starts_without_scikit_learn() -> None:
    code = "import sys, tabrail.run, tabrail.project.prepare; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_row_goes_to_one_split(project: Path) -> None:
    prepare.main()
    kept = pd.concat(pd.read_parquet(path) for path in OUTPUTS[:3])
    assert len(kept) == 600
    assert report()["rows"]["raw"] == 600
    assert sum(report()["rows"][split] for split in SPLITS) == 600


def read_at_once(rows: int, params: Any) -> None:
    """Set the size of a chunk."""
    params["prepare"]["chunk_rows"] = rows


KEYS: dict[str, Callable[[pd.Series], Any]] = {
    "text": lambda key: key,
    "integers": lambda key: key.astype("int64"),
    "large integers": lambda key: key.astype("int64") + 2**60,
}


@pytest.mark.parametrize("key", KEYS)
def test_chunks_parts_and_formats_make_no_difference(project: Path, key: str) -> None:
    table = shops().assign(customer=KEYS[key](shops()["customer"]))
    results = []
    for rows in (37, 250, 100_000):
        for suffix in ("csv", "csv.gz", "parquet"):
            for old in RAW.parent.iterdir():
                old.unlink()
            for name, part in (("a", table[:200]), ("b", table[200:])):
                file = RAW.with_name(f"{name}.{suffix}")
                part.to_parquet(file) if suffix == "parquet" else part.to_csv(file, index=False)
            RAW.with_name(".salt").write_text("5a" * 32)  # else that of the first of these files
            edit(Path("params.yaml"), partial(read_at_once, rows))
            prepare.main()
            parts = [pd.read_parquet(path) for path in OUTPUTS[:3]]
            results.append((report(), [part.to_csv() for part in parts]))
    assert all(result == results[0] for result in results)
    assert results[0][0]["rows"]["raw"] == 600


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_gap_does_not_change_the_other_keys(project: Path, suffix: str) -> None:
    """Whole numbers with gaps are floats to pandas; they must stay the same keys."""
    numbers = shops().assign(customer=shops()["customer"].astype("int64"))
    write(numbers)
    prepare.main()
    before = {path: set(pd.read_parquet(path)["customer"]) for path in OUTPUTS[:3]}
    gaps = numbers.assign(customer=numbers["customer"].where(numbers.index != 5))
    RAW.unlink()
    file = RAW.with_suffix(f".{suffix}")
    gaps.to_parquet(file) if suffix == "parquet" else gaps.to_csv(file, index=False)
    prepare.main()
    assert {path: set(pd.read_parquet(path)["customer"]) for path in OUTPUTS[:3]} == before
    assert report()["violations"]["missing"] == {"rows": 1, "columns": {"customer": 1}}


def test_a_parquet_file_with_an_index_is_read_like_any_other(project: Path) -> None:
    RAW.with_name(".salt").write_text("5a" * 32)
    prepare.main()
    before = contents()
    RAW.unlink()
    shops().set_index("customer").to_parquet(RAW.with_suffix(".parquet"))
    prepare.main()
    assert contents()[:3] == before[:3]


def test_equal_data_is_equal_bytes(project: Path) -> None:
    prepare.main()
    first = contents()
    prepare.main()
    assert contents() == first


def test_what_to_write_to_accept_violations_is_said_as_it_fits_the_file(project: Path) -> None:
    pd.concat([shops(), shops()[:20]]).to_csv(RAW, index=False)
    edit(paths.PARAMS, lambda p: p["prepare"].pop("tolerance", None))
    with pytest.raises(InputError) as found:
        prepare.main()
    line = str(found.value).rpartition(": tolerance: ")[2]
    assert str(found.value).endswith(
        "or accept it: under prepare in params.yaml, write: tolerance: {duplicate: 0.04}"
    )
    edit(paths.PARAMS, lambda p: p["prepare"].update(tolerance=load_yaml(line)))
    prepare.main()
    allow(missing=0.5, duplicate=0.01)
    with pytest.raises(InputError, match=r"under prepare\.tolerance in params.yaml, set: dup"):
        prepare.main()


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("kind", "datetime", "the kind or the format of age"),
        ("max", 1, "min and max of age"),
    ],
)
def test_no_tolerance_is_advised_that_drops_most_rows(
    project: Path, key: str, value: Any, what: str
) -> None:
    def spoil(schema: Any) -> None:
        column = schema["columns"]["age"]
        if key == "kind":
            column.clear()
        column[key] = value

    edit(paths.SCHEMA, spoil)
    with pytest.raises(InputError) as found:
        prepare.main()
    advice = str(found.value).splitlines()[-1]
    assert advice == f"correct {what} in schema.yaml: with the present one, most rows are lost"


def test_bad_rows_within_tolerance_are_dropped_and_counted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.concat([shops(), shops()[:5]]).astype({"age": object})
    table.iloc[10, 1] = "old"
    table.iloc[11, 1] = 500
    table.iloc[12, 3] = "Rome"
    table.to_csv(RAW, index=False)
    allow(duplicate=0.1)
    capsys.readouterr()
    prepare.main()
    counts = "605 rows read, 7 dropped (5 duplicate, 1 unreadable, 1 out of range): "
    assert counts in capsys.readouterr().out
    assert report()["rows"]["dropped"] == 5 + 2
    assert report()["violations"]["unreadable"] == {"rows": 1, "columns": {"age": 1}}
    assert report()["violations"]["out_of_range"] == {"rows": 1, "columns": {"age": 1}}
    assert report()["violations"]["unseen_category"] == {"rows": 1, "columns": {"city": 1}}
    assert report()["violations"]["duplicate"]["rows"] == 5


def write(table: pd.DataFrame) -> None:
    """Put a table in place of the raw one."""
    table.to_csv(RAW, index=False)


def cut_off(suffix: str, write_table: Callable[[Path], Any]) -> None:
    """Put half of a file beside the raw one."""
    path = RAW.with_suffix(suffix)
    write_table(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def drop_all() -> None:
    """Break every row, and tolerate it."""
    write(shops().assign(age=-5))
    allow(out_of_range=1.0)


def twice() -> bytes:
    """Return a Parquet file with two columns of one name."""
    table = pa.Table.from_pandas(shops(), preserve_index=False)
    table = table.append_column("age", table["age"])
    pq.write_table(table, buffer := pa.BufferOutputStream())
    return bytes(buffer.getvalue())


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "missing": (RAW.unlink, r"raw has no table; fetch it with: uv run dvc pull"),
    "empty file": (lambda: RAW.write_bytes(b""), r"shops\.csv is empty"),
    "header only": (lambda: write(shops(0)), r"no rows below its header"),
    "no table": (Path("data/raw/notes.docx").touch, r"notes\.docx is not a table"),
    "cut off": (
        lambda: RAW.write_bytes(RAW.read_bytes()[:-30]),
        r"shops\.csv is cut off: its last row has \d of 8 fields",
    ),
    "cut off inside quotes": (
        lambda: RAW.write_text(RAW.read_text() + '"0999,18'),
        r"not well-formed CSV: .*EOF inside string",
    ),
    "cut-off Parquet": (
        lambda: cut_off(".parquet", shops().to_parquet),
        r"shops\.parquet is damaged or cut off",
    ),
    "cut-off gzip": (
        lambda: cut_off(".csv.gz", shops().to_csv),
        r"shops\.csv\.gz is damaged or cut off",
    ),
    "wrong encoding": (
        lambda: RAW.write_bytes(RAW.read_bytes().replace(b"Ulm", "Köln".encode("latin-1"))),
        r"shops\.csv is not utf-8 text .*0xf6.*csv.encoding",
    ),
    "cut off, quoted": (
        lambda: (
            shops().to_csv(RAW, index=False, quoting=csv.QUOTE_NONNUMERIC),
            RAW.write_bytes(RAW.read_bytes()[:-28]),
        ),
        r"shops\.csv is cut off|not well-formed CSV",
    ),
    "old Mac line ends": (
        lambda: RAW.write_bytes(RAW.read_bytes().replace(b"\n", b"\r")),
        r"not well-formed CSV: new-line character",
    ),
    "text named csv.gz": (
        lambda: RAW.with_suffix(".csv.gz").write_text("a,b"),
        r"shops\.csv\.gz is damaged or cut off: Not a gzipped file",
    ),
    "dates for numbers": (
        lambda: (
            shops().assign(age=pd.Timestamp("2024-01-01")).to_parquet(RAW.with_suffix(".parquet"))
        ),
        r"unreadable: 600 of 1,200 rows.*age 600",
    ),
    "a column twice": (
        lambda: RAW.with_suffix(".parquet").write_bytes(twice()),
        r"more than one column named age",
    ),
    "too many fields": (
        lambda: RAW.write_text(RAW.read_text() + "1,2,3,4,5,6,7,8,9\n"),
        r"not well-formed CSV: Expected 8 fields in line 602, saw 9",
    ),
    "too many fields in all rows": (
        lambda: RAW.write_text(RAW.read_text().replace("\n", ",1,2\n").replace(",1,2\n", "\n", 1)),
        r"more fields in its rows than in its header",
    ),
    "column missing": (lambda: write(shops().drop(columns="age")), r"has no column 'age'"),
    "column renamed": (
        lambda: write(shops().rename(columns={"income": "incomes"})),
        r"no column 'income' .did you mean 'incomes'",
    ),
    "other type": (
        lambda: write(shops().assign(age="old")),
        r"unreadable: 600 of 600 rows.*age 600; first: age is 'old' in row 1 of .*shops\.csv",
    ),
    "no target": (
        lambda: write(shops().assign(bought=shops()["bought"].where(shops().index > 50))),
        r"unlabeled: 51 of 600 rows .*bought 51",
    ),
    "one class": (lambda: write(shops().assign(bought=True)), r"both classes are needed"),
    "all rows dropped": (drop_all, r"of the 0 rows for train"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_earlier_outputs_stay(project: Path, case: str) -> None:
    prepare.main()
    before = contents()
    spoil, message = BAD[case]
    spoil()
    with pytest.raises(InputError, match=message):
        prepare.main()
    assert contents() == before
    assert not list(project.rglob("*.tmp"))


@pytest.mark.parametrize("step", ["write", "__exit__"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_earlier_outputs(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: str,
    call: int,
) -> None:
    prepare.main()
    before = contents()
    shops(seed=5).to_csv(RAW, index=False)
    calls: list[object] = []
    real = getattr(tables.Writer, step)

    def full(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(tables.Writer, step, full)
    with pytest.raises(SystemExit, match="1"), one_message():
        prepare.main()
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: data/prepared/train.parquet and 3 more: ")
    assert "No space left on device; make room on the disk" in said
    assert contents() == before
    assert not list(project.rglob("*.tmp"))


def test_a_split_by_time_holds_back_the_latest_rows(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].update(method="time"))
    with pytest.raises(InputError, match=r"does not name the column that orders .*: seen"):
        prepare.main()
    edit(Path("schema.yaml"), lambda s: s.update(time="seen"))
    for rows in (100, 100_000):
        edit(Path("params.yaml"), partial(read_at_once, rows))
        prepare.main()
        train, validation, test = (pd.read_parquet(path)["seen"] for path in OUTPUTS[:3])
        assert (len(train), len(validation), len(test)) == (360, 120, 120)
        assert train.max() < validation.min()
        assert validation.max() < test.min()


def test_equal_rows_are_kept_if_the_contract_says_so(project: Path) -> None:
    write(pd.concat([shops(), shops()]))
    edit(Path("schema.yaml"), lambda s: s.update(duplicates="keep"))
    prepare.main()
    assert report()["rows"]["dropped"] == 0


def test_rows_that_differ_in_an_ignored_column_are_no_duplicates(project: Path) -> None:
    """600 tickets of three cities, of which nothing is known but the city."""
    names = ["customer", "age", "income", "member", "seen", "note"]
    edit(Path("schema.yaml"), lambda s: s.update(key=[]))
    edit(Path("schema.yaml"), lambda s: s["columns"].update(dict.fromkeys(names, IGNORED)))
    write(shops())
    prepare.main()
    assert report()["rows"]["dropped"] == 0
    write(pd.concat([shops(), shops()[:50]]))
    allow(duplicate=0.1)
    prepare.main()
    assert report()["violations"]["duplicate"]["rows"] == 50


SCHEMA_CHANGES: dict[str, Callable[[Any], Any]] = {
    "ignored": lambda s: s["columns"].update(note=IGNORED),
    "ignored, a number": lambda s: s["columns"].update(income=IGNORED),
    "another kind": lambda s: s["columns"].update(note={"kind": "categorical", "nullable": True}),
    "another order": lambda s: s.update(columns=dict(reversed(list(s["columns"].items())))),
}


@pytest.mark.parametrize("key", [["customer"], []], ids=["with a key", "without a key"])
@pytest.mark.parametrize("change", SCHEMA_CHANGES.values(), ids=SCHEMA_CHANGES.keys())
def test_no_row_changes_sides_with_the_schema(
    project: Path, change: Callable[[Any], Any], key: list[str]
) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(key=key))
    prepare.main()
    before = [pd.read_parquet(path, columns=["age", "group_hash"]) for path in OUTPUTS[:3]]
    edit(Path("schema.yaml"), change)
    prepare.main()
    after = [pd.read_parquet(path, columns=["age", "group_hash"]) for path in OUTPUTS[:3]]
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("task", "target", "expected"),
    [
        ("binary", "bought", {"positive"}),
        ("multiclass", "city", {"NO", "Oslo", "Ulm"}),
        ("regression", "age", {"mean", "std", "min", "max"}),
    ],
)
def test_the_target_is_described_for_its_task(
    project: Path, task: str, target: str, expected: set[str]
) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(task=task, target=target, slices=[]))
    edit(Path("params.yaml"), partial(read_at_once, 70))
    prepare.main()
    assert set(report()["target"]["train"]) == expected
    if task == "regression":
        ages = pd.read_parquet(paths.TRAIN)["age"]
        assert report()["target"]["train"] == {
            "mean": float(f"{ages.mean():.6g}"),
            "std": float(f"{ages.std(ddof=0):.6g}"),
            "min": ages.min(),
            "max": ages.max(),
        }


def test_how_csv_files_are_written_is_up_to_the_contract(project: Path) -> None:
    RAW.with_name(".salt").write_text("5a" * 32)
    prepare.main()
    before = contents()
    text = shops().to_csv(index=False, sep=";", decimal=",")
    RAW.write_bytes(text.replace("Ulm", "Köln").encode("cp1252"))
    form = {"delimiter": ";", "decimal": ",", "encoding": "cp1252"}

    def change(schema: Any) -> None:
        schema["csv"] = form
        schema["columns"]["city"]["categories"] = ["NO", "Oslo", "Köln"]

    edit(Path("schema.yaml"), change)
    prepare.main()
    assert contents()[3] == before[3]
    pd.testing.assert_frame_equal(
        pd.read_parquet(paths.TRAIN).replace("Köln", "Ulm"),
        pd.read_parquet(io.BytesIO(before[0])),
    )


def test_a_split_that_weighs_nothing_is_refused(project: Path) -> None:
    write(shops().assign(w=0))

    def change(schema: Any) -> None:
        schema["columns"]["w"] = {"kind": "numeric", "min": 0}
        schema["weight"] = "w"

    edit(Path("schema.yaml"), change)
    with pytest.raises(InputError, match="all have a w of 0"):
        prepare.main()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: write(shops().drop(columns="seen")), "has no column 'seen'"),
        (lambda: write(shops(0)), "has no row to split by seen"),
        (lambda: write(shops().assign(seen="soon")), "has no row to split by seen"),
    ],
)
def test_a_split_by_time_needs_times(project: Path, spoil: Any, message: str) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].update(method="time"))
    edit(Path("schema.yaml"), lambda s: s.update(time="seen"))
    spoil()
    with pytest.raises(InputError, match=message):
        prepare.main()


def test_rows_without_an_outcome_do_not_move_the_times(project: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["prepare"]["split"].update(method="time"))
    edit(Path("schema.yaml"), lambda s: s.update(time="seen"))
    allow(unlabeled=0.5)
    write(shops().assign(bought=shops()["bought"].where(shops().index < 500)))
    prepare.main()
    assert [len(pd.read_parquet(path)) for path in OUTPUTS[:3]] == [300, 100, 100]


def test_hidden_folders_are_no_data(project: Path) -> None:
    hidden = RAW.parent / ".ipynb_checkpoints"
    hidden.mkdir()
    shops(50, seed=4).to_csv(hidden / "shops.csv", index=False)
    prepare.main()
    assert report()["rows"]["raw"] == 600


def test_categories_of_pandas_are_words_like_any_others(project: Path) -> None:
    edit(Path("schema.yaml"), lambda s: s.update(missing=["", "?"]))
    edit(Path("schema.yaml"), lambda s: s["columns"]["city"].update(nullable=True))
    RAW.unlink()
    city = shops()["city"].where(shops().index % 50 > 0, " ? ").astype("category")
    shops().assign(city=city).to_parquet(RAW.with_suffix(".parquet"))
    prepare.main()
    assert report()["violations"]["unseen_category"]["rows"] == 0
    assert report()["missing_share"]["city"] > 0

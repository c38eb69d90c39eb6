"""Prepare keeps what is good, counts what is not, and refuses too much of it."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import edit, shops

from {{ cookiecutter.__package }} import (
    paths,
    prepare,
    tables,
)
from {{ cookiecutter.__package }}.errors import (
    InputError,
    run_stage,
)

OUTPUTS = [paths.TRAIN, paths.VALIDATION, paths.TEST, paths.DATA_REPORT]
RAW = Path("data/raw/shops.csv")


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
    code = f"import sys, {prepare.__name__}; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_row_goes_to_one_split(project: Path) -> None:
    prepare.main()
    kept = pd.concat(pd.read_parquet(path) for path in OUTPUTS[:3])
    assert len(kept) == 600
    assert report()["rows"]["raw"] == 600
    assert sum(report()["rows"][split] for split in prepare.SPLITS) == 600


def test_chunks_parts_and_formats_make_no_difference(project: Path) -> None:
    prepare.main()
    whole = [pd.read_parquet(path) for path in OUTPUTS[:3]]
    RAW.unlink()
    shops()[:200].to_csv("data/raw/a.csv.gz", index=False)
    shops()[200:].to_parquet("data/raw/b.parquet")
    edit(Path("params.yaml"), lambda p: p["prepare"].update(chunk_rows=1000))
    prepare.main()
    for before, path in zip(whole, OUTPUTS[:3], strict=True):
        pd.testing.assert_frame_equal(before, pd.read_parquet(path))


def test_equal_data_is_equal_bytes(project: Path) -> None:
    prepare.main()
    first = contents()
    prepare.main()
    assert contents() == first


def test_bad_rows_within_tolerance_are_dropped_and_counted(project: Path) -> None:
    table = pd.concat([shops(), shops()[:5]]).astype({"age": object})
    table.iloc[10, 1] = "old"
    table.iloc[11, 1] = 500
    table.iloc[12, 3] = "Rome"
    table.to_csv(RAW, index=False)
    allow(duplicate=0.1)
    prepare.main()
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


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "missing": (RAW.unlink, r"raw has no table; fetch it with: dvc pull"),
    "empty file": (lambda: RAW.write_bytes(b""), r"shops\.csv is empty"),
    "header only": (lambda: write(shops(0)), r"no rows below its header"),
    "no table": (Path("data/raw/notes.docx").touch, r"notes\.docx is no table"),
    "cut off": (
        lambda: RAW.write_bytes(RAW.read_bytes()[:-30]),
        r"shops\.csv is cut off: its last row has \d of 7 fields",
    ),
    "cut off inside quotes": (
        lambda: RAW.write_text(RAW.read_text() + '"0999,18'),
        r"no well-formed CSV: .*EOF inside string",
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
        r"shops\.csv is not UTF-8 text .*0xf6",
    ),
    "too many fields": (
        lambda: RAW.write_text(RAW.read_text() + "1,2,3,4,5,6,7,8\n"),
        r"no well-formed CSV: Expected 7 fields in line 602, saw 8",
    ),
    "too many fields in all rows": (
        lambda: RAW.write_text(RAW.read_text().replace("\n", ",\n").replace(",\n", "\n", 1)),
        r"more fields in its rows than in its header",
    ),
    "column missing": (lambda: write(shops().drop(columns="age")), r"has no column 'age'"),
    "column renamed": (
        lambda: write(shops().rename(columns={"income": "incomes"})),
        r"no column 'income'; did you mean 'incomes'",
    ),
    "other type": (
        lambda: write(shops().assign(age="old")),
        r"unreadable: 600 of 600 rows.*age 600; first: age is 'old' in row 1 of .*shops\.csv",
    ),
    "no target": (
        lambda: write(shops().assign(bought=shops()["bought"].where(shops().index > 50))),
        r"missing: 51 of 600 rows .*bought 51",
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


def test_a_full_disk_leaves_earlier_outputs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare.main()
    before = contents()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tables.Writer, "write", full)
    with pytest.raises(SystemExit, match="No space left on device; the outputs of the last run"):
        run_stage(prepare.main)
    assert contents() == before
    assert not list(project.rglob("*.tmp"))

"""Arrow and pandas read the same cells, and what one refuses, the other reads."""

import gzip
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabrail.data import csv_rows
from tabrail.data.csv_rows import RefusedError, Rows
from tabrail.data.schema import Csv

HEADER = ["x", "y", "z"]
CELLS = ("a", "", "1.50", '"a"', '"a,b"', '"a\nb"', " a", "a ", '"a" ', 'a"b', '"a""b"', "\u00e9")
PIECES = ("a", "b", ",", ",", '"', "\n", "\n", " ", "\r\n", "\t", '""', '"x"', "\u00e9", "\0", "#")


def by_arrow(path: Path, form: Csv, rows: int) -> pd.DataFrame:
    """Read a file by Arrow alone."""
    return pd.concat(csv_rows._by_arrow(path, form, HEADER, rows))


def by_pandas(path: Path, form: Csv, rows: int) -> pd.DataFrame:
    """Read a file by pandas alone."""
    return pd.concat(csv_rows._by_pandas(path, form, HEADER, rows))


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a file with three columns."""
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("seed", range(4))
def test_files_made_at_random_are_read_alike(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    alike = 0

    def draw(some: Sequence[str], count: int = 1) -> list[str]:
        return [some[place] for place in random.integers(0, len(some), count)]

    for number in range(400):
        rows = [",".join(draw(CELLS, 3)) for _ in range(random.integers(1, 6))]
        body = draw(("\n", "\r\n"))[0].join(rows) + draw(("", "\n"))[0]
        if number % 2:
            body = "".join(draw(PIECES, int(random.integers(1, 26))))
        path = written(tmp_path / "t.csv", f"x,y,z\n{body}")
        try:
            found = by_arrow(path, Csv(), int(random.integers(1, 5)))
        except RefusedError:
            continue
        pd.testing.assert_frame_equal(found, by_pandas(path, Csv(), 3), check_index_type=False)
        alike += 1
    assert alike > 150


@pytest.mark.parametrize(
    ("text", "encoding", "delimiter"),
    [
        ("x;y;z\n\u20ac;\u00fc;1\n", "cp1252", ";"),
        ("x\ty\tz\n\u00fc\t\u00e9\t\n", "latin-1", "\t"),
        ("\ufeffx,y,z\n1,2,\u00e9\n", "utf-8", ","),
        ("\n\nx,y,z\n1,2,3\n\n4,5,6\n", "utf-8", ","),
        (" x,y,z\n1,2,3\n", "utf-8", ","),
        ("\ufeff\nx,y,z\n1,2,3\n", "utf-8", ","),
        ('"x\nof",y,z\n1,2,3\n', "utf-8", ","),
        ("x,y,z\r1,2,3\r4,5,6", "utf-8", ","),
        ('x,y,z\n1,2,""', "utf-8", ","),
        ('x,y,z\n1,2,"3"\n', "utf-8", ","),
        ('x,y,z\n1,2,"3 ""\n"', "utf-8", ","),
    ],
)
def test_every_form_is_read_alike(tmp_path: Path, text: str, encoding: str, delimiter: str) -> None:
    form = Csv.model_validate({"encoding": encoding, "delimiter": delimiter})
    path = written(tmp_path / "t.csv", text, encoding)
    found = pd.concat(Rows(path, form, HEADER, 1))
    pd.testing.assert_frame_equal(found, by_pandas(path, form, 5), check_index_type=False)
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    pd.testing.assert_frame_equal(pd.concat(Rows(packed, form, HEADER, 1)), found)


@pytest.mark.parametrize(
    "row",
    ["7,8", "7", "  ", f"7,8,{'9' * (csv_rows.BLOCK + 1)}"],
    ids=["short", "shorter", "blank", "long"],
)
@pytest.mark.parametrize("rows", [1, 2, 3, 50])
def test_pandas_goes_on_where_arrow_refuses(tmp_path: Path, row: str, rows: int) -> None:
    text = "x,y,z\n" + "1,2,3\n" * 5 + f"{row}\n" + "4,5,6\n" * 3
    path = written(tmp_path / "t.csv", text)
    found = list(Rows(path, Csv(), HEADER, rows))
    assert max(map(len, found)) <= rows
    pd.testing.assert_frame_equal(pd.concat(found), by_pandas(path, Csv(), 50))


def test_a_row_that_is_not_even_is_met_after_many_chunks(tmp_path: Path) -> None:
    text = "x,y,z\n" + "1,2,3\n" * 300_000 + "7,8\n"
    path = written(tmp_path / "t.csv", text)
    found = pd.concat(Rows(path, Csv(), HEADER, 1000))
    assert found.index.tolist() == list(range(300_001))
    assert found.iloc[-1].tolist() == ["7", "8", ""]


@pytest.mark.parametrize(
    "end", ['"3', '"3\n', '"3\n4,5,6\n', '"', '"\n', '"3 ""', 'a"', '"3\n4,5,"6"\n7,8,"9\n']
)
def test_a_file_that_ends_within_quotes_is_refused(tmp_path: Path, end: str) -> None:
    path = written(tmp_path / "t.csv", f"x,y,z\n1,2,3\n1,2,{end}")
    if end == 'a"':  # a quote within a cell opens nothing
        assert by_arrow(path, Csv(), 2).iloc[-1, -1] == 'a"'
        return
    with pytest.raises(pd.errors.ParserError, match="EOF inside string"):
        list(Rows(path, Csv(), HEADER, 1))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x,y,z\n1,2,\xff\n")
    with pytest.raises(UnicodeDecodeError):
        list(Rows(path, Csv(), HEADER, 1))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 20, 100])
def test_the_last_bytes_are_known_however_many_are_read_at_a_time(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "TAIL", 8)
    source = csv_rows._Remembering(BytesIO(bytes(range(50))))
    while source.read(size):
        pass
    assert source._tail == bytes(range(42, 50))

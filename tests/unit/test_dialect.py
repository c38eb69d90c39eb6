"""The way a CSV file is written is found, and what is no table is called by its name."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tabrail.data import dialect
from tabrail.errors import InputError

ROWS = [["name", "a b", "city"], *([f"n{i}", str(i), "Köln"] for i in range(30))]


def lines(delimiter: str = ",", end: str = "\n") -> str:
    """Return a small table as text."""
    return "".join(delimiter.join(row) + end for row in ROWS)


def archive(*names: str) -> bytes:
    """Return a ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, "x" * 100)
    return buffer.getvalue()


def parquet() -> bytes:
    """Return a Parquet file."""
    return pd.DataFrame({"a": [1], "b": [2]}).to_parquet()


WRITTEN: dict[str, tuple[bytes, str, str]] = {
    "comma": (lines().encode(), "utf-8", ","),
    "semicolon": (lines(";").encode(), "utf-8", ";"),
    "tab": (lines("\t").encode(), "utf-8", "\t"),
    "bar": (lines("|").encode(), "utf-8", "|"),
    "Windows' line ends": (lines(";", "\r\n").encode(), "utf-8", ";"),
    "byte order mark": (lines().encode("utf-8-sig"), "utf-8", ","),
    "UTF-16": (lines(";").encode("utf-16"), "utf-16", ";"),
    "UTF-16, other order": (b"\xfe\xff" + lines().encode("utf-16-be"), "utf-16", ","),
    "Windows' encoding": (lines().encode("cp1252"), "cp1252", ","),
    "Latin-1": (lines().encode("latin-1") + b"\x81,1,\xe9\n", "latin-1", ","),
    "far beyond the first block": (
        lines().encode().replace("ö".encode(), b"o") * 3000 + "x,1,Köln\n".encode("cp1252"),
        "cp1252",
        ",",
    ),
    "a letter across two blocks": (
        ("a,b\n" + "x,y\n" * 262143).encode()[:-2] + "zö,2\n".encode(),
        "utf-8",
        ",",
    ),
    "decimal comma": (b"a;b\n" + b"1,5;2,5\n" * 20, "utf-8", ";"),
    "commas in quotes": (b'a;b;c\n"x, y, z";1;2\n"u, v, w";3;4\n', "utf-8", ";"),
    "delimiters in quotes": (b'a,b\n"x;y;z",1\n"u;v;w",3\n', "utf-8", ","),
    "lines in quotes": (b'a,b\n"x\ny\n\nz, ""so""",1\n' * 9, "utf-8", ","),
    "some short rows": (lines().encode() + b"n\nn,1\n", "utf-8", ","),
    "blank lines": (b"\n\na,b\n\n1,2\n\n3,4\n", "utf-8", ","),
    "one row": (b"a,b\n1,2\n", "utf-8", ","),
    "one row without an end": (b"a,b\n1,2", "utf-8", ","),
    "a very long text": (b"a,b\n" + b"x" * 3_000_000 + b",1\n", "utf-8", ","),
    "very many columns": (("a," * 900_000 + "b\n").encode() * 2, "utf-8", ","),
    "a comma in each field": (b"name\tage\nDoe, J\t5\nRoe, K\t6\n", "utf-8", "\t"),
}


@pytest.mark.parametrize("case", WRITTEN)
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, case: str, suffix: str) -> None:
    content, encoding, delimiter = WRITTEN[case]
    path = tmp_path / f"table{suffix}"
    path.write_bytes(gzip.compress(content, 1) if suffix.endswith("gz") else content)
    found = dialect.detect(path)
    assert (found.encoding, found.delimiter) == (encoding, delimiter)


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n \n", "is empty"),
    "byte order mark only": (b"\xef\xbb\xbf\n", "is empty"),
    "header only": (b"a,b,c\n", "column names but no rows"),
    "one line": (b"abc\n", "only one line"),
    "one column": (b"abc\n1\n2\n3\n", "only one column"),
    "prose": (b"It was, so to say, a dark\nand stormy night.\nThen, it rained.\n", "one column"),
    "zeros": (b"a,b\n1,\x00\n", "is not text: byte 6 is zero"),
    "zeros far away": (b"a,b\n" + b"1,2\n" * 300_000 + b"\x00", "byte 1,200,004 is zero"),
    "ZIP": (archive("a.csv"), "is a ZIP archive; unpack it"),
    "Excel": (archive("[Content_Types].xml", "xl/workbook.xml"), "is a workbook"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is an old Excel workbook"),
    "gzip": (gzip.compress(lines().encode()), r"compressed with gzip; rename it to table\.csv\.gz"),
    "Parquet": (parquet(), r"is a Parquet file; rename it to \.parquet"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "is a PDF document"),
    "SQLite": (b"SQLite format 3\x00" + bytes(90), "is an SQLite database"),
    "web page": (b"\n<!DOCTYPE html>\n<html>,\n", "is a web page"),
    "JSON": (json.dumps([{"a": 1}]).encode(), "is JSON"),
    "JSON lines": (b'{"a": 1, "b": 2}\n{"a": 1, "b": 2}\n', "is JSON"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "old Mac": (lines(end="\r").encode(), "line endings of old Macs"),
    "UTF-32": (lines().encode("utf-32"), "written as UTF-32"),
    "two encodings": (
        lines().encode() + "ä,1,Köln\n".encode("cp1252"),
        r"is UTF-8 except for 2 bytes, and \d+ other non-ASCII characters",
    ),
    "broken UTF-16": (b"\xff\xfe" + lines().encode("utf-16-le") + b"\x00\xd8", "starts as UTF-16"),
    "too many fields": (b"a,b\n1,2\n1,2,3\n4,5\n", "row 2 has 3 fields, and there are 2 column"),
    "title above": (
        b"Report of 2024\n\na;b;c\n1;2;3\n4;5;6\n",
        "line 1 has 1 fields, most others 3",
    ),
    "Excel's hint": (b"sep=;\na;b\n1;2\n3;4\n", "remove that line"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        dialect.detect(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv.gz", b"a,b\n1,2\n", "Not a gzipped file"),
        ("a.csv.gz", gzip.compress(lines().encode())[:-9], "damaged or cut off"),
        ("a.csv.gz", gzip.compress(archive("b.csv")), "is a ZIP archive"),
        ("a.txt", b"a,b\n1,2\n", "is not a CSV file"),
    ],
    ids=["plain", "cut off", "archive", "text"],  # not the bytes: they tell the time
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        dialect.detect(tmp_path / name)


def both(folder: Path, first: bytes, second: bytes) -> list[Path]:
    """Write two files."""
    paths = [folder / "a.csv", folder / "b.csv"]
    for path, content in zip(paths, (first, second), strict=True):
        path.write_bytes(content)
    return paths


def test_plain_letters_agree_with_any_encoding(tmp_path: Path) -> None:
    plain = lines().encode("ascii", "ignore")
    for contents in ((plain, lines().encode("cp1252")), (lines().encode("cp1252"), plain)):
        assert dialect.agree(both(tmp_path, *contents)).encoding == "cp1252"


def test_files_that_are_written_differently_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="save all files as UTF-8"):
        dialect.agree(both(tmp_path, lines().encode("cp1252"), lines().encode()))
    with pytest.raises(InputError, match=r"semicolons between its fields, .* has commas"):
        dialect.agree(both(tmp_path, lines().encode(), lines(";").encode()))

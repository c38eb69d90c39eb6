"""Recognize files of other formats by their first bytes."""

import codecs
from pathlib import Path

from tabrail.errors import InputError

FOREIGN = {
    b"PAR1": "a Parquet file; rename it to .parquet",
    b"%PDF": "a PDF document; export its table as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save its sheet as CSV",
    b"\x1f\x8b": "compressed with gzip; rename it to {name}.gz",
    b"BZh": "compressed with bzip2; unpack it",
    b"\xfd7zXZ": "compressed with xz; unpack it",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard; unpack it",
    b"SQLite format 3": "an SQLite database; export a table as CSV",
    b"\x89HDF": "an HDF5 file; export a table as CSV",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x00\x00\xfe\xff": "written as UTF-32; save it as UTF-8",
    b"\xff\xfe\x00\x00": "written as UTF-32; save it as UTF-8",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself; run: git lfs pull",
}


def refuse(path: Path, start: bytes) -> None:
    """Refuse a file of another format.

    Args:
        path: the file.
        start: its first bytes, at least some hundred.

    Raises:
        InputError: the message says what it is and what to do.
    """
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise InputError(f"{path} is empty; expected a line of column names, and rows below it")
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{path} is {what.format(name=path.name)}")
    if start.startswith(b"PK\x03\x04"):
        workbook = b"xl/" in start or b"opendocument" in start or b"[Content_Types]" in start
        what = "a workbook; save its sheet as CSV" if workbook else "a ZIP archive; unpack it"
        raise InputError(f"{path} is {what}")
    head = start[:200].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(f"{path} is a web page or XML, not a table; was the link a download link?")
    if head.startswith((b"{", b"[{", b"[[")):
        raise InputError(f"{path} is JSON, not a table; convert it to CSV or Parquet")
    if start[257:262] == b"ustar":
        raise InputError(f"{path} is a tar archive; unpack it")

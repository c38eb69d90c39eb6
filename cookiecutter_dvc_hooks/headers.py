"""Look for a column in the first bytes of a table, without a package that reads tables.

What is not found for certain is refused before other questions are asked. What may be there is left
to the library, which reads the whole table.
"""

import gzip
import re
import unicodedata
from pathlib import Path

FIRST = 64 * 1024  # bytes in which the names of columns stand
FOOTER = 8  # bytes at the end of a Parquet file: the length of what has its names, and a mark
BETWEEN = re.compile(r'[,;\t|"\r\n]')
NUMBERED = re.compile(r"[._ ]\d+$")  # a column that occurs twice may get a number


def names(table: Path) -> list[str] | None:
    """Return what may be the names of a text file's columns; None if that is unknown."""
    try:
        text = _text(table)
    except (OSError, EOFError, UnicodeError, ValueError):
        return None
    return [cell.strip() for cell in BETWEEN.split(text)] if text else None


def lacks(table: Path, column: str) -> bool:
    """Check whether a table surely has no column of this name."""
    wanted = _letters(column)
    if not wanted or NUMBERED.search(column) or wanted in _letters(str(table)):
        return False
    if table.name.lower().endswith(".parquet"):
        return not _in_parquet(table, column)
    found = names(table)
    if found is None:
        return False
    if BETWEEN.search(column):
        return wanted not in _letters("".join(found))
    return wanted not in map(_letters, found)


def _letters(text: str) -> str:
    """Return the letters and digits of a name, as the library compares names without the rest."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).casefold()


def _text(table: Path) -> str:
    is_packed = table.name.lower().endswith(".gz")
    with gzip.open(table) if is_packed else table.open("rb") as file:
        head = file.read(FIRST)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore")
    if head[:2] == b"PK" or b"\0" in head:
        return ""  # no text: the library says what it is
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4:  # the last letter is cut
            return head[: error.start].decode("utf-8")
        return head.decode("cp1252", errors="replace")


def _in_parquet(table: Path, column: str) -> bool:
    """Check whether the metadata at the end of a Parquet file has a name."""
    try:
        with table.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - FOOTER))
            end = file.read(FOOTER)
            length = int.from_bytes(end[:4], "little")
            if end[4:] != b"PAR1" or length > size:
                return True  # not such a file, or encrypted: the library says which
            file.seek(max(0, size - FOOTER - length))
            return column.strip().encode() in file.read(length)
    except OSError:
        return True

"""Find the delimiter of a CSV file by its first rows, or explain why there is none."""

import codecs
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tabrail.data import extra_field
from tabrail.data.edges import Row
from tabrail.data.extra_field import without_last
from tabrail.data.uneven_rows import FEW_SHORT, MOST, NUMBER, refuse_shifted, rows_of
from tabrail.errors import InputError

SIGNS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}  # the rarest in text first


def find(path: Path, start: bytes, encoding: str, *, is_all: bool) -> str:
    """Return the delimiter that gives the first rows as many fields as the header.

    Args:
        path: the file.
        start: its first bytes.
        encoding: how they are encoded.
        is_all: whether they are all of the file.

    Raises:
        InputError: there is none, or there are no rows.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    text = decoder.decode(start)
    if "\n" not in text and "\r" in text:
        raise InputError(f"{path} has the line endings of old Macs (CR); save it with LF or CRLF")
    if text.lower().startswith("sep="):
        raise InputError(f"{path} starts with a line for Excel ({text[:5]!r}); remove that line")
    best, best_score, header_alone = "", (0.0, 0), False
    for delimiter in SIGNS:
        rows = without_last(rows_of(text, delimiter, cut=not is_all) or [[]])
        counts = list(map(len, rows))
        header_alone |= len(counts) == 1 and counts[0] > 1 and is_all
        if counts[0] < 2:
            continue
        # An empty field at the end is often left out: too few fields are allowed, too many are not.
        fitting = sum(1 < count <= counts[0] for count in counts[1:])
        full = sum(count == counts[0] for count in counts[1:])
        score = ((fitting + full) / (2 * len(counts[1:]) or 1), counts[0])
        if score > best_score:
            best, best_score = delimiter, score
    if best_score[0] < 0.5 and header_alone:
        raise InputError(f"{path} has column names but no rows below them")
    if best_score[0] < 0.5:
        return _with_row_names(path, text)
    rows = without_last(rows_of(text, best, cut=not is_all))
    counts = list(map(len, rows))
    for row, count in enumerate(counts[1:], start=1):
        if count > counts[0]:
            raise InputError(
                f"{path}: row {row} has {count} fields, and there are {counts[0]} column names "
                f"(delimiter: {SIGNS[best]}); put quotes around fields that contain it"
            )
    _refuse_shifted(path, rows)
    return best


def _refuse_shifted(path: Path, rows: Sequence[Row]) -> None:
    """Refuse a file if one of its few short rows lacks a field in the middle.

    Raises:
        InputError: the message names the row.
    """
    names, *below = rows
    short = [(number, row) for number, row in enumerate(below, 1) if 2 <= len(row) < len(names)]
    if len(short) <= FEW_SHORT * len(below):
        refuse_shifted(path, names, below, short)


def _with_row_names(path: Path, text: str) -> str:
    """Return the delimiter of a file whose rows begin with a row name, a column without a header.

    Raises:
        InputError: the file is not a table.
    """
    for delimiter, sign in SIGNS.items():
        rows = rows_of(text, delimiter, cut=False)
        if not rows or len(rows[0]) < 2 or extra_field.kind(rows[0], rows[1:]) != "first":
            continue
        if any(NUMBER.fullmatch(name.strip()) for name in rows[0]):
            continue
        lines = text.splitlines()[1:]
        quoted = sum(line.startswith('"') for line in lines) >= MOST * len(lines)
        if error := extra_field.judge(path, rows, delimiter, sign, quoted=quoted):
            raise error
        return delimiter
    raise _no_table(path, text)


def _no_table(path: Path, text: str) -> InputError:
    """Explain why a text has no columns."""
    names = ", ".join(SIGNS.values())
    for delimiter, sign in SIGNS.items():
        counts = list(map(len, rows_of(text, delimiter, cut=False)))
        usual, times = Counter(counts).most_common(1)[0] if counts else (0, 0)
        if usual > 1 and times > len(counts) / 2 and counts[0] != usual:
            row = counts.index(usual) + 1
            return InputError(
                f"{path}: line 1 has {counts[0]} fields, most others {usual} (delimiter: "
                f"{sign}); the column names must come first: remove what is "
                f"above them (they may be in line {row})"
            )
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return InputError(f"{path} has only one line; expected column names and rows below them")
    return InputError(
        f"{path} has only one column, or rows of different lengths; expected the same number of "
        f"fields in each row, with one of these between them: {names}"
    )

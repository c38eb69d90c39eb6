"""How a CSV file is written: its encoding and its delimiter, found by looking at the file."""

import codecs
import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tabrail import paths
from tabrail.data.edges import opened
from tabrail.data.foreign import refuse
from tabrail.data.schema import Csv
from tabrail.data.tables import CSV_SUFFIXES
from tabrail.data.uneven_rows import one_more, refuse_shifted, rows_of
from tabrail.errors import InputError

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}  # the rarest in text first
BLOCK = 1 << 20
LONGEST_START, FEW_LINES = 16 * BLOCK, 10
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def detect(path: Path) -> Csv:
    """Find out how a CSV file is written.

    All of the file is decoded, a block at a time; the delimiter is found in its first rows.

    Args:
        path: a file with one of the `SUFFIXES`.

    Returns:
        Encoding and delimiter; how numbers are written is left at the default.

    Raises:
        InputError: the file is no table; the message says what it is instead.
    """
    if not path.name.endswith(CSV_SUFFIXES):
        raise InputError(f"{path} is no CSV file; expected one of: {', '.join(CSV_SUFFIXES)}")
    try:
        with opened(path) as file:
            start = file.read(BLOCK)
            if start.count(b"\n") < FEW_LINES:  # very long ones
                start += file.read(LONGEST_START - len(start))
            is_all = not file.read(1)
        refuse(path, start)
        encoding = _encoding(path, start)
        delimiter = _delimiter(path, start, encoding, is_all=is_all)
        return Csv.model_validate({"encoding": encoding, "delimiter": delimiter})
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is damaged or cut off: {error}; fetch it again") from None


def agree(paths: Iterable[Path]) -> Csv:
    """Find out how several CSV files are written, which must be the same way.

    Raises:
        InputError: one file is no table, or differs from the others.
    """
    found = {path: detect(path) for path in paths}
    if len(found) == 1:
        return next(iter(found.values()))
    # Plain ASCII is the same in each of these encodings, and says nothing about the others.
    rich = {path: one for path, one in found.items() if not _is_ascii(path)} or found
    first_path, first = next(iter(rich.items()))
    for path, other in found.items():
        if other.delimiter != first.delimiter:
            raise InputError(
                f"{path} has {DELIMITERS[other.delimiter]}s between its fields, {first_path} has "
                f"{DELIMITERS[first.delimiter]}s; write all files the same way"
            )
    for path, other in rich.items():
        if other.encoding != first.encoding:
            raise InputError(
                f"{path} is encoded as {other.encoding}, {first_path} as {first.encoding}; "
                "save all files as UTF-8"
            )
    return first


def _blocks(path: Path) -> Iterator[bytes]:
    with opened(path) as file:
        while block := file.read(BLOCK):
            yield block


def require(path: Path, form: Csv) -> None:
    """Check that a file, if it is a CSV file, is written as the schema says.

    Raises:
        InputError: it is not, or it is no table.
    """
    if path.suffix == ".parquet":
        return
    found = detect(path)
    for key in ("encoding", "delimiter"):
        got, wanted = getattr(found, key), getattr(form, key)
        if got != wanted and not (key == "encoding" and _is_ascii(path)):
            raise InputError(
                f"{path} is written with {key} {got!r}, and {paths.SCHEMA} says csv.{key}: "
                f"{wanted!r}; save it like the other files"
            )


def _is_ascii(path: Path) -> bool:
    return all(block.isascii() for block in _blocks(path))


def _encoding(path: Path, start: bytes) -> str:
    """Return the encoding that fits every byte of a file.

    Raises:
        InputError: the file has bytes that no text has, or is UTF-8 with a few wrong bytes.
    """
    if start.startswith(UTF_16):
        if not _decodes(path, "utf-16"):
            raise InputError(f"{path} starts as UTF-16 but is not; save it as UTF-8")
        return "utf-16"
    seen: set[int] = set()
    position = 0
    for block in _blocks(path):
        if (zero := block.find(b"\0")) >= 0:
            raise InputError(
                f"{path} is no text: byte {position + zero:,} is zero; save it as CSV in UTF-8"
            )
        position += len(block)
        if not block.isascii():
            seen.update(block)
    if not seen or _decodes(path, "utf-8"):
        return "utf-8"
    wrong, right = _utf_8(path)
    if right > wrong:  # as good as impossible in another encoding
        raise InputError(
            f"{path} is UTF-8 but for {wrong:,} bytes, against {right:,} characters beyond ASCII "
            "that are; repair them, or save the file as UTF-8 again where it comes from"
        )
    # Windows' Western European has no character at these five; Latin-1 has one at each.
    return "latin-1" if seen & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"


def _utf_8(path: Path) -> tuple[int, int]:
    """Count what in a file is no UTF-8, and the characters beyond ASCII that are."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    wrong = beyond = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        wrong += text.count("\N{REPLACEMENT CHARACTER}")
        beyond += len(text) - len(text.encode("ascii", "ignore"))
    return wrong, beyond - wrong


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(path: Path, start: bytes, encoding: str, *, is_all: bool) -> str:
    """Return the delimiter that gives the first rows as many fields as the header.

    Raises:
        InputError: there is none, or there are no rows.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)()
    text = decoder.decode(start)
    if "\n" not in text and "\r" in text:
        raise InputError(f"{path} has the line ends of old Macs; save it with today's (LF or CRLF)")
    if text.lower().startswith("sep="):
        raise InputError(f"{path} starts with a line for Excel ({text[:5]!r}); remove that line")
    best, best_score, header_alone = "", (0.0, 0), False
    for delimiter in DELIMITERS:
        counts = list(map(len, rows_of(text, delimiter, cut=not is_all)))
        header_alone |= len(counts) == 1 and counts[0] > 1 and is_all
        if not counts or counts[0] < 2:
            continue
        # An empty field at the end is often left away: too few are no fault, too many are.
        fitting = sum(1 < count <= counts[0] for count in counts[1:])
        full = sum(count == counts[0] for count in counts[1:])
        score = ((fitting + full) / (2 * len(counts[1:]) or 1), counts[0])
        if score > best_score:
            best, best_score = delimiter, score
    if best_score[0] < 0.5 and header_alone:
        raise InputError(f"{path} has column names but no rows below them")
    if best_score[0] < 0.5:
        raise _no_table(path, text)
    rows = rows_of(text, best, cut=not is_all)
    counts = list(map(len, rows))
    for row, count in enumerate(counts[1:], start=1):
        if count > counts[0]:
            raise InputError(
                f"{path}: row {row} has {count} fields, and there are {counts[0]} column names "
                f"(delimiter: {DELIMITERS[best]}); put quotes around fields that contain it"
            )
    refuse_shifted(path, rows)
    return best


def _no_table(path: Path, text: str) -> InputError:
    """Say why a text has no columns."""
    names = ", ".join(DELIMITERS.values())
    for delimiter in DELIMITERS:
        rows = rows_of(text, delimiter, cut=False)
        counts = list(map(len, rows))
        usual, times = Counter(counts).most_common(1)[0] if counts else (0, 0)
        differs = usual > 1 and times > len(counts) / 2 and counts[0] != usual
        sign = DELIMITERS[delimiter]
        is_one_more = differs and counts[0] == usual - 1
        if is_one_more and (found := one_more(path, rows, delimiter, sign)):
            return found
        if differs:
            row = counts.index(usual) + 1
            return InputError(
                f"{path}: line 1 has {counts[0]} fields, most others {usual} (delimiter: "
                f"{sign}); the column names must come first: remove what is "
                f"above them (they may be in line {row})"
            )
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return InputError(f"{path} has one line only; expected column names and rows below them")
    return InputError(
        f"{path} has one column only, or rows of different lengths; expected the same number of "
        f"fields in each row, with one of these between them: {names}"
    )

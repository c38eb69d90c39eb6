"""How a CSV file is written: its encoding and its delimiter, found by looking at the file."""

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tabrail import paths
from tabrail.data import delimiters
from tabrail.data.delimiters import SIGNS
from tabrail.data.edges import opened
from tabrail.data.foreign import refuse
from tabrail.data.schema import Csv
from tabrail.data.tables import CSV_SUFFIXES
from tabrail.errors import InputError

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
        delimiter = delimiters.find(path, start, encoding, is_all=is_all)
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
                f"{path} has {SIGNS[other.delimiter]}s between its fields, {first_path} has "
                f"{SIGNS[first.delimiter]}s; write all files the same way"
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

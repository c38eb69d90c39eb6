"""Detect the dialect of a CSV file: its encoding and its delimiter."""

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
    """Detect the dialect of a CSV file.

    All of the file is decoded, a block at a time; the delimiter is found in its first rows.

    Args:
        path: a file with one of the `SUFFIXES`.

    Returns:
        Encoding and delimiter; the number format is the default one.

    Raises:
        InputError: the file is not a table. The message says what it is instead.
    """
    if not path.name.endswith(CSV_SUFFIXES):
        raise InputError(f"{path} is not a CSV file; expected one of: {', '.join(CSV_SUFFIXES)}")
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
    """Detect the dialect of several CSV files, which must be the same.

    Raises:
        InputError: one file is not a table, or differs from the others.
    """
    found = {path: detect(path) for path in paths}
    if len(found) == 1:
        return next(iter(found.values()))
    # Plain ASCII is the same in each of these encodings, so it does not show the encoding.
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
    """Check that a CSV file has the dialect of the schema; other files pass.

    Raises:
        InputError: it has another dialect, or is not a table.
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
        InputError: the file has zero bytes, or is UTF-8 with a few wrong bytes.
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
                f"{path} is not text: byte {position + zero:,} is zero; save it as CSV in UTF-8"
            )
        position += len(block)
        if not block.isascii():
            seen.update(block)
    if not seen or _decodes(path, "utf-8"):
        return "utf-8"
    wrong, right = _utf_8(path)
    if right > wrong:  # practically impossible in another encoding
        raise InputError(
            f"{path} is UTF-8 except for {wrong:,} bytes, and {right:,} other non-ASCII characters "
            "are valid; repair these bytes, or export the file as UTF-8 again"
        )
    # Windows' Western European has no character at these five; Latin-1 has one at each.
    return "latin-1" if seen & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"


def _utf_8(path: Path) -> tuple[int, int]:
    """Count the bytes of a file that are not UTF-8, and the valid non-ASCII characters."""
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

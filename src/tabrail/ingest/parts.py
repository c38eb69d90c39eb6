"""Write a CSV file as parts, each with the header, in one pass with one block in memory.

The bytes of the rows and their order stay the same, because a part ends at a line end outside
quotes. A compressed file gives compressed parts.
"""

import codecs
import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from tqdm import tqdm

from tabrail.data.edges import opened
from tabrail.errors import InputError
from tabrail.files import named, sync
from tabrail.ingest.line_ends import LineEnds

BLOCK = 1 << 22
DIGITS = 5  # digits of a part's number
LEVEL = 6  # compression level: nearly as small as 9, and much faster


def name(file: Path, number: int) -> Path:
    """Return the path of a part of a file.

    >>> name(Path("rows.csv.gz"), 12).name
    'rows-00012.csv.gz'
    """
    stem, dot, suffix = file.name.rpartition(".")
    if suffix == "gz":
        stem, dot, suffix = stem.rpartition(".")[0], ".", f"{stem.rpartition('.')[2]}.gz"
    return file.with_name(f"{stem}-{number:0{DIGITS}}{dot}{suffix}")


def size(file: Path) -> int:
    """Return the size of a CSV file in bytes, uncompressed."""
    if file.suffix != ".gz":
        return file.stat().st_size
    with opened(file) as content:
        return sum(map(len, iter(lambda: content.read(BLOCK), b"")))


def write(file: Path, model: Path, delimiter: str, count: int) -> list[Path]:
    """Write the parts of a CSV file.

    Args:
        file: the file, not in UTF-16.
        model: the path that the parts are named after.
        delimiter: the field delimiter.
        count: the number of parts; there are fewer if rows are long.

    Returns:
        The parts, in the order of the rows.

    Raises:
        InputError: the header does not end in the first block.
    """
    model.parent.mkdir(parents=True, exist_ok=True)
    parts: list[Path] = []
    total = size(file)
    target = due = -(-total // count)  # the target position of the next part
    ends = LineEnds(delimiter)
    bar = tqdm(desc="split", total=total, unit="B", unit_scale=True, delay=2, disable=None)
    with opened(file) as source, bar as progress, ExitStack() as part:
        block = source.read(BLOCK)
        header = mark = codecs.BOM_UTF8 if block.startswith(codecs.BOM_UTF8) else b""
        block, done, to = block[len(mark) :], len(mark), None
        while block:
            ends.scan(block)
            if not parts:
                length = ends.header()
                if length < 0:
                    raise InputError(f"{file}: line 1 is longer than {BLOCK:,} bytes; shorten it")
                header += block[:length]
                due = max(due, len(header) + 1)  # each part has a row
            start = 0
            while start < len(block):
                if to is None:
                    parts.append(name(model, len(parts)))
                    to = part.enter_context(_written(parts[-1]))
                    to.write(header if parts[1:] else mark)
                is_due = due <= done + len(block)
                end = ends.after(max(start, due - 1 - done)) if is_due else -1
                to.write(memoryview(block)[start : end if end >= 0 else len(block)])
                if end < 0:
                    break
                part.close()
                to, start, due = None, end, max(due + target, done + end + 1)
            done += len(block)
            progress.update(len(block))
            block = source.read(BLOCK)
    return parts


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file to write to, and sync it to the disk at the end."""
    with named(path):
        with path.open("wb") as plain:
            if path.suffix == ".gz":
                # Neither a name nor a time in it: equal rows give equal bytes.
                with gzip.GzipFile("", "wb", LEVEL, plain, mtime=0) as packed:
                    yield packed
            else:
                yield plain
        sync(path)

"""Cut large CSV files into parts for data/raw, and check that the rows stay the same."""

import codecs
import gzip
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from tabrail import paths
from tabrail.data import tables
from tabrail.data.dialect import UTF_16
from tabrail.data.edges import opened
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest import parts

FOLDER = paths.INGEST_PLAN.parent / "parts"
MEGABYTE, ROWS = 10**6, 20_000
FILL = 0.98  # share of the largest size, as the header and the last row come on top
MOST, LONGEST_LIST = 10**parts.DIGITS, 5


def counts(incoming: Mapping[Path, Path], megabytes: int) -> dict[Path, int]:
    """Return the number of parts of each large CSV file, by its target path in data/raw.

    Args:
        incoming: files by their target paths in data/raw.
        megabytes: the largest size of a part, uncompressed; 0 means no cut.

    Raises:
        InputError: a file cannot be cut, or another file has the name of a part.
    """
    found: dict[Path, int] = {}
    limit = megabytes * MEGABYTE
    for path, file in incoming.items() if limit else ():
        if not file.name.endswith(tables.CSV_SUFFIXES) or (size := _size(file)) <= limit:
            continue
        found[path] = count = int(size / (limit * FILL)) + 1
        with opened(file) as content:
            if content.read(len(codecs.BOM_UTF16)) in UTF_16:
                raise InputError(f"{file} is UTF-16, which --split cannot cut; save it as UTF-8")
        if count > MOST:
            raise InputError(
                f"{file} would give {count:,} parts, and at most {MOST:,} have a name; give "
                "a larger --split"
            )
        if others := [other for there, other in incoming.items() if _is_part(there, path)]:
            raise InputError(f"{others[0]} has the name of a part of {file}; rename one of them")
    return found


def present(path: Path) -> list[Path]:
    """Return the parts of a file in data/raw, in order."""
    there = path.parent.iterdir() if path.parent.is_dir() else ()
    return sorted(other for other in there if _is_part(other, path))


@contextmanager
def cut(
    incoming: Mapping[Path, Path], into: Mapping[Path, int], schema: Schema
) -> Iterator[dict[Path, Path]]:
    """Cut files, and yield the incoming files with the parts in their place.

    The parts are temporary files. Those that the block does not move are removed.

    Args:
        incoming: files by their target paths in data/raw.
        into: the number of parts of each file to cut.
        schema: describes the files.

    Raises:
        InputError: the rows of the parts would differ from those of the file.
    """
    ready: dict[Path, Path] = {}
    try:
        for path, file in incoming.items():
            if path not in into:
                ready[path] = file
                continue
            model = FOLDER / path.relative_to(paths.RAW)
            found = parts.write(file, model, schema.csv.delimiter, into[path])
            _require_same_rows(file, found, schema)
            ready |= {path.with_name(part.name): part for part in found}
        yield ready
    finally:
        if FOLDER.exists():
            shutil.rmtree(FOLDER, ignore_errors=True)
            with suppress(OSError):  # it has more, which the ingest removes
                FOLDER.parent.rmdir()


def require_same_parts(into: Mapping[Path, int], ready: Mapping[Path, Path]) -> None:
    """Check that existing parts in data/raw are the same as the new parts of a file.

    Args:
        into: the files that were cut.
        ready: the incoming files.

    Raises:
        InputError: parts are missing, or have other content.
    """
    for path in into:
        there, new = present(path), [part for part in ready if _is_part(part, path)]
        if there and (there != sorted(new) or not all(same(part, ready[part]) for part in there)):
            raise InputError(
                f"{path.parent} has parts of {path.name} already ({listed(there)}), with other "
                "content or of another size; rename the file, or replace all data with --replace"
            )


def same(first: Path, second: Path) -> bool:
    """Check whether two CSV files have the same content, apart from compression."""
    with opened(first) as one, opened(second) as other:
        while block := one.read(parts.BLOCK):
            if block != other.read(len(block)):
                return False
        return not other.read(1)


def listed(files: Sequence[Path]) -> str:
    """Return the names of files; if there are many, the first ones and the last one."""
    names = [file.name for file in files]
    if len(names) > LONGEST_LIST:
        names = [*names[: LONGEST_LIST - 2], "…", f"{names[-1]} ({len(names):,} files)"]
    return ", ".join(names) or "nothing"


def _size(file: Path) -> int:
    try:
        return parts.size(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{file} is damaged or cut off: {error}; fetch it again") from None


def _is_part(other: Path, path: Path) -> bool:
    stem, suffix = parts.name(path, 0).name.split(f"-{0:0{parts.DIGITS}}")[-2:]
    pattern = rf"-\d{{{parts.DIGITS}}}".join(map(re.escape, (stem, suffix)))
    return other.parent == path.parent and bool(re.fullmatch(pattern, other.name))


def _require_same_rows(file: Path, found: Sequence[Path], schema: Schema) -> None:
    """Read a file and its parts, and check that they have the same rows.

    Lines that are not rows are found at the ends of a file, and parts have other ends.

    Raises:
        InputError: they do not.
    """
    whole = tables.read_chunks(file, schema, ROWS)
    waiting, row = next(whole), 0
    advice = f"cut {file} at other places with another --split, or leave --split out"
    bar = tqdm(desc="check parts", unit=" rows", unit_scale=True, delay=2, disable=None)
    try:
        with bar as progress:
            read = chain.from_iterable(tables.read_chunks(part, schema, ROWS) for part in found)
            for chunk in read:
                while len(waiting) < len(chunk) and (more := next(whole, None)) is not None:
                    waiting = pd.concat([waiting, more])
                here, waiting = waiting.iloc[: len(chunk)], waiting.iloc[len(chunk) :]
                if not here.reset_index(drop=True).equals(chunk.reset_index(drop=True)):
                    raise InputError(
                        f"of the rows from {row + 1:,} on, some would change; {advice}"
                    )
                row += len(chunk)
                progress.update(len(chunk))
            if len(waiting) or any(map(len, whole)):
                raise InputError(f"the rows from {row + 1:,} on would be left out; {advice}")
    except InputError as error:
        raise InputError(f"{file} cannot be cut there: {error}") from None

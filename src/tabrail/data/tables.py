"""Read and write tables: raw files in chunks, prepared tables as Parquet."""

import csv
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tabrail import paths
from tabrail.data import csv_files, folders, no_dates
from tabrail.data.parts import Part, of_parquet
from tabrail.data.schema import Csv, Schema
from tabrail.data.set_aside import SetAside
from tabrail.data.written_text import plain
from tabrail.errors import InputError, missing_output, nearest

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
CSV_SUFFIXES = SUFFIXES[:-1]
LEFT_OUT = f"left out, because it is not a table; expected one of: {', '.join(SUFFIXES)}"


def find(place: Path, aside: SetAside | None = None) -> list[Path]:
    """Return the tables in a folder, by name, or a file that is a table.

    Files of a folder that are hidden, or end in .tmp or .part, are skipped.

    Args:
        place: the folder or the file.
        aside: names other files of a folder that are no tables; without it, they are refused.

    Raises:
        InputError: the place does not exist, a folder has no table, a file is not a table, or the
            folder is a versioned table.
    """
    if place.exists():
        folders.refuse_versioned(place)
    if place.is_file():
        files = [place]
    else:
        found = (path for path in place.rglob("*") if path.is_file())
        files = sorted(path for path in found if not folders.is_skipped(path, place))
        if aside is not None:
            for file in files:
                if not file.name.endswith(SUFFIXES):
                    aside.note(file, LEFT_OUT)
            files = [file for file in files if file.name.endswith(SUFFIXES)]
    if not files:
        if place.exists() or place.match(str(paths.RAW)):
            raise InputError(
                f"{place} has no table; fetch it with: uv run dvc pull {place}, or put files there"
            )
        names = [p.name for p in place.parent.iterdir()] if place.parent.is_dir() else []
        raise InputError(f"{place} is not there{nearest(place.name, names)}")
    for file in files:
        if len(str(file).splitlines()) > 1:  # a name could imitate a message
            raise InputError(f"{str(file)!r} has a line break in its name; rename it")
        if not file.name.endswith(SUFFIXES):
            raise InputError(f"{file} is not a table; expected one of: {', '.join(SUFFIXES)}")
    return files


def columns(path: Path, form: Csv) -> list[str]:
    """Return the names of a raw table's columns in normalized form.

    Columns without a name are numbered. The names of folders such as country=AT are columns, too.

    Raises:
        InputError: the file cannot be read as a table, or has duplicate column names.
    """
    with _explained(path, form.encoding):
        if path.suffix == ".parquet":
            names = [form for form, _ in _of_parquet(path)]
        else:
            names = csv_files.columns(path, form)
        return [*names, *(name for name in folders.partition(path) if name not in names)]


def parts(files: Sequence[Path]) -> list[Part]:
    """Return the parts of tables: a file, or row groups of a large Parquet file.

    Args:
        files: the tables, in their order.

    Raises:
        InputError: a Parquet file is damaged.
    """
    found: list[Part] = []
    for file in files:
        if file.suffix == ".parquet":
            with _explained(file):
                found += of_parquet(file)
        else:
            found.append(Part(file))
    return found


def read_chunks(
    place: Path | Part,
    schema: Schema,
    rows: int,
    names: Sequence[str] | None = None,
    *,
    aside: SetAside | None = None,
) -> Iterator[pd.DataFrame]:
    """Read a raw table chunk by chunk, so that a file may be larger than memory.

    Cells of CSV files are text, as written. A row with too few fields is padded with empty ones.
    Lines that are not rows, such as a repeated header or totals at the end, are set aside. If rows
    have one field more than line 1 has names, the first field becomes an extra column.

    Args:
        place: the file, or a part of it.
        schema: gives the dialect of CSV files, and the columns to keep as written.
        rows: the most rows of a chunk.
        names: the columns to read; the default is all that the schema uses.
        aside: counts the lines that are set aside.

    Yields:
        Chunks whose index counts the file's rows from 0, those that are set aside as well.

    Raises:
        InputError: the file cannot be read as a table.
    """
    wanted = list(schema.used if names is None else names)
    form = schema.csv
    part = place if isinstance(place, Part) else Part(place)
    path = part.file
    with _explained(path, form.encoding):
        of_folders = folders.partition(path)
        if path.suffix == ".parquet":
            for chunk in _parquet_chunks(part, wanted, schema.verbatim, rows):
                yield _with_folders(chunk, of_folders)[wanted]
            return
        aside = SetAside() if aside is None else aside
        for chunk in csv_files.chunks(path, schema, rows, aside):
            yield _with_folders(chunk, of_folders)[wanted]
            del chunk


def read(path: Path, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a prepared table.

    Raises:
        InputError: the file is missing or damaged.
    """
    if not path.exists():
        raise missing_output(path)
    files = written(path)
    if path.is_dir() and not files:
        raise InputError(f"{path} has no part; make it again with: uv run dvc repro")
    wanted = None if names is None else list(names)
    with _explained(path):
        if len(files) == 1:
            return pd.read_parquet(files[0], columns=wanted)
        found = pa.concat_tables(pq.read_table(file, columns=wanted) for file in files)
        return found.to_pandas(self_destruct=True)


def written(path: Path) -> list[Path]:
    """Return the files of a prepared table: itself, or its parts by name if it is a folder."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a prepared table: of its file, or of the hashes of its parts."""
    found = []
    for file in written(path):
        with file.open("rb") as content:
            found.append(hashlib.file_digest(content, "sha256").hexdigest())
    return found[0] if not path.is_dir() else hashlib.sha256("".join(found).encode()).hexdigest()


def form_of(template: pd.DataFrame) -> pa.Schema:
    """Return the Arrow schema of prepared rows.

    Args:
        template: has the columns and types of all rows to come.
    """
    # pandas would add its own version to the file, and so change its hash with every release.
    return pa.Schema.from_pandas(template, preserve_index=False).remove_metadata()


def as_written(rows: pd.DataFrame, form: pa.Schema) -> pa.Table:
    """Return rows as an Arrow table for a prepared table; NaN and NaT become null."""
    return pa.Table.from_pandas(rows, form, preserve_index=False)


class Writer:
    """Writes one prepared table, chunk by chunk; use it in a `with` statement."""

    def __init__(self, path: Path, form: pa.Schema) -> None:
        """Open the file; `form` is the result of `form_of`."""
        self._form, self._file = form, pq.ParquetWriter(path, form, compression="zstd")

    def write(self, rows: pa.Table | pd.DataFrame) -> None:
        """Append rows."""
        table = as_written(rows, self._form) if isinstance(rows, pd.DataFrame) else rows
        self._file.write_table(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()


def _parquet_chunks(
    part: Part, names: Sequence[str], text: Sequence[str], rows: int
) -> Iterator[pd.DataFrame]:
    start = part.start
    given = dict(_of_parquet(part.file))
    known = {name: form for form, name in given.items()}
    names = [name for name in names if name in given]
    # Buffering ahead would hold the whole file in memory.
    with pq.ParquetFile(part.file, pre_buffer=False) as file:
        groups = range(file.num_row_groups) if part.row_groups is None else part.row_groups
        wanted = [given[name] for name in names]
        for batch in file.iter_batches(rows, list(groups), wanted):
            batch = batch.rename_columns([known[name] for name in batch.schema.names])
            for position, field in enumerate(batch.schema):
                if pa.types.is_dictionary(field.type):  # categories may be missing or blank, too
                    column = batch.column(position).dictionary_decode()
                    batch = batch.set_column(position, field.name, column)
                    field = batch.schema.field(position)
                kept = no_dates.within_calendar(batch.column(position))
                if kept is not batch.column(position):
                    batch = batch.set_column(position, field.name, kept)
                # Missing values make floats of whole numbers, and large ones would lose digits.
                if field.name in text and (
                    pa.types.is_integer(field.type) or pa.types.is_decimal(field.type)
                ):
                    written = batch.column(position).cast(pa.string())
                    batch = batch.set_column(position, field.name, written)
            chunk = batch.to_pandas(ignore_metadata=True)[list(names)]
            yield chunk.set_index(pd.RangeIndex(start, start + len(chunk)))
            start += len(chunk)
            del batch, chunk


def _of_parquet(path: Path) -> list[tuple[str, str]]:
    """Return the names of a Parquet file's columns, normalized where that causes no duplicate."""
    names = pq.read_schema(path).names
    forms = [plain(name) for name in names]
    return [
        (name if forms.count(form) > 1 else form, name)
        for name, form in zip(names, forms, strict=True)
    ]


def _with_folders(chunk: pd.DataFrame, values: Mapping[str, str]) -> pd.DataFrame:
    """Add the partition columns that the file does not have."""
    for name in values.keys() - set(chunk.columns):
        chunk[name] = pd.Series(values[name], chunk.index, dtype="str")
    return chunk


@contextmanager
def _explained(path: Path, encoding: str = "") -> Iterator[None]:
    """Turn library errors on a damaged file into messages that say what to do."""
    try:
        yield
    except UnicodeError as error:
        raise InputError(
            f"{path} is not {encoding} text ({error}); save it as UTF-8, or correct "
            f"csv.encoding in {paths.SCHEMA}"
        ) from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path} is empty; expected a header line and rows") from None
    except (pd.errors.ParserError, csv.Error) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise InputError(f"{path} is not well-formed CSV: {reason}") from None
    except (pa.ArrowInvalid, EOFError, zlib.error) as error:
        raise damaged(path, error) from None
    except OSError as error:
        if error.errno:  # an error of the disk or the system, not of the file
            raise
        raise damaged(path, error) from None


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error for an unreadable file."""
    reason = str(error).splitlines()[0]
    return InputError(f"{path} is damaged or cut off: {reason}; fetch it again")

"""Read folders of parts, as Hive and Spark write them: their files and their partition columns."""

from pathlib import Path
from urllib.parse import unquote

from tabrail.data.written_text import plain
from tabrail.errors import InputError

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
UNFINISHED = (".tmp", ".part")  # what other programs call a file that they still write


DELTA, HUDI, ICEBERG = "Delta Lake", "Apache Hudi", "Apache Iceberg"


def refuse_versioned(place: Path) -> None:
    """Refuse a folder of a versioned table: its files also have deleted and replaced rows.

    A log beside the files says which rows are valid: `_delta_log`, `.hoodie` or
    `metadata/*.metadata.json`.

    Args:
        place: a folder, or a file in one.

    Raises:
        InputError: there is such a log in the folder, beside it or above folders such as
            country=AT.
    """
    folder = outside((place if place.is_dir() else place.parent).absolute())
    inside = place.rglob("*") if place.is_dir() else ()
    beside = (entry for above in (folder, folder.parent) for entry in _of_logs(above))
    for entry in (*beside, *inside):
        if format_ := _keeps_versions(entry):
            root = entry.parent if format_ != ICEBERG else entry.parent.parent
            raise InputError(
                f"{root} is a table of {format_}: its files also keep rows that were deleted or "
                "replaced. Export its current rows as Parquet with the tool that wrote it, and "
                "give that file"
            )


def _of_logs(folder: Path) -> list[Path]:
    return [folder / "_delta_log", folder / ".hoodie", *folder.glob("metadata/*.metadata.json")]


def _keeps_versions(entry: Path) -> str:
    """Return the format of the table that a log belongs to; blank if it is not a log."""
    if entry.name == "_delta_log" and entry.is_dir():
        return DELTA
    if entry.name == ".hoodie" and entry.is_dir():
        return HUDI
    is_iceberg = entry.parent.name == "metadata" and entry.name.endswith(".metadata.json")
    return ICEBERG if is_iceberg else ""


def is_skipped(path: Path, folder: Path) -> bool:
    """Check whether a file of a folder is hidden or still being written.

    A name on the way to it begins with _ or ., as that of Spark's _SUCCESS, or ends in .tmp or
    .part.
    """
    parts = path.relative_to(folder).parts
    return any(part.startswith((".", "_")) or part.endswith(UNFINISHED) for part in parts)


def partition(file: Path) -> dict[str, str]:
    """Return the partition columns in a file's path, with their value.

    >>> partition(Path("sales/country=AT/year=2024/part-0.parquet"))
    {'country': 'AT', 'year': '2024'}
    """
    found: dict[str, str] = {}
    for folder in file.parents:
        name, equals, value = folder.name.partition("=")
        if not (name and equals):
            break
        text = unquote(value)
        found = {plain(unquote(name)): "" if text == NO_VALUE else text, **found}
    return found


def outside(place: Path) -> Path:
    """Return the folder that the names of a place's files are relative to.

    >>> outside(Path("sales/country=AT"))
    PosixPath('sales')
    """
    while "=" in place.name:
        place = place.parent
    return place

"""Folders of parts as Hive, Spark and others write them: which files count, and what names say."""

from pathlib import Path
from urllib.parse import unquote

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def is_hidden(path: Path, folder: Path) -> bool:
    """Check whether a name on the way to a file begins with _ or ., as that of Spark's _SUCCESS."""
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def partition(file: Path) -> dict[str, str]:
    """Return the columns that the names of a file's folders give, with their one value.

    >>> partition(Path("sales/country=AT/year=2024/part-0.parquet"))
    {'country': 'AT', 'year': '2024'}
    """
    found: dict[str, str] = {}
    for folder in file.parents:
        name, equals, value = folder.name.partition("=")
        if not (name and equals):
            break
        text = unquote(value)
        found = {unquote(name): "" if text == NO_VALUE else text, **found}
    return found


def outside(place: Path) -> Path:
    """Return the folder to which the names of a place's files are relative.

    >>> outside(Path("sales/country=AT"))
    PosixPath('sales')
    """
    while "=" in place.name:
        place = place.parent
    return place

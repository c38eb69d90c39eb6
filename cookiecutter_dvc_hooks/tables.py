"""Check the table that a user gives, without reading it."""

import difflib
import os
from pathlib import Path

from cookiecutter_dvc_hooks import headers
from cookiecutter_dvc_hooks.texts import nearest, shown

TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
EXPECTED = f"expected one of {', '.join(TABLES)}, or a folder of them"


def unusable(file: str) -> str:
    """Complain about a missing file, or one that is not a table."""
    if not file:
        return ""
    try:
        path = table_path(file)
        if path.is_dir():
            return unusable_folder(path)
        if not path.exists():
            return f"{shown(file)} does not exist; {nearest_to(path)}."
        return unusable_file(path)
    except RuntimeError:
        return f"{shown(file)} names a home folder that does not exist; give the path without ~."
    except OSError as error:
        return f"{shown(file)} cannot be read ({error.strerror}); give a readable table."


def table_path(file: str) -> Path:
    """Return the path of a table, relative to the user's folder.

    Raises:
        RuntimeError: there is no home folder for the ~.
    """
    # Cookiecutter changes the working directory; `cookiecutter_dvc.py` leaves the user's in PWD.
    return Path(os.environ.get("PWD", ""), Path(file).expanduser())


def nearest_to(path: Path) -> str:
    """Return what to give in place of a path that leads nowhere."""
    folder = path.parent
    names = {p.name.lower(): p.name for p in folder.iterdir()} if folder.is_dir() else {}
    if near := difflib.get_close_matches(path.name.lower(), names):
        return f"nearest to it there: {', '.join(shown(names[name]) for name in near)}"
    return f"give a path that starts with / or ~, or is relative to {os.environ.get('PWD', 'here')}"


def unusable_folder(folder: Path) -> str:
    """Complain about a folder without a table, or with an empty one."""
    tables = [path for path in sorted(folder.rglob("[!.]*")) if is_table(path) and path.is_file()]
    sentences = filter(None, map(unusable_file, tables))
    return next(sentences, "") if tables else f"{shown(str(folder))} holds no table; {EXPECTED}."


def unusable_file(path: Path) -> str:
    """Complain about a path that is not a file, or a file that is empty or not a table."""
    if not path.is_file():
        return f"{shown(path.name)} is neither a file nor a folder; {EXPECTED}."
    if not is_table(path):
        return f"{shown(path.name)} cannot be read as a table; {EXPECTED}."
    if path.stat().st_size == 0:
        return f"{shown(path.name)} is empty; give a table with a line of column names, and rows."
    return ""


def without_column(file: str, column: str) -> str:
    """Complain about a column that surely is in no file of a table."""
    path = table_path(file)
    found = sorted(filter(is_table, path.rglob("[!.]*"))) if path.is_dir() else [path]
    if not all(headers.lacks(one, column) for one in found):
        return ""
    known = [name for name in headers.names(found[0]) or [] if name]
    near = nearest(column, dict.fromkeys(known)) or ";"
    return f"{shown(column)} is not a column of {shown(file)}{near} name the column to predict."


def is_table(path: Path) -> bool:
    """Tell whether a file's name ends like that of a table."""
    return path.name.lower().endswith(TABLES)

"""The record in Git of data erased from DVC's cache and remotes: hashes and dates, no values.

An earlier commit does not have the record of later erasures, so all commits are searched.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tabrail import paths
from tabrail.dvc import hashes, pointers
from tabrail.project import git

HEAD = """\
# Objects of DVC that were erased because they had rows of persons who are to be forgotten: the MD5
# of each and the day. `tabrail forget` writes this file, and `tabrail forget --purge` deletes them.
"""
LINE = re.compile(rf"({hashes.PATTERN}) (\d{{4}}-\d{{2}}-\d{{2}})")

Dates = Mapping[str, str]  # by MD5


def read(text: str) -> dict[str, str]:
    """Return the day on which each object was erased, by its MD5.

    >>> read(32 * "0" + " 2026-11-29")
    {'00000000000000000000000000000000': '2026-11-29'}
    """
    return {line[1]: line[2] for line in map(LINE.fullmatch, text.splitlines()) if line}


def text(dates: Dates) -> str:
    """Return the content of the record."""
    return HEAD + "".join(f"{digest} {dates[digest]}\n" for digest in sorted(dates))


def here() -> dict[str, str]:
    """Return the record of the working tree; empty if there is none."""
    return read(paths.ERASED.read_text(encoding="utf-8")) if paths.ERASED.exists() else {}


def known() -> dict[str, str]:
    """Return the records of all commits and of the working tree."""
    found = here()
    for one in _commits():
        found = read(git.text(one, paths.ERASED) or "") | found
    return found


def of_data(revision: str | None = None) -> str:
    """Return the day on which the raw tables of a commit were erased; blank if they were not.

    Args:
        revision: the commit; the working tree, if none is given.
    """
    if revision is None:
        pointer = _text(paths.RAW_POINTER)
    else:
        pointer = git.text(revision, paths.RAW_POINTER) or ""
    named = pointers.named(pointer)
    dates = known() if named else {}
    return next((dates[digest] for digest in named if digest in dates), "")


def is_history(revision: str) -> bool:
    """Check whether a commit is an ancestor of a commit that erased data.

    If it is not, a merge of it would bring back erased data.
    """
    own = git.commit(revision)
    erasing = [one for one in _commits() if one != own]
    return any(git.succeeds("merge-base", "--is-ancestor", revision, one) for one in erasing)


def commit() -> str:
    """Return the short hash of the latest commit that erased data."""
    return git.git("log", "-1", "--format=%h", "--", str(paths.ERASED)).strip()


def _commits() -> list[str]:
    """Return the commits that changed the record, on any branch."""
    return git.git("log", "--all", "--format=%H", "--", str(paths.ERASED)).split()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""

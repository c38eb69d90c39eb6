"""Say what `ingest --replace` changes: the files in data/raw, the columns and the name."""

import filecmp
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tabrail import paths
from tabrail.data import salt, tables
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.ingest import cut

MOST_NAMES = 8


def files_there() -> list[Path]:
    """Return the tables in data/raw."""
    try:
        found = tables.find(paths.RAW, SetAside())
    except InputError:  # there is none
        return []
    return [path for path in found if path.name != salt.NAME]


def same(incoming: Mapping[Path, Path]) -> set[Path]:
    """Return the files of data/raw that the incoming ones do not change.

    Args:
        incoming: the incoming files, by their target paths in data/raw.
    """
    return {
        path
        for path, file in incoming.items()
        if path.exists() and (path.samefile(file) or filecmp.cmp(path, file, shallow=False))
    }


def of_files(
    before: Sequence[Path], new: Sequence[Path], unchanged: Iterable[Path], *, would: bool = False
) -> list[str]:
    """Return a sentence for the files that are removed, replaced, added, or that stay.

    Args:
        before: the files that were in data/raw.
        new: the files that are, or would be, in data/raw.
        unchanged: those of them whose content stays.
        would: whether this was a dry run.
    """
    stay = {*unchanged}
    found = {
        "removed from": [path for path in before if path not in new],
        "replaced in": [path for path in new if path in before and path not in stay],
        "added to": [path for path in new if path not in before and path not in stay],
    }
    said = [
        f"{'would be ' * would}{verb} {paths.RAW}: {cut.listed(files)}"
        for verb, files in found.items()
        if files
    ]
    return said or [f"the files in {paths.RAW} stay as they are"]


def of_schema(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return a sentence for the new columns, for those that are gone, and for another name.

    Args:
        before: what schema.yaml says; nothing if there is none.
        after: what it will say.
    """
    if not before:
        return []
    old, new = before["columns"], after["columns"]
    said = []
    for what, names in (
        ("new columns", [name for name in new if name not in old]),
        ("columns that are gone", [name for name in old if name not in new]),
    ):
        if names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            said.append(f"{what}: {', '.join(names[:MOST_NAMES])}{more}")
    was, name = before.get("name"), after.get("name")
    if was and was != name:
        said.append(f"name: {name} (was {was}; to keep that, add --name {shlex.quote(str(was))})")
    return said

"""Find the objects of DVC that have rows of some people: earlier tables, and their results.

Each table is searched. If a table has such a row, the outputs that stages made from it are treated
as if they had it. An output is left out if another run made the same bytes from other tables.
Models are kept.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from ruamel.yaml.error import YAMLError

from tabrail import paths
from tabrail.data import dialect, tables
from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.persons import Persons
from tabrail.data.schema import Schema
from tabrail.documents import load_yaml
from tabrail.dvc import runs
from tabrail.dvc.hashes import is_folder
from tabrail.dvc.pointers import digests
from tabrail.dvc.stages import by_name
from tabrail.dvc.stores import Stores
from tabrail.errors import InputError
from tabrail.project import git

MODELS = paths.MODEL.parent


@dataclass
class Found:
    """The data of some people in earlier tables.

    Attributes:
        objects: the MD5s of objects with their rows.
        unreadable: tables that can no longer be read; they are treated as if they had such rows.
        without_column: tables without the key's column; they are treated as if they had no such
            rows.
        lost: folders whose list of files is in no store.
    """

    objects: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    without_column: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Run:
    """A run of a stage: the MD5s that it read, and those that it wrote, without models."""

    read: frozenset[str]
    written: frozenset[str]


def find(
    persons: Persons, schema: Schema, clean: Clean, stores: Stores, known: Collection[str]
) -> Found:
    """Look for people in all earlier tables that the cache and the remotes have.

    Args:
        persons: the persons.
        schema: the current schema; an earlier table may have another format.
        clean: the project's cleaning function.
        stores: the cache and the remotes.
        known: MD5s that are known to have rows of persons, and need no look.

    Raises:
        InputError: a remote cannot be read.
    """
    found = Found()
    seen: dict[tuple[str, str], bool] = {}
    for folder in sorted(_raw_folders() | stores.folders()):
        files = stores.files_of(folder)
        if files is None:
            found.lost |= {folder} - set(known)
            continue
        theirs = set()
        for name, digest in files.items():
            path = PurePosixPath(name)
            if not name.endswith(tables.SUFFIXES) or any(p[0] in "._" for p in path.parts):
                continue
            place = (digest, str(path.parent))  # the names of folders may be columns
            if digest not in known and place not in seen:
                seen[place] = _has_rows(name, digest, persons, schema, clean, stores, found)
            if digest in known or seen[place]:
                theirs.add(digest)
        if theirs:
            found.objects |= {folder, *theirs}
    made = _made_of(found.objects | set(known), list(_runs(stores)))
    for folder in list(filter(is_folder, made)):
        made |= set((stores.files_of(folder) or {}).values())
    found.objects = stores.having((found.objects | made) - set(known))
    return found


def _has_rows(
    name: str,
    digest: str,
    persons: Persons,
    schema: Schema,
    clean: Clean,
    stores: Stores,
    found: Found,
) -> bool:
    """Return whether a table has rows of the persons; also True if it cannot be read."""
    with stores.file(digest, name) as file:
        if file is None:
            return False
        for how in (clean, no_cleaning):  # an earlier table may not be one that `clean` knows
            try:
                rows = persons.rows_of(file, _as_written(file, schema), how)
            except InputError:
                continue
            if rows is None:
                found.without_column.add(digest)
            return rows is not None and bool(np.size(rows))
    found.unreadable.add(digest)
    return True


def _as_written(file: Path, schema: Schema) -> Schema:
    """Return the schema, with the encoding and the delimiter that a file has."""
    if file.suffix == ".parquet":
        return schema
    form = dialect.detect(file)
    own = {"encoding": form.encoding, "delimiter": form.delimiter}
    return schema.model_copy(update={"csv": schema.csv.model_copy(update=own)})


def _raw_folders() -> set[str]:
    """Return the MD5 that data/raw has had in any commit."""
    pointed = {one for content in _documents(paths.RAW_POINTER) for one in digests(content)}
    locked = (run for content in _documents(paths.LOCK) for run in by_name(content).values())
    read = {runs.read(run).get(paths.RAW.as_posix(), "") for run in locked}
    return set(filter(is_folder, pointed | read))


def _runs(stores: Stores) -> Iterator[Run]:
    """Yield every run that a commit or DVC's cache of runs knows."""
    for content in _documents(paths.LOCK):
        yield from map(_run, by_name(content).values())
    yield from map(_run, stores.runs())


def _run(stage: dict[str, Any]) -> Run:
    written = (one for path, one in runs.written(stage).items() if not _is_model(path))
    return Run(frozenset(filter(None, runs.read(stage).values())), frozenset(filter(None, written)))


def _is_model(path: str) -> bool:
    return PurePosixPath(path).is_relative_to(MODELS.as_posix())


def _made_of(objects: set[str], all_runs: list[Run]) -> set[str]:
    """Return what runs have made of some objects, and of what was made of them."""
    made: set[str] = set()
    while (
        more := {
            digest for run in all_runs if run.read & (objects | made) for digest in run.written
        }
        - made
    ):
        made |= more
    # The same bytes were also made without these objects, so they have no data of the persons.
    return made - {d for run in all_runs if not run.read & (objects | made) for d in run.written}


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the content of a YAML file in every commit, and here."""
    texts = git.all_texts(path)
    if path.exists():
        texts.append(path.read_text(encoding="utf-8"))
    for text in dict.fromkeys(texts):
        try:
            content = load_yaml(text)
        except YAMLError:  # with the marks of a conflict
            continue
        if isinstance(content, dict):
            yield content

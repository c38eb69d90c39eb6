"""Bring tables into data/raw, and infer the schema of a new table or extend it for more rows."""

import filecmp
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from tabrail import paths, record, rendering
from tabrail.data import dialect, folders, tables
from tabrail.data import salt as salts
from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.schema import Schema, Task, load_schema
from tabrail.data.set_aside import SetAside
from tabrail.dvc import cached
from tabrail.dvc import command as dvc
from tabrail.errors import InputError
from tabrail.ingest import cut, extend, transaction
from tabrail.project import code
from tabrail.project.project import Project
from tabrail.project.settings import TABLE, load_settings

Show = Callable[[str], None]
Ask = Callable[[str], bool]


@contextmanager
def alone(show: Show, *, dry_run: bool) -> Iterator[None]:
    """Lock the project against another ingest, and finish or undo a killed one.

    Args:
        show: prints a text for the user.
        dry_run: whether to write nothing.

    Raises:
        InputError: another one is running, or a killed one can be neither finished nor undone.
    """
    if dry_run:
        transaction.require_none()
        yield
        return
    with transaction.locked():
        transaction.recover(_dvc_add, show)
        yield


def starts_over(target: str, *, replace: bool) -> bool:
    """Check whether to infer a new schema instead of extending the present one.

    Raises:
        InputError: the options contradict the present schema, or the target is missing.
    """
    if replace or not paths.SCHEMA.exists():
        if not target:
            raise InputError("no target is given; name the column to predict: --target COLUMN")
        return True
    present = load_schema().target
    if target and target != present:
        raise InputError(
            f"this project predicts {present!r}, not {target!r}; to add rows, leave --target out; "
            "to start over with this table, add --replace"
        )
    return False


def start(
    places: Sequence[Path],
    target: str,
    task: Task | None,
    name: str,
    show: Show,
    *,
    dry_run: bool,
    split: int = 0,
) -> None:
    """Make a table this project's data, with an inferred schema.

    The previous content of data/raw stays in DVC's cache.

    Args:
        places: files of one table, or folders of them.
        target: the column to predict.
        task: the task, if it is not the one that the target's values suggest.
        name: what the data is called; the first file's name, if blank.
        show: prints a text for the user.
        dry_run: whether to show what would be done, and do nothing.
        split: megabytes, into parts of which larger CSV files are cut; 0 for none.

    Raises:
        InputError: the files are not a table, or the target cannot be learned from it. Nothing has
            changed then.
    """
    from tabrail.ingest import datasheet, project_files, readme, replaced, summary
    from tabrail.ingest.draft import to_yaml
    from tabrail.ingest.present import inferred_again, read_present

    incoming = _incoming(places)
    into = cut.counts(incoming, split)
    before = read_present()
    draft = inferred_again(list(incoming.values()), target, task, name, _edited_cleaning(), before)
    schema = Schema.model_validate(draft.schema)
    show(summary.text(draft, schema))
    if lines := replaced.of_schema(before.content, draft.schema):
        show("\n".join(lines))
    there, unchanged = replaced.files_there(), replaced.same(incoming) - into.keys()
    if dry_run:
        if there:
            parts = chain.from_iterable(cut.present(path) for path in into)
            stay = [*(path for path in incoming if path not in into), *parts]
            show("\n".join(replaced.of_files(there, stay, unchanged, would=True)))
        for path in into:
            show(f"would be added to {paths.RAW}: {_planned(path, into)}")
        return

    def render() -> dict[Path, str]:
        described = datasheet.render(draft, schema)
        files = project_files.texts(draft, schema, described, show, before.columns)
        command = readme.texts(readme.example(draft.distributions, schema), schema.task)
        return {paths.SCHEMA: to_yaml(draft), **files, **command}

    is_set_up = paths.LOCK.exists()  # else the set-up of the project runs the pipeline
    new = _put_in_place(incoming, into, schema, render, replace=True)
    if into or is_set_up:
        now = "; now run: uv run dvc repro" if is_set_up else ""
        show("\n".join(replaced.of_files(there, new, unchanged)) + now)


def grow(
    places: Sequence[Path],
    start_only: str,
    show: Show,
    ask: Ask,
    *,
    dry_run: bool = False,
    split: int = 0,
) -> None:
    """Add parts to this project's data, and extend the schema for them.

    Args:
        places: files of the same table, or folders of them.
        start_only: a given option that is only for a new table.
        show: prints a text for the user.
        ask: asks whether the schema may be extended.
        dry_run: whether to show what would be done, and do nothing.
        split: megabytes, into parts of which larger CSV files are cut; 0 for none. One that is
            there in one piece stays so.

    Raises:
        InputError: the files are not of this table, or the answer was no. Nothing has changed then.
    """
    if start_only:
        raise InputError(
            f"{start_only!r} is for a new table; add --replace to start over, or edit "
            f"{paths.SCHEMA}"
        )
    schema = load_schema()
    incoming = _incoming(places)
    into = cut.counts(incoming, split)
    into = {path: count for path, count in into.items() if not path.exists()}
    parts = {path: cut.present(path) for path in into}
    for file in incoming.values():
        dialect.require(file, schema.csv)
    from tabrail.ingest import present

    clean, aside = Project.load().clean, SetAside()
    there = [*incoming, *chain.from_iterable(parts.values())]
    changes = extend.changes(list(incoming.values()), schema, clean, there, aside)
    for line in aside.text():
        show(line)
    if changes:
        show(f"{paths.SCHEMA} would change:\n" + "\n".join(f"  {change}" for change in changes))
        if not dry_run and not ask("Extend the schema?"):
            raise InputError("nothing was changed; correct the data, or accept with --yes")
    if dry_run:
        new = [path for path in incoming if not (path.exists() or parts.get(path))]
        added = ", ".join(_planned(path, into) for path in new) or "nothing"
        show(f"would be added to {paths.RAW}: {added}")
        return
    new = _put_in_place(
        incoming,
        into,
        schema,
        lambda: present.extended(extend.applied(changes, paths.SCHEMA)) if changes else {},
        replace=False,
    )
    if new or changes:
        show(f"added to {paths.RAW}: {cut.listed(new)}; now run: uv run dvc repro")
    else:  # no error, so that a program can repeat the command
        show(f"nothing was added: {paths.RAW} has all of these rows already")


def replace_data(copies: dict[Path, Path], texts: dict[Path, str]) -> None:
    """Replace the files of data/raw, keep its salt, and track the result with DVC.

    All changes are made, or none, as in an ingest.

    Args:
        copies: the files, by their target paths in data/raw; a file may be there already.
        texts: the new content of other files that change with the data.

    Raises:
        InputError: DVC cannot track the data. Nothing has changed then.
    """
    salt = salts.of(paths.RAW)
    copies = {path: file for path, file in copies.items() if path != paths.RAW / salts.NAME}
    with transaction.begun(copies, salt, replace=True, verb="forget") as changes:
        changes.put_in_place(texts)
        _dvc_add()


def _edited_cleaning() -> Clean:
    """Return the project's cleaning function if it was edited; otherwise it is rendered again."""
    if not (paths.PROJECT.exists() and Path(rendering.RECORD).exists()):
        return no_cleaning
    reference = load_settings().clean
    file = code.module_file(Path(), reference.partition(":")[0])
    if file is None or record.load().is_as_generated(file.relative_to(Path().resolve())):
        return no_cleaning
    found: Clean = code.load_object(Path(), reference, f"{paths.PROJECT}, {TABLE}.clean")
    return found


def _incoming(places: Sequence[Path]) -> dict[Path, Path]:
    """Return the incoming files, by their target paths in data/raw.

    Raises:
        InputError: a place has no table, or two files would have the same name.
    """
    incoming: dict[Path, Path] = {}
    for place in places:
        folder = folders.outside(place if place.is_dir() else place.parent)
        for file in tables.find(place):
            path = paths.RAW / file.relative_to(folder)
            if path in incoming:
                raise InputError(
                    f"{incoming[path]} and {file} have the same name; rename one of them"
                )
            incoming[path] = file
    return incoming


def _planned(path: Path, into: Mapping[Path, int]) -> str:
    """Return the planned name of a file in data/raw."""
    return f"{path.name}, cut into about {into[path]:,} parts" if path in into else path.name


def _put_in_place(
    incoming: Mapping[Path, Path],
    into: Mapping[Path, int],
    schema: Schema,
    render: Callable[[], dict[Path, str]],
    *,
    replace: bool,
) -> list[Path]:
    """Copy files into data/raw, write texts and track the data with DVC, all or nothing.

    Args:
        incoming: the files, by their target paths in data/raw.
        into: into how many parts some of them are cut.
        schema: describes the files.
        render: returns the texts. It is called late, so that no edit is lost.
        replace: whether the files replace the existing ones.

    Returns:
        The new files in data/raw.

    Raises:
        InputError: a file with the same name and other content exists, or DVC cannot track the
            data.
    """
    salt = _salt(incoming, replace=replace)  # the salt of the table before it is cut
    with cut.cut(incoming, into, schema) as ready:
        present = [] if replace else [path for path in ready if path.exists()]
        if not replace:
            cut.require_same_parts(into, ready)
        for path in set(present) & incoming.keys():
            if not filecmp.cmp(path, incoming[path], shallow=False):
                raise InputError(
                    f"{path} already exists with other content; rename {incoming[path]}, or "
                    "replace all data with --replace"
                )
        new = {path: file for path, file in ready.items() if path not in present}
        with transaction.begun(new, salt, replace=replace) as changes:
            is_there = replace and paths.RAW.exists() and any(paths.RAW.iterdir())
            if is_there and not cached.holds(paths.RAW, paths.RAW_POINTER):
                _dvc_add()  # so that replaced files can be restored
            changes.put_in_place(render())
            _dvc_add()
    return list(new)


def _salt(incoming: Mapping[Path, Path], *, replace: bool) -> str:
    """Return the salt to keep: the present one, or that of the first table."""
    is_first = replace or not paths.RAW.exists() or not any(paths.RAW.iterdir())
    if is_first and not (paths.RAW / salts.NAME).exists():
        return salts.made_of(incoming[path] for path in sorted(incoming))
    return salts.of(paths.RAW)


def _dvc_add() -> None:
    if reason := dvc.track(paths.RAW):
        raise InputError(
            f"DVC cannot track {paths.RAW}: {reason}; correct that, then repeat the command"
        )

"""Infer the schema of a table, with what the owner set in the present schema.yaml."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from tabrail import paths, record
from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema, Task
from tabrail.documents import load_yaml, read_yaml
from tabrail.errors import InputError
from tabrail.ingest import edits
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer
from tabrail.ingest.kept import keep
from tabrail.ingest.misfits import misfits


@dataclass
class Present:
    """The present schema.yaml.

    Attributes:
        content: what it says; nothing if there is none, or if it is damaged.
        schema: its typed form; None if it is not valid.
        inferred: what the record has of it as it was inferred; None if that is unknown.
        problem: why it cannot be read; blank if it can, or if there is none.
    """

    content: dict[str, Any] = field(default_factory=dict)
    schema: Schema | None = None
    inferred: dict[str, Any] | None = None
    problem: str = ""

    @property
    def columns(self) -> list[str]:
        """The names of its columns."""
        return list(self.content.get("columns", {}))


def read_present() -> Present:
    """Read the present schema.yaml, and how it was inferred."""
    if not paths.SCHEMA.exists():
        return Present()
    try:
        content = read_yaml(paths.SCHEMA)
    except InputError as error:
        return Present(problem=str(error))
    columns = content.get("columns") if isinstance(content, dict) else None
    if not isinstance(columns, dict) or not all(
        isinstance(column, dict) and "kind" in column for column in columns.values()
    ):
        return Present(problem=f"{paths.SCHEMA} has no columns, each with its kind")
    inferred = None
    with suppress(InputError):
        inferred = record.load().data.get("inferred")
    try:
        return Present(content, Schema.model_validate(content), inferred)
    except (ValidationError, InputError):
        return Present(content, None, inferred)


def inferred_again(
    files: Sequence[Path], target: str, task: Task | None, name: str, clean: Clean, before: Present
) -> Draft:
    """Infer the schema of tables, and keep what the owner set in schema.yaml.

    Args:
        files: CSV or Parquet files of one table.
        target: the column to predict.
        task: the task, if it is not the one that the target's values suggest.
        name: what the data is called.
        clean: the owner's cleaning function.
        before: the present schema.yaml.

    Raises:
        InputError: the files are not a table, or the target cannot be learned from it.
    """
    top: dict[str, Any] = {}
    columns: dict[str, dict[str, Any]] = {}
    if before.inferred is not None:
        top, columns = edits.set_by_owner(before.content, before.inferred)
    ignored = {
        column
        for column, keys in columns.items()
        if keys.get("kind") == "ignored" and column != target
    }
    own = cast(Task, top.get("task")) if before.content.get("target") == target else None
    problem = ""
    try:
        draft = infer(files, target, task or own, name, clean, before.schema, ignored)
    except InputError as error:
        if task or not own:
            raise
        problem = str(error)
        draft = infer(files, target, None, name, clean, before.schema, ignored)
    options = {*(["task"] if task else []), *(["name"] if name else [])}
    own_keys = {key: value for key, value in draft.schema.items() if key not in options}
    draft.inferred = edits.hashes(own_keys, ignored)  # an option is the owner's word, too
    if problem:
        draft.warnings.append(f"task: {own} of schema.yaml is not kept: {problem}")
    if before.problem:
        draft.warnings.append(f"nothing of the present schema is kept: {before.problem}")
    if not before.content:
        return draft

    def unfit(schema: Schema) -> dict[str, dict[str, str]]:
        return misfits(files, schema, clean)

    keep(draft, before.content, before.inferred, unfit, {"task", *options})
    return draft


def extended(text: str) -> dict[Path, str]:
    """Return the files that change when new rows extend the schema: schema.yaml, and the record.

    Args:
        text: the new text of schema.yaml.
    """
    texts = {paths.SCHEMA: text}
    with suppress(InputError):
        known = record.load()
        if inferred := known.data.get("inferred"):
            after = edits.extended(inferred, read_yaml(paths.SCHEMA), load_yaml(text))
            data = {**known.data, "inferred": after}
            texts[record.RECORD] = known.model_copy(update={"data": data}).text()
    return texts

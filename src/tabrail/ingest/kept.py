"""What the owner wrote in schema.yaml about columns, where another table takes their place."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from tabrail import paths
from tabrail.data.schema import Schema
from tabrail.documents import read_yaml
from tabrail.errors import InputError
from tabrail.ingest.draft import Draft

SAME_TABLE = 0.5  # the share of its columns that must be there again
WRITTEN = ("description", "unit", "sensitive", "protected")  # no values suggest these


def keep_written(draft: Draft) -> None:
    """Put into a draft what the present schema.yaml says of columns that are there again.

    That is each description, unit, and mark as sensitive or protected, as long as it fits: the
    column has the same kind, and the schema is valid with it. Another table, with another target
    or mostly other columns, keeps nothing.

    Args:
        draft: the schema that was inferred.
    """
    schema = draft.schema
    try:
        before = read_yaml(paths.SCHEMA) if paths.SCHEMA.exists() else {}
    except InputError:
        return
    old = before.get("columns") if isinstance(before, dict) else None
    if not isinstance(old, dict):
        return
    again = [name for name in old if name in schema["columns"]]
    if len(again) < SAME_TABLE * len(old):
        return
    wanted = [
        (name, key, old[name][key])
        for name in again
        if isinstance(old[name], dict) and old[name].get("kind") == schema["columns"][name]["kind"]
        for key in WRITTEN
        if old[name].get(key) and key not in schema["columns"][name]
    ]
    if not wanted:
        return
    if changed := _with(schema, wanted):  # a check of a wide schema takes long
        kept = wanted
    else:
        changed, kept = schema, []
        for one in wanted:
            if valid := _with(changed, [one]):
                changed, kept = valid, [*kept, one]
    draft.schema = changed
    for name, key, _ in kept:
        said = [draft.column_reasons.get(name, ""), f"{key} as before"]
        draft.column_reasons[name] = "; ".join(filter(None, said))


def _with(schema: dict[str, Any], written: Sequence[tuple[str, str, Any]]) -> dict[str, Any] | None:
    """Return the schema with keys of columns; None if it is not valid then."""
    changed = deepcopy(schema)
    for name, key, value in written:
        changed["columns"][name][key] = value
    try:
        Schema.model_validate(changed)
    except (ValidationError, InputError):
        return None
    return changed

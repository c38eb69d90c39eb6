"""Find what the owner set in schema.yaml: the keys that differ from what was inferred.

The record of the project has a short hash of each key that was inferred. A key with another value
in schema.yaml was set by the owner: changed, added or deleted.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tabrail.ingest.draft import flow

WRITTEN = ("description", "unit", "sensitive", "protected")  # no values suggest these
OF_PEOPLE = ("source", "license", "row", "weight")  # keys of the schema that are never inferred
GONE = object()  # the value of a key that the owner deleted


@dataclass
class Edit:
    """What the owner set in one place of schema.yaml.

    Attributes:
        column: the column's name; blank for a key of the schema.
        values: the new value of each key; `GONE` for a deleted one.
        whole: the owner's entry of the column, if it replaces the inferred one.
    """

    column: str
    values: dict[str, Any]
    whole: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it as the owner wrote it."""
        if self.whole:
            return flow(self.whole)
        said = [
            f"no {key}" if value is GONE else f"{key}: {flow(value)}"
            for key, value in self.values.items()
        ]
        return ", ".join(said)

    def changes(self, schema: Mapping[str, Any]) -> bool:
        """Check whether a schema says something else."""
        if self.whole:
            return bool(schema["columns"][self.column] != self.whole)
        entry = schema["columns"][self.column] if self.column else _flat(schema)
        return any(entry.get(key, GONE) != value for key, value in self.values.items())

    def apply(self, schema: dict[str, Any]) -> None:
        """Write it into a schema."""
        if self.whole:
            schema["columns"][self.column] = deepcopy(self.whole)
            return
        entry = schema["columns"][self.column] if self.column else schema
        for path, value in self.values.items():
            first, _, key = path.partition(".")
            place = entry.setdefault(first, {}) if key else entry
            if value is GONE:
                place.pop(key or first, None)
            else:
                place[key or first] = value


def hashes(schema: Mapping[str, Any], unknown: Iterable[str] = ()) -> dict[str, Any]:
    """Return what the record has of an inferred schema: a short hash of each key.

    Args:
        schema: what schema.yaml would say without the owner.
        unknown: columns whose entries the owner set before they were inferred.
    """
    columns = {name: "" if name in unknown else _line(c) for name, c in schema["columns"].items()}
    return {"schema": _line(_flat(schema)), "columns": columns}


def set_by_owner(
    before: Mapping[str, Any], inferred: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the keys of the schema, and of each column, that the owner set; GONE if deleted.

    Args:
        before: what schema.yaml says.
        inferred: the result of `hashes` when it was inferred; None if that is unknown. Then these
            are only the keys that are never inferred.
    """
    top, columns = _flat(before), before["columns"]
    if inferred is None:
        return {key: top[key] for key in OF_PEOPLE if top.get(key)}, {
            name: {key: entry[key] for key in WRITTEN if entry.get(key)}
            for name, entry in columns.items()
        }
    known = inferred.get("columns", {})
    return _differing(top, inferred.get("schema", "")), {
        name: _differing(entry, known[name]) for name, entry in columns.items() if name in known
    }


def extended(
    inferred: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the record has of a schema after new rows have extended it.

    Args:
        inferred: the result of `hashes` for the schema before.
        before: what schema.yaml said.
        after: what it says now.
    """
    columns = dict(inferred["columns"])
    for name in columns:
        old, new = before["columns"].get(name, {}), after["columns"].get(name, {})
        then = dict(one.split("=") for one in columns[name].split())
        for key in new:
            own = key in old and then.get(key) != _hash(old[key])
            if old.get(key) != new[key] and not own:
                then[key] = _hash(new[key])
        columns[name] = " ".join(f"{key}={value}" for key, value in then.items())
    return {**inferred, "columns": columns}


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a schema besides the columns, and those of csv."""
    csv = {f"csv.{key}": value for key, value in (schema.get("csv") or {}).items()}
    return csv | {key: schema[key] for key in schema if key not in ("csv", "columns")}


def _differing(entry: Mapping[str, Any], known: str) -> dict[str, Any]:
    then = dict(one.split("=") for one in known.split())
    changed = {key: value for key, value in entry.items() if then.get(key) != _hash(value)}
    return changed | dict.fromkeys(then.keys() - entry.keys(), GONE)


def _line(entry: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={_hash(value)}" for key, value in entry.items())


def _hash(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _plain(value: Any) -> Any:
    """Return a value with 5 for 5.0, which are one number in YAML."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

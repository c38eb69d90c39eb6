"""Find what changed in the schema, and whether it allows more than before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DESCRIPTIONS = ("description", "unit", "name", "source", "license", "row")
WHEN_ABSENT = {"nullable": False, "sensitive": False, "protected": False, "duplicates": "drop"}
# If one of these changes, scores are no longer comparable.
MEASURES = ("target", "task", "positive", "key", "time", "weight", "missing")
MEASURING_PARAMS = (
    *("prepare.split.method", "prepare.split.validation", "prepare.split.test"),
    *("evaluate.main_metric", "evaluate.min_slice_rows"),
)
LOOSER = {"nullable": True, "sensitive": False, "protected": False, "duplicates": "keep"}


@dataclass(frozen=True)
class SchemaChange:
    """One key of the schema, before and after.

    Attributes:
        where: the column or the key.
        what: how it changed.
        loosens: whether data or changes that failed before may now pass, or whether scores are no
            longer comparable.
    """

    where: str
    what: str
    loosens: bool

    def __str__(self) -> str:
        """Return the change as text."""
        return f"{self.where}: {self.what}"


def changes(
    base: Mapping[str, Any],
    head: Mapping[str, Any],
    params: tuple[Mapping[str, Any], Mapping[str, Any]],
    metrics: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
) -> list[SchemaChange]:
    """Compare two schemas, and how params.yaml keeps and scores rows.

    Args:
        base: content of schema.yaml before.
        head: content of schema.yaml after.
        params: content of params.yaml before and after.
        metrics: the metrics' properties in evaluation.json, before and after.
    """
    if not base or not head:
        return []
    return [
        *_of_columns(base["columns"], head["columns"]),
        *_of_roles(base, head),
        *_of_limits(*(_at(one, "prepare.tolerance") for one in params)),
        *_of_measures(*params),
        *_of_directions(*metrics),
    ]


def _of_columns(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[SchemaChange]:
    for name in [*base, *(name for name in head if name not in base)]:
        if name not in base:
            yield SchemaChange(name, f"new column, {head[name]['kind']}", loosens=False)
        elif name not in head:
            yield SchemaChange(name, "is no longer described", loosens=True)
        else:
            yield from _of_column(name, base[name], head[name])


def _of_column(
    name: str, base: Mapping[str, Any], head: Mapping[str, Any]
) -> Iterator[SchemaChange]:
    if base["kind"] != head["kind"]:
        yield SchemaChange(name, f"kind {base['kind']} → {head['kind']}", loosens=True)
        return
    before, after = base.get("categories"), head.get("categories")
    if before != after:
        new = [str(category) for category in after or [] if category not in (before or [])]
        removed = [str(category) for category in before or [] if category not in (after or [])]
        what = [f"{sign} {', '.join(some)}" for sign, some in (("+", new), ("-", removed)) if some]
        if before is None or after is None:
            what = ["any category" if after is None else "only listed categories"]
        more = after is None or (before is not None and bool(new))
        yield SchemaChange(name, "; ".join(what) or "categories in another order", loosens=more)
    for key in sorted((base.keys() | head.keys()) - {"kind", "categories", *DESCRIPTIONS}):
        before, after = (one.get(key, WHEN_ABSENT.get(key)) for one in (base, head))
        if before != after:
            yield SchemaChange(name, f"{key} {before} → {after}", _loosens(key, before, after))


def _of_roles(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[SchemaChange]:
    for key in sorted((base.keys() | head.keys()) - {"columns", *DESCRIPTIONS}):
        before, after = (one.get(key, WHEN_ABSENT.get(key)) for one in (base, head))
        if before != after:
            unseen = key == "slices" and bool(set(before or []) - set(after or []))
            looser = unseen or key in MEASURES or _loosens(key, before, after)
            yield SchemaChange(key, f"{_listed(before)} → {_listed(after)}", looser)


def _of_limits(base: Any, head: Any) -> Iterator[SchemaChange]:
    if not isinstance(base, Mapping) or not isinstance(head, Mapping):
        return  # a params.yaml of another version
    for kind in head if base else ():
        before, after = base.get(kind), head[kind]
        if before != after:
            looser = before is None or after > before
            yield SchemaChange("tolerance", f"{kind} {before} → {after}", looser)


def _of_measures(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[SchemaChange]:
    for name in MEASURING_PARAMS:
        before, after = _at(base, name), _at(head, name)
        if before is not None and before != after:
            yield SchemaChange(name, f"{before} → {after}", loosens=True)


def _of_directions(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[SchemaChange]:
    for name in base:
        before, after = (one.get(name, {}).get("better") for one in (base, head))
        if after is not None and before != after:
            what = f"{before} is better → {after} is better"
            yield SchemaChange(f"metric {name}", what, loosens=True)


def _at(content: Mapping[str, Any], name: str) -> Any:
    """Return the value under a dotted name, if there is one."""
    found: Any = content
    for key in name.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _loosens(key: str, before: Any, after: Any) -> bool:
    if key == "bands":  # the slices then have other rows
        return before is not None
    if key in ("min", "digits"):
        return after is None or (before is not None and after < before)
    if key == "max":
        return after is None or (before is not None and after > before)
    return key in LOOSER and after == LOOSER[key]


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

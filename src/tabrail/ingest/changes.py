"""Say which kinds and roles of an inferred schema differ from the present schema.yaml."""

from collections.abc import Collection, Mapping
from typing import Any

from tabrail.ingest import recipes
from tabrail.ingest.draft import Draft, flow

ROLES = ("positive", "key", "time", "slices", "duplicates")


def say(draft: Draft, before: Mapping[str, Any], special: Collection[str] = ()) -> None:
    """Add a warning for each kind and each role that changes, with what keeps the present one.

    Args:
        draft: the new schema, with what is kept of the present one.
        before: what schema.yaml says.
        special: columns that are the target now or were it. Their kinds change on purpose.
    """
    for name, entry in draft.schema["columns"].items():
        old = before["columns"].get(name, entry)
        is_said = any(one.startswith(f"{name} is ignored. ") for one in draft.warnings)
        if old["kind"] == entry["kind"] or name in special or is_said:
            continue
        draft.warnings.append(
            f"{name}: schema.yaml had {{kind: {old['kind']}}} and gets {{kind: {entry['kind']}}}. "
            f"If {old['kind']} is right, {recipes.entry(name, flow(_kept(old, entry)))}"
        )
    if before.get("target") != draft.schema["target"]:
        return
    for key in ROLES:
        old, new = before.get(key), draft.schema.get(key)
        if (old or new) and old != new:
            draft.warnings.append(
                f"{key}: schema.yaml had {_role(key, old)} and gets {_role(key, new)}. If the "
                "first is right, write it in schema.yaml again"
            )


def _kept(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry that keeps the present kind."""
    if old["kind"] == "ignored":
        return {"kind": "ignored"}
    present = {key: old[key] for key in ("kind", "format", "unit", "sensitive") if key in old}
    return present | {key: new[key] for key in ("nullable",) if key in new}


def _role(key: str, value: Any) -> str:
    return f"{key}: {flow(value)}" if value else f"no {key}"

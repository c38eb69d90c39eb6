"""Keep what the owner set in schema.yaml, where `ingest --replace` infers it again."""

from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest import changes
from tabrail.ingest.draft import Draft
from tabrail.ingest.edits import OF_PEOPLE, WRITTEN, Edit, set_by_owner
from tabrail.ingest.kinds import are_sentences

SAME_TABLE = 0.5  # the share of its columns that must be there again
ROLES = ("key", "time", "slices", "weight")
OF_ANY_KIND = ("nullable", "sensitive", "protected")

OF_READING = {"missing", "csv"}  # keys that say how the cells of all columns are read
CAUSES = {  # the keys of a column that cause each kind of violation
    "missing": {"nullable"},
    "unreadable": {"kind", "format", "decimal", "thousands", "digits"},
    "out_of_range": {"min", "max"},
    "unseen_category": {"categories"},
}

Reasons = Mapping[str, Mapping[str, str]]
Misfits = Callable[[Schema], Reasons]


def keep(
    draft: Draft,
    before: Mapping[str, Any],
    inferred: Mapping[str, Any] | None,
    misfits: Misfits,
    given: Iterable[str] = (),
) -> None:
    """Put into a draft what the owner set in schema.yaml, and say what does not fit.

    Another table, with mostly other columns, keeps nothing.

    Args:
        draft: the schema that was inferred from the new table.
        before: what schema.yaml says.
        inferred: the result of `hashes` for it; None if it is unknown.
        misfits: returns why a schema does not fit the new table, by column and violation.
        given: keys that the command line sets.
    """
    top, columns = set_by_owner(before, inferred)
    old, new = before["columns"], draft.schema["columns"]
    again = [name for name in old if name in new]
    gone = [name for name in old if name not in new and columns.get(name)]
    if len(again) < SAME_TABLE * len(old):
        if inferred is not None and (gone or any(columns.values())):
            draft.warnings.append(
                f"schema.yaml described a table of which {len(again)} of {len(old)} columns are "
                "here, so nothing of what you wrote there is kept. It is in Git's history"
            )
        return
    if gone and inferred is not None:
        draft.warnings.append(
            f"{', '.join(gone)}: not in this table, so what schema.yaml had of it is gone"
        )
    other_target = before.get("target") != draft.schema["target"]
    special = {before.get("target"), draft.schema["target"]} if other_target else set()
    edits: list[Edit] = []
    for name in again:
        known = {
            k: v for k, v in columns.get(name, {}).items() if name not in special or k in WRITTEN
        }
        edits += _of_column(draft, name, old[name], known, is_known=inferred is not None)
    skipped = {"target", *given, *(("task", "positive") if other_target else ())}
    edits += [Edit("", {key: top[key]}) for key in top if key not in skipped]
    edits = [edit for edit in edits if edit.changes(draft.schema)]
    kept = _fitting(draft, _valid(draft, edits), misfits)
    was = draft.schema.get("positive")
    draft.schema = _with(draft.schema, kept)
    if was and draft.schema.get("positive") != was:
        draft.positive_share = 1 - draft.positive_share
    for edit in kept:
        _note(draft, edit)
    changes.say(draft, before, special)


def _of_column(
    draft: Draft, name: str, old: dict[str, Any], known: dict[str, Any], *, is_known: bool
) -> list[Edit]:
    """Return the edits of a column that its new kind can have, and say which it cannot."""
    new = draft.schema["columns"][name]
    if old["kind"] == new["kind"]:
        if not is_known:  # a new value of these keys may be another one, such as a currency
            known = {key: value for key, value in known.items() if key not in new}
        return [Edit(name, {key: value}) for key, value in known.items() if key != "kind"]
    is_text = name != draft.schema["target"] and _is_text(old, new)
    if "kind" in known or is_text:
        others = {key: new[key] for key in OF_ANY_KIND if key in new and key not in known}
        kept = {key: value for key, value in old.items() if key in known or key not in OF_ANY_KIND}
        return [Edit(name, known, {**kept, **others})]
    texts = {key: value for key, value in known.items() if key == "description"}
    lost = [key for key in known if key not in texts]
    if lost and is_known:
        draft.warnings.append(
            f"{name}: it has another kind now, so what you wrote there "
            f"in schema.yaml is not kept: {Edit(name, {key: known[key] for key in lost})}"
        )
    return [Edit(name, texts)] if texts else []


def _is_text(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Check whether texts that repeat in the new table are still texts, and no categories.

    Else their values would be in schema.yaml, which is in Git.
    """
    if (old["kind"], new["kind"]) != ("text", "categorical"):
        return False
    return "categories" not in new or are_sentences(new["categories"])


def _valid(draft: Draft, edits: list[Edit]) -> list[Edit]:
    """Return the edits with which the schema is valid, and say why the others are not kept."""
    if not _problem(_with(draft.schema, edits)):  # a check of a wide schema takes long
        return edits
    kept: list[Edit] = []
    for edit in edits:
        if problem := _problem(_with(draft.schema, [*kept, edit])):
            draft.warnings.append(_dropped(edit, problem))
        else:
            kept.append(edit)
    return kept


def _fitting(draft: Draft, edits: list[Edit], misfits: Misfits) -> list[Edit]:
    """Return the edits that fit the new table, and say why the others are not kept."""
    checked = [edit for edit in edits if edit.whole or not {*edit.values} <= {*WRITTEN, *OF_PEOPLE}]
    if not checked:
        return edits
    found = misfits(Schema.model_validate(_with(draft.schema, edits)))
    edited = {edit.column for edit in checked if edit.column}
    kept = []
    for edit in edits:
        if why := _why_not(edit, found, edited):
            draft.warnings.append(_dropped(edit, why))
        else:
            kept.append(edit)
    return _valid(draft, kept)


def _why_not(edit: Edit, found: Reasons, edited: Collection[str]) -> str:
    """Return why an edit does not fit the table; blank if it does.

    Args:
        edit: the edit.
        found: the reasons by column and kind of violation.
        edited: the columns with edits of their own.
    """
    if edit.column:
        reasons = found.get(edit.column, {}).items()
        caused = (why for kind, why in reasons if edit.whole or edit.values.keys() & CAUSES[kind])
        return next(caused, "")
    if not {key.partition(".")[0] for key in edit.values} & OF_READING:
        return ""
    others = (found[name] for name in found if name not in edited)
    return next((why for reasons in others for why in reasons.values()), "")


def _dropped(edit: Edit, why: str) -> str:
    place = f"{edit.column}: " if edit.column else ""
    return f"{place}what you wrote in schema.yaml ({edit}) is not kept, as it does not fit: {why}"


def _note(draft: Draft, edit: Edit) -> None:
    """Give the owner as the reason, and leave out the questions that the owner has answered."""
    keys = "entry" if edit.whole else " and ".join(edit.values)
    if not edit.column:
        for key in edit.values:
            draft.reasons[key.partition(".")[0]] = "as before"
        return
    said = "" if edit.whole else draft.column_reasons.get(edit.column, "")
    draft.column_reasons[edit.column] = "; ".join(filter(None, [said, f"{keys} as before"]))
    if "sensitive" in edit.values:
        answered = f"{edit.column}: its values are "
        draft.warnings = [one for one in draft.warnings if not one.startswith(answered)]
    if edit.whole:
        for part in draft.distributions.values():  # those of another kind say nothing
            if isinstance(part, dict):
                part.pop(edit.column, None)
        heads = (f"{edit.column} is ignored.", f"{edit.column}: ")
        draft.warnings = [one for one in draft.warnings if not one.startswith(heads)]


def _with(schema: dict[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """Return the schema with edits; columns that cannot have an inferred role lose it."""
    changed = deepcopy(schema)
    for edit in edits:
        edit.apply(changed)
    for role in ROLES:
        names = changed.get(role)
        if not names or names != schema.get(role):
            continue
        listed = names if isinstance(names, list) else [names]
        left = [n for n in listed if _may_have(role, changed["columns"].get(n))]
        if not left:
            del changed[role]
        elif isinstance(names, list):
            changed[role] = left
    return changed


def _may_have(role: str, column: Mapping[str, Any] | None) -> bool:
    if role != "slices" or column is None:
        return column is None or column["kind"] != "ignored"
    return column["kind"] == "boolean" or bool({"categories", "bands"} & column.keys())


def _problem(schema: dict[str, Any]) -> str:
    """Return why a schema is not valid; blank if it is."""
    try:
        Schema.model_validate(schema)
    except ValidationError as error:
        return "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors())
    except InputError as error:
        return str(error)
    return ""

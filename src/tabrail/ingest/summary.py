"""Summarize an inferred schema on one screen."""

from collections import Counter

from tabrail.data.schema import Schema
from tabrail.ingest import recipes, score_notes
from tabrail.ingest.draft import Draft

LONGEST_LIST = 12


def text(draft: Draft, schema: Schema) -> str:
    """Return the summary of a new table."""
    kinds = Counter(schema.columns[name].kind for name in schema.features)
    learned = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    count = len(schema.features)
    why = draft.reasons.get("task", "")
    lines = [
        f"{', '.join(draft.files)}: {draft.rows:,} rows, {len(schema.columns)} columns",
        f"  predicts     {schema.target} (task: {schema.task}{f', {why}' if why else ''})",
        f"  learns from  {count} {'column' if count == 1 else 'columns'}: {learned}",
        *(f"  leaves out   {line}" for line in _left_out(draft, schema)),
        *(
            f"  {_note(draft, key)}"
            for key in ("key", "time", "duplicates")
            if draft.schema.get(key)
        ),
    ]
    if words := draft.reasons.get("missing"):
        lines.append(f"  {'missing':<12} {words}")
    alone = {name: draft.alone[name] for name in schema.features if name in draft.alone}
    if best := score_notes.best_alone(alone, schema.task):
        lines.append(f"  best alone   {best}")
    if draft.unlabeled:
        lines.append(f"  drops        {draft.unlabeled:,} rows without a value of {schema.target}")
    lines += [f"  WARNING: {warning}" for warning in draft.warnings]
    lines += [f"  {line}" for line in recipes.afterwards(draft.warnings, schema.target)]
    return "\n".join(lines)


def _note(draft: Draft, key: str) -> str:
    value, why = draft.schema[key], draft.reasons.get(key, "")
    shown = ", ".join(value) if isinstance(value, list) else value
    return f"{key:<12} {shown}{f': {why}' if why else ''}"


def _left_out(draft: Draft, schema: Schema) -> list[str]:
    """Return a line for each column that is not a feature, and one for those beyond the limit."""
    features = {*schema.features, schema.target, *schema.key}
    out = [name for name in schema.columns if name not in features]
    warned = {warning.partition(" is ignored")[0] for warning in draft.warnings}
    lines = [
        f"{name} (see the warning)"
        if name in warned
        else f"{name} ({draft.column_reasons.get(name, schema.columns[name].kind)})"
        for name in out[:LONGEST_LIST]
    ]
    if len(out) > LONGEST_LIST:
        lines.append(f"and {len(out) - LONGEST_LIST} more; see schema.yaml")
    return lines

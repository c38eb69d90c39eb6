"""What the model card says of the data: how much, split how, and what the target is like."""

from collections.abc import Mapping
from typing import Any

from tabrail.config import Params
from tabrail.data.schema import Schema
from tabrail.markdown import amount, plain, table
from tabrail.model.file import Metadata

MOST_CLASSES = 20
MOMENTS = {"mean": "mean", "std": "standard deviation", "min": "least", "max": "greatest"}


def describe(params: Params, schema: Schema, metadata: Metadata, data: Mapping[str, Any]) -> str:
    """Return what the model card says of the data, as Markdown; for the arguments see there."""
    rows = data["rows"]
    lines = [f"{schema.name}. {schema.row}".strip()]
    if schema.source:
        lines.append(f"Source: {schema.source} License: {schema.license or 'not stated'}.")
    lines.append(
        f"{rows['raw']:,} rows came in and {rows['dropped']:,} were dropped. "
        f"{_split(params, schema)} SHA-256 of the training table: `{metadata.training_data[:16]}…`"
    )
    gaps = {name: share for name, share in data["missing_share"].items() if share > 0}
    missing = ", ".join(f"{plain(n)} {s:.1%}" for n, s in sorted(gaps.items(), key=lambda i: -i[1]))
    return "\n\n".join(
        [" ".join(lines), _target(schema, data), f"Missing values: {missing or 'none'}."]
    )


def _split(params: Params, schema: Schema) -> str:
    if params.prepare.split.method == "time" and schema.time:
        time = plain(schema.time)
        return f"The latest rows by {time} are the test split, those before them validation."
    hashed = " and ".join(map(plain, schema.key)) or "its features"
    return f"Which split a row is in follows from a hash of {hashed}."


def _target(schema: Schema, data: Mapping[str, Any]) -> str:
    """Return the table of the splits: their rows, and what the target is like in them."""
    target = data["target"]
    names = list(target["train"])
    if schema.task == "multiclass":
        names = sorted(names, key=lambda name: -target["train"][name])
    lines = [["rows", *(f"{data['rows'][split]:,}" for split in target)]]
    for name in names[:MOST_CLASSES]:
        label = MOMENTS[name] if schema.task == "regression" else plain(name)
        show = amount if schema.task == "regression" else "{:.1%}".format
        lines.append([label, *(show(target[split][name]) for split in target)])
    more = len(names) - MOST_CLASSES
    return table([plain(schema.target), *target], lines) + (
        f"\n\n{more} more classes are rarer." if more > 0 else ""
    )

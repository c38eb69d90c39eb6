"""The schema as a document of the Open Data Contract Standard, which other tools read.

Keys without a field in the standard are in `customProperties`, under their name in schema.yaml. So
the document has all of schema.yaml, except the values of sensitive columns.
"""

from collections.abc import Mapping
from typing import Any

from tabrail.data.jdk_dates import has_time, jdk_format
from tabrail.data.schema import Column, Schema

API_VERSION = "v3.1.0"
LOGICAL_TYPES = {
    "numeric": "number",
    "categorical": "string",
    "text": "string",
    "boolean": "boolean",
    "identifier": "string",
}
ABOUT_THE_TABLE = (
    *("task", "target", "positive", "key", "time", "weight", "slices", "duplicates", "missing"),
    "csv",
)
ABOUT_THE_COLUMN = (
    *("kind", "unit", "format", "digits", "bands", "protected", "decimal", "thousands"),
)
VALUES = ("min", "max", "categories", "bands")  # left out for sensitive columns
LEFT_OUT = "This column is sensitive: these keys have values of it, which only schema.yaml has."


def odcs(schema: Schema, name: str, version: str) -> dict[str, Any]:
    """Return the schema as a data contract.

    Args:
        schema: what schema.yaml holds.
        name: identifies the contract and its table, such as the project's name.
        version: of the contract, such as the project's.

    Example:
        >>> from tabrail.data.schema import Column, Schema
        >>> columns = {"age": Column(kind="numeric", min=0.0), "won": Column(kind="boolean")}
        >>> schema = Schema(name="Games", task="binary", target="won", columns=columns)
        >>> contract = odcs(schema, "games", "0.1.0")
        >>> contract["schema"][0]["properties"][0]["logicalTypeOptions"]
        {'minimum': 0.0}
    """
    about = {key: getattr(schema, key) for key in ("source", "license")}
    table = schema.model_dump(include=set(ABOUT_THE_TABLE))
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": name,
        "name": schema.name,
        "version": version,
        "status": "active",
        **_custom(about),
        "schema": [
            {
                "name": name,
                "logicalType": "object",
                "physicalType": "table",
                **_given(dataGranularityDescription=schema.row),
                **_custom({key: table[key] for key in ABOUT_THE_TABLE}),
                "properties": [
                    _property(column, schema.columns[column], schema) for column in schema.columns
                ],
            }
        ],
    }


def _property(name: str, column: Column, schema: Schema) -> dict[str, Any]:
    """Return a column; if it is sensitive, the keys of `VALUES` are only named."""
    kept = column.model_dump(exclude_none=True)
    left_out = [key for key in VALUES if key in kept] if column.sensitive else []
    for key in left_out:
        del kept[key]
    custom = _custom({key: kept.get(key) for key in ABOUT_THE_COLUMN})
    if left_out:
        custom["customProperties"].append(
            {"property": "leftOut", "value": left_out, "description": LEFT_OUT}
        )
    return {
        "name": name,
        **_type(column, kept),
        "required": column.kind != "ignored" and not column.nullable,
        **_given(
            description=column.description,
            classification="sensitive" if column.sensitive else "",
            tags=_tags(name, column, schema),
        ),
        **custom,
        **_categories(kept, is_target=name == schema.target),
    }


def _type(column: Column, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a column's logical type, with its limits or its format."""
    if column.kind == "ignored":
        return {}  # it may have any values
    if column.kind == "datetime":
        is_date = column.format is not None and not has_time(column.format)
        options = _given(format=jdk_format(column.format or ""))
        return {
            "logicalType": "date" if is_date else "timestamp",
            **_given(logicalTypeOptions=options),
        }
    limits = {
        "minimum" if key == "min" else "maximum": kept[key] for key in ("min", "max") if key in kept
    }
    return {"logicalType": LOGICAL_TYPES[column.kind], **_given(logicalTypeOptions=limits)}


def _tags(name: str, column: Column, schema: Schema) -> list[str]:
    """Return the roles of a column."""
    parts = {
        "target": name == schema.target,
        "key": name in schema.key,
        "time": name == schema.time,
        "weight": name == schema.weight,
        "slice": name in schema.slices,
        "protected": column.protected,
    }
    return [part for part, plays in parts.items() if plays]


def _categories(kept: Mapping[str, Any], *, is_target: bool) -> dict[str, Any]:
    """Return the rule that only listed categories are valid."""
    if "categories" not in kept:
        return {}
    rule = {
        "name": "categories",
        "type": "library",
        "metric": "invalidValues",
        "arguments": {"validValues": kept["categories"]},
        "mustBe": 0,
        "unit": "rows",
        "dimension": "conformity",
        "severity": "error" if is_target else "warning",  # a row with a new category is kept
    }
    return {"quality": [rule]}


def _custom(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the standard has no field for, without blank ones."""
    found = [
        {"property": key, "value": value}
        for key, value in values.items()
        if (value not in (None, "", False) or (key, value) == ("thousands", ""))
        and (value != [] or key == "missing")
    ]
    return {"customProperties": found} if found else {}


def _given(**values: Any) -> dict[str, Any]:
    """Return the values that are not blank."""
    return {key: value for key, value in values.items() if value}

"""Explain a prediction: how much each column's value changes it.

One value at a time is replaced by a typical one, and the row is predicted again. This does not find
interactions of values. The reasons of a model are not causes. The method is from Robnik-Šikonja and
Kononenko, 2008, "Explaining classifications for individual instances".
"""

from typing import Any

import numpy as np
import pandas as pd

from tabrail.model import reference
from tabrail.model.release import Release


def explain(release: Release, row: pd.DataFrame) -> dict[str, Any]:
    """Return how much each feature's value changes the prediction, the largest change first.

    Args:
        release: the model.
        row: one row that conforms to the schema.

    Returns:
        `columns` has for each feature its `column`, `value`, the `typical` value in training, and
        the `change`. The change is the prediction with the value minus that with the typical one.
        A text, and a category whose values are not stored, are compared with a missing one. For a
        task with classes, it is the change of the probability of the `class`: the positive one or,
        with several classes, the predicted one.
    """
    schema = release.schema
    names = schema.inputs
    known = reference.typical(schema, release.distributions)
    typical = reference.table(
        [known | dict.fromkeys(reference.without_typical(schema, release.distributions))], schema
    )
    variants = pd.concat([row] * (len(names) + 1), ignore_index=True)
    for place, name in enumerate(names, start=1):
        variants[name] = variants[name].mask(variants.index == place, typical[name].iloc[0])
    numbers = release.predict(variants)
    about = schema.classes[1] if schema.task == "binary" else None
    if numbers.ndim > 1:
        place = int(numbers[0].argmax())
        numbers, about = numbers[:, place], schema.classes[place]
    changes = numbers[0] - numbers[1:]
    kinds = [schema.columns[name].kind for name in names]
    found = [
        {
            "column": name,
            "value": _shown(row[name].iloc[0], kind),
            "typical": _shown(typical[name].iloc[0], kind),
            "change": float(change),
        }
        for name, kind, change in zip(names, kinds, changes, strict=True)
    ]
    ordered = [found[place] for place in np.argsort(-np.abs(changes), kind="stable")]
    columns = [one for one in ordered if one["change"] or one["column"] in schema.features]
    return {"class": about, "columns": columns} if about is not None else {"columns": columns}


def _shown(value: Any, kind: str) -> Any:
    """Return a value for JSON; a date at midnight is shown without a time."""
    if pd.isna(value):
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "datetime":
        return pd.Timestamp(value).isoformat().removesuffix("T00:00:00")
    return float(value) if kind == "numeric" else str(value)

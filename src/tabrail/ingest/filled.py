"""Find columns that are filled only in rows of one class: they may be filled after the event."""

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.data.schema import Schema

FEWEST_FILLED, PURE, BASE = 30, 0.99, 0.9  # rows, their share in one class, and that of all rows
CHANCE = 1e-6


def find(sample: pd.DataFrame, schema: Schema) -> dict[str, tuple[int, str]]:
    """Find features that are filled only in rows of one class, though others are frequent.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.

    Returns:
        For each, the number of rows in which it is filled, and the class.
    """
    if schema.columns[schema.target].kind == "numeric":
        return {}
    codes, classes = pd.factorize(cells.words(sample[schema.target]))
    shares = np.bincount(codes, minlength=1) / max(1, len(codes))
    found: dict[str, tuple[int, str]] = {}
    for name in schema.features:
        values = sample[name]
        filled = values.notna().to_numpy()
        if schema.columns[name].kind == "text":
            filled = (values != "").to_numpy()
        rows = int(filled.sum())
        if FEWEST_FILLED <= rows < len(filled):
            counts = np.bincount(codes[filled])
            most = int(counts.argmax())
            chance = rows * np.log(shares[most])
            if counts[most] >= PURE * rows and shares[most] <= BASE and chance < np.log(CHANCE):
                found[name] = rows, str(classes[most])
    return found

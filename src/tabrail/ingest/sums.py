"""Find three or more numeric columns that add up to the target, such as parts of a total."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest.pairs import CENTRAL, FEWEST_ROWS, ROWS, SAME, gives_number

FEWEST, MOST = 3, 12  # parts
MOST_NUMBERS = 300  # columns to try
EQUAL = 0.02  # largest relative difference of equal factors
NOTHING = 1e-9  # share of the target's variance that rounding may leave
ROUNDED = 1e-3  # share of it that rounding never leaves


@dataclass(frozen=True)
class Sum:
    """Columns that add up to the target, except for unit and rounding.

    Attributes:
        plus: names of the columns to add.
        minus: names of the columns to subtract.
    """

    plus: tuple[str, ...]
    minus: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts."""
        return self.plus + self.minus

    def __str__(self) -> str:
        """Return the sum as text for people."""
        return " - ".join([" + ".join(self.plus), *self.minus])


def find(sample: pd.DataFrame, schema: Schema) -> Sum | None:
    """Find columns whose sum or difference is the target; None for fewer than three columns.

    The column that explains most of the residual is added repeatedly, by least squares, until no
    residual is left. This is orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad, 1993).
    All parts of a sum have the same factor. An empty cell of a part counts as 0.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
    """
    if schema.columns[schema.target].kind != "numeric":
        return None
    names = schema.features_of("numeric")[:MOST_NUMBERS]
    sample = sample[:ROWS]
    y_true = sample[schema.target].to_numpy(np.float64)
    if len(names) < FEWEST or len(sample) < FEWEST_ROWS or not np.std(y_true):
        return None
    columns = np.nan_to_num(sample[names].to_numpy(np.float64))
    low, high = np.quantile(y_true, CENTRAL)
    rows = (y_true >= low) & (y_true <= high)
    if rows.sum() < FEWEST_ROWS or not np.std(y_true[rows]):
        return None
    with np.errstate(all="ignore"):  # squares of very large numbers
        chosen, factors = _pursued(columns[rows], y_true[rows])
    if len(chosen) < FEWEST or not _equal(factors):
        return None
    values = columns[:, chosen] @ np.sign(factors)
    if not _gives(values[rows], y_true[rows], columns[rows][:, chosen]):
        return None
    parts = [(names[place], sign > 0) for place, sign in zip(chosen, factors, strict=True)]
    parts.sort(key=lambda part: names.index(part[0]))
    if not any(positive for _, positive in parts):
        parts = [(name, True) for name, _ in parts]
    plus = tuple(name for name, positive in parts if positive)
    return Sum(plus, tuple(name for name, positive in parts if not positive))


def _pursued(columns: np.ndarray, y_true: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return the positions of columns that explain the whole target, and their factors."""
    x = columns - columns.mean(axis=0)
    scale = np.sqrt((x**2).sum(axis=0))
    usable = np.isfinite(scale) & (scale > 0)
    x = np.where(usable, x / np.where(usable, scale, 1), 0)
    y = y_true - y_true.mean()
    left, chosen, factors = y, list[int](), np.empty(0)
    while len(chosen) < min(MOST, int(usable.sum())):
        strength = np.abs(x.T @ left)
        strength[chosen] = -1
        chosen.append(int(np.argmax(strength)))
        factors = np.linalg.lstsq(x[:, chosen], y, rcond=None)[0]
        left = y - x[:, chosen] @ factors
        share = float(left @ left) / float(y @ y)
        if share < NOTHING or (share < ROUNDED and _equal(factors / scale[chosen])):
            return chosen, factors / scale[chosen]
    return [], np.empty(0)


def _equal(factors: np.ndarray) -> bool:
    """Check whether factors are equal except for their signs."""
    sizes = np.abs(factors)
    return bool(len(sizes) and sizes.max() - sizes.min() <= EQUAL * sizes.max())


def _gives(values: np.ndarray, y_true: np.ndarray, parts: np.ndarray) -> bool:
    """Check whether a sum is the target, except for rounding of its parts."""
    if gives_number(values, y_true):
        return True
    slope, constant = np.polyfit(values, y_true, 1)
    steps = np.diff(np.unique(np.round(parts, 9), axis=None))
    step = float(steps[steps > 0].min()) if (steps > 0).any() else 0.0
    allowed = abs(slope) * step * parts.shape[1] / 2
    close = np.abs(y_true - constant - slope * values) <= allowed * 1.01
    return bool(allowed < 0.05 * np.std(y_true) and close.mean() >= SAME)

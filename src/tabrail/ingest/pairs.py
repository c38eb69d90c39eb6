"""Find pairs of columns that together give the target: `end - start`, `part + other part`.

A pair is reported only if it gives the target exactly, except for unit and rounding. A pair that
merely predicts it well is a good pair of features.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema

FEWEST_ROWS = 40
FEWEST_OF_CLASS = 20  # rows; classes with fewer are left out
ROWS = 5000  # rows to read
MOST_NUMBERS, MOST_DATES = 1000, 30  # columns to pair
CANDIDATES = 40  # numeric pairs of each kind to check closely
FITS = 0.95  # share of the target's variance that a candidate must explain
SAME = 0.98  # share of the rows in which a pair has to give the target
SLIPS = 0.001  # largest share of rows on the wrong side of a comparison
EXACT = 1e-6  # of the target's spread: a smaller difference is ignored
NEAR = 0.1  # share of the interquartile range that is close to the limit of a comparison
NEAR_ROWS, NEAR_SHARE = 3, 0.02  # least rows on each side, and share on one side, in that range
CENTRAL = (0.005, 0.995)
DAY = 86_400.0


@dataclass(frozen=True)
class Pair:
    """Two columns that together give the target.

    Attributes:
        first: name of a column.
        second: name of the other one.
        sign: the operator that combines them, one of + - * /.
        are_dates: whether they are dates instead of numbers.
    """

    first: str
    second: str
    sign: str
    are_dates: bool

    def __str__(self) -> str:
        """Return the combination as text for people."""
        return f"{self.first} {self.sign} {self.second}"


Combine = Callable[[np.ndarray, np.ndarray], np.ndarray]
OF_NUMBERS: dict[str, Combine] = {
    "-": np.subtract,
    "+": np.add,
    "/": np.divide,
    "*": np.multiply,
}


def find(sample: pd.DataFrame, schema: Schema) -> list[Pair]:
    """Find pairs of dates and of numbers whose combination gives the target.

    A numeric target is the difference, sum, ratio or product of the pair, up to a factor, a
    constant and rounding. Classes are ranges of such a combination, without a gap between them:
    `late` is `actual > planned`.

    All pairs of dates are tried. Of the pairs of numbers, only the best predictors of the target by
    least squares are tried, for the numbers and for their logarithms. The variance that two columns
    explain follows from three correlations (Cohen and Cohen, 1975, "Applied multiple regression",
    section 3.3). So wide tables take no longer than the product of two matrices.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
    """
    sample = sample[:ROWS]
    answers = sample[schema.target]
    if schema.columns[schema.target].kind == "numeric":
        y_true = answers.to_numpy(np.float64)
        low, high = np.quantile(y_true, CENTRAL) if len(y_true) else (0, 0)
        rows = (y_true >= low) & (y_true <= high)
        test: Callable[[np.ndarray, np.ndarray], bool] = gives_number
    else:
        y_true = pd.factorize(answers)[0].astype(np.float64)
        rows = np.bincount(y_true.astype(int))[y_true.astype(int)] >= FEWEST_OF_CLASS
        test = gives_classes
    sample, y_true = sample[rows], y_true[rows]
    if len(sample) < FEWEST_ROWS or len(np.unique(y_true)) < 2:
        return []
    found: list[Pair] = []
    for pair, values in _combinations(sample, schema, y_true, is_number=test is gives_number):
        if any({pair.first, pair.second} <= {one.first, one.second} for one in found):
            continue
        known = np.isfinite(values)
        if known.sum() >= max(FEWEST_ROWS, len(values) / 2) and test(values[known], y_true[known]):
            found.append(pair)
    return found


def gives_number(values: np.ndarray, y_true: np.ndarray) -> bool:
    """Check whether the target is a multiple of values plus a constant, except for rounding."""
    spread = float(np.std(y_true))
    low, high = np.quantile(values, CENTRAL)
    central = (values >= low) & (values <= high)
    if not spread or not np.std(values[central]):
        return False
    slope, constant = np.polyfit(values[central], y_true[central], 1)
    errors = y_true - constant - slope * values
    if np.var(errors[central]) > (1 - FITS) * np.var(y_true[central]):
        return False
    middle = np.quantile(errors, [0.02, 0.98]).mean()  # rounded down, it is not the mean
    allowed = max(EXACT * spread, 0.505 * _step(y_true))
    return float(np.mean(np.abs(errors - middle) <= allowed)) >= SAME


def gives_classes(values: np.ndarray, y_true: np.ndarray) -> bool:
    """Check whether the classes are ranges of values that touch each other.

    Classes with a gap between them are merely well separated by two good features. Classes that are
    defined by a limit have rows close to it on both sides.
    """
    known, codes = np.unique(y_true, return_inverse=True)
    if len(known) < 2:
        return False
    medians = [float(np.median(values[codes == code])) for code in range(len(known))]
    ranks = np.argsort(np.argsort(medians, kind="stable"), kind="stable")
    order = np.argsort(values, kind="stable")
    values, codes = values[order], ranks[codes[order]]
    between = np.flatnonzero(np.diff(values) > 0)  # a limit is between two different values
    for rank in range(len(known) - 1):
        above = codes > rank
        wrong = np.cumsum(above) + (~above).sum() - np.cumsum(~above)
        if not len(between):
            return False
        place = between[int(np.argmin(wrong[between]))]
        limit = (values[place] + values[place + 1]) / 2
        fewest = min(above.sum(), (~above).sum())
        if wrong[place] > min(SLIPS * len(values), 0.05 * fewest):
            return False
        sides = values[~above], values[above]
        reach = max(NEAR * min(map(_middle_half, sides)), _step(values))
        near = [np.abs(side - limit) <= reach for side in sides]
        if min(one.sum() for one in near) < NEAR_ROWS or max(map(np.mean, near)) < NEAR_SHARE:
            return False
    return True


def _middle_half(values: np.ndarray) -> float:
    """Return the interquartile range."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)


def _step(values: np.ndarray) -> float:
    """Return the power of ten that values are rounded to; 0 if they are not rounded."""
    some = values[:200]
    for digits in range(7):
        if np.allclose(some, np.round(some, digits), rtol=0, atol=1e-9 * 10.0**-digits):
            return float(10.0**-digits)
    return 0.0


def _combinations(
    sample: pd.DataFrame, schema: Schema, y_true: np.ndarray, *, is_number: bool
) -> Iterator[tuple[Pair, np.ndarray]]:
    """Yield pairs of columns with the values of each combination; shape (n_rows,)."""
    names = schema.features_of("datetime")[:MOST_DATES]
    seconds = {name: _seconds(sample[name]) for name in names}
    for early, late in combinations(seconds, 2):
        if np.nanmedian(np.append(seconds[late] - seconds[early], 0)) < 0:
            early, late = late, early
        pair = Pair(late, early, "-", are_dates=True)
        yield pair, seconds[late] - seconds[early]
        yield pair, seconds[late] // DAY - seconds[early] // DAY
    names = schema.features_of("numeric")[:MOST_NUMBERS]
    numbers = [sample[name].to_numpy(np.float64) for name in names]
    with np.errstate(all="ignore"):  # divisions by zero and overflows are left out
        for signs, places in _candidates(numbers, y_true, is_number=is_number):
            for sign, (one, other) in product(signs, places):
                orders = [(one, other), (other, one)] if sign == "/" else [(one, other)]
                for a, b in orders:
                    pair = Pair(names[a], names[b], sign, are_dates=False)
                    yield pair, OF_NUMBERS[sign](numbers[a], numbers[b])


def _seconds(dates: pd.Series) -> np.ndarray:
    """Return the seconds since 1970; NaN for a missing date."""
    whole = dates.to_numpy("datetime64[us]").astype(np.int64)
    return np.where(dates.isna(), np.nan, whole / 1e6)


def _candidates(
    numbers: list[np.ndarray], y_true: np.ndarray, *, is_number: bool
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield operators with the pairs of columns that may give the target."""
    if len(numbers) < 2:
        return
    columns = np.column_stack(numbers)
    targets = [y_true] if is_number else [y_true == code for code in np.unique(y_true)[:10]]
    logarithms = [np.log(np.abs(target)) for target in targets] if is_number else targets
    for signs, x, ys in (
        ("-+", columns, targets),
        ("/*", np.log(np.abs(columns)), logarithms),
    ):
        best: dict[tuple[int, int], None] = {}
        for y in ys:
            rows = np.isfinite(y)
            if rows.sum() >= FEWEST_ROWS:
                least = FITS if is_number else 0.0
                best |= dict.fromkeys(_best(x[rows], y[rows].astype(np.float64), least))
        yield signs, list(best)


def _best(x: np.ndarray, y: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Return the pairs of columns that explain most of a target's variance.

    Args:
        x: columns, shape (n_rows, n_columns); values that are not finite are replaced by the
            column's mean.
        y: the target, shape (n_rows,).
        least: the least share of the variance to explain.
    """
    x = np.where(np.isfinite(x), x, np.nan)
    known = np.isfinite(x)
    means = np.where(known, x, 0).sum(axis=0) / known.sum(axis=0).clip(1)
    x = np.where(known, x - means, 0)
    scale = np.sqrt((x**2).sum(axis=0))
    x = x / np.where(scale > 0, scale, 1)
    y = y - y.mean()
    y = y / (np.sqrt((y**2).sum()) or 1)
    alone, between = x.T @ y, x.T @ x
    own = alone[:, None] ** 2 + alone[None, :] ** 2
    apart = 1 - between**2
    explained = (own - 2 * np.outer(alone, alone) * between) / np.where(apart > 1e-12, apart, 1)
    explained[apart <= 1e-12] = 0
    rows, columns = np.triu_indices(len(alone), 1)
    found = explained[rows, columns]
    order = np.argsort(-found, kind="stable")[:CANDIDATES]
    return [(int(rows[one]), int(columns[one])) for one in order if found[one] >= least]

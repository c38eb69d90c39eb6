"""Find leaks: columns that alone predict the target nearly perfectly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema, Task

NEAR_PERFECT = 0.99
LIKELY = 0.95
# Of the way from a guess to perfect: the column, for classes and for numbers, which often follow a
# single measurement, such as a rent its area; and the next one, as a share of it.
GOOD, GOOD_NUMBER, OTHERS = 0.75, 0.93, 0.5
CLASS_ROWS = 4  # classes with fewer rows in the sample are left out
FEWEST_ROWS = 40
FINE = 100  # with this many distinct numbers, none of them is on both sides of the split
FREQUENT = 0.05  # a number in this many rows, such as 0, is not an identifier: it is on both sides
RANGES = 20


@dataclass(frozen=True)
class Alone:
    """How well a column predicts the target by itself.

    Attributes:
        score: the better of the scores by the nearest value and by ranges of values.
        exact: the score by the nearest value.
    """

    score: float
    exact: float


def measure(task: Task) -> str:
    """Return the name of a task's score for people."""
    return "R² of the ranks" if task == "regression" else "balanced accuracy"


def near_perfect(scores: Mapping[str, Alone]) -> dict[str, float]:
    """Return the score of each feature that predicts the target nearly perfectly by itself."""
    return {name: one.exact for name, one in scores.items() if one.exact >= NEAR_PERFECT}


def outstanding(scores: Mapping[str, float], chance: float) -> tuple[str, float, float] | None:
    """Return the column that alone is good, and far better than any other; None if there is none.

    A column that is known only after the event looks like this, and ordinary features seldom do.

    Args:
        scores: of each feature by itself.
        chance: the score of a guess; 0 for a number.

    Returns:
        Its name, its score, and that of the next one.
    """
    ordered = sorted(scores.items(), key=lambda one: -one[1])
    if len(ordered) < 2:
        return None
    (name, best), (_, second) = ordered[:2]
    skill, other = ((score - chance) / (1 - chance) for score in (best, second))
    if skill < (GOOD if chance else GOOD_NUMBER) or other > OTHERS * skill:
        return None
    return name, best, second


def alone(sample: pd.DataFrame, schema: Schema) -> dict[str, Alone]:
    """Score each feature by itself.

    Half of the rows are memorized: for each value of a feature, the mean of the target or its most
    frequent class. The other half is predicted by the nearest value. Classes are scored by balanced
    accuracy, whose chance level is 1 over their number. Numbers are scored by R² of their ranks, so
    that a few huge ones do not dominate. If there are many values, ranges of values are scored,
    too.

    Rows of one key are in one half. So are rows of one number, if there are many distinct ones:
    numbers that repeat within an entity identify it, and would be memorized. A frequent number is
    an exception, such as 0 in all rows of a class.

    Args:
        sample: rows that conform to the schema.
        schema: names the features, the target and the key.

    Returns:
        The scores of the features; none for too few rows.
    """
    answers = sample[schema.target]
    is_number = schema.columns[schema.target].kind == "numeric"
    if is_number:
        y_true: np.ndarray = answers.rank(pct=True).to_numpy()
    else:
        y_true = pd.factorize(answers)[0]
        frequent = np.bincount(y_true)[y_true] >= CLASS_ROWS if len(y_true) else y_true
        sample, y_true = sample[frequent], pd.factorize(y_true[frequent])[0]
    if len(sample) < FEWEST_ROWS or len(np.unique(y_true)) < 2:
        return {}
    random = np.random.default_rng(0)
    groups: np.ndarray = np.arange(len(sample))
    if schema.key:
        groups = sample.groupby(schema.key, sort=False, dropna=False).ngroup().to_numpy()
    by_key = _halves(groups, random)
    found: dict[str, Alone] = {}
    for name, places in _places(sample, schema):
        half, count = by_key, int(places.max()) + 1
        is_fine = schema.columns[name].kind in ("numeric", "datetime") and count > FINE
        if is_fine:
            rows = np.bincount(places[places >= 0], minlength=count)
            is_rare = (places >= 0) & (rows[places] < FREQUENT * len(places))
            half = _halves(np.where(is_rare, places, count + groups), random)
        if any(len(np.unique(y_true[side])) < 2 for side in (half, ~half)):
            continue

        def score(places: np.ndarray, half: np.ndarray = half) -> float:
            guessed = _nearest(places[half], y_true[half], places[~half], is_number)
            return _score(guessed, y_true[~half], is_number)

        exact = score(places)
        found[name] = Alone(max(exact, score(_ranges(places))) if is_fine else exact, exact)
    return found


def _places(sample: pd.DataFrame, schema: Schema) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each feature with the ranks of its values, -1 where one is missing."""
    for name in schema.features:
        values = sample[name]
        if schema.columns[name].kind == "text":  # whether there is a text, and its length
            values = values.str.len().where(values != "")
        yield name, pd.factorize(values, sort=True)[0]


def _ranges(places: np.ndarray) -> np.ndarray:
    """Return the numbers of ranges with equally many rows, -1 where a value is missing."""
    known = places >= 0
    below = np.cumsum(np.bincount(places[known])) - np.bincount(places[known])
    return np.where(known, below[places] * RANGES // max(1, int(known.sum())), -1)


def _halves(groups: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return true for half of the groups; shape (n_rows,)."""
    _, codes = np.unique(groups, return_inverse=True)
    return (random.permutation(int(codes.max()) + 1) % 2 == 0)[codes]


def _nearest(
    learned: np.ndarray, y_true: np.ndarray, asked: np.ndarray, is_number: bool
) -> np.ndarray:
    """Predict the target learned at the nearest place; shape of `asked`.

    Args:
        learned: places of one half of the rows, -1 for a missing value.
        y_true: ranks or codes of classes, of the same shape.
        asked: places of the other half.
        is_number: whether `y_true` holds ranks.
    """
    places, codes = np.unique(learned, return_inverse=True)
    if is_number:
        answers = np.bincount(codes, weights=y_true) / np.bincount(codes)
    else:
        classes = int(y_true.max()) + 1
        share = 1 / np.bincount(y_true, minlength=classes).clip(1)  # each class has the same weight
        weights = np.bincount(codes * classes + y_true, share[y_true], len(places) * classes)
        answers = weights.reshape(-1, classes).argmax(axis=1)
    after = np.searchsorted(places, asked).clip(0, len(places) - 1)
    before = (after - 1).clip(0)
    closer = np.abs(places[before] - asked) < np.abs(places[after] - asked)
    # Only missing values are near to a missing value.
    before = np.where((places[before] < 0) & (asked >= 0), after, before)
    return answers[np.where(closer, before, after)]


def _score(guessed: np.ndarray, y_true: np.ndarray, is_number: bool) -> float:
    if is_number:
        return float(1 - np.mean((guessed - y_true) ** 2) / np.var(y_true))
    right = np.bincount(y_true, weights=guessed == y_true)
    rows = np.bincount(y_true)
    return float((right[rows > 0] / rows[rows > 0]).mean())

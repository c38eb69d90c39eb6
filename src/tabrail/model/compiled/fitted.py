"""Read what the fitted transformers of `tabrail.features` have learned.

Their rules are not repeated here. Each encoder of categories is called once for each category, for
an unknown one and for a missing one, and the results are stored. Any other transformer gets a table
of its columns, as in the pipeline.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from tabrail.data.cells import STR
from tabrail.features import DateParts
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.encoders import Categories, Dates, Encoder, Numbers, Scaler
from tabrail.model.derived import finite

UNKNOWN = "\0 a category that no table has"


class UnknownError(Exception):
    """A step of a pipeline is of an unknown kind."""


class Texts:
    """A column of text, with the transformer itself, without a table."""

    def __init__(self, transformer: Any, name: str) -> None:
        """Take a fitted `tabrail.features.words`."""
        if not isinstance(transformer, Pipeline) or type(transformer[0]) is not HashingVectorizer:
            raise UnknownError
        self._transformer, self._name, self.names = transformer, name, [name]

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        texts = [word or "" for word in rows.words(self._name)]
        return _dense(self._transformer.transform(texts))


class Others:
    """Any other transformer, which gets a table of its columns."""

    def __init__(self, transformer: Any, names: Any) -> None:
        """Take a fitted transformer, and the names of its columns or of its only one."""
        self._transformer, self._names = transformer, names
        self.names = [names] if isinstance(names, str) else list(names)

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        table = finite(rows.frame(self.names))
        is_one = isinstance(self._names, str)
        found = self._transformer.transform(table[self._names] if is_one else table)
        return _dense(found).reshape(len(rows), -1)


def encoders(columns: ColumnTransformer) -> list[Encoder]:
    """Return the encoders of a fitted ColumnTransformer, in its order.

    Raises:
        UnknownError: it selects columns by position.
    """
    found: list[Encoder] = []
    for _, transformer, names in columns.transformers_:
        if isinstance(transformer, str):  # "drop"
            continue
        listed = [names] if isinstance(names, str) else names
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise UnknownError("it chooses columns by their places")
        if len(names):
            found += _encoders(transformer, names)
    return found


def _encoders(transformer: Any, names: Any) -> Sequence[Encoder]:
    """Return the encoders of a fitted transformer."""
    for kind in (_texts,) if isinstance(names, str) else (_numbers, _dates, _categories):
        try:
            return kind(transformer, names)
        except (UnknownError, ValueError, TypeError):  # an encoder may refuse some category
            continue
    return [Others(transformer, names)]


def _texts(transformer: Any, name: str) -> Sequence[Encoder]:
    return [Texts(transformer, name)]


def _numbers(transformer: Any, names: list[str]) -> Sequence[Encoder]:
    """Return the encoder of a fitted `tabrail.features.numbers`."""
    return [Numbers(names, _scaler(transformer))]


def _dates(transformer: Any, names: list[str]) -> Sequence[Encoder]:
    """Return the encoder of a fitted `tabrail.features.dates`."""
    parts, numbers = _steps(transformer, DateParts, Pipeline)
    return [Dates(names, _scaler(numbers), parts.with_years)]


def _categories(encoder: Any, names: list[str]) -> Sequence[Encoder]:
    """Call a fitted encoder of categories once for all of them."""
    if type(encoder) not in (OneHotEncoder, TargetEncoder):
        raise UnknownError
    known = [[one for one in column if isinstance(one, str)] for column in encoder.categories_]
    others = [one for column in encoder.categories_ for one in column if one == one]
    if len(others) - others.count(None) != sum(map(len, known)):
        raise UnknownError  # some are numbers
    most = max(map(len, known))
    asked = {
        name: pd.array([*words, *[UNKNOWN] * (most - len(words)), UNKNOWN, None], dtype=STR)
        for name, words in zip(names, known, strict=True)
    }
    said = _dense(encoder.transform(pd.DataFrame(asked)))
    found: list[Encoder] = []
    start = 0
    for name, words, width in zip(names, known, _widths(encoder, said), strict=True):
        places = {word: place for place, word in enumerate(words)}
        lines = [*range(len(words)), most, most + 1]  # the last two: unknown, missing
        found.append(Categories(name, places, said[lines, start : start + width]))
        start += width
    if start != said.shape[1]:
        raise UnknownError
    return found


def _scaler(pipeline: Any) -> Scaler:
    """Take the numbers that a fitted `tabrail.features.numbers` has learned."""
    imputer, scaler = _steps(pipeline, SimpleImputer, StandardScaler)
    fill, flags = _array(imputer.statistics_), imputer.indicator_
    flagged = np.arange(0) if flags is None else np.asarray(flags.features_)
    mean, scale = _array(scaler.mean_), _array(scaler.scale_)
    is_usual = np.isnan(imputer.missing_values) and scaler.with_mean and scaler.with_std
    is_whole = len(mean) == len(fill) + len(flagged)
    if not (is_usual and is_whole) or np.isnan(fill).any():
        raise UnknownError
    return Scaler(fill, flagged, mean, scale)


def _steps(pipeline: Any, *kinds: type) -> list[Any]:
    """Return the steps of a pipeline if they have these types."""
    steps = [step for _, step in pipeline.steps] if isinstance(pipeline, Pipeline) else []
    if tuple(map(type, steps)) != kinds:
        raise UnknownError
    return steps


def _array(learned: Any) -> np.ndarray:
    """Return the learned parameters of a transformer, if they are numbers."""
    found = np.asarray(learned)
    if found.dtype != np.float64 or found.ndim != 1:
        raise UnknownError
    return found


def _widths(encoder: Any, said: np.ndarray) -> list[int]:
    """Return the number of an encoder's output columns for each column."""
    if isinstance(encoder, OneHotEncoder):
        return [int(width) for width in encoder._n_features_outs]
    count = len(encoder.categories_)
    return [said.shape[1] // count] * count


def _dense(found: Any) -> np.ndarray:
    return np.asarray(found.toarray() if sparse.issparse(found) else found)

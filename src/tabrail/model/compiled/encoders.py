"""Apply the fitted transformers of `tabrail.features` to columns, without a table.

Their rules are not repeated here. Each encoder is called once for each category, for an unknown one
and for a missing one, and the results are stored. Any other transformer gets a table of its
columns, as in the pipeline.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from tabrail.data.cells import STR
from tabrail.data.date_parts import date_parts
from tabrail.features import DateParts
from tabrail.model.compiled.columns import Columns
from tabrail.model.derived import finite

UNKNOWN = "\0 a category that no table has"
MOST_ONE_BY_ONE = 50  # rows; more are looked up together


class UnknownError(Exception):
    """A transformer is of an unknown kind."""


class Encoder(Protocol):
    """Computes the numbers of one transformer."""

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        ...


class Scaler:
    """The steps of `tabrail.features.numbers`: medians for missing values, flags, and scaling."""

    def __init__(self, pipeline: Any) -> None:
        """Take the numbers that a fitted pipeline has learned."""
        imputer, scaler = _steps(pipeline, SimpleImputer, StandardScaler)
        self._fill = _array(imputer.statistics_)
        flags = imputer.indicator_
        self._flagged = np.arange(0) if flags is None else np.asarray(flags.features_)
        self._mean, self._scale = _array(scaler.mean_), _array(scaler.scale_)
        self._width = len(self._fill)
        is_usual = np.isnan(imputer.missing_values) and scaler.with_mean and scaler.with_std
        is_whole = len(self._mean) == self._width + len(self._flagged)
        if not (is_usual and is_whole) or np.isnan(self._fill).any():
            raise UnknownError

    def matrix(self, numbers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the numbers for some columns of shape (n_rows,)."""
        width = self._width
        found = np.empty((len(numbers[0]), len(self._mean)))
        for place, column in enumerate(numbers):
            found[:, place] = column
        gaps = ~np.isfinite(found[:, :width])  # as `derived.finite` makes of infinity
        found[:, width:] = gaps[:, self._flagged]
        if gaps.any():
            found[:, :width] = np.where(gaps, self._fill, found[:, :width])
        found -= self._mean
        found /= self._scale
        return found


class Numbers:
    """Columns of numbers."""

    def __init__(self, transformer: Any, names: Sequence[str]) -> None:
        """Take the parameters of a fitted `tabrail.features.numbers`."""
        self._names, self._scaler = names, Scaler(transformer)

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        return self._scaler.matrix([rows.numbers(name) for name in self._names])


class Dates:
    """Columns of dates."""

    def __init__(self, transformer: Any, names: Sequence[str]) -> None:
        """Take the parameters of a fitted `tabrail.features.dates`."""
        parts, numbers = _steps(transformer, DateParts, Pipeline)
        self._names, self._scaler = names, Scaler(numbers)
        self._with_years = parts.with_years

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        parts: list[np.ndarray] = []
        for name in self._names:
            parts += date_parts(rows.dates(name), with_years=self._with_years)
        return self._scaler.matrix(parts)


class Categories:
    """Columns of categories."""

    def __init__(self, encoder: Any, names: Sequence[str]) -> None:
        """Call a fitted encoder once for all categories."""
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
        self._columns: list[tuple[str, dict[str, int], np.ndarray, int, int]] = []
        start = 0
        for name, words, width in zip(names, known, _widths(encoder, said), strict=True):
            block = said[:, start : start + width]
            places = {word: place for place, word in enumerate(words)}
            self._columns.append((name, places, block, start, start + width))
            start += width
        self._unknown, self._missing = most, most + 1  # their positions in each block
        self._width = start
        if start != said.shape[1]:
            raise UnknownError

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        found = np.empty((len(rows), self._width))
        for name, places, block, start, end in self._columns:
            words = rows.words(name)
            if len(words) > MOST_ONE_BY_ONE:
                codes, different = pd.factorize(np.asarray(words, object))
                taken = [*(places.get(word, self._unknown) for word in different), self._missing]
                found[:, start:end] = block[np.array(taken)[codes]]  # a missing one has the code -1
                continue
            for row, word in enumerate(words):
                is_missing = word is None or word != word
                place = self._missing if is_missing else places.get(word, self._unknown)
                found[row, start:end] = block[place]
        return found


class Texts:
    """A column of text, with the transformer itself, without a table."""

    def __init__(self, transformer: Any, name: str) -> None:
        """Take a fitted `tabrail.features.words`."""
        if not isinstance(transformer, Pipeline) or type(transformer[0]) is not HashingVectorizer:
            raise UnknownError
        self._transformer, self._name = transformer, name

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        texts = [word or "" for word in rows.words(self._name)]
        return _dense(self._transformer.transform(texts))


class Others:
    """Any other transformer, which gets a table of its columns."""

    def __init__(self, transformer: Any, names: Any) -> None:
        """Take a fitted transformer, and the names of its columns or of its only one."""
        self._transformer, self._names = transformer, names

    def matrix(self, rows: Columns) -> np.ndarray:
        """Return the numbers, shape (n_rows, n_numbers)."""
        is_one = isinstance(self._names, str)
        table = finite(rows.frame([self._names] if is_one else self._names))
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
            found.append(_encoder(transformer, names))
    return found


def _encoder(transformer: Any, names: Any) -> Encoder:
    """Return the encoder of a fitted transformer."""
    for kind in (Texts,) if isinstance(names, str) else (Numbers, Dates, Categories):
        try:
            return kind(transformer, names)
        except (UnknownError, ValueError):  # an encoder may refuse some category
            continue
    return Others(transformer, names)


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

"""Transformers that turn columns into numbers, one for each kind of column.

Their import paths are part of every model file, so they must not change.
"""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest, chi2, f_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import BaseCrossValidator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from tabrail.data.date_parts import date_parts
from tabrail.data.schema import Task
from tabrail.errors import InputError

__all__ = ["DateParts", "FoldsByGroup", "dates", "numbers", "one_hot", "target_mean", "words"]


def numbers() -> Pipeline:
    """Return a transformer for numbers, and for booleans as 0 and 1.

    A missing value becomes the column's median, and an extra column flags it. An infinite number
    that `derive` makes, such as 1 / 0, is also missing. All columns get mean 0 and variance 1.

    Source: https://scikit-learn.org/stable/modules/impute.html

    Returns:
        Transformer from shape (n_rows, n_columns) to at most (n_rows, 2 * n_columns).

    Example:
        >>> import pandas as pd
        >>> from tabrail.features import numbers
        >>> numbers().fit_transform(pd.DataFrame({"age": [20.0, None, 40.0]})).shape
        (3, 2)
    """
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )


def one_hot(min_rows: int = 20) -> OneHotEncoder:
    """Return a transformer for categories: a column of 0 and 1 for each.

    An unknown category is treated as a rare one if training has rare ones, and otherwise as none.

    Source: https://scikit-learn.org/stable/modules/preprocessing.html#encoding-categorical-features

    Args:
        min_rows: categories with fewer training rows share one column.

    Example:
        >>> import pandas as pd
        >>> from tabrail.features import one_hot
        >>> one_hot(min_rows=1).fit_transform(pd.DataFrame({"city": ["Oslo", "Ulm", "Oslo"]}))
        array([[1., 0.],
               [0., 1.],
               [1., 0.]])
    """
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=min_rows, sparse_output=False
    )


def target_mean(task: Task, seed: int = 0) -> TargetEncoder:
    """Return a transformer for columns of many categories: the mean of the target in each.

    A training row gets the mean over the rows of other folds. If the model is fitted by
    `tabrail.fit`, these have no row of the same group. An unknown category gets the mean of all
    rows.

    Source: https://scikit-learn.org/stable/modules/preprocessing.html#target-encoder

    Args:
        task: the task.
        seed: of the folds.

    Example:
        >>> from tabrail.features import target_mean
        >>> target_mean("regression").target_type
        'continuous'
    """
    kind = "continuous" if task == "regression" else "auto"
    return TargetEncoder(target_type=kind, cv=FoldsByGroup(5, seed))


def dates(*, with_years: bool = True) -> Pipeline:
    """Return a transformer for dates: their position in the year, the week and the day.

    Args:
        with_years: whether to add the years since 1970. If later rows are held out, theirs are
            beyond all years of training.

    Example:
        >>> import pandas as pd
        >>> from tabrail.features import dates
        >>> days = pd.DataFrame({"day": pd.to_datetime(["2024-01-31", "2024-03-01"])})
        >>> dates().fit_transform(days).shape
        (2, 7)
    """
    return make_pipeline(DateParts(with_years=with_years), numbers())


def words(task: Task, count: int = 200) -> Pipeline:
    """Return a transformer for one column of text: TF-IDF of its most informative words and pairs.

    Sources: https://scikit-learn.org/stable/modules/feature_extraction.html,
    https://scikit-learn.org/stable/modules/feature_selection.html

    Args:
        task: the task, which decides how words are chosen.
        count: how many words and pairs of words are kept.

    Example:
        >>> from tabrail.features import words
        >>> words("binary", 2).fit_transform(["tea", "coffee", "tea"], [1, 0, 1]).shape
        (3, 2)
    """
    scores = f_regression if task == "regression" else chi2
    return make_pipeline(
        HashingVectorizer(ngram_range=(1, 2), alternate_sign=False, norm=None, n_features=2**16),
        TfidfTransformer(sublinear_tf=True),
        SelectKBest(scores, k=count),
    )


class FoldsByGroup(BaseCrossValidator):
    """Folds that keep groups together; folds of single rows if no groups are given.

    Example:
        >>> from tabrail.features import FoldsByGroup
        >>> rows, groups = [[1], [2], [3], [4]], ["a", "b", "a", "b"]
        >>> for kept, held in FoldsByGroup(2, seed=0).split(rows, groups=groups):
        ...     print(kept, held)
        [0 2] [1 3]
        [1 3] [0 2]
    """

    __metadata_request__split: dict[str, bool] = {"groups": True}  # noqa: RUF012 (scikit-learn's name)

    def __init__(self, n_splits: int, seed: int) -> None:
        """Set the number of folds and the seed of the shuffle."""
        self.n_splits = n_splits
        self.seed = seed

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.n_splits

    def _iter_test_indices(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[np.ndarray]:
        codes = np.arange(len(X)) if groups is None else pd.factorize(np.asarray(groups))[0]
        count = int(codes.max()) + 1
        if count < 2:
            raise InputError("all training rows are of one group, so none can be held out")
        folds = min(self.n_splits, count)
        fold = np.random.RandomState(self.seed).permutation(count)[codes] % folds
        for number in range(folds):
            yield np.flatnonzero(fold == number)


class DateParts(TransformerMixin, BaseEstimator):
    """Encode a date's position in the year, the week and the day, each as a point on a circle.

    A date before 1678 or after 2261, such as 0014-03-02 or 9999-12-31, is a mistake or a
    placeholder, and is treated as missing.

    Source: https://scikit-learn.org/stable/auto_examples/applications/plot_cyclical_feature_engineering.html
    """

    def __init__(self, with_years: bool) -> None:
        """Set whether the years since 1970 are a part, too."""
        self.with_years = with_years

    def fit(self, dates: pd.DataFrame, y: object = None) -> Self:
        """Learn nothing; `dates` has shape (n_rows, n_columns)."""
        self.n_features_in_ = dates.shape[1]
        return self

    def transform(self, dates: pd.DataFrame) -> np.ndarray:
        """Return 6 parts of each column, or 7 with the years; shape (n_rows, n_parts)."""
        parts = [
            part
            for name in dates
            for part in date_parts(dates[name].to_numpy(), with_years=self.with_years)
        ]
        return np.column_stack(parts)

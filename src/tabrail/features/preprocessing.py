"""From columns to a matrix: how each kind of column is made fit for an estimator."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.feature_selection import SelectKBest, chi2, f_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from tabrail.config import Train
from tabrail.data.schema import Schema


def preprocessing(
    schema: Schema, params: Train, *, classes: int, by_time: bool
) -> ColumnTransformer:
    """Return the unfitted transformer from a conforming table to a matrix of floats.

    | kind                     | becomes                                                          |
    | ------------------------ | ---------------------------------------------------------------- |
    | numeric, boolean         | the median for missing values, a flag beside it, unit variance   |
    | categorical, few values  | one column for each; rare ones share one                         |
    | categorical, many values | the target's mean within each, learned by cross-fitting          |
    | datetime                 | its place in the year, the week and the day; years since 1970    |
    | text                     | TF-IDF of the (hashed) words and pairs that tell most            |

    A category that training has not seen never fails: it counts as a rare one, if there are rare
    ones, as none of them otherwise, or as the mean of all.

    Source: https://scikit-learn.org/stable/modules/preprocessing.html

    Args:
        schema: its `features` are the columns that are used.
        params: say what is rare, what is many, and how many words of a text count.
        classes: how many the training rows have; 0 for a regression.
        by_time: whether later rows are held back: they lie beyond all years of training.

    Returns:
        Transformer of a frame of shape (n_rows, n_features).
    """
    numbers, few, many, dates, times, texts = (list[str]() for _ in range(6))
    for name in schema.features:
        column = schema.columns[name]
        match column.kind:
            case "datetime" if not by_time or name != schema.time:
                dates.append(name)
            case "datetime":
                times.append(name)
            case "text":
                texts.append(name)
            case "categorical" if 0 < len(column.categories or []) <= params.max_one_hot:
                few.append(name)
            case "categorical":
                many.append(name)
            case _:
                numbers.append(name)
    return ColumnTransformer(
        [
            ("numbers", _numbers(), numbers),
            ("few_categories", _few_categories(params), few),
            ("many_categories", _many_categories(classes, params), many),
            ("dates", make_pipeline(DateParts(with_years=True), _numbers()), dates),
            ("time", make_pipeline(DateParts(with_years=False), _numbers()), times),
            # A name would not do: a vectorizer wants one column, not a table of one.
            *((f"text_{place}", _text(schema, params), name) for place, name in enumerate(texts)),
        ],
        sparse_threshold=0,
    )


class DateParts(TransformerMixin, BaseEstimator):
    """Where in the year, the week and the day a date is, each as a point on a circle.

    Source: https://scikit-learn.org/stable/auto_examples/applications/plot_cyclical_feature_engineering.html
    """

    def __init__(self, with_years: bool) -> None:
        """Say whether the years since 1970 are a part, too."""
        self.with_years = with_years

    def fit(self, dates: pd.DataFrame, y: object = None) -> Self:
        """Learn nothing; `dates` has shape (n_rows, n_columns)."""
        self.n_features_in_ = dates.shape[1]
        return self

    def transform(self, dates: pd.DataFrame) -> np.ndarray:
        """Return 6 parts of each column, or 7 with the years; shape (n_rows, n_parts)."""
        parts: list[pd.Series] = []
        for name in dates:
            moment = dates[name].dt
            day = (moment.hour * 60 + moment.minute) / (24 * 60)
            turns = ((moment.day_of_year - 1 + day) / 366, (moment.day_of_week + day) / 7, day)
            for turn in turns:
                angle = 2 * np.pi * turn
                # The last digits of sine and cosine depend on the machine.
                parts += [np.sin(angle).round(9), np.cos(angle).round(9)]
            if self.with_years:
                parts.append((dates[name] - pd.Timestamp(0)).dt.days / 365.25)
        return np.column_stack(parts).astype(np.float64)


def _numbers() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )


def _few_categories(params: Train) -> OneHotEncoder:
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=params.min_category_rows,
        sparse_output=False,
    )


def _many_categories(classes: int, params: Train) -> TargetEncoder:
    if not classes:
        folds, kind = KFold(shuffle=True, random_state=params.seed), "continuous"
    else:
        folds = StratifiedKFold(shuffle=True, random_state=params.seed)
        kind = "binary" if classes == 2 else "multiclass"
    return TargetEncoder(target_type=kind, cv=folds)


def _text(schema: Schema, params: Train) -> Pipeline:
    """The words that tell most of the target: https://scikit-learn.org/stable/modules/feature_selection.html."""
    tells = f_regression if schema.task == "regression" else chi2
    return make_pipeline(
        HashingVectorizer(ngram_range=(1, 2), alternate_sign=False, norm=None, n_features=2**16),
        TfidfTransformer(sublinear_tf=True),
        SelectKBest(tells, k=params.text_words),
    )

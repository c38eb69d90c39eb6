"""From columns to a matrix: how each kind of column is made fit for an estimator."""

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from .params import Train
from .schema import Schema


def preprocessing(contract: Schema, knobs: Train) -> ColumnTransformer:
    """Return the unfitted transformer from a conforming table to a matrix of floats.

    Numbers and booleans: the median for missing values, with a flag beside it, then unit variance.
    Categories: one column for each, or, where there are many, the target's mean within each,
    learned by cross-fitting (https://scikit-learn.org/stable/modules/preprocessing.html).
    A category that training has not seen never fails: it counts as a rare one, if there are rare
    ones, as none of them otherwise, or as the mean of all.

    Args:
        contract: its `features` are the columns that are used.
        knobs: `min_category_rows` and `max_one_hot` say what is rare and what is many.

    Returns:
        Transformer of a frame of shape (n_rows, n_features).
    """
    few: list[str] = []
    many: list[str] = []
    numbers: list[str] = []
    for name in contract.features:
        column = contract.columns[name]
        if column.kind != "categorical":
            numbers.append(name)
        elif len(column.categories or []) > knobs.max_one_hot:
            many.append(name)
        else:
            few.append(name)
    return ColumnTransformer(
        [
            ("numbers", _numbers(), numbers),
            ("few_categories", _few_categories(knobs), few),
            ("many_categories", _many_categories(knobs), many),
        ]
    )


def _numbers() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )


def _few_categories(knobs: Train) -> OneHotEncoder:
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=knobs.min_category_rows,
        sparse_output=False,
    )


def _many_categories(knobs: Train) -> TargetEncoder:
    return TargetEncoder(cv=StratifiedKFold(shuffle=True, random_state=knobs.seed))

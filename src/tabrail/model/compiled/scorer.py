"""The compiled form of a fitted pipeline."""

from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tabrail.data.cleaning import changes_nothing
from tabrail.data.schema import Schema
from tabrail.model.compiled import boosting, linear
from tabrail.model.compiled.columns import Columns, TableColumns
from tabrail.model.compiled.encoders import Categories, Dates, Numbers
from tabrail.model.compiled.fitted import UnknownError, encoders
from tabrail.model.compiled.plain import Plain
from tabrail.model.limits import Predicted
from tabrail.model.metadata import Metadata
from tabrail.model.predict import numbers
from tabrail.model.signature import explained, require, settled
from tabrail.model.texts import measured, unusual


class Compiled:
    """Scores rows as `tabrail.model.predict.score` does, but few rows many times faster.

    The project's functions, such as `derive`, run unchanged, on one table of all rows. A function
    that returns the rows unchanged is skipped.

    Attributes:
        first: does the steps before the encoders, such as `derive`; None if they change nothing.
        encoders: turn columns into numbers, in the order of the last step's input.
        last: the fitted estimator, or the steps after the encoders.
    """

    def __init__(self, pipeline: Pipeline, metadata: Metadata, schema: Schema) -> None:
        """Compile a fitted pipeline.

        Args:
            pipeline: the fitted model.
            metadata: the model's metadata.
            schema: the schema.

        Raises:
            UnknownError: the pipeline has an unknown structure.
            InputError: the model was trained for another schema.
        """
        require(metadata, schema)
        kinds = [isinstance(step, ColumnTransformer) for _, step in pipeline.steps]
        if True not in kinds[:-1]:
            raise UnknownError("it has no ColumnTransformer")
        place = kinds.index(True)
        self.first = _function(step for _, step in pipeline.steps[:place])
        self.encoders = encoders(pipeline[place])
        last = pipeline[place + 1 :]
        self.last = boosting.for_few_rows(last[0]) if len(last) == 1 else last
        self._pipeline, self._metadata, self._schema = pipeline, metadata, schema

    def score(self, rows: Columns) -> Predicted:
        """Predict rows; see `tabrail.model.predict.score`.

        Args:
            rows: the columns `schema.inputs` of rows that conform to the schema.
        """
        metadata = self._metadata
        with explained():
            derived = self._derived(rows) if len(rows) else rows
            matrix = self._matrix(derived)
        found = self.predicted(matrix)
        if not metadata.texts:
            return found
        texts = measured(
            self._pipeline,
            rows.frame(metadata.texts),
            metadata.texts,
            lambda: derived.frame(metadata.texts),
        )
        return found._replace(unusual=unusual(texts, metadata.texts), texts=texts)

    def predicted(self, matrix: np.ndarray) -> Predicted:
        """Predict from the numbers of the encoders, shape (n_rows, n_numbers)."""
        found = numbers(self.last, self._metadata, matrix)
        return settled(found, self._metadata, self._schema)

    def plain(self) -> Plain:
        """Return the model as plain numbers.

        Raises:
            UnknownError: some steps are more than numbers, such as a `derive` of your own.
        """
        if self._metadata.texts:  # whose warnings need the words themselves
            raise UnknownError("the schema has texts")
        kinds = (Numbers, Dates, Categories)
        known = [one for one in self.encoders if isinstance(one, kinds)]
        if self.first is not None or len(known) < len(self.encoders):
            raise UnknownError("it has steps that are more than numbers")
        if boosting.walks(self.last):
            return Plain(known, boosting.trees(self.last))
        if linear.weighs(self.last):
            return Plain(known, linear.weights(self.last))
        raise UnknownError("its estimator is of another kind")

    def _matrix(self, derived: Columns) -> np.ndarray:
        if not len(derived):  # scikit-learn refuses to transform nothing
            return np.empty((0, 0))
        return np.concatenate([one.matrix(derived) for one in self.encoders], axis=1)

    def _derived(self, rows: Columns) -> Columns:
        if self.first is None:
            return rows
        return TableColumns(self.first(rows.frame()))


def _function(steps: Iterable[Any]) -> Callable[[Any], Any] | None:
    """Return a function that does fitted steps one after the other; None if they do nothing."""
    calls = [call for call in map(_call, steps) if call]
    return (lambda table: reduce(lambda rows, call: call(rows), calls, table)) if calls else None


def _call(step: Any) -> Callable[[Any], Any] | None:
    """Return what a fitted step calls; None if it returns the rows unchanged.

    A function is called without scikit-learn's checks of functions.
    """
    if step is None or step == "passthrough":
        return None
    if type(step) is not FunctionTransformer or step.validate:
        call: Callable[[Any], Any] = step.transform
        return call
    if step.func is None or (changes_nothing(step.func) and not step.kw_args):
        return None
    return partial(step.func, **(step.kw_args or {}))

"""Predict the same rows again and again, each time with another column in place of one."""

import numpy as np
import pandas as pd

from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.fitted import UnknownError
from tabrail.model.compiled.scorer import Compiled


class Replaced:
    """Predicts rows with one column replaced; only the numbers of this column are computed."""

    def __init__(self, compiled: Compiled, rows: pd.DataFrame) -> None:
        """Compute the numbers of all columns.

        Args:
            compiled: the model.
            rows: the rows that are predicted, n_rows of them.

        Raises:
            UnknownError: the model derives columns from others.
        """
        if compiled.first is not None:
            raise UnknownError("it derives columns from others")
        self._compiled, self._rows = compiled, Columns.of(rows)
        blocks = [encoder.matrix(self._rows) for encoder in compiled.encoders]
        self._matrix = np.concatenate(blocks, axis=1)
        ends = np.cumsum([block.shape[1] for block in blocks]).tolist()
        self._places = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    def predict(self, column: pd.Series) -> np.ndarray:
        """Return the predictions with a column of n_rows in place of the one of its name."""
        rows = self._rows.replaced(Columns.of(column.to_frame()))
        pairs = zip(self._compiled.encoders, self._places, strict=True)
        changed = [(encoder, place) for encoder, place in pairs if column.name in encoder.names]
        before = [self._matrix[:, place].copy() for _, place in changed]
        for encoder, place in changed:
            self._matrix[:, place] = encoder.matrix(rows)
        found = self._compiled.predicted(self._matrix).numbers
        for (_, place), block in zip(changed, before, strict=True):
            self._matrix[:, place] = block
        return found

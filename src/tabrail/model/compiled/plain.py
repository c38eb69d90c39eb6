"""A model as plain numbers, which score few rows without scikit-learn.

To import scikit-learn and to load a pipeline takes longer than to score thousands of rows. So
`train` stores these numbers in the model file, if they predict the same as the pipeline.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from tabrail.data.schema import Schema
from tabrail.model import archive
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.encoders import Categories, Dates, Numbers
from tabrail.model.compiled.last_step import Linear, Trees
from tabrail.model.limits import Predicted
from tabrail.model.metadata import NUMBERS, Metadata, damaged
from tabrail.model.signature import explained, of_no_rows, settled

MOST_WALKS = 1_000_000  # of a row through a tree: about half a second
LARGEST = 4_000_000  # bytes of a document; for a larger model, the pipeline is faster


@dataclass(frozen=True)
class Plain:
    """A model as plain numbers.

    Attributes:
        encoders: turn columns into numbers, in the order of the estimator's input.
        last: predicts from these numbers.
    """

    encoders: list[Numbers | Dates | Categories]
    last: Trees | Linear

    @property
    def few_rows(self) -> int:
        """For how many rows these numbers take less time than to load the pipeline."""
        return MOST_WALKS // self.last.walks

    def score(self, rows: Columns, metadata: Metadata, schema: Schema) -> Predicted:
        """Predict rows as `tabrail.model.predict.score` does.

        Args:
            rows: the columns `schema.inputs` of rows that conform to the schema.
            metadata: the model's metadata.
            schema: the schema.
        """
        if len(rows):
            with explained():
                matrix = np.concatenate([one.matrix(rows) for one in self.encoders], axis=1)
            numbers = self.last.predict(matrix)
        else:
            numbers = of_no_rows(metadata)
        return settled(numbers, metadata, schema)


def to_json(plain: Plain) -> bytes:
    """Return a document that holds the numbers exactly, for `from_json` or another language."""
    return ADAPTER.dump_json(plain)


def from_json(content: bytes) -> Plain:
    """Read a document of `to_json`, from a file that may be damaged or made to hurt.

    Raises:
        ValueError: it is none, or its parts do not fit each other.
    """
    found = ADAPTER.validate_json(content)
    found.last.require(sum(one.width for one in found.encoders))
    return found


def read(path: Path) -> Plain | None:
    """Read the plain numbers of a model file.

    Args:
        path: the model file.

    Returns:
        None if the model has steps that are more than numbers, is very large, or was trained by an
        earlier version of the library.

    Raises:
        InputError: the numbers are damaged.
    """
    try:
        return from_json(archive.member(path.read_bytes(), NUMBERS, LARGEST))
    except KeyError:  # no member of this name
        return None
    except (zipfile.BadZipFile, ValueError) as error:
        raise damaged(path, error) from None


ADAPTER = TypeAdapter(Plain)

"""A model with all that belongs to it, as a folder has it: the project, or another clone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.config import Params, load_params
from tabrail.data.schema import Schema, load_schema
from tabrail.errors import InputError
from tabrail.model import file as model
from tabrail.model import reference
from tabrail.project import registry


@dataclass(frozen=True)
class Bundle:
    """A model with all that belongs to it.

    Attributes:
        version: its tag, or the start of its hash; see `registry.model_version`.
        pipeline: the fitted model.
        metadata: what it says of itself.
        schema: what it expects of a row.
        params: the parameters of its run.
        evaluation: content of its reports/evaluation.json.
        distributions: content of its reports/distributions.json.
        card: its model card, as Markdown.
    """

    version: str
    pipeline: Pipeline
    metadata: model.Metadata
    schema: Schema
    params: Params
    evaluation: dict[str, Any]
    distributions: dict[str, Any]
    card: str

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Predict rows that conform to the schema; see `model.predict`."""
        return model.predict(self.pipeline, self.metadata, rows, self.schema)


def load(folder: Path = Path()) -> Bundle:
    """Read a model and all that belongs to it, and check that they belong together.

    Args:
        folder: the root of this project, or of a clone of it at another commit.

    Raises:
        InputError: a file is missing or damaged, or the model does not say of the reference rows
            what it said when it was evaluated.
    """
    if folder != Path() and not (folder / paths.SCHEMA).exists():
        raise InputError(
            f"{folder.resolve()} is no clone of this project; make one at a version with: "
            f"git clone --branch model@v0.1.0 . {folder} (there is no {paths.SCHEMA})"
        )
    schema = load_schema(folder / paths.SCHEMA)
    pipeline, metadata = model.load(folder / paths.MODEL)
    model.require(metadata, schema)
    found = Bundle(
        version=registry.model_version(folder),
        pipeline=pipeline,
        metadata=metadata,
        schema=schema,
        params=load_params(folder / paths.PARAMS),
        evaluation=_json(folder / paths.EVALUATION),
        distributions=_json(folder / paths.DISTRIBUTIONS),
        card=_text(folder / paths.MODEL_CARD),
    )
    rows = reference.table(reference.rows(schema, found.distributions), schema)
    reference.require(found.evaluation["reference"], found.predict(rows), found.evaluation)
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(_text(path))
    except ValueError as error:
        raise InputError(
            f"{path} is damaged ({error}); restore it with: git checkout -- reports"
        ) from None
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} is missing; restore it with: git checkout -- reports") from None

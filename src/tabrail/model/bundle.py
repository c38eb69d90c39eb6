"""A model with all that belongs to it, as a folder has it: the project, or another clone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail import params, paths
from tabrail.data import schema
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
        facts: what it says of itself.
        contract: what it expects of a row.
        knobs: the parameters of its run.
        evaluation: content of its reports/evaluation.json.
        distributions: content of its reports/distributions.json.
        card: its model card, as Markdown.
    """

    version: str
    pipeline: Pipeline
    facts: model.Facts
    contract: schema.Schema
    knobs: params.Params
    evaluation: dict[str, Any]
    distributions: dict[str, Any]
    card: str

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Predict rows that conform to the contract; see `model.predict`."""
        return model.predict(self.pipeline, self.facts, rows, self.contract)


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
    contract = schema.load(folder / paths.SCHEMA)
    pipeline, facts = model.load(folder / paths.MODEL)
    model.require(facts, contract)
    found = Bundle(
        version=registry.model_version(folder),
        pipeline=pipeline,
        facts=facts,
        contract=contract,
        knobs=params.load(folder / paths.PARAMS),
        evaluation=_json(folder / paths.EVALUATION),
        distributions=_json(folder / paths.DISTRIBUTIONS),
        card=_text(folder / paths.MODEL_CARD),
    )
    rows = reference.table(reference.rows(contract, found.distributions), contract)
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

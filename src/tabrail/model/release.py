"""Load a model with its code, schema, params and reports from the project or another clone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.config import Params, load_params, released_params
from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema, load_schema
from tabrail.documents import read_yaml
from tabrail.errors import InputError
from tabrail.model import derived, file, reference
from tabrail.model.compiled.columns import Columns
from tabrail.model.compiled.proof import compile_pipeline
from tabrail.model.compiled.scorer import Compiled
from tabrail.model.limits import Predicted
from tabrail.model.metadata import Metadata, read_metadata
from tabrail.model.predict import score
from tabrail.model.recorded import require_recorded
from tabrail.model.signature import require
from tabrail.model.worker import Worker
from tabrail.project import code, registry
from tabrail.project.project import Project

OTHER_CODE = "its code is not this project's, so it runs in a separate process"


@dataclass(frozen=True)
class Release:
    """A model with its code, schema, params and reports.

    Attributes:
        version: its tag, or the start of its hash; see `registry.model_version`.
        score: predicts rows that conform to the schema; see `tabrail.model.predict.score`.
        clean: the cleaning function of its code.
        derive: adds the columns that the model derives; see `tabrail.model.derived`.
        metadata: the metadata of its file.
        schema: describes the cleaned rows that it expects.
        params: the parameters of its run.
        evaluation: content of its reports/evaluation.json.
        distributions: content of its reports/distributions.json.
        card: its model card, as Markdown.
        worker: the process that it runs in if its code is not this project's; else None.
        compiled: the compiled form for few rows, if requested and if it predicts the same.
        uncompiled: the reason if there is none although it was requested.
    """

    version: str
    score: Callable[[pd.DataFrame], Predicted]
    clean: Clean
    derive: Callable[[pd.DataFrame], pd.DataFrame]
    metadata: Metadata
    schema: Schema
    params: Params
    evaluation: dict[str, Any]
    distributions: dict[str, Any]
    card: str
    worker: Worker | None
    compiled: Compiled | None = None
    uncompiled: str = ""

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Predict rows that conform to the schema; see `tabrail.Model.predict`."""
        return self.score(rows).numbers

    def score_columns(self, rows: Columns) -> Predicted:
        """Predict rows that conform to the schema; a compiled model is faster for few rows."""
        return self.compiled.score(rows) if self.compiled else self.score(rows.frame())

    @property
    def separate(self) -> bool:
        """Check whether its code is not this project's, so that it runs in its own process."""
        return self.worker is not None


def load_release(
    folder: Path = Path(), *, untrusted: bool = False, compiled: bool = False
) -> Release:
    """Load a model with its code, schema, params and reports, and check that they match.

    A model with other code than this project's runs in its own process, so that two versions of the
    code are never mixed.

    Args:
        folder: the root of this project, or of a clone of it at another commit.
        untrusted: whether the model file may be one that was never recorded.
        compiled: whether to compile it, to score few rows fast.

    Raises:
        InputError: a file is missing or damaged, or the model file is not the recorded one. Or the
            predictions for the reference rows differ from those of the evaluation.
    """
    if folder != Path() and not (folder / paths.SCHEMA).exists():
        raise InputError(
            f"{folder.resolve()} is not a clone of this project; clone a version with: git clone "
            f"--branch model@v0.1.0 . {folder} (there is no {paths.SCHEMA})"
        )
    if not untrusted:
        require_recorded(folder)
    schema = load_schema(folder / paths.SCHEMA)
    metadata = read_metadata(folder / paths.MODEL)
    require(metadata, schema)
    here = Path()
    separate = folder.resolve() != here.resolve() and bool(code.changed(here, metadata.code))
    worker = Worker(folder) if separate else None
    model = worker or file.load(folder / paths.MODEL, here)[0]
    score, clean, derive = _functions(model, metadata, schema)
    found = Release(
        version=registry.model_version(folder),
        score=score,
        clean=clean,
        derive=derive,
        metadata=metadata,
        schema=schema,
        params=_params(folder / paths.PARAMS),
        evaluation=_json(folder / paths.EVALUATION),
        distributions=_json(folder / paths.DISTRIBUTIONS),
        card=_text(folder / paths.MODEL_CARD),
        worker=worker,
    )
    rows = reference.table(reference.rows(schema, found.distributions), schema)
    reference.require(found.evaluation["reference"], found.predict(rows), found.evaluation)
    return _compiled(found, model) if compiled else found


def _compiled(release: Release, model: Pipeline | Worker) -> Release:
    """Return the release with a compiled model, if that predicts the same."""
    if isinstance(model, Worker):
        return replace(release, uncompiled=OTHER_CODE)
    found, reason = compile_pipeline(model, release.metadata, release.schema, release.distributions)
    return replace(release, compiled=found, uncompiled=reason)


def _functions(
    model: Pipeline | Worker, metadata: Metadata, schema: Schema
) -> tuple[Callable[[pd.DataFrame], Predicted], Clean, Callable[[pd.DataFrame], pd.DataFrame]]:
    """Return the functions that score, clean and derive, in this process or in a separate one."""
    if isinstance(model, Worker):
        return model.score, model.clean, model.derive
    return (
        lambda rows: score(model, metadata, rows, schema),
        Project.load(Path()).clean,
        lambda rows: derived.derive(model, rows),
    )


def _params(path: Path) -> Params:
    return load_params(path) if path == paths.PARAMS else released_params(read_yaml(path), path)


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

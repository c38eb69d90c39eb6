"""Save and load a project's model."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.data import distributions, tables
from tabrail.data.schema import Schema
from tabrail.documents import to_csv, to_json
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.model import file
from tabrail.model.compiled.proof import plain_numbers
from tabrail.model.limits import Predicted, of_target
from tabrail.model.metadata import Metadata
from tabrail.model.predict import predict, score
from tabrail.model.recorded import require_recorded
from tabrail.model.search import SearchResult
from tabrail.model.signature import require
from tabrail.model.texts import usual
from tabrail.project.environment import python_version
from tabrail.project.project import Project


class Model(NamedTuple):
    """A loaded model.

    Attributes:
        pipeline: the fitted pipeline.
        metadata: the metadata of the model file.
        schema: describes the rows that the model expects.
    """

    pipeline: Pipeline
    metadata: Metadata
    schema: Schema

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Predict rows that conform to the schema.

        Args:
            rows: n_rows rows.

        Returns:
            For a regression, the predicted values, clipped to the target's limits in schema.yaml at
            training, shape (n_rows,). For two classes, the probability of the positive class, shape
            (n_rows,). For more classes, the probability of each in the order of `schema.classes`,
            shape (n_rows, n_classes).

        Raises:
            InputError: the model was trained for another schema.
        """
        return predict(self.pipeline, self.metadata, rows, self.schema)

    def score(self, rows: pd.DataFrame) -> Predicted:
        """Predict rows as `predict` does, and mark clipped predictions."""
        return score(self.pipeline, self.metadata, rows, self.schema)


def save_model(project: Project, model: Pipeline, found: SearchResult | None = None) -> None:
    """Write models/model.skops, reports/distributions.json and reports/plots/search.csv.

    Equal models give equal files, byte for byte. All files are written, or none.

    Args:
        project: the project.
        model: the pipeline, fitted on the training rows.
        found: the result of `search`. Raises:
        InputError: the model holds a type that is not safe to load, or was fitted on a sample.

    Example:
        >>> from sklearn.pipeline import Pipeline
        >>> from tabrail import Project, estimator, load_model, save_model
        >>> from tabrail.features import numbers
        >>> project = Project.load(example_root)
        >>> train = project.split("train")
        >>> columns = ColumnTransformer([("numbers", numbers(), ["age"])])
        >>> model = Pipeline([("columns", columns), ("estimator", estimator(project))])
        >>> save_model(project, model.fit(train.rows, train.y_true))
        sklearn.linear_model.LogisticRegression fitted on 333 rows: models/model.skops
        >>> load_model(project, untrusted=True).metadata.task
        'binary'
    """
    train = found.train if found else project.split("train")
    workers = _workers(model)
    if train.sample and not workers:
        raise InputError(
            f"the model was fitted on a sample of the training rows: {len(train.rows):,} of "
            f"{train.size:,}; fit it with tabrail.fit, which hands it to the workers of the cluster"
        )
    data = tables.sha256(paths.located(project.root, paths.TRAIN))
    metadata = describe(project, model, train.classes, train.size, data, found)
    texts_of_training = usual(model, train.rows, project.schema.features_of("text"))
    metadata = replace(metadata, texts=texts_of_training)
    known = distributions.describe(train.table, project.schema)
    numbers, _ = plain_numbers(model, metadata, project.schema, known)
    content = file.dump(model, metadata, project.root, numbers)
    tried = pd.DataFrame(columns=["candidate", "rows", "score", "std"])
    texts = {
        paths.DISTRIBUTIONS: to_json(known),
        paths.SEARCH: to_csv(tried if found is None else found.table),
    }
    written = [paths.located(project.root, path) for path in (paths.MODEL, *texts)]
    with replacing(*written) as [model_file, *text_files]:
        model_file.write_bytes(content)
        for text_file, text in zip(text_files, texts.values(), strict=True):
            text_file.write_text(text, encoding="utf-8", newline="\n")
    by = f" by {workers} {'worker' if workers == 1 else 'workers'}" if workers else ""
    print(f"{_name(project, model)} fitted on {train.size:,} rows{by}: {paths.MODEL}")


def load_model(project: Project, *, untrusted: bool = False) -> Model:
    """Load models/model.skops without running code from it.

    Before the file is read, its hash is compared with the one in dvc.lock, or in release.json in a
    folder made by `bundle`.

    Args:
        project: the project.
        untrusted: whether the file may be one that was never recorded.

    Raises:
        InputError: the file is missing, damaged or not the recorded one. Or it holds a type that is
            not trusted, or was trained for another schema or with other code.

    Example:
        >>> from tabrail import Project, load_model
        >>> project = Project.load(example_root)
        >>> load_model(project).predict(project.split("test").rows).shape
        (138,)
    """
    if not untrusted:
        require_recorded(project.root)
    pipeline, metadata = file.load(paths.located(project.root, paths.MODEL), project.root)
    require(metadata, project.schema)
    return Model(pipeline, metadata, project.schema)


def describe(
    project: Project,
    model: Pipeline,
    classes: list[str],
    rows: int,
    data: str = "",
    found: SearchResult | None = None,
) -> Metadata:
    """Return the metadata of a model file; `file.dump` adds the hashes of the code.

    Args:
        project: the project.
        model: the fitted pipeline.
        classes: the target's classes in training.
        rows: number of training rows.
        data: SHA-256 of the training table.
        found: what `search` found.
    """
    schema, name = project.schema, _name(project, model)
    is_given = name == project.params.train.estimator
    given = project.params.train.options.get(type(model[-1]).__name__, {}) if is_given else {}
    return Metadata(
        estimator=name,
        options=given | (found.best if found else {}),
        search=found.summary if found else {},
        task=schema.task,
        target=schema.target,
        classes=classes,
        columns={column: schema.columns[column].kind for column in schema.features},
        training_rows=rows,
        training_data=data,
        versions=file.library_versions(name),
        python=python_version(),
        limits=of_target(schema),
        workers=_workers(model),
    )


def _workers(model: Pipeline) -> int:
    """Return the number of workers of a cluster that fitted a model; 0 for a single process."""
    return int(getattr(model[-1], "n_workers_", 0))


def _name(project: Project, model: Pipeline) -> str:
    """Return the estimator's import path, in the form of params.yaml if it is the same class."""
    kind, given = type(model[-1]), project.params.train.estimator
    if given.rpartition(".")[2] == kind.__name__:
        return given
    return f"{kind.__module__}.{kind.__qualname__}"

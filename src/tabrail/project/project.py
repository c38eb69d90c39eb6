"""The project's folder as stages and commands see it: parameters, schema, code and tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from tabrail import paths
from tabrail.config import Params, load_params
from tabrail.config.estimators import ON_WORKERS
from tabrail.data import tables
from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.sample import Sample, read_sample
from tabrail.data.schema import GROUP, Schema, encode_target, load_schema
from tabrail.errors import InputError
from tabrail.project import code
from tabrail.project.settings import TABLE, Settings, find_root, load_settings

SplitName = Literal["train", "validation", "test"]
PREPARED: dict[SplitName, Path] = {
    "train": paths.TRAIN,
    "validation": paths.VALIDATION,
    "test": paths.TEST,
}


@dataclass(frozen=True)
class Split:
    """A prepared table, divided into arrays for scikit-learn.

    Attributes:
        table: all columns of the prepared table, n_rows of them.
        rows: the model's input columns, `schema.inputs`; shape (n_rows, n_inputs).
        y_true: the values to predict; shape (n_rows,). For a regression, numbers in the target's
            unit. Otherwise, the code of each row's class in `classes`.
        classes: the names of the classes that occur; none for a regression.
        weights: the weight of each row; shape (n_rows,). None if the schema names no column.
        groups: a hash of each row's group: of its key, or of the row itself without a key; shape
            (n_rows,), uint64.
        sample: the facts on the whole table, if the rows are a sample of it.
        root: the project's root.
    """

    table: pd.DataFrame
    rows: pd.DataFrame
    y_true: np.ndarray
    classes: list[str]
    weights: np.ndarray | None
    groups: np.ndarray
    sample: Sample | None = None
    root: Path = Path()

    @property
    def size(self) -> int:
        """The number of rows of the prepared table."""
        return self.sample.rows if self.sample else len(self.table)

    @property
    def fit_params(self) -> dict[str, np.ndarray]:
        """The keyword arguments of a pipeline's `fit` that pass the weights to its last step."""
        return {} if self.weights is None else {"estimator__sample_weight": self.weights}


@dataclass(frozen=True)
class Project:
    """A project's folder.

    Example:
        >>> from tabrail import Project
        >>> project = Project.load(example_root)
        >>> project.schema.target
        'bought'
        >>> len(project.split("train").rows.columns)
        6

    Attributes:
        root: the folder that has pyproject.toml, params.yaml and schema.yaml.
        settings: the table `[tool.tabrail]` of pyproject.toml.
        params: the content of params.yaml, with defaults for missing keys.
        schema: the content of schema.yaml.
    """

    root: Path
    settings: Settings
    params: Params
    schema: Schema

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load the project of a folder, or of the nearest folder above.

        Args:
            folder: where to begin; the default is the working directory.

        Raises:
            InputError: there is no project, or one of its files is missing or wrong.
        """
        root = find_root(folder)
        return cls(
            root=root,
            settings=load_settings(root),
            params=load_params(root / paths.PARAMS),
            schema=load_schema(root / paths.SCHEMA),
        )

    @cached_property
    def clean(self) -> Clean:
        """The project's cleaning function; the default changes nothing.

        Raises:
            InputError: `clean` in pyproject.toml names no object.
        """
        if not self.settings.clean:
            return no_cleaning
        reference, setting = self.settings.clean, f"{paths.PROJECT}, {TABLE}.clean"
        found: Clean = code.load_object(self.root, reference, setting)
        return found

    @cached_property
    def metrics(self) -> Sequence[Any] | None:
        """The project's list of metrics; None if none is set.

        Raises:
            InputError: `metrics` in pyproject.toml names no object.
        """
        if not self.settings.metrics:
            return None
        reference, setting = self.settings.metrics, f"{paths.PROJECT}, {TABLE}.metrics"
        found: Sequence[Any] = code.load_object(self.root, reference, setting)
        return found

    def section(self, stage: str) -> dict[str, Any]:
        """Return the parameters of a stage of your own: its section of params.yaml.

        Args:
            stage: the stage's name in dvc.yaml, which is also the section's name.

        Raises:
            InputError: params.yaml has no such section.
        """
        sections = self.params.model_extra or {}
        if stage not in sections:
            raise InputError(f"{paths.PARAMS} has no section {stage!r}; add it, or remove the call")
        found: dict[str, Any] = sections[stage]
        return found

    def split(self, name: SplitName) -> Split:
        """Read a prepared table.

        If workers of a cluster fit the estimator of params.yaml, `train` is a sample of the
        training rows. It has some of the groups, with about a million rows.

        Args:
            name: `train`, `validation` or `test`. Raises:
            InputError: the table is missing or damaged.
        """
        place, whole = paths.located(self.root, PREPARED[name]), None
        if name == "train" and self.params.train.estimator.startswith(ON_WORKERS):
            table, whole = read_sample(place, self.schema)
        else:
            table = tables.read(place)
        y_true, present = encode_target(table[self.schema.target], self.schema), np.empty(0, int)
        if whole:
            y_true, present = whole.y_true(table), whole.present
        elif self.schema.task != "regression":
            present, y_true = np.unique(y_true, return_inverse=True)
        return Split(
            table=table,
            rows=table[self.schema.inputs],
            y_true=y_true,
            classes=[self.schema.classes[int(place)] for place in present],
            weights=table[self.schema.weight].to_numpy() if self.schema.weight else None,
            groups=table[GROUP].to_numpy(),
            sample=whole,
            root=self.root,
        )

"""What is expected of a model: its distributions and scores at evaluation.

They are in Git, so neither the model nor its training data is needed. Any released version can be
monitored, not only the one that is checked out.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tabrail import paths
from tabrail.config import Params, released_params
from tabrail.data.schema import Schema
from tabrail.documents import load_yaml, parse
from tabrail.errors import InputError
from tabrail.evaluation.metric_list import Scoring, scoring
from tabrail.evaluation.metrics import Metric
from tabrail.evaluation.reported import ReportedMetric, reported
from tabrail.evaluation.scores import Scores
from tabrail.project import git, registry

IMPORTANCE = paths.PLOTS / "importance.csv"


@dataclass(frozen=True)
class Expected:
    """What is expected of a model, from its evaluation.

    Attributes:
        version: its tag, or the start of its hash.
        schema: of its rows.
        params: the parameters of its run, by which alone it is judged.
        evaluation: content of its reports/evaluation.json.
        distributions: content of its reports/distributions.json.
        importance: the share of each column in the importance of all; empty if it was not
            measured.
        given: the project's METRICS, if known.
    """

    version: str
    schema: Schema
    params: Params
    evaluation: dict[str, Any]
    distributions: dict[str, Any]
    importance: dict[str, float]
    given: Sequence[str | Metric] | None = None

    @cached_property
    def scoring(self) -> Scoring:
        """The metric to score new rows by: the main metric, if it can be computed."""
        main = str(self.evaluation["main_metric"])
        return scoring(main, self.schema, self.evaluation, self.given)

    @property
    def metric(self) -> str:
        """The metric to score new rows by; blank if there is none."""
        return self.scoring.name

    @property
    def reported(self) -> ReportedMetric:
        """The direction of that metric, and how its values are shown."""
        return reported(self.metric, self.evaluation)

    def scorer(
        self, y_true: np.ndarray, prediction: np.ndarray, params: Params | None = None
    ) -> Scores:
        """Return the scores of predictions by that metric; see `MetricList.scorer`.

        Args:
            y_true: what came true.
            prediction: what was predicted.
            params: whose threshold counts; those of this version, if None.
        """
        threshold = (params or self.params).evaluate.threshold
        return self.scoring.metrics.scorer(y_true, prediction, threshold, self.metric)


def of_version(version: str) -> Expected:
    """Return what is expected of a version: the one in this folder, or one with a tag.

    Raises:
        InputError: it is neither, or a report is missing.
    """
    if _is_tagged(version):
        return _read(version, lambda path: git.text(version, path))
    present = registry.model_version() if paths.MODEL.exists() else "not there"
    if version != present:
        raise InputError(
            f"the predictions in the log are from {version}, but {paths.MODEL} is {present}, and "
            "this clone has no tag of that version. Fetch tags with: git fetch --tags, or check "
            "out the commit of that model"
        )
    return here(version)


def _is_tagged(version: str) -> bool:
    """Return whether Git has the tag of a version; False without Git."""
    try:
        is_there = git.succeeds("rev-parse", "--verify", version)
    except OSError:  # in a folder that `bundle` wrote, in an image
        return False
    return is_there and registry.VERSION.fullmatch(version) is not None


def here(version: str) -> Expected:
    """Return what is expected of the model in this folder."""
    return _read(version, lambda path: path.read_text("utf-8") if path.exists() else None)


def _read(version: str, text: Callable[[Path], str | None]) -> Expected:
    def wanted(path: Path) -> str:
        found = text(path)
        if found is None:
            raise InputError(f"{version} has no {path}; restore it with: git checkout -- {path}")
        return found

    def read(path: Path) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(wanted(path))
        except ValueError as error:
            raise InputError(
                f"{path} of {version} is damaged ({error}); restore it with: git checkout -- {path}"
            ) from None
        return content

    schema, params = (load_yaml(wanted(path)) for path in (paths.SCHEMA, paths.PARAMS))
    return Expected(
        version=version,
        schema=parse(Schema, schema, paths.SCHEMA),
        params=released_params(params, paths.PARAMS),
        evaluation=read(paths.EVALUATION),
        distributions=read(paths.DISTRIBUTIONS),
        importance=_shares(text(IMPORTANCE) or ""),
    )


def _shares(table: str) -> dict[str, float]:
    falls = {row["column"]: float(row["importance"]) for row in csv.DictReader(table.splitlines())}
    whole = sum(fall for fall in falls.values() if fall > 0)
    return {name: max(fall, 0.0) / whole for name, fall in falls.items()} if whole > 0 else {}

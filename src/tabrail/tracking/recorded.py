"""The run that a commit records: its key, its parameters, its metrics."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from tabrail import paths
from tabrail.documents import load_yaml
from tabrail.dvc import runs
from tabrail.dvc import stages as of_stage
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.pipeline import locked, recorded_model, stages

NOT_IN_NAMES = re.compile(r"[^\w/.\- ]")  # MLflow refuses it in the name of a parameter or metric


@dataclass(frozen=True)
class Recorded:
    """A run as a commit records it.

    Attributes:
        commit: its full hash.
        title: the first line of its message.
        key: the SHA-256 of its dvc.lock: runs of the same data, code and parameters have the same.
        model: the MD5 of its model.
        params: the parameters of its stages, by their names.
        metrics: the numbers that `dvc metrics show` shows, by their names.
    """

    commit: str
    title: str
    key: str
    model: str
    params: dict[str, str]
    metrics: dict[str, float]


def read(revision: str) -> Recorded:
    """Read the run that a revision records in Git.

    Args:
        revision: a commit, branch or tag.

    Raises:
        InputError: there is no such revision, or it has no run.
    """
    commit = git.required_commit(revision)
    lock, model = git.text(commit, paths.LOCK), recorded_model(commit)
    if lock is None or not model:
        raise InputError(
            f"{commit[:12]} has no run, because its {paths.LOCK} does not name {paths.MODEL}; run: "
            "uv run dvc repro, and commit its results"
        )
    return Recorded(
        commit=commit,
        title=git.git("log", "-1", "--format=%s", commit).strip(),
        key=hashlib.sha256(lock.encode()).hexdigest(),
        model=model,
        params=_params(commit),
        metrics=_metrics(commit),
    )


def _params(commit: str) -> dict[str, str]:
    """Return the parameters of the stages, from dvc.lock."""
    found = {}
    for stage in locked(commit).values():
        for values in runs.params(stage).values():
            for name, value in _leaves(values):
                found[name] = value if isinstance(value, str) else json.dumps(value, default=str)
    return found


def _metrics(commit: str) -> dict[str, float]:
    """Return the numbers in the metrics files; a name from your own file begins with its path."""
    found = {}
    for stage in stages(commit).values():
        for path in map(Path, of_stage.metrics(stage)):
            prefix = "" if path == paths.METRICS else f"{path.with_suffix('').as_posix()}/"
            try:
                content = load_yaml(git.text(commit, path) or "")  # JSON is YAML, too
            except YAMLError:
                raise InputError(f"{path} of {commit[:12]} is not valid JSON or YAML") from None
            for name, value in _leaves(content or {}):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    found[f"{prefix}{name}"] = float(value)
    return found


def _leaves(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Return each value below some keys, by its path; a list is a value."""
    for key, value in tree.items():
        name = f"{prefix}{NOT_IN_NAMES.sub('_', str(key))}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value

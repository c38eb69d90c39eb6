"""Runs as Git keeps them, made by hand, and a repository for tests that ask Git."""

import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from conftest import PARAMS, SCHEMA

from tabrail import paths
from tabrail.config import Gate
from tabrail.documents import to_json
from tabrail.evaluation import replicates as stored
from tabrail.evaluation.intervals import Series
from tabrail.evaluation.scored import ScoredSplit
from tabrail.review.snapshot import Snapshot

NONE = np.empty(0)
GATE = Gate.model_validate(PARAMS["gate"])


def score(value: float | None, error: float | None = 0.02, **more: Any) -> dict[str, Any]:
    """Return a score with an interval of so much to both sides."""
    low = high = None
    if value is not None and error is not None:
        low, high = value - error, value + error
    return {"value": value, "low": low, "high": high, **more}


def evaluation(
    metrics: Mapping[str, Any] = {"roc_auc": 0.7},
    slices: Mapping[str, Any] = {"Oslo": 0.7, "Ulm": 0.7},
    *,
    baseline: float | None = 0.5,
    error: float | None = 0.02,
    **model: Any,
) -> dict[str, Any]:
    """Return the content of reports/evaluation.json; the first metric is the main one."""

    def full(one: Any, **more: Any) -> dict[str, Any]:
        return one | more if isinstance(one, dict) else score(one, error, **more)

    scored = {name: full(value, baseline_value=baseline) for name, value in metrics.items()}
    by_city = {city: full(value, rows=100) for city, value in slices.items()}
    return {
        "main_metric": next(iter(metrics)),
        "model": {"bytes": 200_000, "versions": {"numpy": "2.4.6"}} | model,
        "validation": {"metrics": scored, "slices": {"city": by_city}},
        "test": {"metrics": deepcopy(scored), "slices": {"city": {}}},
    }


def replicates(content: Mapping[str, Any], groups: int = 100) -> stored.Replicates:
    """Return what reports/replicates.json has beside some reports/evaluation.json.

    Each score varies as its interval says, and mostly with what rows are drawn: two runs differ by
    their scores, with an interval that is 0.6 times as wide.
    """
    if not content:
        return stored.Replicates()
    name = content["main_metric"]
    main = content["validation"]["metrics"][name]
    if main["value"] is None:
        return stored.Replicates(
            name, Series(groups, np.nan, np.empty(0)), Series(groups, np.nan, NONE)
        )
    constant = np.nan if main["baseline_value"] is None else main["baseline_value"]
    slices = {
        column: {
            value: _series(one, groups) for value, one in values.items() if one["low"] is not None
        }
        for column, values in content["validation"]["slices"].items()
    }
    baseline = Series(groups, constant, np.full(1000, constant))
    return stored.Replicates(name, _series(main, groups), baseline, slices)


def replicates_text(content: Mapping[str, Any]) -> str:
    """Return the content of reports/replicates.json beside some reports/evaluation.json."""
    known = replicates(content)
    assert known.model
    assert known.baseline
    slices: dict[str, dict[str, tuple[dict[str, int], Series | None]]] = {
        column: {value: ({}, series) for value, series in values.items()}
        for column, values in known.slices.items()
    }
    name = known.metric
    return stored.text(name, ScoredSplit({name: known.model}, {name: known.baseline}, slices))


def write_results(content: Mapping[str, Any]) -> None:
    """Write both files of a run's results."""
    paths.EVALUATION.write_text(to_json(content))
    paths.REPLICATES.write_text(replicates_text(content))


def _series(one: Mapping[str, Any], groups: int) -> Series:
    value, low = one["value"], one["low"]
    if low is None:
        return Series(groups, value, NONE)
    rows = np.random.default_rng(0).normal(size=1000)
    own = np.random.default_rng(int(value * 1e6)).normal(size=1000)
    own -= own.mean() + rows * np.cov(rows, own)[0, 1]  # so that no chance is in the tests
    return Series(groups, value, value + (value - low) / 1.96 * (0.9 * rows + 0.43 * own))


def run(**content: Any) -> Snapshot:
    """Return a run of the shops, with other content where it is given."""
    usual: dict[str, Any] = {
        "evaluation": evaluation(),
        "data": {"rows": {"raw": 600, "train": 400}, "missing_share": {"age": 0.0}},
        "importance": {"age": 0.2, "city": 0.01},
        "params": deepcopy(PARAMS),
        "schema": deepcopy(SCHEMA),
        "packages": {"numpy": "2.4.6", "six": "1.17.0"},
        "direct": {"numpy"},
    }
    whole = usual | content
    return Snapshot(**{"replicates": replicates(whole["evaluation"])} | whole)


class Repository:
    """A Git repository in the present folder."""

    def __init__(self) -> None:
        self.git("init", "--quiet", "--initial-branch=main")
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
            self.git("config", key, value)

    def git(self, *arguments: str) -> str:
        """Run Git and return what it prints."""
        command = ["git", *arguments]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout

    def commit(self, *paragraphs: str, **files: str) -> str:
        """Commit everything, with these files written; return the hash."""
        for name, text in files.items():
            Path(name.replace("__", "/").replace("_", ".")).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        messages = [part for text in paragraphs or ("Change",) for part in ("--message", text)]
        self.git("commit", "--quiet", "--allow-empty", *messages)
        return self.git("rev-parse", "HEAD").strip()

    def on_main(self, commit: str) -> None:
        """Let origin/main be a commit."""
        self.git("update-ref", "refs/remotes/origin/main", commit)

"""Runs as Git keeps them, made by hand, and a repository for tests that ask Git."""

import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from conftest import PARAMS, SCHEMA

from tabrail.config import Gate
from tabrail.review.snapshot import Snapshot

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


def run(**content: Any) -> Snapshot:
    """Return a run of the shops, with other content where it is given."""
    usual: dict[str, Any] = {
        "evaluation": evaluation(),
        "data": {"rows": {"train": 400}, "missing_share": {"age": 0.0}},
        "importance": {"age": 0.2, "city": 0.01},
        "params": deepcopy(PARAMS),
        "schema": deepcopy(SCHEMA),
        "packages": {"numpy": "2.4.6", "six": "1.17.0"},
        "direct": {"numpy"},
    }
    return Snapshot(**usual | content)


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

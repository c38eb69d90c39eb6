"""The results of a run and the files that they were made from, at any commit."""

import csv
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tabrail import paths
from tabrail.config import Params
from tabrail.documents import load_yaml
from tabrail.dvc import runs
from tabrail.dvc.stages import by_name
from tabrail.errors import InputError
from tabrail.evaluation import replicates
from tabrail.evaluation.replicates import Replicates
from tabrail.evaluation.reported import are_described
from tabrail.project import git
from tabrail.project.environment import requested_python

CONFLICT = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Snapshot:
    """The results and inputs of a run in a commit or the working tree; missing ones are empty.

    Attributes:
        evaluation: content of reports/evaluation.json.
        replicates: content of reports/replicates.json.
        data: content of reports/data.json.
        distributions: content of reports/distributions.json.
        importance: each column's importance, from the plot's table.
        params: content of params.yaml.
        schema: content of schema.yaml.
        stages: the stages of dvc.lock, by name.
        packages: versions by package, from uv.lock.
        direct: the packages that pyproject.toml names.
        python: the version of Python in .python-version, without the patch level.
    """

    evaluation: dict[str, Any] = field(default_factory=dict)
    replicates: Replicates = field(default_factory=Replicates)
    data: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, Any] = field(default_factory=dict)
    importance: dict[str, float] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    python: str = ""

    @property
    def scored_rows(self) -> str:
        """DVC's hash of the validation table; blank if there is none."""
        return runs.written(self.stages.get("prepare", {})).get(paths.VALIDATION.as_posix(), "")

    @property
    def raw_rows(self) -> int | None:
        """How many rows were read from data/raw; None if unknown."""
        rows = self.data.get("rows")
        count = rows.get("raw") if isinstance(rows, dict) else None
        return count if isinstance(count, int) else None

    @property
    def measures(self) -> dict[str, Any]:
        """Content of params.yaml with the defaults, and the main metric that the results have."""
        try:
            full = Params.model_validate(self.params).model_dump(by_alias=True)
        except ValidationError:  # this library does not know its format
            full = self.params
        section = full.get("evaluate")
        if not isinstance(section, dict) or section.get("main_metric"):
            return full
        return full | {"evaluate": section | {"main_metric": self.evaluation.get("main_metric")}}


def read(revision: str | None = None) -> Snapshot:
    """Read a revision; without one, read the working tree.

    If the format of a file in a revision is unknown, the file is treated as missing: no later
    change could fix it.

    Raises:
        InputError: a file in the working tree is damaged, or has the marks of a merge conflict.
    """

    def content(path: Path, parse: Callable[[str], Any]) -> Any:
        text = git.text(revision, path) if revision else _text(path)
        if text is None:
            return {}
        if not revision and CONFLICT.search(text):
            raise InputError(f"{path} has the marks of a merge conflict; resolve it first")
        try:
            return parse(text)
        except Exception as error:  # each parser has its own exceptions
            if revision:
                return {}
            reason = " ".join(str(error).split())
            fix = f"fix it, or restore it with: git checkout HEAD -- {path}"
            raise InputError(f"{path} cannot be read: {reason}; {fix}") from None

    project = content(paths.PROJECT, tomllib.loads)
    return Snapshot(
        evaluation=content(paths.EVALUATION, _evaluation),
        replicates=content(paths.REPLICATES, _replicates) or Replicates(),
        data=content(paths.DATA_REPORT, _json),
        distributions=content(paths.DISTRIBUTIONS, _distributions),
        importance=content(paths.PLOTS / "importance.csv", _numbers),
        params=content(paths.PARAMS, _yaml),
        schema=content(paths.SCHEMA, _schema),
        stages=content(paths.LOCK, _stages),
        packages=content(paths.PACKAGES, _versions),
        direct=_direct(project),
        python=content(paths.PYTHON, _python).get("version", ""),
    )


def _python(text: str) -> dict[str, str]:
    return {"version": requested_python(text)}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None


def _json(text: str) -> dict[str, Any]:
    return _mapping(json.loads(text))


def _evaluation(text: str) -> dict[str, Any]:
    """Return the results, if they have the current format of `evaluate`."""
    content = _json(text)
    try:
        known = [content[split]["metrics"][content["main_metric"]] for split in SPLITS]
        whole = all({"value", "low", "high", "baseline_value"} <= set(one) for one in known)
        parts = [content["validation"]["slices"], content["model"]]
    except (KeyError, TypeError):
        return {}
    whole = whole and are_described(content.get("metrics", {}))
    return content if whole and all(isinstance(part, dict) for part in parts) else {}


def _replicates(text: str) -> Replicates:
    return replicates.parse(json.loads(text))


def _distributions(text: str) -> dict[str, Any]:
    content = _json(text)
    return content if content.keys() >= {"rows", "columns"} else {}


def _yaml(text: str) -> dict[str, Any]:
    """Return the content of a YAML file with the types of JSON: dates are text."""
    content = load_yaml(text)
    return _mapping(json.loads(json.dumps(content, default=str)))


def _schema(text: str) -> dict[str, Any]:
    content = _yaml(text)
    columns = _mapping(content.get("columns"))
    if not columns or not all("kind" in column for column in columns.values()):
        raise ValueError("it needs columns, each with a kind")
    return content


def _stages(text: str) -> dict[str, Any]:
    return _mapping(by_name(_yaml(text)))


def _mapping(content: Any) -> dict[str, Any]:
    if not isinstance(content or {}, dict):
        raise TypeError(f"expected keys with values, got {type(content).__name__}")
    return content or {}


def _numbers(text: str) -> dict[str, float]:
    _, *rows = csv.reader(text.splitlines())
    return {name: float(number) for name, number in rows}


def _versions(text: str) -> dict[str, str]:
    listed = tomllib.loads(text).get("package", [])
    packages = [package for package in listed if "version" in package]
    found: dict[str, list[str]] = {}
    for package in packages:  # a package has several entries if its version depends on the platform
        found.setdefault(package["name"], []).append(package["version"])
    return {name: " or ".join(sorted(versions)) for name, versions in found.items()}


def _direct(project: dict[str, Any]) -> set[str]:
    listed = [*project.get("project", {}).get("dependencies", [])]
    for group in project.get("dependency-groups", {}).values():
        listed += [dependency for dependency in group if isinstance(dependency, str)]
    names = [re.split(r"[\[<>=!~;\s]", dependency, maxsplit=1)[0] for dependency in listed]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}

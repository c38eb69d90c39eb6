"""Read a stage of dvc.yaml: its inputs, its outputs, and where the outputs are kept."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Stage = Mapping[str, Any]

WRITTEN = ("outs", "metrics", "plots")


def by_name(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the stages in the content of dvc.yaml, or of dvc.lock.

    >>> by_name({"stages": {"train": {"cmd": "python train.py"}}})
    {'train': {'cmd': 'python train.py'}}
    """
    return (content or {}).get("stages", {})


def reads(stage: Stage) -> list[str]:
    """Return the paths that a stage reads.

    >>> reads({"deps": ["data/raw", "src"]})
    ['data/raw', 'src']
    """
    return _paths(stage.get("deps"))


def writes(stage: Stage) -> list[str]:
    """Return the paths that a stage writes.

    >>> writes({"outs": ["model"], "metrics": [{"metrics.json": {"cache": False}}]})
    ['model', 'metrics.json']
    """
    return [path for kind in WRITTEN for path in _paths(stage.get(kind))]


def metrics(stage: Stage) -> list[str]:
    """Return the files of metrics that a stage writes.

    >>> metrics({"outs": ["model"], "metrics": [{"metrics.json": {"cache": False}}]})
    ['metrics.json']
    """
    return _paths(stage.get("metrics"))


def kept_in_git(stage: Stage) -> Iterator[str]:
    """Yield the outputs of a stage that are in Git instead of DVC's cache.

    >>> list(kept_in_git({"outs": ["model"], "metrics": [{"metrics.json": {"cache": False}}]}))
    ['metrics.json']
    """
    for kind in WRITTEN:
        for entry in stage.get(kind, []):
            options: dict[str, Any] = {} if isinstance(entry, str) else entry
            yield from (path for path, how in options.items() if (how or {}).get("cache") is False)


def is_frozen(stage: Stage) -> bool:
    """Check whether a stage is frozen: DVC never runs it.

    >>> is_frozen({"cmd": "python train.py", "frozen": True})
    True
    """
    return bool(stage.get("frozen"))


def _paths(entries: Iterable[Any] | None) -> list[str]:
    """Return the paths in a list of dvc.yaml; an entry may have options."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries or []]

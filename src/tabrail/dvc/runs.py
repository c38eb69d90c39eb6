"""Read the last run of a stage from dvc.lock: its command, inputs and outputs."""

from collections.abc import Mapping
from typing import Any

Run = Mapping[str, Any]


def read(run: Run) -> dict[str, str]:
    """Return the MD5 of each input of a run, by its path; blank if it has none, as an address.

    >>> read({"deps": [{"path": "a.csv", "md5": "d41d8cd98f00b204e9800998ecf8427e", "size": 0}]})
    {'a.csv': 'd41d8cd98f00b204e9800998ecf8427e'}
    """
    return _digests(run, "deps")


def written(run: Run) -> dict[str, str]:
    """Return the MD5 of each output of a run, by its path; blank if it has none.

    >>> written({"outs": [{"path": "model", "md5": "d41d8cd98f00b204e9800998ecf8427e.dir"}]})
    {'model': 'd41d8cd98f00b204e9800998ecf8427e.dir'}
    """
    return _digests(run, "outs")


def params(run: Run) -> dict[str, dict[str, Any]]:
    """Return the parameters of a run, by file.

    >>> params({"params": {"params.yaml": {"train": {"seed": 1}}}})
    {'params.yaml': {'train': {'seed': 1}}}
    """
    return run.get("params", {})


def command(run: Run) -> Any:
    """Return the command of a run; a list if there were several.

    >>> command({"cmd": "python train.py"})
    'python train.py'
    """
    return run.get("cmd")


def are_whole(content: Any) -> bool:
    """Check whether the content of dvc.lock is complete for every stage.

    >>> are_whole({"stages": {"train": {"cmd": "python train.py", "outs": [{"md5": "d4"}]}}})
    False
    """
    try:
        for run in content["stages"].values():
            files = [*run.get("deps", []), *run.get("outs", [])]
            _ = run["cmd"], [file["path"] for file in files]
    except (KeyError, TypeError, AttributeError):
        return False
    return True


def _digests(run: Run, kind: str) -> dict[str, str]:
    return {entry.get("path", ""): entry.get("md5", "") for entry in run.get(kind, [])}

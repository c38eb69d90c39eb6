"""What runs on a worker: a look at what it has, and the work itself."""

import hashlib
import os
import pickle
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin
from threadpoolctl import threadpool_info

import tabrail
from tabrail.errors import InputError

LOCK, SOURCE = "uv.lock", "src"
PACKAGES = (
    *("dask", "distributed", "joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy"),
    *("xgboost-cpu",),
)


def fingerprint(root: Path) -> dict[str, str]:
    """Return what must be equal on all machines for equal results, by what it is called.

    Args:
        root: the project's root.
    """
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "tabrail": _sum(Path(tabrail.__file__).parent, "*.py"),
        **{f"the package {name}": _version(name) for name in PACKAGES},
        f"the project's {LOCK}": _sum(root, LOCK),
        f"the project's code in {SOURCE}": _sum(root / SOURCE, "*.py"),
        "BLAS": _blas(),
    }


def _sum(folder: Path, pattern: str) -> str:
    """Return a hash of the files of a folder, by their names and contents."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob(pattern) if "*" in pattern else folder.glob(pattern)):
        total.update(file.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _blas() -> str:
    """Return what the last digits of products depend on, which is set before NumPy comes."""
    import numpy as np  # noqa: F401  # so that its library is there to be seen

    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return ", ".join(sorted({f"{one['architecture']} with {one['num_threads']}" for one in found}))


class Ready(WorkerPlugin):
    """Brings a worker into the project's folder, unless it is not the same there."""

    name = "tabrail"

    def __init__(self, root: Path, needed: Sequence[Path], wanted: dict[str, str]) -> None:
        """Say what the worker must have.

        Args:
            root: the project's root.
            needed: files and folders that the work reads.
            wanted: the fingerprint of the machine that asks.
        """
        self._root, self._needed, self._wanted = root, list(needed), wanted

    def setup(self, worker: Worker) -> None:
        """Refuse to work, or make ready.

        Raises:
            InputError: something is missing, or differs.
        """
        if problem := lacking(self._root, self._needed, self._wanted):
            raise InputError(f"the worker {worker.address} {problem}")
        os.chdir(self._root)
        os.environ["TQDM_DISABLE"] = "1"  # the client shows the progress
        source = str((self._root / SOURCE).resolve())
        if source not in sys.path:
            sys.path.insert(0, source)


def lacking(root: Path, needed: Sequence[Path], wanted: dict[str, str]) -> str:
    """Return why a worker cannot do the work, or blank."""
    for place in (root, *needed):
        if not place.exists():
            return (
                f"has no {place}; every worker needs the project and its data at the same place as "
                "here, such as on a shared disk"
            )
    here = fingerprint(root)
    for name, value in wanted.items():
        if here.get(name) != value:
            if name == "BLAS":
                return (
                    f"uses {here[name]} threads for products of matrices, and this machine "
                    f"{value}; start it with: --preload tabrail"
                )
            shown = "" if len(value) > 40 else f": {here.get(name)} there, {value} here"
            return (
                f"has not the same as this machine of {name}{shown}; bring it to the same commit, "
                "run uv sync there, and start it again"
            )
    return ""


def run(function: bytes, item: Any) -> list[Any]:
    """Call a pickled function with an item, and return all that it yields."""
    return list(pickle.loads(function)(item))  # noqa: S301  # a worker runs what its cluster says

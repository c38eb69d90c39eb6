"""The code that runs on a worker: the check of its environment, and the work itself."""

import hashlib
import os
import pickle
import platform
import sys
from collections.abc import Sequence
from importlib import invalidate_caches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from distributed import Worker, WorkerPlugin
from threadpoolctl import threadpool_info

import tabrail
from tabrail.errors import InputError

LOCK, SOURCE = "uv.lock", "src"
STATE = {"run": "", "problem": "", "source": ""}  # of this worker
CORE, THREADS = "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS"
PACKAGES = (
    *("dask", "distributed", "joblib", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy"),
    *("xgboost-cpu",),
)


def fingerprint(root: Path, equal: Sequence[Path] = ()) -> dict[str, str]:
    """Return the values that must be equal on all machines for equal results, by their names.

    Args:
        root: the project's root.
        equal: files in the project that count, besides its code.
    """
    return INSTALLED | {
        f"the project's {LOCK}": _sum(root, root / LOCK),
        f"the project's code in {SOURCE}": _sum(root, *(root / SOURCE).rglob("*.py")),
        **{file.relative_to(root).as_posix(): _sum(root, file) for file in equal},
    }


def _installed() -> dict[str, str]:
    library = Path(tabrail.__file__).parent
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "tabrail": _sum(library, *library.rglob("*.py")),
        **{f"the package {name}": _version(name) for name in PACKAGES},
    }


def _sum(folder: Path, *files: Path) -> str:
    """Return a hash of files of a folder, by their names and contents; one may be missing."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = file.read_bytes() if file.exists() else b""
        total.update(file.relative_to(folder).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def blas() -> set[str]:
    """Return the BLAS kernel here, on which the last digits of matrix products depend."""
    import numpy as np  # noqa: F401  # so that its library is there to be seen

    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return {_kernel(one.get("architecture"), one["num_threads"]) for one in found}


def wanted_blas() -> str:
    """Return the BLAS kernel that `tabrail` sets for libraries imported after it."""
    return _kernel(os.environ.get(CORE), os.environ.get(THREADS, ""))


def _kernel(core: str | None, threads: str | int) -> str:
    kernel = f" by the kernel {core}" if os.environ.get(CORE) else ""
    return f"in {threads} {'thread' if str(threads) == '1' else 'threads'}{kernel}"


class Ready(WorkerPlugin):
    """Brings a worker into the project's folder, unless it is not the same there."""

    name = "tabrail"

    def __init__(self, root: Path, needed: Sequence[Path], equal: Sequence[Path]) -> None:
        """Say what the worker must have.

        Args:
            root: the project's root.
            needed: files and folders that the work reads.
            equal: files in the project that are to be the same, besides its code.
        """
        self._root, self._needed, self._equal = root, list(needed), list(equal)
        self._wanted, self._blas = fingerprint(root, equal), wanted_blas()
        self.run = uuid4().hex

    def setup(self, worker: Worker) -> None:
        """Make ready, or note why this worker cannot be used."""
        problem = lacking(self._root, self._needed, self._equal, self._wanted)
        if not problem and (other := blas() - {self._blas}):
            problem = (
                f"multiplies matrices {other.pop()}, but this project {self._blas}; start it with: "
                "--preload tabrail"
            )
        STATE.update(run=self.run, problem=f"the worker {worker.address} {problem}" * bool(problem))
        if problem:
            return
        os.chdir(self._root)
        os.environ["TQDM_DISABLE"] = "1"  # the client shows the progress
        source = str((self._root / SOURCE).resolve())
        earlier, STATE["source"] = STATE["source"] or source, source  # maybe of another project
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if is_below(file, Path(source)) or is_below(file, Path(earlier)):
                del sys.modules[name]
        invalidate_caches()
        sys.path[:] = [source, *(one for one in sys.path if one not in (source, earlier))]


def problem_of(run: str) -> str:
    """Return why this worker cannot work for a run; blank if it can.

    Args:
        run: which run asks.
    """
    if STATE["run"] != run:
        return (
            "the workers now work for another run of tabrail; use them for one run at a time, or "
            "start a scheduler for each run"
        )
    return STATE["problem"]


def is_below(file: str | None, folder: Path) -> bool:
    """Check whether a module's file is in a folder."""
    return file is not None and Path(file).resolve().is_relative_to(folder)


def lacking(
    root: Path, needed: Sequence[Path], equal: Sequence[Path], wanted: dict[str, str]
) -> str:
    """Return why a worker cannot do the work, or blank."""
    for place in (root, *equal, *needed):
        if not place.exists():
            return (
                f"has no {place}; every worker needs the project and its data at the same place as "
                "here, such as on a shared disk"
            )
    here = fingerprint(root, equal)
    for name, value in wanted.items():
        if here.get(name) == value:
            continue
        package = name.removeprefix("the package ")
        if package != name:
            return (
                f"has {package} {here.get(name)}, but this machine has {value}; run uv sync on "
                "both, and start the worker again"
            )
        what = name.removeprefix("the project's ")
        return (
            f"does not have the same {what} as this machine; check out the same commit there, run "
            "uv sync, and start the worker again"
        )
    return ""


def stop() -> None:
    """Start no more work for the current run."""
    STATE["problem"] = "the run has failed on another worker"


def work(function: bytes, item: Any, run: str) -> list[Any]:
    """Call a pickled function with an item, and return all that it yields.

    Args:
        function: what to call.
        item: what it gets.
        run: which run asks.

    Raises:
        InputError: this worker cannot work for it.
    """
    if problem := problem_of(run):
        raise InputError(problem)
    return list(pickle.loads(function)(item))  # noqa: S301  # a worker runs what its cluster says


# The state when this worker started: imported modules do not change with the files.
INSTALLED = _installed()

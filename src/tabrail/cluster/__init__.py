"""Work on other machines: the workers of a Dask cluster, if the environment names its scheduler."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tabrail.data.parts import Each, Found, one_by_one
from tabrail.errors import InputError

VARIABLE = "DASK_SCHEDULER"  # of the environment: the scheduler's address


def scheduler() -> str:
    """Return the address of the scheduler; blank if the work is done in this process."""
    return os.environ.get(VARIABLE, "").strip()


@contextmanager
def chosen(root: Path, needed: Sequence[Path] = (), equal: Sequence[Path] = ()) -> Iterator[Each]:
    """Yield a function that calls another one with each part: on the cluster if set, or here.

    Args:
        root: the project's root, which workers have at the same path.
        needed: files and folders that the work reads.
        equal: files in the project that must be the same everywhere, besides its code.

    Raises:
        InputError: the cluster cannot be used; nothing has run there.
    """
    if not scheduler():
        yield one_by_one
        return
    with _connected()(scheduler(), root, needed, equal) as cluster:
        yield cluster.each


def with_joblib(root: Path, call: Callable[[], Found]) -> Found:
    """Call a function in which scikit-learn fits on the cluster, if one is set.

    Args:
        root: the project's root, which workers have at the same path.
        call: the function; it is called again if a worker ends in the middle.

    Returns:
        What the function returns.

    Raises:
        InputError: the cluster cannot be used.
    """
    if not scheduler():
        return call()
    with _connected()(scheduler(), root) as cluster:
        found: Found = cluster.joblib(root, call)
    return found


def _connected() -> Any:
    """Return the function that connects. Its packages are slow to import, and may be missing."""
    if missing := [name for name in ("dask", "distributed") if find_spec(name) is None]:
        raise InputError(
            f"{VARIABLE} is set, but this environment has no package {missing[0]}; put "
            "uv run --group dask before the command (uv run tabrail add dask adds the group), or "
            f"do the work on this machine: unset {VARIABLE}"
        )
    from tabrail.cluster.client import connected

    return connected

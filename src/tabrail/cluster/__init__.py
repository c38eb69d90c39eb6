"""Work on other machines: the workers of a Dask cluster, if the environment names its scheduler."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tabrail.data.parts import Each, Found, one_by_one

VARIABLE = "DASK_SCHEDULER"  # of the environment: the scheduler's address


def scheduler() -> str:
    """Return the address of the scheduler; blank if the work is done in this process."""
    return os.environ.get(VARIABLE, "").strip()


@contextmanager
def chosen(root: Path, needed: Sequence[Path] = (), equal: Sequence[Path] = ()) -> Iterator[Each]:
    """Yield what calls a function with each part: on the cluster, if one is named, or here.

    Args:
        root: the project's root, which workers have at the same place.
        needed: files and folders that the work reads.
        equal: files in the project that are to be the same everywhere, besides its code.

    Raises:
        InputError: the cluster cannot be used; nothing has run there.
    """
    if not scheduler():
        yield one_by_one
        return
    from tabrail.cluster.client import connected  # it is slow to import

    with connected(scheduler(), root, needed, equal) as cluster:
        yield cluster.each


def with_joblib(root: Path, call: Callable[[], Found]) -> Found:
    """Call a function in which scikit-learn fits on the cluster, if one is named.

    Args:
        root: the project's root, which workers have at the same place.
        call: the function; it is called again where a worker ends in the middle.

    Returns:
        What the function returns.

    Raises:
        InputError: the cluster cannot be used.
    """
    if not scheduler():
        return call()
    from tabrail.cluster.client import connected

    with connected(scheduler(), root) as cluster:
        return cluster.joblib(root, call)

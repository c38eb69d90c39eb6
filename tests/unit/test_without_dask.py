"""Without the packages of a cluster, a sentence says what to type."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tabrail import cluster
from tabrail.errors import InputError


def search_there() -> None:
    cluster.with_joblib(Path(), list)


def prepare_there() -> None:
    with cluster.chosen(Path()):
        pass


@pytest.mark.parametrize("package", ["dask", "distributed"])
@pytest.mark.parametrize("connect", [search_there, prepare_there])
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, connect: Callable[[], None]
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, "tcp://127.0.0.1:1")
    monkeypatch.setattr(cluster, "find_spec", lambda name: None if name == package else object())
    message = rf"^DASK_SCHEDULER is set, but .* no package {package}; put uv run --group dask bef"
    with pytest.raises(InputError, match=message):
        connect()

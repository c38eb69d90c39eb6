"""Without the packages of a cluster, a sentence says what to type."""

from pathlib import Path

import pytest

from tabrail import cluster
from tabrail.errors import InputError


@pytest.mark.parametrize("package", ["dask", "distributed"])
@pytest.mark.parametrize("search", [False, True])
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, *, search: bool
) -> None:
    monkeypatch.setenv(cluster.VARIABLE, "tcp://127.0.0.1:1")
    monkeypatch.setattr(cluster, "find_spec", lambda name: None if name == package else object())
    message = rf"^DASK_SCHEDULER is set, and .* no package {package}; put uv run --group dask bef"
    with pytest.raises(InputError, match=message):
        if search:
            cluster.with_joblib(Path(), list)
        else:
            with cluster.chosen(Path()):
                pass

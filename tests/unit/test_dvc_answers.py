"""What a DVC remote of another kind, or none, answers becomes one message or a right answer.

What a real repository with a folder as its remote says is in test_dvc.py.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tabrail.dvc import command
from tabrail.dvc.repository import Repository, opened
from tabrail.errors import InputError


def repository(ask: Callable[..., Any] = lambda path: True, **more: Any) -> Repository:
    """Return a repository whose remote keeps files by their names, as a versioned bucket does."""
    fs = SimpleNamespace(exists=ask, version_aware=True, protocol="s3")
    remote = SimpleNamespace(fs=fs, path="bucket", worktree=False)
    repo: Any = SimpleNamespace(cloud=SimpleNamespace(get_remote=lambda: remote), **more)
    return Repository(repo)


def test_a_versioned_bucket_is_asked_by_dvc_itself() -> None:
    asked: list[dict[str, bool]] = []

    def status(**options: bool) -> dict[str, list[str]]:
        asked.append(options)
        return {"not_in_remote": ["models/model.skops"]}

    assert repository(data_status=status).not_in_remote() == ["models/model.skops"]
    assert asked == [{"not_in_remote": True, "remote_refresh": True}]


def test_a_versioned_bucket_has_no_files_by_their_hashes() -> None:
    assert repository().lacks(["0" * 32]) == set()
    assert repository(push=lambda: 3).push() == 3
    assert repository().folder_of_remote() is None


def test_a_remote_that_refuses_is_said_with_its_cause() -> None:
    def refuse(path: str) -> bool:
        raise RuntimeError from PermissionError("403: Forbidden")

    with pytest.raises(InputError, match=r"^the DVC remote cannot be reached: 403: Forbidden$"):
        repository(refuse).push()


def test_without_dvc_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dvc.repo", None)
    with (
        pytest.raises(InputError, match="DVC is not installed in this environment; run: uv sync"),
        opened(),
    ):
        pass


def test_what_dvc_cannot_merge_is_said_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = [tmp_path / name for name in ("before", "ours", "theirs")]
    sides[1].write_text("merged", encoding="utf-8")
    asked: list[tuple[str, ...]] = []

    def run(*arguments: str) -> str:
        asked.append(arguments)
        return "both have changed a.csv" if len(asked) == 1 else ""

    monkeypatch.setattr(command, "failure", run)
    with pytest.raises(InputError, match=r"^DVC cannot merge the data: both have changed a\.csv$"):
        command.merge_pointers(*sides)
    assert command.merge_pointers(*sides) == "merged"
    assert asked[1][:2] == ("git-hook", "merge-driver")
    assert asked[1][2:] == tuple(
        f"--{side}={path}" for side, path in zip(("ancestor", "our", "their"), sides, strict=True)
    )

"""A model is the version whose tag leads to its bytes, and has no version otherwise."""

import hashlib
from pathlib import Path

import pytest
from runs import Repository

from tabrail import paths
from tabrail.project import registry

CONTENT = b"a model"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
BY_HASH = f"md5:{MD5[:12]}"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository with a model, as its dvc.lock says."""
    monkeypatch.chdir(tmp_path)
    paths.MODEL.parent.mkdir()
    paths.MODEL.write_bytes(CONTENT)
    made = Repository()
    release(made, MD5)
    return made


def release(repository: Repository, md5: str, *tags: str) -> None:
    """Commit a model's hash, with tags."""
    repository.commit(dvc_lock=f"outs:\n- path: models/model.skops\n  md5: {md5}\n")
    for tag in tags:
        repository.git("tag", "--annotate", tag, "--message", "Register")


def test_a_model_without_a_tag_goes_by_its_hash(repository: Repository) -> None:
    assert registry.model_version() == BY_HASH


def test_outside_of_a_repository_a_model_goes_by_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    paths.MODEL.parent.mkdir()
    paths.MODEL.write_bytes(CONTENT)
    assert registry.model_version() == BY_HASH


def test_without_git_a_model_goes_by_its_hash(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(repository, MD5, "model@v0.1.0")
    monkeypatch.setenv("PATH", "")
    assert registry.model_version() == BY_HASH


def test_a_registered_model_goes_by_its_latest_version(repository: Repository) -> None:
    release(
        repository,
        MD5,
        "model@v0.1.0",
        "model@v0.9.0",
        "model@v0.10.0",
        "model@v0.11.0!",
        "model#prod#1",
    )
    release(repository, "0" * 32, "model@v0.12.0", "other@v1.0.0")
    assert registry.model_version() == "model@v0.10.0"


def test_the_bytes_decide_and_not_the_commit(repository: Repository) -> None:
    release(repository, MD5, "model@v0.1.0")
    paths.MODEL.write_bytes(b"another model")
    assert registry.model_version().startswith("md5:")


def test_a_model_in_another_clone_goes_by_the_tags_there(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(repository, MD5, "model@v0.1.0")
    monkeypatch.chdir("/")
    assert registry.model_version(tmp_path) == "model@v0.1.0"


def test_a_model_that_is_registered_later_gets_its_name(repository: Repository) -> None:
    assert registry.registered(BY_HASH) == BY_HASH
    release(repository, MD5, "model@v0.1.0")
    assert registry.registered(BY_HASH) == "model@v0.1.0"
    assert registry.registered("model@v0.9.0") == "model@v0.9.0"

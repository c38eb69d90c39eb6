"""Each rule of sp-repo-review is kept, or ignored with a reason: here and in generated projects."""

import tomllib
from pathlib import Path

import pytest
from repo_review.processor import process
from support.projects import TEMPLATE, generated

SERVICES = ("github", "gitlab", "none")


def failing(folder: Path, *ignored: str) -> set[str]:
    """Return the rules that a repository breaks; without names, pyproject.toml says which count."""
    found = process(folder, ignore=frozenset(ignored)).results
    assert len(found) > 20
    return {result.name for result in found if result.result is False}


def reasons(folder: Path) -> dict[str, str]:
    """Return the rules that a repository ignores, each with its reason."""
    content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    ignored: dict[str, str] = content["tool"]["repo-review"]["ignore"]
    return ignored


@pytest.fixture(params=[None, *SERVICES], ids=["this repository", *SERVICES])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """This repository, and a generated project for each service."""
    if request.param is None:
        return TEMPLATE
    return generated(tmp_path, setup="false", ci=request.param).path


def test_every_rule_is_kept_or_ignored_with_a_reason(repository: Path) -> None:
    assert failing(repository) == set()
    assert all(len(reason.split()) > 2 for reason in reasons(repository).values())


def test_no_rule_is_ignored_that_is_kept(repository: Path) -> None:
    broken = failing(repository, "nothing")
    assert [
        rule for rule in reasons(repository) if not any(b.startswith(rule) for b in broken)
    ] == []

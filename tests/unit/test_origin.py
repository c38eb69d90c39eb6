"""A version that is registered here must be everyone's."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from runs import Repository

from tabrail.project import git
from tabrail.review.origin import head_is_on_main, tags_are_here


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository of one commit, whose origin is up to date."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    repository = Repository()
    repository.commit("First", a_txt="1")
    repository.git("init", "--quiet", "--bare", "../origin.git")
    repository.git("remote", "add", "origin", "../origin.git")
    repository.git("push", "--quiet", "origin", "main")
    return repository


def test_a_version_is_registered_on_main(repository: Repository) -> None:
    assert head_is_on_main().verdict == "ok"
    repository.git("checkout", "--quiet", "-b", "squashed-later")
    repository.commit("Second", a_txt="2")
    found = head_is_on_main()
    assert found.verdict == "FAILED"
    assert "git switch main && git pull && uv run dvc pull" in found.fix
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    assert head_is_on_main().verdict == "skipped"


@pytest.mark.parametrize("tag", ["model@v0.1.0", "model#prod#1"])
def test_tags_that_only_origin_has_are_named(repository: Repository, tag: str) -> None:
    repository.git("tag", "other")
    assert tags_are_here().verdict == "ok"
    for one in (tag, "unrelated"):
        repository.git("tag", one)
        repository.git("push", "--quiet", "origin", f"refs/tags/{one}")
        repository.git("tag", "--delete", one)
    found = tags_are_here()
    assert found.verdict == "FAILED"
    assert found.detail == f"origin has tags that this clone lacks: {tag}"
    subprocess.run(shlex.split(found.fix.removeprefix("run: ")), check=True)
    assert tags_are_here().verdict == "ok"


@pytest.mark.parametrize("way", ["restore", "take over"])
def test_tags_that_origin_has_moved_are_named(repository: Repository, way: str) -> None:
    for tag in ("model@v0.1.0", "model#prod#1"):
        repository.git("tag", "--annotate", tag, "--message", "Release")
    repository.git("push", "--quiet", "--tags", "origin")
    assert tags_are_here().verdict == "ok"
    first = git.commit("HEAD")
    repository.commit("Second", a_txt="2")
    for tag in ("model@v0.1.0", "model#prod#1"):
        repository.git("push", "--quiet", "--force", "origin", f"HEAD:refs/tags/{tag}")
    found = tags_are_here()
    assert found.verdict == "FAILED"
    assert found.detail.endswith("for tags of this clone: model#prod#1, model@v0.1.0")
    ways = re.findall(r": (git [^;]+)", found.fix)
    subprocess.run(shlex.split(ways[way == "take over"]), check=True)
    assert tags_are_here().verdict == "ok"
    assert (git.commit("model@v0.1.0") == first) == (way == "restore")


def test_an_origin_that_does_not_answer_is_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("remote", "set-url", "origin", "../nowhere.git")
    found = tags_are_here()
    assert found.verdict == "skipped"
    assert "does not appear to be a git repository" in found.detail
    monkeypatch.setattr(git, "SECONDS", 0.2)
    repository.git("config", "core.sshCommand", "sleep 60; #")
    repository.git("remote", "set-url", "origin", "ssh://nobody@nowhere/x")
    assert "no answer within 0.2 seconds" in tags_are_here().detail
    repository.git("remote", "remove", "origin")
    assert tags_are_here().detail == "there is no origin"

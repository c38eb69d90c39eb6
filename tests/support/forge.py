"""What the tests of GitHub's and GitLab's jobs share."""

from pathlib import Path

import pytest
from support.projects import Project

FAKE_DOCKER = """#!/bin/sh
echo "$*" >> "{notes}"
case $1 in
  build)
    for folder; do :; done
    test -f "$folder/.python-version" || exit 1
    sed -n 's/.*"version": "\\(.*\\)",/\\1/p' "$folder/release.json" >> "{notes}"
    echo "${{5#*=}}" > "{notes}.revision" ;;
  login) cat >> "{notes}" ;;
  manifest)
    if [ -f "{notes}.fault" ]; then cat "{notes}.fault" >&2; exit 1; fi
    test -f "{notes}.revision" || {{ echo "no such manifest: $3" >&2; exit 1; }} ;;
  pull | inspect) cat "{notes}.revision" || exit 1 ;;
esac
"""


def origin_and_author(project: Project, folder: Path) -> tuple[Path, Project]:
    """Return a bare repository that stands for the one on a service, and an author's clone."""
    origin, author = folder / "origin.git", Project(folder / "author")
    project.run("git", "clone", "--quiet", "--bare", ".", str(origin))
    project.run("git", "clone", "--quiet", str(origin), str(author.path))
    for key in ("user.name", "user.email"):
        git(author, "config", key, "ada@example.com")
    return origin, author


def git(project: Project, *arguments: str) -> str:
    """Run Git in a project and return what it prints."""
    return str(project.run("git", *arguments)).strip()


def edit(project: Project, file: str, old: str, new: str) -> None:
    """Replace text in a file of a project."""
    path = project.path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def be_quick(factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> None:
    """Let all jobs share an environment, which a runner makes anew."""
    shared = factory.getbasetemp()
    patch.setenv("UV_PROJECT_ENVIRONMENT", str(shared / "environment"))
    patch.setenv("MYPY_CACHE_DIR", str(shared / "mypy"))


def fake_docker(tools: Path) -> Path:
    """Write a `docker` that notes how it was called, which version it builds, and what it reads.

    It knows one image, from its first build on, with the revision that this was given. A file
    `docker.txt.fault` beside its notes has the answer of a registry that is out of order.

    Args:
        tools: the folder of the command.

    Returns:
        The file of its notes, which is not there yet.
    """
    tools.mkdir(exist_ok=True)
    notes = tools / "docker.txt"
    script = tools / "docker"
    script.write_text(FAKE_DOCKER.format(notes=notes), encoding="utf-8")
    script.chmod(0o755)
    return notes

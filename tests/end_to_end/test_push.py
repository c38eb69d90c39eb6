"""A push is about what is pushed, whatever is checked out; its data comes first."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from support.projects import STORAGE, Project, hashes

MODEL = "models/model.skops"


def edited(project: Project, branch: str, iterations: int) -> None:
    """Commit a parameter on a new branch, without running anything."""
    project.run("git", "switch", "--quiet", "--create", branch)
    project.edit("params.yaml", "max_iter: 100", f"max_iter: {iterations}")
    project.run("git", "commit", "--all", "--message", f"Try {iterations}", "--no-verify")


def back(project: Project) -> None:
    """Check main out, with its data."""
    project.run("git", "switch", "--quiet", "main")
    project.uv("dvc", "checkout", "--quiet")


def at_origin(project: Project) -> list[str]:
    return project.run("git", "ls-remote", "--refs", "origin").split()[1::2]


def stored(project: Project, digest: str) -> Path:
    return project.path.with_name(STORAGE) / "files/md5" / digest[:2] / digest[2:]


@pytest.fixture
def clone(finished: Project, tmp_path: Path) -> Project:
    """A clone with a storage of its own, and an origin to which nothing was pushed."""
    shutil.copytree(finished.path.with_name(STORAGE), tmp_path / STORAGE)
    finished.run("git", "init", "--quiet", "--bare", str(tmp_path / "origin.git"))
    finished.run("git", "clone", "--quiet", str(finished.path), str(tmp_path / "clone"))
    project = Project(tmp_path / "clone")
    for key in ("user.name", "user.email"):
        project.run("git", "config", key, "test@example.com")
    project.run("git", "remote", "remove", "origin")
    project.run("git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    project.sync(finished)
    project.take_data(finished)
    project.uv("pre-commit", "install")
    return project


@pytest.mark.ci("it takes a minute")
def test_each_revision_that_is_pushed_is_checked(clone: Project, tmp_path: Path) -> None:
    clone.run("git", "push", "origin", "main")
    assert at_origin(clone) == ["refs/heads/main"]

    edited(clone, "mine", 20)
    back(clone)
    output = clone.run("git", "push", "origin", "mine", code=1)
    assert "revision: mine (" in output
    assert "changed since the last run: train; run: uv run dvc repro, and commit" in output
    assert at_origin(clone) == ["refs/heads/main"]

    clone.run("git", "switch", "--quiet", "mine")
    clone.uv("dvc", "repro")
    clone.run("git", "commit", "--all", "--message", "Train")
    model = hashes(clone)[MODEL]
    back(clone)
    clone.edit("params.yaml", "max_iter: 100", "max_iter: 99")  # which nobody pushes
    assert not stored(clone, model).exists()
    assert "1 file pushed to the DVC remote" in clone.run("git", "push", "origin", "mine")
    assert stored(clone, model).exists()
    clone.run("git", "checkout", "--quiet", "params.yaml")

    edited(clone, "theirs", 30)
    back(clone)
    clone.run("git", "branch", "fine", "main")
    output = clone.run("git", "push", "--all", "origin", code=1)
    of_revisions = dict(part.split(" ", 1) for part in output.split("revision: ")[1:])
    assert [name for name, lines in of_revisions.items() if "FAILED" in lines] == ["theirs"]
    assert of_revisions.keys() == {"fine", "theirs"}
    assert at_origin(clone) == ["refs/heads/main", "refs/heads/mine"]

    clone.run("git", "tag", "model@v0.1.0", "mine")
    output = clone.run("git", "push", "origin", "model@v0.1.0")
    assert "revision: model@v0.1.0 (" in output
    clone.run("git", "push", "origin", "--delete", "mine")
    assert at_origin(clone) == ["refs/heads/main", "refs/tags/model@v0.1.0"]

    stored(clone, model).unlink()
    output = clone.run("git", "push", "origin", "fine", code=1)
    (fix,) = re.findall(
        r"the DVC remote lacks the models of released versions: model@v0.1.0; run: (.*)", output
    )
    for command in fix.split(" && "):
        clone.run(*shlex.split(command))
    clone.run("git", "push", "origin", "fine")

    storage = clone.path.with_name(STORAGE)
    storage.rename(tmp_path / "unmounted")
    clone.run("git", "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    output = clone.run("git", "push", "origin", "main", code=1)
    assert f"the DVC remote is the folder {storage}, which is not on this machine" in output
    assert not storage.exists()
    (alone,) = re.findall(r"to push the code without its data: (.*)", output)
    clone.run(*shlex.split(alone), "origin", "main")
    assert "is not on this machine" in clone.uv("tabrail", "verify")

"""What a stage names is fetched once, installed, and runs in its own folder and environment."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from runs import Repository
from typer.testing import CliRunner

from tabrail import deploy, paths
from tabrail.cli import app as cli
from tabrail.errors import InputError
from tabrail.log.database import VARIABLE
from tabrail.project import git, uv

PARAMS = """
train: {estimator: xgboost.XGBClassifier}
card: {title: a, owner: b, license: c, intended_use: d, limits: e}
"""
PROJECT = "[dependency-groups]\nserve = []\nxgboost = []\npostgres = []\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a clone whose version v0.1.0 is in prod; let `bundle` write what is read of it."""
    here = tmp_path / "clone"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv(VARIABLE, raising=False)
    made = Repository()
    made.commit(params_yaml=PARAMS)
    tag(made, "model@v0.1.0", "model#prod#1")

    def bundle(folder: Path, revision: str) -> str:
        folder.mkdir()
        (folder / paths.PARAMS).write_text(PARAMS, encoding="utf-8")
        (folder / paths.PROJECT).write_text(PROJECT, encoding="utf-8")
        note = {"commit": git.commit(revision)}
        (folder / paths.RELEASE).write_text(json.dumps(note), encoding="utf-8")
        return ""

    monkeypatch.setattr(deploy, "bundle", bundle)
    return made


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let uv make an environment with this Python; return what it is asked."""
    asked: list[list[str]] = []

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        assert options["variables"] == {"UV_PROJECT_ENVIRONMENT": ".venv"}
        asked.append(list(arguments))
        python = Path(arguments[2], deploy.PYTHON)
        python.parent.mkdir(parents=True, exist_ok=True)
        if not python.exists():
            python.symlink_to(sys.executable)
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(uv, "run", run)
    return asked


def tag(repository: Repository, *names: str, commit: str = "HEAD") -> None:
    """Write tags as GTO does."""
    for name in names:
        repository.git("tag", "--annotate", "--force", name, commit, "--message", "Release")


def test_a_version_is_fetched_once_and_has_the_packages_of_a_server(
    repository: Repository, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    found = deploy.deploy("prod", said.append)
    assert found == deploy.Deployed("model@v0.1.0", Path("releases/model@v0.1.0").resolve())
    assert len(said) == 2
    groups = ["--no-default-groups", "--group=serve", "--group=xgboost"]
    folder = str(Path("releases/model@v0.1.0"))
    assert installed == [["sync", "--directory", folder, "--locked", *groups]]
    monkeypatch.setenv(VARIABLE, "postgresql+psycopg://host/log")
    deploy.deploy("prod", said.append)
    assert len(said) == 2
    assert installed[1][-1] == "--group=postgres"
    assert repository.git("status", "--porcelain") == ""


def test_the_stage_decides_and_the_version_before_stays(
    repository: Repository, installed: list[list[str]]
) -> None:
    deploy.deploy("prod", print)
    repository.commit(params_yaml=f"{PARAMS}# more")
    tag(repository, "model@v0.2.0", "model#staging#2")
    assert deploy.deploy("staging", print).version == "model@v0.2.0"
    assert deploy.deploy("prod", print).version == "model@v0.1.0"
    assert len(list(Path("releases").glob("model@*"))) == 2


def test_a_tag_that_was_moved_is_fetched_again(
    repository: Repository, installed: list[list[str]]
) -> None:
    folder = deploy.deploy("prod", print).folder
    (folder / "old").touch()
    repository.commit(params_yaml=f"{PARAMS}# more")
    tag(repository, "model@v0.1.0", "model#prod#1")
    said: list[str] = []
    deploy.deploy("prod", said.append)
    assert not (folder / "old").exists()
    assert re.match(
        r"warning: somebody has moved the tag model@v0.1.0 from commit \w{7} to", said[0]
    )


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (
            ["model@v0.1.0", "model#prod#1"],
            r"moved the tag model@v0.1.0 from commit \w{7} to \w{7}",
        ),
        (["model@v0.1.0"], r"is in the stage 'prod', but its tag model@v0.1.0 is gone: somebody"),
    ],
    ids=["all", "version"],
)
def test_a_tag_that_was_moved_to_unseen_code_is_refused_and_can_be_restored(
    names: list[str], why: str, repository: Repository, installed: list[Any], tmp_path: Path
) -> None:
    repository.git("tag", "--annotate", "--force", "model#prod#1", "--message", "To version v0.1.0")
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "origin"))
    repository.git("remote", "add", "origin", str(tmp_path / "origin"))
    repository.git("fetch", "--quiet", "origin")
    deploy.deploy("prod", print)
    first = git.commit("HEAD")
    repository.git("switch", "--quiet", "--create", "other")
    repository.commit(params_yaml=f"{PARAMS}# unseen")
    tag(repository, *names)
    moved = [f"refs/tags/{name}" for name in names]
    repository.git("push", "--quiet", "--force", "origin", "other", *moved)
    with pytest.raises(InputError, match=why) as raised:
        deploy.deploy("prod", print)
    restore = str(raised.value).rpartition("restore it: ")[2].partition(";")[0]
    for command in restore.split(" && "):
        subprocess.run(shlex.split(command), check=True)
    assert git.commit("model@v0.1.0") == first
    assert repository.git("ls-remote", "origin", "refs/tags/model@v0.1.0^{}").startswith(str(first))


def test_a_tag_that_origin_has_moved_is_named(
    repository: Repository, installed: list[list[str]], tmp_path: Path
) -> None:
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "origin"))
    repository.git("remote", "add", "origin", str(tmp_path / "origin"))
    first = git.commit("HEAD")
    repository.commit(params_yaml=f"{PARAMS}# more")
    repository.git("push", "--quiet", "--force", "origin", "HEAD:refs/tags/model@v0.1.0")
    said: list[str] = []
    deploy.deploy("prod", said.append)
    assert "warning: the stage is read from this clone, because origin has moved tags" in said[0]
    assert "model@v0.1.0; find out who moved it. Then restore it from this clone: git" in said[0]
    assert git.commit("model@v0.1.0") == first


def test_tags_come_from_origin_and_without_it_the_clone_decides(
    repository: Repository,
    installed: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2099-01-01T00:00:00Z")  # GTO looks at the second
    origin = tmp_path / "origin"
    repository.commit(params_yaml=f"{PARAMS}# more")
    tag(repository, "model@v0.2.0", "model#prod#2")
    repository.git("clone", "--quiet", "--bare", ".", str(origin))
    repository.git("remote", "add", "origin", str(origin))
    repository.git("tag", "--delete", "model@v0.2.0", "model#prod#2")
    said: list[str] = []
    assert deploy.deploy("prod", said.append).version == "model@v0.2.0"
    origin.rename(tmp_path / "gone")
    said.clear()
    assert deploy.deploy("prod", said.append).version == "model@v0.2.0"
    assert said[0].startswith(
        "warning: the stage is read from this clone, because asking origin failed:"
    )


def test_a_version_that_is_not_on_main_is_refused(
    repository: Repository, installed: list[list[str]]
) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert deploy.deploy("prod", print).version == "model@v0.1.0"
    repository.git("switch", "--quiet", "--create", "other")
    repository.commit(params_yaml=f"{PARAMS}# unseen")
    tag(repository, "model@v9.0.0", "model#staging#99")
    with pytest.raises(
        InputError,
        match=r"of model@v9.0.0, \w{7}, is not on origin/main.*run: git show model@v9",
    ):
        deploy.deploy("staging", print)
    assert not Path("releases/model@v9.0.0").exists()
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")  # as a merge does
    assert deploy.deploy("staging", print).version == "model@v9.0.0"


def test_a_stage_without_a_version_is_refused(repository: Repository) -> None:
    with pytest.raises(InputError, match=r"the stage 'dev' has no version.*gto assign model"):
        deploy.deploy("dev", print)


def test_packages_that_cannot_be_installed_are_one_message(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "warning: slow\nerror: no network\n")
    monkeypatch.setattr(uv, "run", lambda *_, **__: failed)
    with pytest.raises(InputError, match=r"installed: no network; try it with: uv sync --direct"):
        deploy.deploy("prod", print)


def test_a_command_runs_in_the_release_and_logs_in_the_project(
    repository: Repository, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, called = Path.cwd(), []
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setattr(os, "execve", lambda *given: called.append((Path.cwd(), *given)))
    arguments = ["serve", "--stage", "prod", "--port", "1", "--challenger", "../c", "--share", ".1"]
    CliRunner().invoke(cli.app, [*arguments, "--no-key"])
    [(folder, program, command, environment)] = called
    assert folder == here / "releases/model@v0.1.0"
    assert program == command[0] == str(folder / deploy.PYTHON)
    given = ["--host", "127.0.0.1", "--port", "1", "--workers", "1", "--share", "0.1"]
    challenger = ["--challenger", str(here.parent / "c")]
    assert command[1:] == ["-m", "tabrail", "serve", *given, *challenger, "--no-key"]
    assert environment[VARIABLE] == f"sqlite:///{here}/log/predictions.sqlite"
    assert "VIRTUAL_ENV" not in environment


def test_predict_gets_absolute_paths(
    repository: Repository, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, called = Path.cwd(), []
    monkeypatch.setattr(os, "execve", lambda *given: called.append(given))
    options = ["--rejected", "bad.csv", "--overwrite"]
    CliRunner().invoke(cli.app, ["predict", "in.csv", "out.csv", "--stage", "prod", *options])
    bad = ["--rejected", str(here / "bad.csv"), "--overwrite"]
    places = [str(here / "in.csv"), str(here / "out.csv")]
    assert called[0][1][1:] == ["-m", "tabrail", "predict", *places, *bad]


def test_monitor_gets_absolute_paths(
    repository: Repository, installed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, called = Path.cwd(), []
    monkeypatch.setattr(os, "execve", lambda *given: called.append(given))
    options = ["--stage", "prod", "--json", "--output", "page.html"]
    CliRunner().invoke(cli.app, ["monitor", "a.csv", "in", *options])
    assert os.fspath(Path.cwd()) == f"{here}/releases/model@v0.1.0"
    given = [str(here / "a.csv"), str(here / "in"), "--json", "--output", str(here / "page.html")]
    assert called[0][1][1:] == ["-m", "tabrail", "monitor", *given]


@pytest.mark.parametrize("given", [[], ["a.csv", "--since", "7d"]])
def test_the_log_is_of_no_stage(repository: Repository, given: list[str]) -> None:
    done = CliRunner().invoke(cli.app, ["monitor", *given, "--stage", "prod"])
    assert done.exit_code == 2
    assert "--stage prod is for tables; the prediction log says" in done.output


@pytest.mark.parametrize("command", [["serve"], ["predict", "a.csv", "b.csv"], ["monitor", "a"]])
def test_an_unrecorded_model_is_in_no_stage(repository: Repository, command: list[str]) -> None:
    done = CliRunner().invoke(cli.app, [*command, "--stage", "prod", "--untrusted"])
    assert done.exit_code == (2 if command[0] == "monitor" else 1)
    assert "leave one of the two out" in done.output


@pytest.mark.skipif(os.name == "nt", reason="there are no such descriptors")
def test_who_scores_a_table_holds_the_lock_and_says_why_it_cannot(tmp_path: Path) -> None:
    python = tmp_path / deploy.PYTHON
    python.parent.mkdir(parents=True)
    python.write_text(
        '#!/bin/sh\necho "error: $3 $#" >&2; test -e /dev/fd/$LOCK || exit 9; exit $CODE\n'
    )
    python.chmod(0o755)
    found = deploy.Deployed("model@v0.1.0", tmp_path)
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCK", str(lock))
        patch.setenv("CODE", "1")
        with pytest.raises(InputError, match=r"^predict 8$"):
            found.predict(Path("a.csv"), Path("b.csv"), Path("c.csv"), lock)
        patch.setenv("CODE", "0")
        assert found.predict(Path("a.csv"), Path("b.csv"), None, lock) == ""
    os.close(lock)

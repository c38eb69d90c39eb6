"""Run the version that is in a stage of the registry: its code, model and environment.

Each version has its own folder in `releases`, as `bundle` writes it, and its own environment there.
The running version does not depend on what is checked out. The previous version is kept.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tabrail import paths
from tabrail.config import released_params
from tabrail.documents import read_yaml, write_texts
from tabrail.errors import InputError
from tabrail.files import held
from tabrail.log.database import VARIABLE
from tabrail.project import git, uv
from tabrail.project.registry import fetch_tags, released, require_merged
from tabrail.review.bundle import bundle

RELEASES = Path("releases")
LOCK = RELEASES / ".lock"
IGNORED = "# Made by tabrail from the tags. Delete the versions that no longer run.\n*\n"
PYTHON = Path(".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Deployed:
    """A released version on this machine, with the environment that it runs in.

    Attributes:
        version: its tag, such as model@v0.1.0.
        folder: where it is, as an absolute path.
    """

    version: str
    folder: Path

    def predict(self, table: Path, out: Path, rejected: Path | None, lock: int) -> str:
        """Let the release score a table; see `tabrail.batch.pending.Score`.

        The process that scores holds the lock, too. If this process is killed, the next run finds
        that scoring is still going on.

        Raises:
            InputError: the table cannot be scored; nothing is written.
        """
        options = ["--rejected", str(rejected.resolve())] if rejected else []
        places = [str(table.resolve()), str(out.resolve())]
        done = subprocess.run(
            self._command(["predict", *places, *options, "--overwrite"]),
            cwd=self.folder,
            env=_variables(),
            pass_fds=() if os.name == "nt" else (lock,),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().removeprefix("error: ")
            raise InputError(said or f"predict ended with exit code {done.returncode}")
        return done.stdout.strip()

    def become(self, arguments: Sequence[str]) -> NoReturn:
        """Replace this process by a command of tabrail in the release, which gets the signals."""
        command, variables = self._command(arguments), _variables()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if os.name == "nt":  # there, the caller would not wait for the new process
            sys.exit(subprocess.call(command, cwd=self.folder, env=variables))
        os.chdir(self.folder)
        os.execve(command[0], command, variables)  # noqa: S606

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(self.folder / PYTHON), "-m", "tabrail", *arguments]


def deploy(stage: str, say: Say) -> Deployed:
    """Fetch the version that is in a stage, and make its environment.

    An existing folder or environment is reused. If `origin` does not answer, the stage is read from
    this clone, so that a server can restart.

    Args:
        stage: such as prod.
        say: shows progress and warnings.

    Raises:
        InputError: nothing is in the stage, its version is not on main, or the version cannot be
            fetched or installed.
    """
    fetch_tags(say)
    version = released(stage)
    if version is None:
        raise InputError(
            f"the stage {stage!r} has no version; list stages: uv run gto show, or assign a "
            f"version: uv run gto assign model --version v0.1.0 --stage {stage} --push"
        )
    folder = RELEASES / version
    require_merged(version, _commit_in(folder))
    with held(LOCK, wait=True):  # if two programs start at the same time, one of them makes it
        write_texts({RELEASES / ".gitignore": IGNORED})
        before, now = _commit_in(folder), git.required_commit(version)
        if before != now:
            if before:
                moved = f"from commit {before[:7]} to {now[:7]}"
                say(f"warning: somebody has moved the tag {version} {moved}: git show {version}")
            say(f"Fetching {version} into {folder} …")
            if folder.exists():
                shutil.rmtree(folder)
            bundle(folder, version)
        _install(folder, version, say)
    return Deployed(version, folder.resolve())


def _commit_in(folder: Path) -> str | None:
    """Return the commit that a release was made of; None if it names none."""
    try:
        content = json.loads((folder / paths.RELEASE).read_text(encoding="utf-8"))
        return str(content["commit"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _install(folder: Path, version: str, say: Say) -> None:
    """Make the environment of a release, or update it; an up-to-date one takes no time."""
    if not (folder / PYTHON).exists():
        say(f"Installing the packages of {version} …")
    params = released_params(read_yaml(folder / paths.PARAMS), folder / paths.PARAMS)
    more = ["postgres"] if os.environ.get(VARIABLE, "").startswith("postgresql") else []
    groups = uv.server_groups(folder, params.train.estimator, *more)
    # The project may have its own environment elsewhere, which must not change.
    own = {"UV_PROJECT_ENVIRONMENT": ".venv"}
    done = uv.run("sync", "--directory", str(folder), "--locked", *groups, variables=own)
    if done.returncode:
        raise InputError(
            f"the packages of {version} cannot be installed: {uv.last_line(done.stderr)}; try it "
            f"with: uv sync --directory {folder} --locked {' '.join(groups)}"
        )


def _variables() -> dict[str, str]:
    """Return the environment variables of a release: all versions write to this project's log."""
    log = f"sqlite:///{paths.PREDICTION_LOG.resolve()}"
    return uv.environment() | {VARIABLE: os.environ.get(VARIABLE) or log}

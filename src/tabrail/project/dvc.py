"""What DVC says of the project: its pipeline, and the remote that keeps data and models."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tabrail.errors import InputError
from tabrail.project import git

if TYPE_CHECKING:
    from dvc.repo import Repo

Answer = TypeVar("Answer")

SECONDS = 30  # how long a remote may take for its first answer
UNREACHABLE = "the DVC remote cannot be reached"


@contextmanager
def opened(root: Path = Path(), config: dict[str, Any] | None = None) -> Iterator["Repo"]:
    """Open a project's folder with DVC.

    Args:
        root: the project's root.
        config: what goes before .dvc/config, as `Repo.config` has it.

    Raises:
        InputError: DVC is not installed, or fails; the message has the cause.
    """
    try:
        from dvc.exceptions import DvcException
        from dvc.repo import Repo
    except ImportError:
        raise InputError("DVC is not installed in this environment; run: uv sync") from None
    logging.getLogger("dvc").setLevel(logging.CRITICAL)  # what it would log is in the errors
    try:
        with Repo(str(root), config=config) as repo:
            yield repo
    except DvcException as error:
        what, why = (str(error).splitlines() or [""])[0].strip(), cause(error)
        raise InputError(why if not what or what in why else f"{what}: {why}") from error


def stale(repo: "Repo") -> list[str]:
    """Return the stages, and the `.dvc` files, that `dvc repro` would run.

    Data that is not here counts as what it was when the stages ran.
    """
    graph = repo.index.graph
    with repo.lock:
        return [
            stage.addressing
            for stage in repo.index.stages
            if stage.changed(allow_missing=True, upstream=list(graph.successors(stage)))
        ]


def folder_of_remote(repo: "Repo") -> Path | None:
    """Return the folder that the default remote is, as an absolute path, if it is one."""
    remote = _asked(repo.cloud.get_remote)
    return Path(remote.path) if remote.fs.protocol == "local" else None


def not_in_remote(repo: "Repo") -> list[str]:
    """Return the files, among those that the project's folder needs, that the remote lacks.

    Raises:
        InputError: the remote cannot be asked; the message has the cause.
    """
    remote = _asked(repo.cloud.get_remote)
    _answers(lambda: remote.fs.exists(remote.path))

    def missing() -> list[str]:
        if remote.fs.version_aware or remote.worktree:
            status = repo.data_status(not_in_remote=True, remote_refresh=True)
            return list(status["not_in_remote"])
        lacking: list[str] = []
        for odb, objects in repo.used_objs(push=True).items():
            names = {one.value: one.obj_name or one.value for one in objects}
            found = set((odb or remote.odb).oids_exist(list(names)))
            lacking += [name for value, name in names.items() if value not in found]
        return sorted(lacking)

    return _asked(missing)


def lacks(repo: "Repo", hashes: Iterable[str]) -> set[str]:
    """Return those of some MD5s whose files the remote lacks.

    Raises:
        InputError: the remote cannot be asked; the message has the cause.
    """
    wanted = set(hashes)
    remote = _asked(repo.cloud.get_remote)
    if remote.fs.version_aware or remote.worktree:  # it keeps files by name and version
        return set()
    return wanted - set(_asked(lambda: remote.odb.oids_exist(sorted(wanted)))) if wanted else set()


def push(repo: "Repo") -> int:
    """Push what the project's folder needs to the remote; return the number of files.

    Raises:
        InputError: the remote cannot be reached; the message has the cause.
    """
    remote = _asked(repo.cloud.get_remote)
    _answers(lambda: remote.fs.exists(remote.path))
    return _asked(lambda: int(repo.push()))


def fetch(repo: "Repo", targets: list[str], revisions: list[str]) -> None:
    """Fetch into the cache what some `.dvc` files name in some revisions, as far as it is there."""
    from dvc.exceptions import DvcException

    with suppress(DvcException):  # who needs a file that is missing, says so
        repo.fetch(targets, revs=[git.git("rev-parse", one).strip() for one in revisions])


def files_of(repo: "Repo", digest: str) -> dict[str, str] | None:
    """Return the MD5s of a folder's files by their paths in it; None if the list is not cached.

    Args:
        repo: the project.
        digest: the folder's MD5, which ends with .dir.
    """
    cache = repo.cache.local
    if not cache.exists(digest):
        return None
    listed = json.loads(Path(cache.oid_to_path(digest)).read_text(encoding="utf-8"))
    return {entry["relpath"]: entry["md5"] for entry in listed}


def merge_pointers(ancestor: Path, our: Path, their: Path) -> str:
    """Merge the folders that three `.dvc` files name; return the text of the merged `.dvc` file.

    Raises:
        InputError: DVC cannot merge them.
    """
    sides = (f"--ancestor={ancestor}", f"--our={our}", f"--their={their}")
    command = [sys.executable, "-m", "dvc", "git-hook", "merge-driver", *sides]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = done.stderr.strip().partition("\n")[0].removeprefix("ERROR: ")
        raise InputError(f"DVC cannot merge the data: {reason}")
    return our.read_text(encoding="utf-8")


def cause(error: BaseException) -> str:
    """Return what an error comes from, in one line: what DVC wraps it in does not say it."""
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        found.append(following)
    # Which package lacks the module, the error around it says.
    known = [one for one in reversed(found) if not isinstance(one, ModuleNotFoundError)]
    texts = [" ".join(str(one).split()) for one in known]
    return next((text for text in texts if text), type(error).__name__)


def _asked(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except Exception as error:  # each kind of storage has its own
        raise InputError(f"{UNREACHABLE}: {cause(error)}") from error


def _answers(ask: Callable[[], Any]) -> None:
    """Ask the remote something small: some kinds of storage are waited for without end.

    Raises:
        InputError: there is no answer in `SECONDS`, or it is an error.
    """
    failed: list[Exception] = []

    def asking() -> None:
        try:
            ask()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=asking, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if thread.is_alive():
        raise InputError(f"{UNREACHABLE}: no answer within {SECONDS} seconds")
    if failed:
        raise InputError(f"{UNREACHABLE}: {cause(failed[0])}") from failed[0]

"""What DVC says of the project: its pipeline, and the remote that keeps data and models."""

import json
import logging
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tabrail.errors import InputError

if TYPE_CHECKING:
    from dvc.repo import Repo

Answer = TypeVar("Answer")
Config = dict[str, Any]  # by section, as `Repo.config` has it

RWLOCK = Path(".dvc/tmp/rwlock")
SECONDS = 30  # how long a remote may take for its first answer
UNREACHABLE = "the DVC remote cannot be reached"


@contextmanager
def opened(root: Path = Path(), config: Config | None = None) -> Iterator["Repo"]:
    """Open a project's folder with DVC.

    Args:
        root: the project's root.
        config: what goes before .dvc/config.

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
        reason = why if not what or what in why else f"{what}: {why}"
        raise InputError(f"{reason}{lock_advice(root)}") from error


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
    remote = asked(repo.cloud.get_remote)
    return Path(remote.path) if remote.fs.protocol == "local" else None


def not_in_remote(repo: "Repo") -> list[str]:
    """Return the files, among those that the project's folder needs, that the remote lacks.

    Raises:
        InputError: the remote cannot be asked; the message has the cause.
    """
    remote = _remote(repo)
    if remote.fs.version_aware or remote.worktree:
        status = asked(lambda: repo.data_status(not_in_remote=True, remote_refresh=True))
        return list(status["not_in_remote"])
    return sorted(name for _, names in _lacking(repo, remote) for name in names.values())


def lacks(repo: "Repo", hashes: Iterable[str]) -> set[str]:
    """Return those of some MD5s whose files the remote lacks.

    Raises:
        InputError: the remote cannot be asked; the message has the cause.
    """
    wanted = set(hashes)
    remote = _remote(repo)
    if not wanted or remote.fs.version_aware or remote.worktree:  # it keeps files by their names
        return set()
    return wanted - set(asked(lambda: remote.odb.oids_exist(sorted(wanted))))


def push(repo: "Repo") -> int:
    """Push what the project's folder needs to the remote; return the number of files.

    Raises:
        InputError: the remote cannot be reached; the message has the cause.
    """
    remote = _remote(repo)
    count = asked(lambda: int(repo.push()))
    if remote.fs.version_aware or remote.worktree:
        return count
    # DVC takes it that of a folder whose list is in the remote, all files are there.
    cache = repo.cache.local
    for odb, names in _lacking(repo, remote):
        for value in filter(cache.exists, names):
            asked(partial(odb.add, cache.oid_to_path(value), cache.fs, value))
            count += 1
    return count


def _lacking(repo: "Repo", remote: Any) -> list[tuple[Any, dict[str, str]]]:
    """Return for each store what it lacks of what is needed: names by MD5."""

    def ask() -> list[tuple[Any, dict[str, str]]]:
        found = []
        for store, objects in repo.used_objs(push=True).items():
            odb = store or remote.odb
            names = {one.value: one.obj_name or one.value for one in objects}
            there = set(odb.oids_exist(list(names)))
            found.append((odb, {value: names[value] for value in names if value not in there}))
        return found

    return asked(ask)


def files_of(repo: "Repo", digest: str) -> dict[str, str] | None:
    """Return the MD5s of a folder's files by their paths in it; None if nobody has the list.

    Args:
        repo: the project.
        digest: the folder's MD5, which ends with .dir. The list comes into the cache.
    """
    cache = repo.cache.local
    if not cache.exists(digest):
        # Not `Repo.fetch` of revisions: of a remote with a relative path, it takes another folder.
        remote = _remote(repo)
        path = remote.odb.oid_to_path(digest)
        if not asked(lambda: remote.fs.exists(path)):
            return None
        cache.add(path, remote.fs, digest)
    listed = json.loads(Path(cache.oid_to_path(digest)).read_text(encoding="utf-8"))
    return {entry["relpath"]: entry["md5"] for entry in listed}


def merge_pointers(ancestor: Path, our: Path, their: Path) -> str:
    """Merge the folders that three `.dvc` files name; return the text of the merged `.dvc` file.

    Raises:
        InputError: DVC cannot merge them.
    """
    sides = (f"--ancestor={ancestor}", f"--our={our}", f"--their={their}")
    if reason := failure("git-hook", "merge-driver", *sides):
        raise InputError(f"DVC cannot merge the data: {reason}")
    return our.read_text(encoding="utf-8")


def failure(*arguments: str) -> str:
    """Run a command of DVC in a process of its own; return why it failed, blank if it did not."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if not done.returncode:
        return ""
    lines = done.stderr.strip().splitlines()
    causes = [line for line in lines if line.startswith("ERROR: ")]  # where to find help comes last
    reason = [*causes, *lines[-1:], ""][0].removeprefix("ERROR: ")
    # What DVC writes into Git's folder leaves such a file behind when the disk is full.
    if left := re.search(r"File exists: '([^']+\.lock)'", reason):
        reason += f"; if no other DVC or Git is at work, run: rm -f {shlex.quote(left[1])}"
    return f"{reason or 'no reason was given'}{lock_advice()}"


def lock_advice(root: Path = Path()) -> str:
    """Return what to run if a kill of DVC has cut its lock file off; blank if it is whole.

    DVC empties the file before it writes to it, and refuses everything where it is no JSON.

    Args:
        root: the project's root.
    """
    lock = root / RWLOCK
    try:
        json.loads(lock.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except ValueError:
        left = shlex.quote(lock.as_posix())
        return f"; if no other DVC is at work, run: rm -f {left}"
    return ""


def cause(error: BaseException) -> str:
    """Return what an error comes from, in one line: what DVC wraps it in does not say it."""
    found = [error]
    while following := found[-1].__cause__ or found[-1].__context__:
        found.append(following)
    # Which package lacks the module, the error around it says.
    known = [one for one in reversed(found) if not isinstance(one, ModuleNotFoundError)]
    texts = [" ".join(str(one).split()) for one in known]
    return next((text for text in texts if text), type(error).__name__)


def asked(ask: Callable[[], Answer]) -> Answer:
    """Ask a remote something.

    Raises:
        InputError: it does not answer; the message has the cause.
    """
    try:
        return ask()
    except Exception as error:  # each kind of storage has its own
        raise InputError(f"{UNREACHABLE}: {cause(error)}") from error


def _remote(repo: "Repo") -> Any:
    """Return the default remote, which answers."""
    remote = asked(repo.cloud.get_remote)
    answers(lambda: remote.fs.exists(remote.path))
    return remote


def answers(ask: Callable[[], Any]) -> None:
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

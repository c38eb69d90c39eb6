"""Query DVC about the project: its pipeline, and the remote for data and models."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabrail.dvc import hashes
from tabrail.dvc.asking import answers, asked
from tabrail.dvc.session import session
from tabrail.dvc.settings import Config
from tabrail.dvc.stores import Stores

if TYPE_CHECKING:
    from dvc.repo import Repo


@contextmanager
def opened(root: Path = Path(), config: Config | None = None) -> Iterator["Repository"]:
    """Open a project's folder with DVC.

    Args:
        root: the project's root.
        config: settings that override .dvc/config.

    Raises:
        InputError: DVC is not installed, or fails; the message has the cause.
    """
    with session(root, config) as repo:
        yield Repository(repo)


class Repository:
    """A project's folder, opened by `opened`."""

    def __init__(self, repo: "Repo") -> None:
        self._repo = repo

    def stale(self) -> list[str]:
        """Return the stages, and the `.dvc` files, that `dvc repro` would run.

        Data that is not on this machine is taken as unchanged since the stages ran.
        """
        graph = self._repo.index.graph
        with self._repo.lock:
            return [
                stage.addressing
                for stage in self._repo.index.stages
                if stage.changed(allow_missing=True, upstream=list(graph.successors(stage)))
            ]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the project against every other DVC process."""
        with self._repo.lock:
            yield

    def stores(self) -> Stores:
        """Return the cache and all remotes.

        Raises:
            InputError: a remote cannot be reached, or it keeps no objects by their MD5.
        """
        return Stores(self._repo)

    def folder_of_remote(self) -> Path | None:
        """Return the absolute path of the default remote, if it is a folder."""
        remote = asked(self._repo.cloud.get_remote)
        return Path(remote.path) if remote.fs.protocol == "local" else None

    def not_in_remote(self) -> list[str]:
        """Return the files that the project's folder needs and the remote lacks.

        Raises:
            InputError: the remote cannot be queried; the message has the cause.
        """
        remote = self._remote()
        if _keeps_names(remote):
            ask = partial(self._repo.data_status, not_in_remote=True, remote_refresh=True)
            return list(asked(ask)["not_in_remote"])
        return sorted(name for _, names in self._lacking(remote) for name in names.values())

    def lacks(self, digests: Iterable[str]) -> set[str]:
        """Return the MD5s whose files the remote lacks, among those given.

        Raises:
            InputError: the remote cannot be queried; the message has the cause.
        """
        wanted = set(digests)
        remote = self._remote()
        if not wanted or _keeps_names(remote):
            return set()
        return wanted - set(asked(lambda: remote.odb.oids_exist(sorted(wanted))))

    def push(self) -> int:
        """Push the files that the project's folder needs; return the number of files.

        Raises:
            InputError: the remote cannot be reached; the message has the cause.
        """
        remote = self._remote()
        count = asked(lambda: int(self._repo.push()))
        if _keeps_names(remote):
            return count
        # DVC assumes that the remote has all files of a folder if it has the folder's list.
        cache = self._repo.cache.local
        for odb, names in self._lacking(remote):
            for value in filter(cache.exists, names):
                asked(partial(odb.add, cache.oid_to_path(value), cache.fs, value))
                count += 1
        return count

    def files_of(self, digest: str) -> dict[str, str] | None:
        """Return the MD5s of a folder's files by their paths in it; None if nobody has the list.

        Args:
            digest: the folder's MD5. The list is fetched into the cache.
        """
        cache = self._repo.cache.local
        if not cache.exists(digest):
            # Not `Repo.fetch` of revisions, which resolves a remote's relative path to another
            # folder.
            remote = self._remote()
            path = remote.odb.oid_to_path(digest)
            if not asked(lambda: remote.fs.exists(path)):
                return None
            cache.add(path, remote.fs, digest)
        return hashes.files_in(Path(cache.oid_to_path(digest)).read_text(encoding="utf-8"))

    def _lacking(self, remote: Any) -> list[tuple[Any, dict[str, str]]]:
        """Return the needed files that each store lacks: names by MD5."""

        def ask() -> list[tuple[Any, dict[str, str]]]:
            found = []
            for store, objects in self._repo.used_objs(push=True).items():
                odb = store or remote.odb
                names = {one.value: one.obj_name or one.value for one in objects}
                there = set(odb.oids_exist(list(names)))
                found.append((odb, {value: names[value] for value in names if value not in there}))
            return found

        return asked(ask)

    def _remote(self) -> Any:
        """Return the default remote, after a check that it answers."""
        remote = asked(self._repo.cloud.get_remote)
        answers(lambda: remote.fs.exists(remote.path))
        return remote


def _keeps_names(remote: Any) -> bool:
    """Check whether a remote keeps versions of files by name, instead of objects by MD5."""
    return bool(remote.fs.version_aware or remote.worktree)

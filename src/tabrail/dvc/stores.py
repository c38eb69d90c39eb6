"""Access DVC's objects by their MD5: in the cache on this machine and in the project's remotes."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabrail.documents import read_yaml
from tabrail.dvc import hashes, places
from tabrail.dvc.asking import answers, asked
from tabrail.errors import InputError

if TYPE_CHECKING:
    from dvc.repo import Repo

FETCHED = places.TEMPORARY / "tabrail-fetched"  # objects that are read and are not in the cache


class Stores:
    """The cache and all remotes of a project; each remote was checked to answer."""

    def __init__(self, repo: "Repo") -> None:
        """Open the stores.

        Args:
            repo: the project, opened with DVC.

        Raises:
            InputError: a remote cannot be reached, or it keeps no objects by their MD5.
        """
        self._repo = repo
        self._cache = repo.cache.local
        self._remotes = [_odb(repo, name) for name in sorted(repo.config["remote"])]

    def folders(self) -> set[str]:
        """Return the MD5 of each folder whose list of files is in the cache."""
        return set(filter(hashes.is_folder, self._cache.all()))

    def files_of(self, folder: str) -> dict[str, str] | None:
        """Return the MD5s of a folder's files by their paths in it; None if nobody has the list."""
        with self.file(folder, "list.json") as path:
            return hashes.files_in(path.read_text(encoding="utf-8")) if path else None

    @contextmanager
    def file(self, digest: str, name: str) -> Iterator[Path | None]:
        """Yield an object as a file with a given name, as long as the block lasts.

        Args:
            digest: its MD5.
            name: its path in a folder, whose suffix gives the format.

        Yields:
            None, if no store has it.
        """
        target = FETCHED / name
        shutil.rmtree(FETCHED, ignore_errors=True)  # including leftovers of a killed process
        target.parent.mkdir(parents=True)
        try:
            yield target if self._fetched(digest, target.absolute()) else None
        finally:
            shutil.rmtree(FETCHED)

    def _fetched(self, digest: str, target: Path) -> bool:
        here = Path(self._cache.oid_to_path(digest))
        if here.is_file():
            try:
                target.hardlink_to(here)
            except OSError:  # another disk
                shutil.copyfile(here, target)
            return True
        for remote in self._remotes:
            path = remote.oid_to_path(digest)
            if asked(partial(remote.fs.exists, path)):
                asked(partial(remote.fs.get_file, path, str(target)))
                return True
        return False

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of DVC's run cache: stages in the form of dvc.lock."""
        for file in Path(self._repo.stage_cache.cache_dir).glob("??/*/*"):
            content = read_yaml(file)
            if isinstance(content, dict):
                yield content

    def having(self, digests: Collection[str]) -> set[str]:
        """Return the objects that the cache or a remote has, among those given.

        Raises:
            InputError: a remote cannot be asked.
        """
        found = {one for one in digests if self._cache.exists(one)}
        for odb in self._remotes if digests else []:
            found.update(asked(partial(odb.oids_exist, sorted(digests))))
        return found

    def delete(self, digests: Collection[str]) -> int:
        """Delete objects from all stores; return the number of objects that a store had.

        Raises:
            InputError: a remote cannot be changed. Repeat the call to delete the remaining objects.
        """
        from dvc_data.hashfile.db import get_index

        deleted: set[str] = set()
        for odb in [*self._remotes, self._cache] if digests else []:
            found = asked(partial(odb.oids_exist, sorted(digests)))
            if found:
                asked(partial(odb.fs.remove, [odb.oid_to_path(one) for one in found]))
                get_index(odb).clear()  # DVC's index of complete folders
            deleted.update(found)
        return len(deleted)


def _odb(repo: "Repo", name: str) -> Any:
    """Return the object database of a remote, after a check that it answers."""
    remote = asked(lambda: repo.cloud.get_remote(name))
    if remote.fs.version_aware or remote.worktree:
        raise InputError(
            f"the DVC remote {name} keeps versions of files by name (version_aware), so no object "
            "can be deleted by its MD5; delete the versions with the tools of the storage, or move "
            "to a remote without version_aware"
        )
    if "http" in str(remote.fs.protocol):
        raise InputError(
            f"nothing can be deleted over HTTP in the DVC remote {name}; set another address of it "
            "for this machine with: uv run dvc remote modify --local"
        )
    if remote.fs.protocol == "local" and not Path(remote.path).is_dir():
        raise InputError(
            f"the DVC remote {name} is the folder {remote.path}, which is not on this machine; "
            "mount it, or, if it is new, run: uv run dvc push"
        )
    answers(lambda: remote.fs.exists(remote.path))
    return remote.odb

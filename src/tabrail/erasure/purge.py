"""Delete the objects in Git's record of erased data from DVC's cache and remotes."""

from pathlib import PurePosixPath

from tabrail import paths
from tabrail.data.schema import load_schema
from tabrail.documents import read_yaml
from tabrail.dvc import repository, runs
from tabrail.dvc.hashes import is_folder
from tabrail.dvc.pointers import digests
from tabrail.dvc.stores import Stores
from tabrail.errors import InputError
from tabrail.project import erased, git
from tabrail.project.pipeline import locked


def purge(*, dry_run: bool) -> str:
    """Delete the recorded objects from the cache and the remotes.

    The list of a folder's files is kept, unless a value of the key is the name of a folder. The
    list has no rows, and shows what else may have to be erased later. Objects that the current
    commit needs are also kept: they were made again without the rows, and have the same bytes.

    Args:
        dry_run: whether to only return what would be done.

    Returns:
        A message that says what was done.

    Raises:
        InputError: the record is missing or not committed, the results of the current commit were
            not made again yet, or a remote does not answer. Nothing is deleted then.
    """
    record = erased.here()
    if not record:
        raise InputError(
            f"{paths.ERASED} records nothing, so there is nothing to delete; first run: uv run "
            "tabrail forget VALUE"
        )
    files = [path.as_posix() for path in (paths.ERASED, paths.RAW_POINTER, paths.LOCK)]
    if git.text("HEAD", paths.ERASED) is None or git.changed_files(*files):
        raise InputError(
            f"{paths.ERASED} is not committed with {paths.RAW_POINTER} and {paths.LOCK}; run: uv "
            "run dvc repro && git add --all && git commit, then repeat the command"
        )
    if date := erased.of_data():
        raise InputError(
            f"{paths.RAW_POINTER} names data that was erased on {date}; merge the commit that "
            "erased it, then repeat the command"
        )
    with repository.opened() as repo:
        if stale := repo.stale():
            raise InputError(
                f"{stale[0]} has not run since the data was erased; run: uv run dvc repro, and "
                "commit what it changes, then repeat the command"
            )
        stores = repo.stores()
        doomed = set(record) - _needed(stores)
        doomed = {one for one in doomed if not is_folder(one) or _names_persons(one, stores)}
        if dry_run:
            return f"{len(stores.having(doomed)):,} objects would be deleted"
        with repo.locked():
            count = stores.delete(doomed)
    return (
        f"{count:,} objects deleted from DVC's cache and remotes"
        if count
        else "there is nothing to delete: no cache and no remote has a recorded object"
    )


def _needed(stores: Stores) -> set[str]:
    """Return the MD5s that the present commit needs."""
    written = (runs.written(stage).values() for stage in locked().values())
    found = set(digests(read_yaml(paths.RAW_POINTER))).union(*written) - {""}
    for folder in list(filter(is_folder, found)):
        found |= set((stores.files_of(folder) or {}).values())
    return found


def _names_persons(folder: str, stores: Stores) -> bool:
    """Return whether folders in a folder are named by values of the key, as customer=7 is."""
    keys = tuple(f"{name}=" for name in load_schema().key)
    names = stores.files_of(folder) or {}
    return any(part.startswith(keys) for name in names for part in PurePosixPath(name).parts)

"""Write files as a whole or not at all, synced to disk, safe from other processes."""

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FULL = (errno.ENOSPC, errno.EDQUOT)  # the errors of a full disk or quota
TOKEN_BYTES = 4  # the random part of a temporary file's name
ANY_TOKEN = "[0-9a-f]" * 2 * TOKEN_BYTES


@contextmanager
def replacing(*paths: Path) -> Iterator[list[Path]]:
    """Yield a temporary file for each file; move all into place once all are written.

    No two processes write to the same temporary file. After an error, no file is replaced and
    nothing is left behind. A killed process leaves files that end in .tmp, which Git ignores. They
    are removed when the same file is written again.
    """
    temporaries: list[Path] = []
    try:
        with named(*paths), ExitStack() as held:
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
                _remove_leftovers(path)
                temporary, descriptor = _new_temporary(path)
                held.callback(os.close, descriptor)
                temporaries.append(temporary)
            yield temporaries
            sync(*temporaries)
            if sys.platform == "win32":
                held.close()  # an open file cannot be renamed there
            for temporary, path in zip(temporaries, paths, strict=True):
                temporary.replace(path)
            sync(*{path.parent for path in paths})
    finally:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)


@contextmanager
def named(*paths: Path) -> Iterator[None]:
    """Add the names of the files to the error of a full disk, which has none."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL and not error.filename:
            others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            error.filename = f"{paths[0]}{others}"
        raise


@contextmanager
def replacing_folders(*paths: Path) -> Iterator[list[Path]]:
    """Yield an empty folder for each folder; move all into place once all are filled.

    After an error, nothing is replaced and nothing is left behind. A killed process leaves folders
    that end in .tmp. They are removed when the same folder is filled again.
    """
    temporaries: list[Path] = []
    try:
        with ExitStack() as held:
            for path in paths:
                path.parent.mkdir(parents=True, exist_ok=True)
                for left in path.parent.glob(f"{escape(path.name)}.{ANY_TOKEN}.tmp"):
                    if left.is_dir() and _is_free(left):
                        shutil.rmtree(left)
                temporary = path.with_name(f"{path.name}.{secrets.token_hex(TOKEN_BYTES)}.tmp")
                temporary.mkdir()
                temporaries.append(temporary)
                if sys.platform != "win32":  # a folder cannot be opened there
                    descriptor = os.open(temporary, os.O_RDONLY)
                    held.callback(os.close, descriptor)
                    with suppress(OSError):  # a file system without locks
                        _lock(descriptor)
            yield temporaries
            sync(*temporaries)
            for temporary, path in zip(temporaries, paths, strict=True):
                remove(path)
                temporary.replace(path)
            sync(*{path.parent for path in paths})
    finally:
        for temporary in temporaries:
            shutil.rmtree(temporary, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all its content, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_free(folder: Path) -> bool:
    """Check that no process is filling a folder."""
    if sys.platform == "win32":
        return True
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: its leftovers stay
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def held(path: Path, *, wait: bool = False) -> Iterator[int]:
    """Hold an exclusive lock on a file; it ends with the process, even with a killed one.

    Args:
        path: the lock file, which is created and not removed.
        wait: whether to wait for another process that holds it.

    Yields:
        The file's descriptor. A child process that inherits it holds the lock as well.

    Raises:
        BlockingIOError: another process holds the lock, and `wait` is not set.
        OSError: the file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if sys.platform == "win32":
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError as error:
                raise BlockingIOError(error.errno, f"{path} is locked") from None
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def sync(*paths: Path) -> None:
    """Wait until the content of files, or the entries of folders, are on the disk."""
    for path in paths:
        if path.is_dir() and sys.platform == "win32":
            continue  # a folder cannot be opened there
        descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # a file system without fsync
                raise
        finally:
            os.close(descriptor)


def _new_temporary(path: Path) -> tuple[Path, int]:
    """Create a temporary file beside a file, open and locked, so that others see it is in use."""
    while True:
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(TOKEN_BYTES)}.tmp")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            _lock(descriptor)
        except BlockingIOError:  # another process has removed it as a leftover
            os.close(descriptor)
            continue
        except OSError:  # a file system without locks: its leftovers stay
            return temporary, descriptor
        if temporary.exists():
            return temporary, descriptor
        os.close(descriptor)


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files of a file that no process holds open."""
    for left in path.parent.glob(f"{escape(path.name)}.{ANY_TOKEN}.tmp"):
        with suppress(OSError), ExitStack() as held:
            if sys.platform != "win32":  # there, an open file cannot be removed
                descriptor = os.open(left, os.O_RDWR)
                held.callback(os.close, descriptor)
                _lock(descriptor)
            left.unlink()


def _lock(descriptor: int) -> None:
    """Lock a file until it is closed.

    Raises:
        BlockingIOError: another process has locked it.
        OSError: the file system has no locks.
    """
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

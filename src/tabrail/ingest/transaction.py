"""Change data, pointer, schema and generated files in one transaction.

The folder data/ingest.tmp has the new files and backups of the old ones. While plan.json is in it,
an ingest is running or was killed. The next one finishes or undoes a killed one. `forget` changes
data in the same way.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tabrail import paths
from tabrail.data import salt as salts
from tabrail.documents import write_texts
from tabrail.dvc import places
from tabrail.errors import InputError
from tabrail.files import sync
from tabrail.project import git

PLAN = paths.INGEST_PLAN
FOLDER = PLAN.parent
INCOMING, OUTGOING, UNDONE, BEFORE = (
    FOLDER / name for name in ("incoming", "outgoing", "undone", "before")
)
POINTERS = (paths.RAW_POINTER, paths.RAW.with_name(".gitignore"))  # DVC writes them
LOCK = places.TEMPORARY / "tabrail-ingest.lock"

Show = Callable[[str], None]


@dataclass
class Transaction:
    """The changes of an ingest, the content of plan.json.

    Attributes:
        replaces: whether its data replaces that in data/raw.
        had_data: whether there was a folder data/raw.
        data: the new files of data/raw, relative to it.
        staged: the staged versions of the pointers; None without a repository.
        files: for each other file, the SHA-256 of its old and new content; blank if it was missing,
            None if DVC writes it.
        in_place: whether all files are in place, and only `dvc add` may be missing.
        verb: the command that changes it.
    """

    replaces: bool
    had_data: bool
    data: list[str]
    staged: str | None
    files: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    in_place: bool = False
    verb: str = "ingest"

    def put_in_place(self, texts: Mapping[Path, str]) -> None:
        """Move the data to data/raw, and write texts."""
        self.save({path: _digest(text.encode()) for path, text in texts.items()})
        if self.replaces:
            if self.had_data:
                paths.RAW.rename(OUTGOING)
            INCOMING.rename(paths.RAW)
        else:
            for name in self.data:
                target = paths.RAW / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (INCOMING / name).rename(target)
        sync(paths.RAW.parent, *{(paths.RAW / name).parent for name in self.data})
        write_texts(texts)
        self.in_place = True
        self.save({})

    def save(self, after: Mapping[Path, str | None]) -> None:
        """Back up the files to change, and write plan.json."""
        for path, digest in after.items():
            if path.exists():
                _copy(path, BEFORE / path)
                shutil.copymode(path, BEFORE / path)
            self.files[path.as_posix()] = (_digest_of(path), digest)
        write_texts({PLAN: json.dumps(asdict(self), indent=2)})

    def restore(self, files: Iterable[str], show: Show) -> None:
        """Restore files, except those that were edited since."""
        for name in files:
            path, (before, after) = Path(name), self.files[name]
            now = _digest_of(path)
            if now == before:
                continue
            if after is not None and now != after:
                show(f"{path} was edited since and is left unchanged")
                continue
            if before:
                (BEFORE / path).replace(path)
            else:
                path.unlink()
            sync(path.parent)

    def undo(self, show: Show) -> None:
        """Undo all changes."""
        if not self.replaces:
            self._remove_data()
        elif OUTGOING.exists() or not (self.had_data or INCOMING.exists()):
            self._require_no_other_data()
            if paths.RAW.exists():
                shutil.rmtree(UNDONE, ignore_errors=True)
                paths.RAW.rename(UNDONE)
            if OUTGOING.exists():
                OUTGOING.rename(paths.RAW)
        self.restore(self.files, show)
        if self.staged is not None and self.staged != _staged():
            git.git("update-index", "--force-remove", "--", *map(str, POINTERS))
            git.git("update-index", "-z", "--index-info", given=self.staged)

    def _remove_data(self) -> None:
        files = [paths.RAW / name for name in self.data]
        for file in files:
            file.unlink(missing_ok=True)
        for folder in sorted({file.parent for file in files} - {paths.RAW}, reverse=True):
            with suppress(OSError):  # it has other files
                folder.rmdir()

    def _require_no_other_data(self) -> None:
        """Check that data/raw has only files of this ingest.

        Raises:
            InputError: it has others; undoing would lose them.
        """
        there = {path.relative_to(paths.RAW) for path in paths.RAW.rglob("*") if path.is_file()}
        if others := sorted(map(str, there - set(map(Path, self.data)))):
            raise InputError(
                f"the last {self.verb} was interrupted and is to be undone, but {paths.RAW} has "
                f"other files by now: {', '.join(others)}; move them elsewhere, then repeat the "
                "command"
            )


@contextmanager
def begun(
    copies: Mapping[Path, Path], salt: str, *, replace: bool, verb: str = "ingest"
) -> Iterator[Transaction]:
    """Copy the new files, and yield the transaction; undo it if the block fails.

    Args:
        copies: files by where in data/raw each goes; those in `FOLDER` are moved.
        salt: the project's salt.
        replace: whether they replace the existing data.
        verb: the command that changes it.
    """
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path, file in copies.items():
            _take(file, INCOMING / path.relative_to(paths.RAW))
        if replace or (copies and not (paths.RAW / salts.NAME).exists()):
            write_texts({INCOMING / salts.NAME: f"{salt}\n"})
        incoming = sorted(path for path in INCOMING.rglob("*") if path.is_file())
        names = [path.relative_to(INCOMING).as_posix() for path in incoming]
        transaction = Transaction(replace, paths.RAW.exists(), names, _staged(), verb=verb)
        transaction.save(dict.fromkeys(POINTERS))
        yield transaction
    except BaseException:
        if planned := _planned():
            planned.undo(lambda _: None)
        _end()
        raise
    _end()


def recover(track: Callable[[], None], show: Show) -> None:
    """Finish or undo a killed ingest.

    Args:
        track: lets DVC track data/raw.
        show: prints a text for the user.

    Raises:
        InputError: DVC cannot track the data, or undoing would lose files.
    """
    planned = _planned()
    if planned and planned.in_place:
        planned.restore(map(str, POINTERS), show)  # DVC may have been killed while writing one
        track()
        show(
            f"The last {planned.verb} was interrupted after all files were in place. It is "
            "finished now."
        )
    elif planned:
        planned.undo(show)
        show(f"The last {planned.verb} was interrupted. Its changes are undone.")
    _end()


@contextmanager
def locked() -> Iterator[None]:
    """Lock this project against another ingest.

    Raises:
        InputError: another one is running.
    """
    if not places.HOME.is_dir():  # not a DVC project, which is reported later
        yield
        return
    LOCK.parent.mkdir(exist_ok=True)
    # SQLite locks a file on every platform, and a killed process releases its lock.
    with closing(sqlite3.connect(LOCK, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise InputError(f"{LOCK} cannot be written: {error}") from None
            raise InputError(
                f"another ingest is running in this project ({LOCK}: {error}); repeat the command "
                "when it has finished"
            ) from None
        yield


def require_none() -> None:
    """Check that no ingest is running or was killed.

    Raises:
        InputError: data and schema may not match.
    """
    if PLAN.exists():
        raise InputError(
            "an ingest is running, or was interrupted: data and schema may not match; if none is "
            f"running, finish or undo it with: uv run tabrail ingest {paths.RAW.as_posix()}"
        )


def _take(file: Path, place: Path) -> None:
    """Move a file that was made for this ingest; copy any other file."""
    if FOLDER in file.parents:
        place.parent.mkdir(parents=True, exist_ok=True)
        file.rename(place)
    else:
        _copy(file, place)


def _copy(file: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, copy)
    sync(copy)


def _end() -> None:
    """Remove the folder; plan.json goes first, because without it the folder is ignored."""
    if FOLDER.exists():
        PLAN.unlink(missing_ok=True)
        sync(FOLDER)
        shutil.rmtree(FOLDER, ignore_errors=True)


def _planned() -> Transaction | None:
    """Return the plan of an unfinished ingest."""
    if not PLAN.exists():
        return None
    return Transaction(**json.loads(PLAN.read_text(encoding="utf-8")))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; blank if it is missing."""
    return _digest(path.read_bytes()) if path.exists() else ""


def _staged() -> str | None:
    """Return the staged versions of the pointers; None without a repository."""
    try:
        return git.git("ls-files", "-z", "--stage", "--full-name", "--", *map(str, POINTERS))
    except (InputError, OSError):
        return None

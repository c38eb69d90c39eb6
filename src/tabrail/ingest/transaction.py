"""Let one ingest change data, pointer, schema and generated files together, or nothing at all.

The folder data/ingest.tmp has what comes in and what was there. While plan.json is in it, an ingest
is under way or was killed. The next one finishes what was killed, or undoes it. `forget` changes
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
    """What an ingest changes, as plan.json has it.

    Attributes:
        replaces: whether its data takes the place of what is in data/raw.
        had_data: whether there was a folder data/raw.
        data: the files that come to data/raw, seen from there.
        staged: what Git had staged of the pointers; None without a repository.
        files: for each other file, the SHA-256 of what it had and of what it gets; blank if it was
            missing, None if DVC writes it.
        in_place: whether all is where it belongs, and only DVC may not know the data yet.
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
        """Copy files that are to be changed, and write plan.json."""
        for path, digest in after.items():
            if path.exists():
                _copy(path, BEFORE / path)
                shutil.copymode(path, BEFORE / path)
            self.files[path.as_posix()] = (_digest_of(path), digest)
        write_texts({PLAN: json.dumps(asdict(self), indent=2)})

    def restore(self, files: Iterable[str], show: Show) -> None:
        """Bring files back to what they had, but for those that somebody has edited since."""
        for name in files:
            path, (before, after) = Path(name), self.files[name]
            now = _digest_of(path)
            if now == before:
                continue
            if after is not None and now != after:
                show(f"{path} was edited since and stays as it is")
                continue
            if before:
                (BEFORE / path).replace(path)
            else:
                path.unlink()
            sync(path.parent)

    def undo(self, show: Show) -> None:
        """Bring everything back to what it was."""
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
            with suppress(OSError):  # others are in it
                folder.rmdir()

    def _require_no_other_data(self) -> None:
        """Check that data/raw has nothing but what this ingest has brought.

        Raises:
            InputError: it has; undoing would lose it.
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
    """Copy what comes in, and yield the transaction; undo it if the block fails.

    Args:
        copies: files by where in data/raw each goes; those in `FOLDER` are moved.
        salt: the project's salt.
        replace: whether they take the place of what is there.
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
    """Finish or undo an ingest that was killed.

    Args:
        track: lets DVC track data/raw.
        show: prints a text for the user.

    Raises:
        InputError: DVC cannot track the data, or undoing would lose some.
    """
    planned = _planned()
    if planned and planned.in_place:
        planned.restore(map(str, POINTERS), show)  # DVC may have been killed while it wrote one
        track()
        show(f"The last {planned.verb} was interrupted when all was in place. It is finished now.")
    elif planned:
        planned.undo(show)
        show(f"The last {planned.verb} was interrupted. What it had begun is undone.")
    _end()


@contextmanager
def locked() -> Iterator[None]:
    """Let no other ingest run in this project.

    Raises:
        InputError: another one does.
    """
    if not places.HOME.is_dir():  # no project of DVC, which will be said
        yield
        return
    LOCK.parent.mkdir(exist_ok=True)
    # SQLite locks a file on every platform, and a process that is killed gives its lock back.
    with closing(sqlite3.connect(LOCK, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise InputError(f"{LOCK} cannot be written: {error}") from None
            raise InputError(
                f"another ingest runs in this project ({LOCK}: {error}); repeat the command when "
                "it has ended"
            ) from None
        yield


def require_none() -> None:
    """Check that no ingest is under way or was killed.

    Raises:
        InputError: data and schema may not fit together.
    """
    if PLAN.exists():
        raise InputError(
            "an ingest runs, or was interrupted: data and schema may not fit together; if none "
            f"runs, finish or undo it with: uv run tabrail ingest {paths.RAW.as_posix()}"
        )


def _take(file: Path, place: Path) -> None:
    """Move a file that was made for this ingest, and copy another one."""
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
    """Remove the folder; without plan.json, it is of no use any more."""
    if FOLDER.exists():
        PLAN.unlink(missing_ok=True)
        sync(FOLDER)
        shutil.rmtree(FOLDER, ignore_errors=True)


def _planned() -> Transaction | None:
    """Return what an ingest that has not ended had to change."""
    if not PLAN.exists():
        return None
    return Transaction(**json.loads(PLAN.read_text(encoding="utf-8")))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; blank if it is missing."""
    return _digest(path.read_bytes()) if path.exists() else ""


def _staged() -> str | None:
    """Return what Git has staged of the pointers; None without a repository."""
    try:
        return git.git("ls-files", "-z", "--stage", "--full-name", "--", *map(str, POINTERS))
    except (InputError, OSError):
        return None

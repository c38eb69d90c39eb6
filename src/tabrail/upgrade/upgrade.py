"""Upgrade the library of a project: pin, wheel, lock, numbers of results, and files."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tabrail import paths, record
from tabrail.documents import write_texts
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.project import git, uv
from tabrail.record import RECORD, Record
from tabrail.upgrade import pins, report
from tabrail.upgrade.source import VENDOR, Source, find_source
from tabrail.wheels import NAME

LINES_OF_A_FAILURE = 6

Say = Callable[[str], None]


def upgrade(given: str, say: Say) -> None:
    """Upgrade the library of the project in the current folder, or change its version.

    The pin in pyproject.toml, the wheel, where uv finds it, the numbers of results and uv.lock
    change together, or nothing changes. Files that are unchanged since they were generated are
    renewed. For the others, it shows what changes in the library's version of them.

    Args:
        given: a wheel's path, or a version on the package index; blank for the newest one there.
        say: shows a text to the user.

    Raises:
        InputError: the wheel or version cannot be used, files have changes that are not committed,
            or uv fails. Nothing has changed then.
    """
    known = record.load()
    project = _project()
    source = find_source(given, project)
    _require_clean(known)
    say(f"Rendering the files of {NAME} {source.version} …")
    theirs = _everything(source, known)
    renewed, left = _sorted_out(known, theirs["files"])
    pins.repin(project, source, theirs["results"])
    texts = {**renewed, paths.PROJECT: tomlkit.dumps(project)}
    texts[RECORD] = known.with_files(renewed, tabrail=source.version).text()
    touched = [*texts, paths.PACKAGES, *VENDOR.glob(f"{NAME}-*.whl"), *source.vendored]
    with _restoring(touched) as before:
        _vendor(source)
        write_texts(texts)
        say("Locking …")
        # Without the name, uv would keep the hash of the old wheel of the same version.
        _uv("lock", "--upgrade-package", NAME)
    changed = [path for path, content in before.items() if _bytes(path) != content]
    say(report.text(known, source, theirs, renewed, left, changed))


def _project() -> tomlkit.TOMLDocument:
    """Read pyproject.toml.

    Raises:
        InputError: it is missing, or is not TOML.
    """
    try:
        return tomlkit.parse(paths.PROJECT.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{paths.PROJECT} is missing in {Path.cwd()}") from None
    except TOMLKitError as error:
        raise InputError(f"{paths.PROJECT} is not valid TOML: {error}") from None


def _require_clean(known: Record) -> None:
    """Check that no file that may change has uncommitted changes.

    Raises:
        InputError: a file has some, or Git is missing.
    """
    if not git.succeeds("rev-parse", "--git-dir"):
        return
    ours = [str(path) for path in (paths.PROJECT, paths.PACKAGES, VENDOR, RECORD)]
    status = git.git("status", "--porcelain", "--", *ours, *known.files).splitlines()
    if status:
        names = ", ".join(line[3:] for line in status)
        raise InputError(
            "uncommitted changes would mix with those of the upgrade; commit or stash them first: "
            f"{names}"
        )


def _everything(source: Source, known: Record) -> dict[str, Any]:
    """Return the files of the other version for this project, rendered by its own code.

    Raises:
        InputError: it cannot be installed, or cannot render the files.
    """
    # Without these flags uv would resolve the pyproject.toml of this project.
    isolated = ("run", "--no-project", "--isolated", "--python", sys.executable)
    module = ("--with", source.requirement, "python", "-m", "tabrail.rendering")
    done = uv.run(*isolated, *module, given=known.text())
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise InputError(
            f"{NAME} {source.version} cannot render this project: {uv.last_line(done.stderr)}"
        ) from None
    return found


def _sorted_out(known: Record, files: Mapping[str, str]) -> tuple[dict[Path, str], dict[Path, str]]:
    """Return the new content of files to renew, and of files that the owner has changed."""
    renewed, left = {}, {}
    for name, text in files.items():
        path = Path(name)
        if path.exists() and record.content(path) == text:
            continue
        is_new = not path.exists() and name not in known.files
        if is_new or known.is_as_generated(path):
            renewed[path] = text
        elif path.exists():  # a file that the owner has removed is not restored
            left[path] = text
    return renewed, left


def _vendor(source: Source) -> None:
    """Put the new wheel in place of the old one."""
    content = source.wheel.read_bytes() if source.wheel else b""
    for old in VENDOR.glob(f"{NAME}-*.whl"):
        old.unlink()
    for goal in source.vendored:
        _write(goal, content)
    if VENDOR.is_dir() and not any(VENDOR.iterdir()):
        VENDOR.rmdir()


@contextmanager
def _restoring(files: Iterable[Path]) -> Iterator[dict[Path, bytes | None]]:
    """Restore the files, or remove new ones, if the block fails; give it their content before."""
    before = {path: _bytes(path) for path in files}
    try:
        yield before
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, content)
        raise


def _bytes(path: Path) -> bytes | None:
    """Return a file's content; None if there is no such file."""
    return path.read_bytes() if path.exists() else None


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as [temporary]:
        temporary.write_bytes(content)


def _uv(*arguments: str) -> None:
    """Run uv.

    Raises:
        InputError: uv fails; the message is uv's.
    """
    done = uv.run(*arguments)
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-LINES_OF_A_FAILURE:])
        raise InputError(f"uv {' '.join(arguments)} failed, so nothing was changed:\n{reason}")

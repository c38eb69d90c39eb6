"""Files are written whole on systems that lock, flush and rename in other ways, too.

What holds on this one, and between processes, is in test_whole.py.
"""

import errno
import fcntl
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tabrail import files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it stands in for others")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("before", encoding="utf-8")


def write(text: str) -> None:
    """Replace a file."""
    with files.replacing(Path("a")) as [temporary]:
        temporary.write_text(text, encoding="utf-8")


def failing(number: int) -> Any:
    """Return a function of the system that fails."""

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_flush_is_written_to(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    write("after")
    assert Path("a").read_text(encoding="utf-8") == "after"


def test_what_the_disk_refuses_replaces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        write("after")
    assert [path.read_text(encoding="utf-8") for path in Path().iterdir()] == ["before"]


def test_a_full_disk_says_which_file_was_to_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OSError, match=r"No space left on device: 'a'$"):
        write("after")
    assert [path.read_text(encoding="utf-8") for path in Path().iterdir()] == ["before"]


def test_a_file_system_without_locks_is_written_to_and_keeps_its_leftovers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = Path("a.0123abcd.tmp")  # perhaps of a process that goes on
    left.touch()
    with monkeypatch.context() as there:
        there.setattr(fcntl, "flock", failing(errno.ENOLCK))
        write("after")
        assert Path("a").read_text(encoding="utf-8") == "after"
        assert left.exists()
        with pytest.raises(OSError, match="No locks available"), files.held(Path("lock")):
            pass
    write("later")
    assert not left.exists()


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Let this be Windows, as far as files are concerned; return what is locked, and how."""
    locked: list[tuple[int, int]] = []

    def locking(descriptor: int, how: int, length: int) -> None:
        if any(other != descriptor for other, _ in locked):
            raise PermissionError(errno.EACCES, "Permission denied")
        locked.append((descriptor, how))

    monkeypatch.setattr(sys, "platform", "win32")
    system = SimpleNamespace(locking=locking, LK_LOCK=1, LK_NBLCK=2)
    monkeypatch.setattr(files, "msvcrt", system, raising=False)
    return locked


def test_on_windows_a_file_is_closed_before_it_is_renamed(
    windows: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    new, replace = files._new_temporary, Path.replace

    def note(path: Path) -> tuple[Path, int]:
        temporary, descriptor = new(path)
        opened.append(descriptor)
        return temporary, descriptor

    def renamed(path: Path, target: Path) -> Path:
        for descriptor in opened:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)
        return replace(path, target)

    monkeypatch.setattr(files, "_new_temporary", note)
    monkeypatch.setattr(Path, "replace", renamed)
    Path("a.0123abcd.tmp").touch()
    with files.replacing(Path("a"), Path("b")) as temporaries:
        for temporary in temporaries:
            temporary.write_text("after", encoding="utf-8")
    assert len(opened) == 2
    assert {path.name for path in Path().iterdir()} == {"a", "b"}
    assert Path("a").read_text(encoding="utf-8") == "after"


def test_on_windows_a_lock_that_another_holds_is_an_error_of_its_own(
    windows: list[tuple[int, int]],
) -> None:
    with files.held(Path("locks/one"), wait=True) as descriptor:
        assert windows == [(descriptor, 1)]
        with (
            pytest.raises(BlockingIOError, match=r"locks/one is locked"),
            files.held(Path("locks/one")),
        ):
            pass
    windows.clear()
    with files.held(Path("locks/one")) as descriptor:
        assert windows == [(descriptor, 2)]

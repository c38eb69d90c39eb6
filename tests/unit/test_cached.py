"""What the cache surely has is not added again, and all else is."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tabrail.dvc import cached
from tabrail.dvc.hashes import md5

RAW, POINTER = Path("raw"), Path("raw.dvc")


def run(*command: str) -> None:
    """Run a command of DVC or Git."""
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which DVC tracks two files."""
    place = tmp_path_factory.mktemp("made")
    (place / "raw/deep").mkdir(parents=True)
    (place / "raw/a.csv").write_text("x\n1\n", encoding="utf-8")
    (place / "raw/deep/b.csv").write_text("x\n2\n", encoding="utf-8")
    for command in ("git init", "dvc init", "dvc add raw"):
        subprocess.run(command.split(), cwd=place, check=True, capture_output=True)
    return place


@pytest.fixture(autouse=True)
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a copy of it."""
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")


def holds() -> bool:
    """Ask about the folder."""
    return cached.holds(RAW, POINTER)


def test_what_dvc_has_added_is_held() -> None:
    assert holds()


def test_a_yes_means_that_dvc_would_change_nothing() -> None:
    def everything() -> dict[Path, bytes]:
        kept = [
            path for path in Path().rglob("*") if path.is_file() and ".dvc/tmp" not in str(path)
        ]
        return {path: path.read_bytes() for path in kept if ".git/" not in str(path)}

    before = everything()
    run("dvc", "add", "raw")
    assert everything() == before


def _rewrite(like: Path) -> None:
    """Change a file's content after a look at it, but not its size, and give it another's time."""
    assert holds()
    file, known = RAW / "a.csv", like.stat()
    file.write_text("x\n3\n", encoding="utf-8")
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))


def _object(suffix: str) -> Path:
    """Return the object of a.csv or of the folder's list in the cache."""
    if suffix == ".csv":
        digest = md5(RAW / "a.csv")
        return cached.OBJECTS / digest[:2] / digest[2:]
    return next(cached.OBJECTS.rglob("*.dir"))


def _overwrite(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text, encoding="utf-8")


CHANGES: dict[str, Callable[[], object]] = {
    "content": lambda: _rewrite(RAW / "a.csv"),
    "content, and the time of the object": lambda: _rewrite(_object(".csv")),
    "new file": lambda: (RAW / "c.csv").touch(),
    "hidden file": lambda: (RAW / ".note").touch(),
    "dangling link": lambda: (RAW / "c.csv").symlink_to("nowhere"),
    "file gone": lambda: (RAW / "a.csv").unlink(),
    "renamed": lambda: (RAW / "a.csv").rename(RAW / "z.csv"),
    "no pointer": POINTER.unlink,
    "other pointer": lambda: POINTER.write_text(
        "outs:\n- md5: " + "0" * 32 + ".dir\n  hash: md5\n"
    ),
    "pointer in conflict": lambda: POINTER.write_text(2 * POINTER.read_text(encoding="utf-8")),
    "pointer of DVC 2": lambda: POINTER.write_text(
        POINTER.read_text(encoding="utf-8").replace("  hash: md5\n", "")
    ),
    "object gone": lambda: _object(".csv").unlink(),
    "object damaged": lambda: _overwrite(_object(".csv"), "x\n9\n"),
    "list gone": lambda: _object(".dir").unlink(),
    "list damaged": lambda: _overwrite(_object(".dir"), "["),
    "list of other files": lambda: _overwrite(_object(".dir"), "[]"),
    "cache elsewhere": lambda: run("dvc", "cache", "dir", "--local", "../other"),
    "settings damaged": lambda: Path(".dvc/config.local").write_text("cache"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_in_doubt_is_not_held(change: str) -> None:
    CHANGES[change]()
    assert not holds()


def test_an_empty_list_that_is_not_the_one_of_the_pointer_is_not_held() -> None:
    _overwrite(_object(".dir"), "[]")
    shutil.rmtree(RAW)
    RAW.mkdir()
    assert not holds()


def test_much_data_is_left_to_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "MOST", 7)
    assert not holds()

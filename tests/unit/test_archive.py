"""An archive is extracted into its folder, and nowhere else."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tabrail.errors import InputError
from tabrail.project.archive import extract


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """Return a member of an archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def archive(*members: tarfile.TarInfo) -> bytes:
    """Return an archive of members; files hold two bytes."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for one in members:
            one.size = 2 if one.isfile() else 0
            tar.addfile(one, io.BytesIO(b"no") if one.isfile() else None)
    return written.getvalue()


def test_what_git_archives_comes_out_as_it_was(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "folder"
    (source / "src" / "deep").mkdir(parents=True)
    folder.mkdir()
    (source / "src" / "deep" / "ä.txt").write_bytes(b"\r\n\0")
    (source / "run").write_text("#!/bin/sh\n")
    (source / "run").chmod(0o755)
    (source / "src" / "link").symlink_to("../run")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(source)]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "First"]):
        subprocess.run([*git, *command], check=True)
    made = subprocess.run([*git, "archive", "HEAD"], check=True, capture_output=True)
    extract(made.stdout, folder)
    assert (folder / "src" / "deep" / "ä.txt").read_bytes() == b"\r\n\0"
    assert (folder / "run").stat().st_mode & 0o111
    assert not (folder / "src" / "deep" / "ä.txt").stat().st_mode & 0o111
    assert (folder / "src" / "link").readlink() == Path("../run")


@pytest.mark.parametrize(
    "members",
    [
        lambda outside: [member("../outside")],
        lambda outside: [member(str(outside))],
        lambda outside: [member("inner/../../outside")],
        lambda outside: [member("link", tarfile.SYMTYPE, "../outside")],
        lambda outside: [member("link", tarfile.SYMTYPE, str(outside))],
        lambda outside: [member("hard", tarfile.LNKTYPE, "../outside")],
        lambda outside: [member("pipe", tarfile.FIFOTYPE)],
    ],
    ids=["above", "absolute", "in and out", "link above", "absolute link", "hard link", "pipe"],
)
def test_what_leads_out_of_the_folder_is_refused(
    members: Callable[[Path], list[tarfile.TarInfo]], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(InputError):
        extract(archive(*members(tmp_path / "outside")), folder)
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


def test_a_file_behind_a_link_that_was_there_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="outside"):
        extract(archive(member("link/outside")), folder)
    assert not (tmp_path / "outside").exists()

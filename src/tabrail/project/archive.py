"""Extract archives that Git made."""

import io
import tarfile
from pathlib import Path

from tabrail.errors import InputError

EXECUTABLE = 0o111


def extract(archive: bytes, folder: Path) -> None:
    """Extract a tar archive into a folder, and write nothing outside it.

    Python 3.11.0 to 3.11.3 have no `TarFile.extractall(filter="data")`, which does the same.

    Args:
        archive: the content of the archive.
        folder: the target folder, which must exist.

    Raises:
        InputError: a member would be outside the folder, links out of it, or is not a file, a
            folder or a link.

    Example:
        >>> import tempfile
        >>> empty = io.BytesIO()
        >>> tarfile.open(fileobj=empty, mode="w").close()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     extract(empty.getvalue(), Path(folder))
        ...     list(Path(folder).iterdir())
        []
    """
    root = folder.resolve()
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            target = root / member.name
            leads_to = target.parent / member.linkname if member.issym() else target
            if not all(path.resolve().is_relative_to(root) for path in (target, leads_to)):
                raise InputError(f"{member.name} would be outside {folder}; it is not extracted")
            target.parent.mkdir(parents=True, exist_ok=True)
            if member.issym():
                target.symlink_to(member.linkname)
            elif content := members.extractfile(member) if member.isfile() else None:
                target.write_bytes(content.read())
                target.chmod(target.stat().st_mode | (member.mode & EXECUTABLE))
            elif member.isdir():
                target.mkdir(exist_ok=True)
            else:
                raise InputError(f"{member.name} is neither a file nor a folder; remove it")

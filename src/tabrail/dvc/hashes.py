"""DVC's hashes: the MD5 of a file's content, or of a folder's list of files."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = ".dir"  # the suffix of a folder's MD5
PATTERN = r"[0-9a-f]{32}(?:\.dir)?"


def md5(path: Path) -> str:
    """Return the MD5 of a file's content, as DVC computes it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def of_folder(files: Mapping[str, str]) -> str:
    """Return the MD5 of a folder.

    Args:
        files: the MD5s of its files, by their paths in it.

    >>> of_folder({"a.csv": "d41d8cd98f00b204e9800998ecf8427e"})
    '03b1c2bdbac34f357f88573110caa2ce.dir'
    """
    listed = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    text = json.dumps(listed, sort_keys=True)
    return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}{FOLDER}"


def line_of(start: str) -> str:
    """Return the line of dvc.lock and `.dvc` files with an MD5, or with its start.

    >>> line_of("d41d8cd9")
    'md5: d41d8cd9'
    """
    return f"md5: {start}"


def is_folder(digest: str) -> bool:
    """Check whether an MD5 is that of a folder.

    >>> is_folder("d41d8cd98f00b204e9800998ecf8427e.dir")
    True
    """
    return digest.endswith(FOLDER)


def files_in(listed: str) -> dict[str, str]:
    """Return the MD5s of a folder's files by their paths in it.

    Args:
        listed: the content of the object with the folder's MD5.

    >>> files_in('[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "a.csv"}]')
    {'a.csv': 'd41d8cd98f00b204e9800998ecf8427e'}
    """
    return {entry["relpath"]: entry["md5"] for entry in json.loads(listed)}

"""Read the `.dvc` file of a file or folder, which is in Git instead of the data."""

import re
from pathlib import Path
from typing import Any

from tabrail.documents import read_yaml
from tabrail.dvc import hashes

ENDING = ".dvc"
ALL = f"*{ENDING}"  # as a pattern of Git

MD5 = re.compile(hashes.line_of(f"({hashes.PATTERN})"))


def pointer_of(path: str) -> str:
    """Return the path of the `.dvc` file of some data.

    >>> pointer_of("data/raw")
    'data/raw.dvc'
    """
    return f"{path}{ENDING}"


def is_pointer(path: str) -> bool:
    """Check whether a path is that of a `.dvc` file.

    >>> is_pointer("data/raw")
    False
    """
    return path.endswith(ENDING)


def data_of(pointer: str) -> str:
    """Return the path of the data of a `.dvc` file.

    >>> data_of("data/raw.dvc")
    'data/raw'
    """
    return pointer.removesuffix(ENDING)


def named(text: str) -> list[str]:
    r"""Return every MD5 in the text of a `.dvc` file; the text may have conflict markers.

    >>> named("outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e.dir\n  path: raw\n")
    ['d41d8cd98f00b204e9800998ecf8427e.dir']
    """
    return MD5.findall(text)


def digests(content: dict[str, Any]) -> list[str]:
    """Return the MD5 of each file or folder in a `.dvc` file; blank for an entry without one.

    >>> digests({"outs": [{"md5": "d41d8cd98f00b204e9800998ecf8427e", "path": "a.csv"}]})
    ['d41d8cd98f00b204e9800998ecf8427e']
    """
    return [out.get("md5", "") for out in content.get("outs", [])]


def digest_here(folder: Path, pointer: Path) -> str:
    """Return the MD5 of a folder's present content; blank if DVC does not track the folder.

    Args:
        folder: the folder.
        pointer: its `.dvc` file. If it has the number of files and their size, its MD5 is trusted.
    """
    if not pointer.exists():
        return ""
    (out,) = read_yaml(pointer)["outs"]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    measured = {"size": sum(path.stat().st_size for path in files), "nfiles": len(files)}
    if measured.items() <= out.items():
        return str(out["md5"])
    # `dvc repro --single-item` leaves the pointer unchanged, and a merged one has no size.
    return hashes.of_folder({p.relative_to(folder).as_posix(): hashes.md5(p) for p in files})

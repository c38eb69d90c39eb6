"""The project's salt: without it, nobody can find in reports which groups were drawn.

It is a hash of the first table. So equal data gives equal results, byte for byte, and only those
who have the data can compute it. It is kept beside the data, under DVC. It does not change when
rows are added, replaced or removed, so that results before and after can be compared.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tabrail.data import tables
from tabrail.data.identity import mixed
from tabrail.errors import InputError

NAME = ".salt"  # hidden, so that it is not read as a table
PURPOSE = b"tabrail: the weights of groups\n"  # another purpose gives another salt


def made_of(files: Iterable[Path]) -> str:
    """Return the salt for a first table, as 64 hexadecimal digits.

    Args:
        files: the parts of the table, in order.
    """
    whole = hashlib.sha256(PURPOSE)
    for file in files:
        with file.open("rb") as content:
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()


def of(raw: Path) -> str:
    """Return the salt of a folder of raw tables: the stored one, or else that of its tables.

    Raises:
        InputError: the file of the salt is damaged, or there is no table.
    """
    file = raw / NAME
    if not file.exists():
        return made_of(tables.find(raw))
    found = file.read_text(encoding="utf-8").strip()
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise InputError(
            f"{file} is damaged: expected 64 hexadecimal digits; fetch it again with: "
            "uv run dvc checkout"
        )
    return found


def salted(groups: np.ndarray, salt: str) -> np.ndarray:
    """Return hashes of groups that nobody can compute without the salt; uint64, same shape."""
    for word in np.frombuffer(bytes.fromhex(salt), dtype=">u8").astype(np.uint64):
        groups = mixed(groups ^ word)
    return groups

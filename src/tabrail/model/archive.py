"""Unpack model files, with checks of sizes before and during unpacking.

A file of 4 MB can declare 8 GB of zeros, or hold more than it declares.
"""

import io
import math
import zipfile
import zlib

import numpy as np

SCHEMA = "schema.json"

MB = 1_000_000
LARGEST_SCHEMA = 64 * MB  # 300,000 words of a vectorizer; parsing takes 20 times as much memory
LARGEST_SMALL = 32 * MB  # limit for the other members of a small file
MOST_TIMES_PACKED = 16  # limit for those of a larger file; forests are packed to a fifth
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ARRAY, NESTED = b"\x93NUMPY", b"PK"


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the members of a model file, by name.

    Args:
        content: of the file.

    Raises:
        ValueError: the members are larger than those of a model, or damaged.

    Example:
        >>> sorted(unpack(pack({"schema.json": b"{}", "1.bin": b"content"})))
        ['1.bin', 'schema.json']
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _require_sizes(members, max(LARGEST_SMALL, MOST_TIMES_PACKED * len(content)))
        found = {member.filename: _read(archive, member) for member in members}
    left = max(LARGEST_SMALL, MOST_TIMES_PACKED * len(content))
    for name, data in found.items():
        left -= _array_bytes(name, data)
        if left < 0:
            raise ValueError("its arrays are larger than those of a model")
    return found


def member(content: bytes, name: str, largest: int) -> bytes:
    """Return one member of a model file, without unpacking the others.

    Args:
        content: of the file.
        name: of the member.
        largest: how many bytes it may hold.

    Raises:
        ValueError: the member is larger, or damaged.
        KeyError: there is none of this name.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        one = archive.getinfo(name)
        if one.file_size > largest:
            raise ValueError(
                f"{name} holds {_size(one.file_size)}, expected at most {_size(largest)}"
            )
        return _read(archive, one)


def pack(members: dict[str, bytes]) -> bytes:
    """Return an archive of checked members, for a reader that does not check sizes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _require_sizes(members: list[zipfile.ZipInfo], largest: int) -> None:
    """Refuse members whose declared size is too large.

    Raises:
        ValueError: they are.
    """
    names = [one.filename for one in members]
    if len(set(names)) < len(names):
        raise ValueError("two of its members have the same name")
    sizes = {one.filename: one.file_size for one in members}
    schema = sizes.pop(SCHEMA, 0)
    if schema > LARGEST_SCHEMA:
        raise ValueError(
            f"{SCHEMA} holds {_size(schema)}, expected at most {_size(LARGEST_SCHEMA)}; a model "
            "has so many parts if it has very many categories or words"
        )
    if (total := sum(sizes.values())) > largest:
        raise ValueError(
            f"its members hold {_size(total)}, expected at most {_size(largest)} of a file of "
            "this size"
        )


def _read(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    """Return the content of a member, without unpacking much more than its declared size.

    Raises:
        ValueError: its size differs from the declared one, or it is damaged.
    """
    if one.compress_type not in METHODS or one.flag_bits & 0x1:
        raise ValueError(f"{one.filename} is packed in a way that no model file uses")
    try:
        with archive.open(one) as file:
            # A read without a limit would unpack everything, whatever the declared size.
            data = file.read(one.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{one.filename} is damaged: {error}") from None
    if len(data) != one.file_size:
        raise ValueError(
            f"{one.filename} holds {len(data)} bytes, and says that it holds {one.file_size}"
        )
    return data


def _array_bytes(name: str, data: bytes) -> int:
    """Return the bytes of the arrays in a member, which may be an archive of several.

    Raises:
        ValueError: an array declares a size beyond that of its member.
    """
    if data.startswith(NESTED):
        with zipfile.ZipFile(io.BytesIO(data)) as nested:
            members = nested.infolist()
            _require_sizes(members, max(LARGEST_SMALL, MOST_TIMES_PACKED * len(data)))
            inner = [(one.filename, _read(nested, one)) for one in members]
        if any(content.startswith(NESTED) for _, content in inner):
            raise ValueError(f"{name} holds an archive in an archive")
        return sum(_array_bytes(one, content) for one, content in inner)
    if not data.startswith(ARRAY):
        return len(data)
    file = io.BytesIO(data)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(np.lib.format.read_magic(file))
    if read is None:
        raise ValueError(f"{name} is an array of a format that is not known")
    shape, _, dtype = read(file)
    size = math.prod(shape) * max(1, dtype.itemsize)
    if size > len(data) - file.tell():
        raise ValueError(f"{name} says that its array takes {_size(size)}, and is shorter")
    return len(data)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / MB:.1f} MB"

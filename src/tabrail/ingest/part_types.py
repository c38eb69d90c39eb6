"""Find columns whose types differ between the Parquet files of one table."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from tabrail.errors import InputError

# By column and family of types: the type, and the first file with it.
Types = dict[str, dict[str, tuple[str, Path]]]
LONGEST = 40
NO_DATES = ("number", "boolean")


def note(types: Types, name: str, kind: pa.DataType, file: Path) -> None:
    """Record the type of a column in a file. A column without values has no type.

    Integers and other numbers are one family. So are texts of any length and categories.

    Args:
        types: the types recorded so far.
        name: of the column.
        kind: its type in the file.
        file: the file.

    Raises:
        InputError: a column has dates in one file, and values of another type in another file.
    """
    family = _family(kind)
    if not family:
        return
    known = types.setdefault(name, {})
    known.setdefault(family, (str(kind)[:LONGEST], file))
    dates = [one for other, one in known.items() if other.startswith("date")]
    others = [known[other] for other in NO_DATES if other in known]
    if dates and others:
        raise InputError(
            f"{name!r} is {_listed([*dates[:1], *others[:1]])}; write it the same way in all files"
        )


def differing(types: Types, kinds: Mapping[str, str]) -> list[str]:
    """Return a warning for each column with types of more than one family.

    Args:
        types: the recorded types.
        kinds: the kind that each column is read as.
    """
    return [
        f"{name}: it is {_listed(list(families.values()))}. It is read as {kinds[name]}; if that "
        "is wrong, write it the same way in all files"
        for name, families in types.items()
        if len(families) > 1
    ]


def _listed(found: list[tuple[str, Path]]) -> str:
    return " and ".join(f"of type {kind} in {file}" for kind, file in found)


def _family(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return ""
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_timestamp(kind) and kind.tz:
        return "date with a time zone"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "boolean"
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return "text" if is_text or pa.types.is_string_view(kind) else "other"

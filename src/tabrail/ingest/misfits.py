"""Say which columns of a schema do not fit a table, and why."""

from collections.abc import Sequence
from pathlib import Path

from tabrail.config import Tolerance
from tabrail.data.checks import checked
from tabrail.data.cleaning import Clean
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest.personal_data import is_personal
from tabrail.ingest.profile import CHUNK_ROWS

WORDS = {
    "missing": "are missing",
    "unreadable": "cannot be read",
    "out_of_range": "are out of range",
    "unseen_category": "are not among the categories",
}


def misfits(files: Sequence[Path], schema: Schema, clean: Clean) -> dict[str, dict[str, str]]:
    """Return the reasons for each column with more violations than `prepare` tolerates by default.

    Args:
        files: of one table.
        schema: describes the cleaned rows.
        clean: the owner's cleaning function.

    Returns:
        By column, the reason by kind of violation; one for the column "" if the files cannot be
        read so at all.
    """
    rows, counts, examples = 0, dict[tuple[str, str], int](), dict[tuple[str, str], str]()
    try:
        for chunk in checked(files, schema, CHUNK_ROWS, "check", clean):
            rows += len(chunk.raw)
            for found in chunk.violations:
                key = (found.column, found.kind)
                counts[key] = counts.get(key, 0) + int(found.rows.sum())
                examples.setdefault(key, str(found.example))
    except InputError as error:
        return {"": {"": str(error)}}
    limits, reasons = Tolerance(), dict[str, dict[str, str]]()
    for (name, kind), count in counts.items():
        if kind not in WORDS or count <= getattr(limits, kind) * rows:
            continue
        example = examples[name, kind]
        hidden = kind == "missing" or schema.columns[name].sensitive or is_personal(example)
        such = "" if hidden else f", such as {example[:30]!r}"
        said = f"{count:,} of {rows:,} values {WORDS[kind]}{such}"
        reasons.setdefault(name, {})[kind] = said
    return reasons

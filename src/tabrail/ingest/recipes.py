"""Say what to write for a warning, and what to run then: the same words everywhere.

There are two recipes. An edit of schema.yaml needs `dvc repro`. An edit of the cleaning function or
of a file changes what the schema describes, so `ingest --replace` infers it again and keeps what
was written in schema.yaml.
"""

import re
import shlex
from collections.abc import Iterable

from tabrail.ingest.column_names import in_clean
from tabrail.ingest.draft import scalar

CLEAN = "in clean (prepare.py)"
OF_DATA = re.compile(rf"{re.escape(CLEAN)}|\bin (?:the|all) files?\b")


def entry(name: str, text: str) -> str:
    """Return what to write in schema.yaml for a column: a line that can be copied.

    >>> entry("size", "{kind: ignored}")
    'write in schema.yaml, under columns: size: {kind: ignored}'
    """
    return f"write in schema.yaml, under columns: {scalar(name)}: {text}"


def ignore(name: str) -> str:
    """Return what to write in schema.yaml to leave a column out."""
    return entry(name, "{kind: ignored}")


def clean(name: str, made: str) -> str:
    """Return what to write in the cleaning function: a line that can be copied.

    >>> clean("size", 'rows["size"].abs()')
    'write in clean (prepare.py): rows["size"] = rows["size"].abs()'
    """
    return f"write {CLEAN}: {in_clean(name)} = {made}"


def again(target: str) -> str:
    """Return the command that infers the schema of the cleaned rows."""
    return f"uv run tabrail ingest data/raw --target {shlex.quote(target)} --replace"


def afterwards(warnings: Iterable[str], target: str) -> list[str]:
    """Return what to run after edits that warnings ask for.

    Args:
        warnings: what is to be edited.
        target: the column to predict.
    """
    text = "\n".join(warnings)
    lines = []
    if "in schema.yaml" in text:
        lines.append("After an edit of schema.yaml, run: uv run dvc repro")
    if OF_DATA.search(text):
        lines.append(
            f"After an edit of clean (prepare.py), run: {again(target)}. After an edit of a file, "
            "run the same with its path instead of data/raw. It keeps what you wrote in "
            "schema.yaml. Then run: uv run dvc repro"
        )
    return lines

"""The page for people as one file, which predicts in the browser, without a server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tabrail import paths
from tabrail.data import cells, written_text
from tabrail.data.cleaning import changes_nothing
from tabrail.documents import require_free, write_texts
from tabrail.errors import InputError
from tabrail.model import reference
from tabrail.model.compiled import plain
from tabrail.model.compiled.plain import Plain, to_json
from tabrail.model.release import Release, load_release
from tabrail.serving import page

SUFFIX = ".html"
COLUMN = ("kind", "nullable", "min", "max", "digits")  # what the page knows of a column


def write_page(out: Path, *, overwrite: bool = False, untrusted: bool = False) -> str:
    """Write the page, completely or not at all.

    Args:
        out: the file.
        overwrite: whether to replace it if it exists.
        untrusted: whether the model file may be one that was never recorded.

    Returns:
        A message that says what was written.

    Raises:
        InputError: the model or `clean` needs Python, or the file exists or has another ending.
    """
    if out.suffix != SUFFIX:
        raise InputError(f"{out} cannot be written; expected a name that ends in {SUFFIX}")
    require_free(out, overwrite=overwrite)
    release = _with_iso_dates(load_release(untrusted=untrusted))
    if not changes_nothing(release.clean):
        raise InputError(
            "clean in prepare.py changes rows, which a page cannot do; serve the model with: uv "
            "run tabrail serve"
        )
    numbers = plain.read(paths.MODEL)
    if numbers is None:
        raise InputError(
            "the model needs Python: it has steps of your own, learns from texts, is not histogram "
            "boosting or linear, is very large, or was trained by an earlier tabrail. Serve it "
            "with: uv run tabrail serve"
        )
    encoded = {name for encoder in numbers.encoders for name in encoder.names}
    if others := sorted(encoded - {*release.schema.features}):
        raise InputError(
            f"the model learns from {', '.join(others)}, which is no feature in schema.yaml, so "
            "the page would not ask for it; serve the model with: uv run tabrail serve"
        )
    text = page.render(release, needs_key=False, offline=content(release, numbers))
    write_texts({out: text})
    return f"{release.version} predicts without a server in {out} ({len(text.encode()):,} bytes)"


def content(release: Release, numbers: Plain) -> dict[str, Any]:
    """Return what offline.js needs to predict and explain a row.

    Args:
        release: the model.
        numbers: the model as plain numbers.
    """
    schema, known = release.schema, reference.typical(release.schema, release.distributions)
    blank = dict.fromkeys(reference.without_typical(schema, release.distributions))
    features = [(name, schema.columns[name]) for name in schema.features]
    return {
        "columns": [
            {"name": name, "typical": (known | blank)[name]}
            | {key: getattr(column, key) for key in COLUMN}
            for name, column in features
        ],
        "numbers": json.loads(to_json(numbers)),
        "task": schema.task,
        "classes": schema.classes,
        "known": release.metadata.classes,
        "unusual": [written_text.ACCENTS, written_text.INVISIBLE, written_text.BLANKS],
        "missing": schema.missing,
        "missingNumbers": sorted(cells.missing_numbers(schema.missing)),
        "largest": cells.LARGEST,
        "threshold": release.params.evaluate.threshold,
        "limits": release.metadata.limits,
    }


def _with_iso_dates(release: Release) -> Release:
    """Return a release whose page takes dates in the ISO format, whatever that of the files is."""
    columns = {
        name: column.model_copy(update={"format": None}) if column.kind == "datetime" else column
        for name, column in release.schema.columns.items()
    }
    return replace(release, schema=release.schema.model_copy(update={"columns": columns}))

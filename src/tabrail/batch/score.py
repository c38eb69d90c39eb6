"""Batch scoring: a prediction for every row of a table of any length."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from tabrail import paths
from tabrail.data import dialect, outputs, tables
from tabrail.data.checks import checked
from tabrail.data.conform import conform
from tabrail.data.date_order import read_usual_days
from tabrail.data.validate import Verdict, rejects
from tabrail.documents import no_formula
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.model.limits import HELD, Predicted, held_text
from tabrail.model.scoring import answers, for_scoring, identity, optional
from tabrail.project import registry
from tabrail.project.project import Project

MOST_ROWS = 25_000  # of a chunk: larger ones take more memory and are no faster


def predict(
    place: Path,
    out: Path,
    rejected: Path | None = None,
    *,
    overwrite: bool = False,
    untrusted: bool = False,
) -> str:
    """Let the model predict every row of a table; write all files whole, or none.

    Memory is bounded by `prepare.chunk_rows` in params.yaml, not by the size of the table.

    Args:
        place: the table, a file or a folder of them.
        out: a file for the predictions, in the order of the rows.
        rejected: a CSV file for the rows that break the schema, as `validate` writes it. Without
            it, one such row is enough to refuse the table.
        overwrite: whether `out` and `rejected` may be there already.
        untrusted: whether the model file may be one that was never recorded.

    Returns:
        What was done, for people.

    Raises:
        InputError: a row breaks the schema, the model is of another schema, a file cannot be
            read, or one to write is in the way.
    """
    project = Project.load()
    params, schema = project.params, project.schema
    files, written = tables.find(place), [*([rejected] if rejected else []), out]
    _require_room(place, out, rejected, overwrite=overwrite)
    for file in files:
        dialect.require(file, schema.csv)

    from tabrail.model.saving import load_model

    model = load_model(project, untrusted=untrusted)
    version, now = registry.model_version(), datetime.now(UTC).isoformat(timespec="seconds")
    scoring_schema = for_scoring(schema)
    given = {name for file in files for name in tables.columns(file, schema.csv)}
    names = [name for name in identity(scoring_schema) if name in given]

    def result(table: pd.DataFrame, found: Predicted, file: Path) -> pd.DataFrame:
        predicted = answers(found.numbers, schema, params.evaluate.threshold)
        marks: dict[str, object] = {HELD: found.held} if model.metadata.limits else {}
        if model.metadata.texts:
            unlike = ["; ".join(found.unusual.get(place, [])) for place in range(len(table))]
            warnings = [no_formula(warning) for warning in unlike]
            marks["warnings"] = pd.array(warnings, dtype="str")
        origin: dict[str, object] = {"file": no_formula(str(file))} if len(files) > 1 else {}
        identifiers = _renamed(
            table.reindex(columns=names),
            {"file", "row", *predicted, "model", "scored_at", *marks},
        )
        columns = origin | {"row": table.index + 1} | dict(identifiers.items()) | predicted
        columns |= {"model": version, "scored_at": now, **dict(marks.items())}
        words = dict.fromkeys([*origin, "model", "scored_at"], "str")
        return pd.DataFrame(columns, index=table.index).astype(words)

    verdict, scored, held, unusual = Verdict(files), 0, 0, 0
    nothing, _ = conform(
        pd.DataFrame(columns=list(scoring_schema.used), dtype="str"), scoring_schema
    )
    template = result(nothing, model.score(nothing), place)
    rows = min(params.prepare.chunk_rows, MOST_ROWS)
    # The scores come last: where they are, all is.
    with replacing(*written) as (*others, temporary), ExitStack() as opened:
        write = opened.enter_context(outputs.writer(temporary, out.name, template, schema.csv))
        reject = opened.enter_context(rejects(others[0], schema.csv)) if others else None
        for chunk in checked(
            files,
            scoring_schema,
            rows,
            "predict",
            project.clean,
            optional=optional(schema),
            aside=verdict.aside,
            usual=read_usual_days(paths.DISTRIBUTIONS),
        ):
            bad = verdict.add(chunk)
            if reject:
                reject(chunk, bad)
            elif verdict.rejected:  # nothing is left to do but count
                continue
            good = chunk.table[~bad]
            predicted = model.score(good)
            write(result(good, predicted, chunk.file))
            scored, held = scored + len(good), held + int(predicted.held.sum())
            unusual += len(predicted.unusual)
            del chunk, good, predicted  # before the next chunk is read beside them
        if verdict.rejected and not reject:
            raise InputError(
                f"{verdict.text('cannot be scored')}\nNothing is written. Correct these rows and "
                f"check them with: validate {place}, or score the others with: --rejected FILE"
            )
    lines = [verdict.text("left out")] if verdict.findings else verdict.aside.text()
    lines.append(f"{scored:,} rows scored by {version}: {out}")
    if held:
        lines.append(held_text(held, scored, schema.target, model.metadata.limits))
    if unusual:
        lines.append(
            f"{unusual:,} of {scored:,} rows have a text that is unlike those of training; see the "
            "column warnings, and let a person look at them"
        )
    if verdict.rejected:
        lines.append(f"{verdict.rejected:,} left out, with the reasons: {rejected}")
    return "\n".join(lines)


def _require_room(place: Path, out: Path, rejected: Path | None, *, overwrite: bool) -> None:
    """Refuse what cannot or must not be written before anything is read.

    Raises:
        InputError: there is something already, or it would be read as a table to score.
    """
    if not out.name.endswith(outputs.SUFFIXES):
        raise InputError(f"{out} cannot be written; expected one of: {', '.join(outputs.SUFFIXES)}")
    if rejected and out.resolve() == rejected.resolve():
        raise InputError(f"{out} is to hold the predictions; choose another file for --rejected")
    for path in (out, *([rejected] if rejected else [])):
        if path.resolve().is_relative_to(place.resolve()):
            raise InputError(f"{path} would be among the tables to score; choose another place")
        if path.is_dir() or (path.exists() and not overwrite):
            raise InputError(
                f"{path} is there already; choose another name, or replace it with: --overwrite"
            )


def _renamed(table: pd.DataFrame, taken: set[str]) -> pd.DataFrame:
    """Return the table; a column whose name is taken gets a _ at the end of its name."""
    names = [str(name) for name in table]
    for place in range(len(names)):
        while names[place] in taken or names.count(names[place]) > 1:
            names[place] += "_"
    return table.set_axis(names, axis="columns")

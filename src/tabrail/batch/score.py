"""Batch scoring: a prediction for every row of a table of any length."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tabrail import cluster, paths
from tabrail.data import dialect, outputs, tables
from tabrail.data.set_aside import SetAside
from tabrail.data.validate import Verdict, rejects
from tabrail.documents import require_free
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.model.limits import held_text
from tabrail.model.recorded import require_recorded
from tabrail.project import registry
from tabrail.project.project import Project


def predict(
    place: Path,
    out: Path,
    rejected: Path | None = None,
    *,
    overwrite: bool = False,
    untrusted: bool = False,
) -> str:
    """Predict every row of a table; write all files completely, or none.

    `prepare.chunk_rows` in params.yaml limits the memory, not the size of the table.

    Args:
        place: the table, a file or a folder of them.
        out: a file for the predictions, in the order of the rows.
        rejected: a CSV file for the rows that break the schema, as `validate` writes it. Without
            it, one such row is enough to refuse the table.
        overwrite: whether to replace `out` and `rejected` if they exist.
        untrusted: whether to load a model file that was never recorded.

    Returns:
        A message that says what was written.

    Raises:
        InputError: a row breaks the schema, the model has another schema, a file cannot be
            read, or an output file already exists.
    """
    project = Project.load()
    schema, aside = project.schema, SetAside()
    files = tables.find(place, aside)
    _require_room(place, out, rejected, overwrite=overwrite)
    for file in files:
        dialect.require(file, schema.csv)

    from tabrail.batch.scorer import Scorer  # loads the model's libraries

    model_file = paths.located(project.root, paths.MODEL)
    scorer = Scorer(
        project,
        files,
        model_hash=md5(model_file) if model_file.exists() else "",
        reject=rejected is not None,
        untrusted=untrusted,
    )
    if not untrusted:
        require_recorded(project.root)  # the scorer may know a model of the same bytes
    limits, version = scorer.metadata.limits, registry.model_version()
    scorer.stamp(version, datetime.now(UTC).isoformat(timespec="seconds"))
    template = scorer.nothing(place)
    verdict, scored, held, unusual = Verdict(files, aside=aside), 0, 0, 0
    written = [*([rejected] if rejected else []), out]
    # The scores are written last: if they exist, everything does.
    with (
        cluster.chosen(project.root, files, [model_file]) as each,
        replacing(*written) as (*others, temporary),
        ExitStack() as opened,
    ):
        write = opened.enter_context(outputs.writer(temporary, out.name, template, schema.csv))
        reject = opened.enter_context(rejects(others[0], schema.csv)) if others else None
        for found in each(scorer, tables.parts(files), "predict"):
            if isinstance(found, Verdict):
                verdict.merge(found)
                continue
            write(found.results)
            if reject and found.rejected is not None:
                reject(found.rejected)
            scored, held = scored + len(found.results), held + found.held
            unusual += found.unusual
            del found  # before the next chunk is read beside them
        if verdict.rejected and not reject:
            raise InputError(
                f"{verdict.text('cannot be scored')}\nNothing is written. Correct these rows and "
                f"check them with: uv run tabrail validate {place}, or score the others with: "
                "--rejected FILE"
            )
    lines = [verdict.text("left out")] if verdict.findings else verdict.aside.text()
    lines.append(f"{scored:,} rows scored by {version}: {out}")
    if held:
        lines.append(held_text(held, scored, schema.target, limits))
    if unusual:
        lines.append(
            f"{unusual:,} of {scored:,} rows have a text that is unlike those of training; see the "
            "column warnings, and have a person check these rows"
        )
    if verdict.rejected:
        lines.append(f"{verdict.rejected:,} rows left out; the reasons are in {rejected}")
    return "\n".join(lines)


def _require_room(place: Path, out: Path, rejected: Path | None, *, overwrite: bool) -> None:
    """Refuse output files that cannot or must not be written, before anything is read.

    Raises:
        InputError: a file already exists, or would be read as a table to score.
    """
    if not out.name.endswith(outputs.SUFFIXES):
        raise InputError(f"{out} cannot be written; expected one of: {', '.join(outputs.SUFFIXES)}")
    if rejected and out.resolve() == rejected.resolve():
        raise InputError(f"{out} is for the predictions; choose another file for --rejected")
    for path in (out, *([rejected] if rejected else [])):
        if path.resolve().is_relative_to(place.resolve()):
            raise InputError(f"{path} would be among the tables to score; choose another place")
        require_free(path, overwrite=overwrite)

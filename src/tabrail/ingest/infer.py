"""Infer the schema of new tables: each column's kind, with the reason."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tabrail.data import distributions
from tabrail.data.cleaning import Clean, no_cleaning
from tabrail.data.schema import Schema, Task
from tabrail.ingest.describe import describe
from tabrail.ingest.draft import Draft
from tabrail.ingest.first_rows import column_names, csv_format, read_first_rows
from tabrail.ingest.inference import Inference
from tabrail.ingest.profile import profile


def infer(
    files: Sequence[Path],
    target: str,
    task: Task | None = None,
    name: str = "",
    clean: Clean = no_cleaning,
    before: Schema | None = None,
    ignored: Collection[str] = (),
) -> Draft:
    """Infer the schema of tables from all of their rows.

    Kinds are guessed from the first rows. Then all rows are read. If they contradict a guess, it is
    corrected, and they are read again.

    Args:
        files: CSV or Parquet files of one table.
        target: the column to predict.
        task: the task, if it is not the one that the target's values suggest.
        name: what the data is called.
        clean: the owner's cleaning function: the schema describes the cleaned rows.
        before: the present schema of the same columns: how it says that numbers are written stays.
        ignored: columns that the owner ignores.

    Raises:
        InputError: the files are not a table, or the target cannot be learned from it.
    """
    form = csv_format(files)
    first = read_first_rows(files, column_names(files, form, target), form, clean)
    inference = Inference(files, target, task, form, first, before, ignored)
    found = profile(files, inference.schema(), clean)
    if inference.correct(found, clean):
        found = profile(files, inference.schema(), clean)
        inference.check_target(found.columns[target], found.rows)
    draft = describe(inference, found, name)
    schema = Schema.model_validate(draft.schema)
    draft.distributions = distributions.describe(inference.sample, schema)
    return draft

"""Record the outcomes of predictions from tables in the log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from tabrail import paths
from tabrail.data import dialect, tables
from tabrail.data.conform import conform, require_columns
from tabrail.data.schema import Column, Schema, load_schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.log.entries import OUTCOMES
from tabrail.log.prediction_log import PredictionLog

MOST_ROWS = 10_000  # recorded at once: all or none
SHOWN = 3
BUSY_S = 60.0  # how long to wait for another process that records outcomes, too


@dataclass
class Recorded:
    """What became of the rows.

    Attributes:
        recorded: how many outcomes the log has now.
        without_value: rows without a value yet.
        invalid: rows whose value the target does not allow.
        unknown: ids without a prediction in the log.
        examples: the first of the invalid values and of the unknown ids.
        aside: the lines that are not rows.
    """

    recorded: int = 0
    without_value: int = 0
    invalid: int = 0
    unknown: int = 0
    examples: dict[str, list[str]] = field(default_factory=lambda: {"invalid": [], "unknown": []})
    aside: SetAside = field(default_factory=SetAside)

    def add_examples(self, what: str, *values: object) -> None:
        """Keep the first few as examples."""
        known = self.examples[what]
        known += [repr(value) for value in values[: SHOWN - len(known)]]

    def text(self) -> str:
        """Return a message that says what was recorded."""
        lines = [f"{self.recorded:,} outcomes recorded", *self.aside.text()]
        if self.without_value:
            lines.append(f"{self.without_value:,} rows have no value yet")
        if self.invalid:
            lines.append(
                f"{self.invalid:,} rows have a value that {paths.SCHEMA} does not allow, such as "
                f"{', '.join(self.examples['invalid'])}; correct them and repeat the command"
            )
        if self.unknown:
            lines.append(
                f"{self.unknown:,} ids belong to no prediction in the log, such as "
                f"{', '.join(self.examples['unknown'])}"
            )
        return "\n".join(lines)


def outcomes(places: Sequence[Path], identifier: str = "id") -> Recorded:
    """Read tables and record their outcomes.

    Args:
        places: files or folders of them, with the target's column.
        identifier: the column with the ids of the predictions.

    Raises:
        InputError: a file is no such table, or the log cannot be written. What was recorded until
            then stays; the command can be repeated.
    """
    schema = load_schema()
    if identifier == schema.target:
        raise InputError(f"{identifier!r} is the target; --id names the column of the ids")
    columns = {
        identifier: Column(kind="identifier"),
        schema.target: schema.columns[schema.target].model_copy(update={"nullable": True}),
    }
    form = schema.model_copy(update={"columns": columns})
    result = Recorded()
    files = [file for place in places for file in tables.find(place, result.aside)]
    for file in files:
        dialect.require(file, form.csv)
        there = tables.columns(file, form.csv)
        if identifier not in there:
            raise InputError(
                f"{file} has no column {identifier!r} with the id that the server gave each "
                f"prediction. It has: {', '.join(there)}. If the ids are in another column, name "
                "it with: --id COLUMN. Predictions of tables have no ids: to measure them, run "
                "monitor on a table of the rows with the target"
            )
        require_columns(there, list(columns), schema, file)
    with (
        PredictionLog(busy_s=BUSY_S) as log,
        tqdm(desc="outcomes", unit=" rows", unit_scale=True, delay=1, disable=None) as progress,
    ):
        for file in files:
            for raw in tables.read_chunks(file, form, MOST_ROWS, list(columns), aside=result.aside):
                _record(log, raw, form, identifier, result)
                progress.update(len(raw))
    return result


def _record(
    log: PredictionLog, raw: pd.DataFrame, form: Schema, identifier: str, result: Recorded
) -> None:
    table, violations = conform(raw, form)
    invalid = np.zeros(len(raw), dtype=bool)
    for found in violations:
        if found.column == form.target:
            invalid |= found.rows
            result.add_examples("invalid", found.example)
    good = table[table[form.target].notna() & table[identifier].notna() & ~invalid]
    result.invalid += int(invalid.sum())
    result.without_value += len(table) - len(good) - int(invalid.sum())
    values = dict(zip(good[identifier], as_logged(good[form.target], form), strict=True))
    try:
        unknown = log.record(OUTCOMES, values)
    except SQLAlchemyError as error:
        raise InputError(
            f"the prediction log {log} cannot be written ({type(error).__name__}); "
            f"{result.recorded:,} outcomes are recorded; repeat the command"
        ) from None
    result.add_examples("unknown", *unknown)
    result.unknown += len(unknown)
    result.recorded += len(values) - len(unknown)


def as_logged(target: pd.Series, schema: Schema) -> list[str]:
    """Return values of the target as the log keeps them: names of classes, or numbers."""
    if schema.columns[schema.target].kind == "numeric":
        return [repr(float(value)) for value in target]
    if schema.columns[schema.target].kind == "boolean":
        return [schema.classes[int(value)] for value in target]
    return [str(value) for value in target]

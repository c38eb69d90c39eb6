"""Export the rows of the prediction log with a known outcome as training data."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.exc import SQLAlchemyError

from tabrail import paths
from tabrail.data import outputs
from tabrail.data.conform import conform, usable
from tabrail.data.schema import Csv, Schema, load_schema
from tabrail.documents import require_free
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.log.entries import utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.moments import moment

FIRST = datetime(2020, 1, 1)  # no prediction log is older


def export(out: Path, since: str = "", until: str = "", *, overwrite: bool = False) -> str:
    """Write the rows of the log that have an outcome as a table for `ingest`.

    The log has cleaned rows, so these are the cleaned rows.

    Args:
        out: the file to write.
        since: the start; see `moment`. The default is the start of the log.
        until: the end, exclusive. The default is now.
        overwrite: whether to replace `out` if it exists.

    Returns:
        A message that says what was written.

    Raises:
        InputError: no row has an outcome, the schema needs a column that the log does not
            keep, or a file already exists. Nothing is written then.
    """
    schema, now = load_schema(), utc_now()
    start = moment(since, now) if since else FIRST
    end = moment(until, now) if until else now
    _require(schema, out, overwrite=overwrite)
    template = _written(_typed(pd.DataFrame({"row": [], "outcome": []}), schema)[0], schema, out)
    seen = written = broken = 0
    with (
        PredictionLog() as log,
        replacing(out) as [temporary],
        outputs.writer(temporary, out.name, template, schema.csv) as write,
    ):
        for found in _champion(log, start, end):
            seen += len(found)
            known = found[found["outcome"].notna()]
            if known.empty:
                continue
            table, good = _typed(known, schema)
            write(_written(table[good], schema, out))
            written += int(good.sum())
            broken += int((~good).sum())
        if not written:
            raise InputError(
                f"{log} has no row with an outcome from {start:%Y-%m-%d %H:%M} to "
                f"{end:%Y-%m-%d %H:%M} UTC{f' that {paths.SCHEMA} allows' if broken else ''} "
                f"({log.span(known=True)}); record outcomes with: uv run tabrail outcomes FILE"
            )
    lines = [f"{written:,} rows with their outcomes, of {seen:,} predicted rows, are in {out}"]
    if broken:
        lines.append(f"{broken:,} rows were left out, because {paths.SCHEMA} no longer allows them")
    return "\n".join(lines)


def _require(schema: Schema, out: Path, *, overwrite: bool) -> None:
    if not out.name.endswith(outputs.SUFFIXES):
        raise InputError(f"{out} cannot be written; expected one of: {', '.join(outputs.SUFFIXES)}")
    require_free(out, overwrite=overwrite)
    lacking = [name for name in _absent(schema) if not schema.columns[name].nullable]
    if lacking:
        raise InputError(
            f"the prediction log keeps neither sensitive columns nor weights, but {paths.SCHEMA} "
            f"requires {', '.join(lacking)}; get these rows from their source instead"
        )


def _absent(schema: Schema) -> list[str]:
    """Return the columns that the log does not have."""
    return [
        name
        for name, column in schema.used.items()
        if (column.sensitive or name == schema.weight) and name != schema.target
    ]


def _champion(log: PredictionLog, since: datetime, until: datetime) -> Iterator[pd.DataFrame]:
    try:
        for found in log.parts(since, until):
            yield found[found["role"] == "champion"]
    except SQLAlchemyError as error:
        raise InputError(
            f"the prediction log {log} cannot be read ({type(error).__name__}); try again"
        ) from None


def _typed(found: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows in the schema's types, and true for those that conform to it."""
    raw = pd.DataFrame(found["row"].tolist(), columns=list(schema.used), dtype="object")
    raw[schema.target] = found["outcome"].to_numpy(dtype=object)
    for name in _absent(schema):
        raw[name] = None
    # The log has JSON: its numbers are not written as those of this project's CSV files may be.
    table, violations = conform(raw, schema.model_copy(update={"csv": Csv()}))
    return table, usable(violations, len(table))


def _written(table: pd.DataFrame, schema: Schema, out: Path) -> pd.DataFrame:
    """Return rows as files have them: true and false as such, dates in the schema's format."""
    table = table.copy()
    for name, column in schema.used.items():
        if column.kind == "boolean":
            table[name] = table[name].astype("boolean")
        elif column.kind == "datetime" and column.format and not out.name.endswith(".parquet"):
            table[name] = table[name].dt.strftime(column.format).astype("str")
        elif column.kind not in {"numeric", "datetime"}:
            table[name] = table[name].astype("str")
    return table

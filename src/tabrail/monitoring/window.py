"""Read periods from the prediction log or from tables, in one common form."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from tabrail.data import cells, date_order, dialect, tables
from tabrail.data.checks import checked
from tabrail.data.conform import Violation, conform, usable
from tabrail.data.schema import Column, Csv, Schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.log import decoding
from tabrail.log.entries import DRAWN
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import Release
from tabrail.model.scoring import close_calls, for_scoring, optional
from tabrail.monitoring.period import Part, Period, Sample
from tabrail.project.registry import registered

DAY = timedelta(days=1)
SERVER_ERROR = 500  # the first HTTP status of them


def spans(since: datetime, until: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Split a span of time into equal ones; at midnights, if they are days long."""
    limits = [since + (until - since) * number / count for number in range(count + 1)]
    if until - since >= count * DAY:
        limits[1:-1] = [midnight(limit) for limit in limits[1:-1]]
    return list(pairwise(limits))


def midnight(moment: datetime) -> datetime:
    """Return the start of a day."""
    return datetime.combine(moment, time())


def from_log(
    log: PredictionLog,
    since: datetime,
    until: datetime,
    schema: Schema,
    versions: dict[str, str],
    usual: date_order.Usual | None = None,
) -> Period:
    """Read a span of time from the log. The rows in the log are already clean.

    Args:
        log: the log.
        since: its start.
        until: its end, exclusive.
        schema: of the model that answers.
        versions: of the champion, and of the challenger if there is one.
        usual: on which days of the month dates usually are; see `date_order`.
    """
    at = "%Y-%m-%d" if until - since >= DAY else "%Y-%m-%d %H:%M"
    period = Period(f"{since:{at}} to {until:{at}}", begin=f"{since:{at}}")
    sample = Sample()
    for found in log.columns(since, until):
        # A model that was registered while it served has two names.
        found["model"] = found["model"].map({m: registered(m) for m in found["model"].unique()})
        champion = found[found["role"] == "champion"]
        rows = champion[champion["model"] == versions["champion"]]
        period.requests += champion["request"].nunique()
        period.days.update(champion["at"].dt.floor("D").drop_duplicates().dt.date)
        period.rows += len(rows)
        period.by_other_models += len(champion) - len(rows)
        if len(rows):
            is_challenger = found["role"] == "challenger"
            is_challenger &= found["model"] == versions.get("challenger")
            challengers = found[is_challenger].set_index("id")
            part = _logged(rows, challengers, schema, period)
            for name, _ in date_order.swapped(part.table, for_scoring(schema), usual):
                period.violations[name, "date_order"] += len(rows)
            sample.add(part)
    _refusals(log.refusals(since, until), period)
    return sample.fill(period)


def from_table(file: Path, release: Release, rows: int, aside: SetAside) -> Period:
    """Read a table, clean it with the model's cleaning function and score it.

    Args:
        file: the table.
        release: the model.
        rows: the most rows to read at a time.
        aside: counts the lines that are not rows.
    """
    params, training = release.params, {release.schema.target, release.schema.weight}
    columns = {name: release.schema.columns[name] for name in training if name}
    scoring_schema = for_scoring(release.schema)
    schema = scoring_schema.model_copy(update={"columns": scoring_schema.columns | columns})
    dialect.require(file, schema.csv)
    may_lack = optional(schema)
    _refuse_scores(file, tables.columns(file, schema.csv), set(schema.used) - may_lack)
    period = Period(file.name)
    sample = Sample()
    for chunk in checked(
        [file],
        schema,
        rows,
        f"monitor {file.name}",
        release.clean,
        optional=may_lack,
        usual=release.distributions.get("days_of_month"),
        aside=aside,
    ):
        violations = [found for found in chunk.violations if found.column not in training]
        for found in violations:
            period.violations[found.column, found.kind] += int(found.rows.sum())
        valid = usable(violations, len(chunk.table))
        period.outcomes_not_allowed += _mask_outcomes(chunk.table, chunk.violations, schema.target)
        table = chunk.table[valid]
        period.refused += int((~valid).sum()) + len(chunk.left_out)
        period.rows += len(table)
        scored = release.score(table)
        numbers = scored.numbers
        period.held += int(scored.held.sum())
        close = close_calls(numbers, schema, params.evaluate.threshold, params.serve.review_margin)
        served = pd.DataFrame({"review": scored.review(close)}, index=table.index)
        texts = pd.DataFrame(scored.texts, index=table.index)
        sample.add(Part(table, numbers, served, texts, np.empty(0)))
    return sample.fill(period)


def _refuse_scores(file: Path, there: Sequence[str], needed: Collection[str]) -> None:
    """Refuse what `predict` has written: it has no columns of the model's input.

    Raises:
        InputError: the file is such a one.
    """
    if {"row", "model", "scored_at"} <= set(there) and not set(needed) <= set(there):
        raise InputError(
            f"{file} has predictions, and monitor needs the rows that were scored: it scores them "
            "itself. Give the table of these rows. If it has the target, monitor also measures how "
            "good the predictions are"
        )


def _logged(rows: pd.DataFrame, challengers: pd.DataFrame, schema: Schema, period: Period) -> Part:
    """Return rows of the log in the schema's types; add to the period's counts."""
    scoring_schema = _logged_schema(schema)
    raw = _rows(rows["row"], scoring_schema)
    outcomes = rows["outcome"].reset_index(drop=True)
    raw[schema.target] = outcomes.astype("object")  # not text, which is read as that of CSV files
    table, violations = conform(raw, scoring_schema)
    for found in violations:
        if found.kind == "unseen_category":  # all others were refused by the server
            period.violations[found.column, found.kind] += int(found.rows.sum())
    period.outcomes_not_allowed += _mask_outcomes(table, violations, schema.target)
    decided = rows["decision"].notna()
    drawn = rows["reason"].map(_is_drawn, na_action="ignore").eq(other=True) & decided
    agreed = rows["decision"] == rows["prediction"]
    period.decisions += int(decided.sum())
    period.decisions_as_predicted += int(agreed[decided].sum())
    period.drawn_decisions += int(drawn.sum())
    period.drawn_as_predicted += int(agreed[drawn].sum())
    period.held += int(rows["held"].sum())
    first = ~rows["request"].duplicated().to_numpy()
    width = len(schema.classes) if schema.task == "multiclass" else 1
    places = challengers.index.get_indexer(pd.Index(rows["id"]))
    other = challengers.reindex(rows["id"])
    served = pd.DataFrame(
        {
            # What was drawn at random alone says nothing of how close the predictions are.
            "review": (rows["review"] & (rows["reason"] != DRAWN)).to_numpy(dtype=bool),
            "latency_ms": np.where(first, rows["latency_ms"], np.nan),
            "answer": rows["prediction"].array,
            "challenger": other["prediction"].array,
            "challenger_ms": np.where(first, other["latency_ms"], np.nan),
        }
    )
    numbers = decoding.numbers(rows["numbers"], width)
    none = np.full((1, width), np.nan)  # the last one, which -1 stands for
    others = np.concatenate([decoding.numbers(challengers["numbers"], width), none])[places]
    if schema.task != "multiclass":
        numbers, others = numbers[:, 0], others[:, 0]
    return Part(table, numbers, served, decoding.measures(rows["texts"]), others)


def _rows(texts: pd.Series, schema: Schema) -> pd.DataFrame:
    """Return rows as they were logged."""
    names = list(schema.used)
    if cells.missing_numbers(schema.missing):
        # A number is none of these words; in a column of numbers alone it could be taken for one.
        return decoding.plain_rows(texts.tolist(), names)
    numeric = [name for name, column in schema.used.items() if column.kind == "numeric"]
    return decoding.rows(texts, names, numeric)


def _is_drawn(reason: str) -> bool:
    return DRAWN in reason.split()


def _logged_schema(schema: Schema) -> Schema:
    """Return the schema of a row in the log, which has no sensitive columns."""
    scoring_schema = for_scoring(schema)
    ignored = {
        name: Column(kind="ignored") for name, c in scoring_schema.columns.items() if c.sensitive
    }
    target = {schema.target: schema.columns[schema.target]}
    columns = scoring_schema.columns | ignored | target
    return scoring_schema.model_copy(update={"columns": columns, "csv": Csv()})


def _mask_outcomes(table: pd.DataFrame, violations: list[Violation], target: str) -> int:
    """Set outcomes that the schema does not allow to missing; return how many there were."""
    not_allowed = np.zeros(len(table), dtype=bool)
    for found in violations:
        if found.column == target and found.kind != "unlabeled":
            not_allowed |= found.rows
    if not_allowed.any():
        table[target] = table[target].mask(not_allowed)
    return int(not_allowed.sum())


def _refusals(found: pd.DataFrame, period: Period) -> None:
    failed = found["status"] >= SERVER_ERROR
    period.errors = found["request"][failed].nunique()
    period.requests += found["request"].nunique()
    period.days.update(moment.date() for moment in found["at"])
    broken = found[~failed]
    for column, fault, rows in zip(broken["column"], broken["fault"], broken["rows"], strict=True):
        period.violations[column, fault] += rows
    period.refused = int(broken.drop_duplicates("request")["bad"].sum())

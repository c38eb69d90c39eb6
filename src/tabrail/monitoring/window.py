"""The periods to look at, from the prediction log or from tables, in one common form."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import dialect
from tabrail.data.checks import checked
from tabrail.data.conform import Violation, conform, usable
from tabrail.data.schema import Column, Csv, Schema
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import Release
from tabrail.model.scoring import close_calls, for_scoring
from tabrail.monitoring.period import Part, Period, bounded, filled
from tabrail.project.registry import registered

DAY = timedelta(days=1)
ERROR = 500  # the first HTTP status that is the server's fault


def spans(since: datetime, until: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Cut a span of time into about equal ones; at midnights, if they are days long."""
    limits = [since + (until - since) * number / count for number in range(count + 1)]
    if until - since >= count * DAY:
        limits[1:-1] = [midnight(limit) for limit in limits[1:-1]]
    return list(pairwise(limits))


def midnight(moment: datetime) -> datetime:
    """Return the start of a day."""
    return datetime.combine(moment, time())


def from_log(
    log: PredictionLog, since: datetime, until: datetime, schema: Schema, versions: dict[str, str]
) -> Period:
    """Return what a span of time has in the log, which keeps cleaned rows.

    Args:
        log: the log.
        since: its start.
        until: its end, which does not belong to it.
        schema: of the model that answers.
        versions: of the champion, and of the challenger if there is one.
    """
    at = "%Y-%m-%d" if until - since >= DAY else "%Y-%m-%d %H:%M"
    period = Period(f"{since:{at}} to {until:{at}}", begin=f"{since:{at}}")
    parts: list[Part] = []
    for found in log.parts(since, until):
        # A model that was registered while it served has two names.
        found["model"] = found["model"].map({m: registered(m) for m in found["model"].unique()})
        champion = found[found["role"] == "champion"]
        mine = champion[champion["model"] == versions["champion"]]
        period.requests += champion["request"].nunique()
        period.days.update(champion["at"].dt.date)
        period.rows += len(mine)
        period.others += len(champion) - len(mine)
        if len(mine):
            is_challenger = found["role"] == "challenger"
            is_challenger &= found["model"] == versions.get("challenger")
            challengers = found[is_challenger].set_index("id")
            parts = bounded([*parts, _logged(mine, challengers, schema, period)])
    _refusals(log.refusals(since, until), period)
    return filled(period, parts)


def from_table(file: Path, release: Release, rows: int) -> Period:
    """Return what a table has, cleaned by the model's cleaning function and scored by the model.

    Args:
        file: the table.
        release: the model.
        rows: the most rows to read at a time.
    """
    schema, params = release.schema.model_copy(update={"duplicates": "keep"}), release.params
    dialect.require(file, schema.csv)
    training = {schema.target, schema.weight or schema.target}
    period = Period(file.name)
    parts: list[Part] = []
    for chunk in checked(
        [file], schema, rows, f"monitor {file.name}", release.clean, optional=training
    ):
        violations = [found for found in chunk.violations if found.column not in training]
        for found in violations:
            period.faults[found.column, found.fault] += int(found.rows.sum())
        good = usable(violations, len(chunk.table))
        period.strange += _without_strange(chunk.table, chunk.violations, schema.target)
        table = chunk.table[good]
        period.refused += int((~good).sum()) + len(chunk.left_out)
        period.rows += len(table)
        numbers = release.predict(table)
        near = close_calls(numbers, schema, params.evaluate.threshold, params.serve.review_margin)
        served = pd.DataFrame({"review": near}, index=table.index)
        parts = bounded([*parts, Part(table, numbers, served, np.empty(0))])
    return filled(period, parts)


def _logged(mine: pd.DataFrame, challengers: pd.DataFrame, schema: Schema, period: Period) -> Part:
    """Return rows of the log in the schema's types; count what is said of them."""
    scoring_schema = _kept(schema)
    raw = pd.DataFrame(mine["row"].tolist(), columns=list(scoring_schema.used), dtype="object")
    raw[schema.target] = mine["outcome"].to_numpy(dtype=object)
    table, violations = conform(raw, scoring_schema)
    for found in violations:
        if found.fault == "unseen_category":  # what else is wrong was refused when it came
            period.faults[found.column, found.fault] += int(found.rows.sum())
    period.strange += _without_strange(table, violations, schema.target)
    decided = mine["decision"].notna()
    period.decided += int(decided.sum())
    period.agreed += int((mine["decision"] == mine["prediction"])[decided].sum())
    first = ~mine["request"].duplicated().to_numpy()
    other = challengers.reindex(mine["id"])
    served = pd.DataFrame(
        {
            "review": mine["review"].to_numpy(dtype=bool),
            "latency_ms": np.where(first, mine["latency_ms"], np.nan),
            "answer": mine["prediction"].to_numpy(dtype=object),
            "challenger": other["prediction"].to_numpy(dtype=object),
            "challenger_ms": np.where(first, other["latency_ms"], np.nan),
        }
    )
    numbers = _numbers(mine["numbers"], schema)
    return Part(table, numbers, served, _numbers(other["numbers"], schema))


def _kept(schema: Schema) -> Schema:
    """Return the schema for what the log keeps of a row."""
    scoring_schema = for_scoring(schema)
    ignored = {
        name: Column(kind="ignored") for name, c in scoring_schema.columns.items() if c.sensitive
    }
    target = {schema.target: schema.columns[schema.target]}
    columns = scoring_schema.columns | ignored | target
    return scoring_schema.model_copy(update={"columns": columns, "csv": Csv()})


def _without_strange(table: pd.DataFrame, violations: list[Violation], target: str) -> int:
    """Make outcomes that the schema does not allow missing; return how many they are."""
    strange = np.zeros(len(table), dtype=bool)
    for found in violations:
        if found.column == target and found.fault != "unlabeled":
            strange |= found.rows
    if strange.any():
        table[target] = table[target].mask(strange)
    return int(strange.sum())


def _numbers(lists: "pd.Series[Any]", schema: Schema) -> np.ndarray:
    width = len(schema.classes) if schema.task == "multiclass" else 1
    none = [np.nan] * width
    rows = [one if isinstance(one, list) and len(one) == width else none for one in lists]
    numbers = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return numbers if schema.task == "multiclass" else numbers[:, 0]


def _refusals(found: pd.DataFrame, period: Period) -> None:
    failed = found["status"] >= ERROR
    period.errors = found["request"][failed].nunique()
    period.requests += found["request"].nunique()
    period.days.update(moment.date() for moment in found["at"])
    broken = found[~failed]
    for column, fault, rows in zip(broken["column"], broken["fault"], broken["rows"], strict=True):
        period.faults[column, fault] += rows
    period.refused = int(broken.drop_duplicates("request")["bad"].sum())

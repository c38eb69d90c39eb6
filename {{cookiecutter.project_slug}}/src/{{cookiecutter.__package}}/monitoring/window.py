"""The periods to look at, from the prediction log or from tables, in one common form."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import schema
from ..bundle import Bundle
from ..checks import checked
from ..inference import dialect
from ..prediction_log import PredictionLog
from ..schema import Column, Schema
from ..scoring import for_scoring
from .period import Fault, Part, Period, bounded, filled

AT_ONCE = timedelta(days=1)  # what is read of the log at a time
ERROR = 500  # the first HTTP status that is the server's fault


def spans(since: datetime, until: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """Cut a span of time into equal ones."""
    limits = [since + (until - since) * number / count for number in range(count + 1)]
    return list(pairwise(limits))


def answering(log: PredictionLog, since: datetime, until: datetime) -> dict[str, str]:
    """Return the versions that answered last in a span of time, by their role; may be none."""
    for start, end in reversed(list(_slices(since, until))):
        found = log.predictions(start, end)
        latest = found.drop_duplicates("role", keep="last").set_index("role")["model"].to_dict()
        if "champion" in latest:
            return {str(role): str(version) for role, version in latest.items()}
    return {}


def from_log(
    log: PredictionLog, since: datetime, until: datetime, contract: Schema, versions: dict[str, str]
) -> Period:
    """Return what a span of time has in the log.

    Args:
        log: the log.
        since: its start.
        until: its end, which does not belong to it.
        contract: of the model that answers.
        versions: of the champion, and of the challenger if there is one.
    """
    at = "%Y-%m-%d" if until - since >= AT_ONCE else "%Y-%m-%d %H:%M"
    period = Period(f"{since:{at}} to {until:{at}}", begin=f"{since:{at}}")
    parts: list[Part] = []
    for start, end in _slices(since, until):
        found = log.predictions(start, end)
        champion = found[found["role"] == "champion"]
        mine = champion[champion["model"] == versions["champion"]]
        period.others += len(champion) - len(mine)
        if len(mine):
            is_rival = found["role"] == "challenger"
            is_rival &= found["model"] == versions.get("challenger")
            rivals = found[is_rival].set_index("id")
            parts.append(_logged(mine, rivals, contract, period.faults))
        period.rows += len(mine)
        parts = bounded(parts)
    _refusals(log.refusals(since, until), period)
    return filled(period, parts)


def from_table(file: Path, bundle: Bundle, rows: int) -> Period:
    """Return what a table has, scored by the model.

    Args:
        file: the table.
        bundle: the model.
        rows: the most rows to read at a time.
    """
    contract = bundle.contract.model_copy(update={"duplicates": "keep"})
    dialect.require(file, contract.csv)
    training = {contract.target, contract.weight or contract.target}
    period = Period(file.name)
    parts: list[Part] = []
    for chunk in checked([file], contract, rows, f"monitor {file.name}", optional=training):
        violations = [found for found in chunk.violations if found.column not in training]
        for found in violations:
            period.faults[found.column, found.fault] += int(found.rows.sum())
        good = schema.usable(violations, len(chunk.table))
        table = chunk.table[good]
        period.refused += int((~good).sum())
        period.rows += len(table)
        nothing = pd.DataFrame(index=table.index)
        parts.append(Part(table, bundle.predict(table), nothing, np.empty(0)))
        parts = bounded(parts)
    return filled(period, parts)


def _slices(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + AT_ONCE, until)
        since += AT_ONCE


def _logged(
    mine: pd.DataFrame, rivals: pd.DataFrame, contract: Schema, faults: Counter[Fault]
) -> Part:
    """Return rows of the log in the contract's types; count what training has not seen."""
    door = _kept(contract)
    raw = pd.DataFrame(mine["row"].tolist(), columns=list(door.used), dtype="object")
    table, violations = schema.conform(raw, door)
    for found in violations:
        if found.fault == "unseen_category":  # what else is wrong was refused when it came
            faults[found.column, found.fault] += int(found.rows.sum())
    target = contract.columns[contract.target]
    known = mine["outcome"].reset_index(drop=True).astype("object")
    table[contract.target] = schema.read(known.where(known.notna(), None), target, schema.Csv())
    other = rivals.reindex(mine["id"])
    served = pd.DataFrame(
        {
            "review": mine["review"].to_numpy(dtype=bool),
            "latency_ms": mine["latency_ms"].to_numpy(dtype=np.float64),
            "answer": mine["prediction"].to_numpy(dtype=object),
            "rival": other["prediction"].to_numpy(dtype=object),
            "rival_ms": other["latency_ms"].to_numpy(dtype=np.float64),
        }
    )
    numbers = _numbers(mine["numbers"], contract)
    return Part(table, numbers, served, _numbers(other["numbers"], contract))


def _kept(contract: Schema) -> Schema:
    """Return the contract for what the log keeps of a row."""
    door = for_scoring(contract)
    ignored = {name: Column(kind="ignored") for name, c in door.columns.items() if c.sensitive}
    return door.model_copy(update={"columns": door.columns | ignored, "csv": schema.Csv()})


def _numbers(lists: "pd.Series[Any]", contract: Schema) -> np.ndarray:
    width = len(contract.classes) if contract.task == "multiclass" else 1
    none = [np.nan] * width
    rows = [one if isinstance(one, list) and len(one) == width else none for one in lists]
    numbers = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return numbers if contract.task == "multiclass" else numbers[:, 0]


def _refusals(found: pd.DataFrame, period: Period) -> None:
    errors = found["status"] >= ERROR
    period.errors = int(errors.sum())
    broken = found[~errors]
    for column, fault, rows in zip(broken["column"], broken["fault"], broken["rows"], strict=True):
        period.faults[column, fault] += rows
    # A row that breaks the contract twice is there twice, at the same time.
    period.refused = int(broken.groupby("at")["rows"].max().sum())

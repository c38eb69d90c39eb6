"""A use case: how its table is made, what must be understood of it, and what a user answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema

SEED = 20250101
FIRST, MONTH_AFTER = "2024-01-01", "2025-01-01"
YEAR, MONTH = 366, 31  # days

Draw = np.random.Generator
Maker = Callable[[Draw, int, pd.DatetimeIndex], pd.DataFrame]


@dataclass(frozen=True)
class Case:
    """A use case.

    Attributes:
        name: what it is called here.
        target: the column to predict.
        task: what the model must learn in the end.
        make: makes rows of some days; what does not change in the world is drawn apart.
        shift: makes another month of a normal one.
        alerts: checks that must raise an alert for it, each as `check about`.
        kinds: some columns, and what kind each must have in schema.yaml.
        left_out: columns that must be no features.
        sensitive: columns that must be called sensitive.
        protected: columns that must be called protected.
        warned: words of which each must be in the summary.
        asked_task: what the target is taken for at first, if that is another task.
        commands: what the user types after the summary, after `uv run`.
        edits: what the user changes in schema.yaml after the summary: a regular expression, and
            what stands there instead.
        experiment: the parameter that is tried.
        broken: values of a row that must be refused; each one's column must be named.
        strange: values of a row that must be answered, with a warning.
        said: a word of the warning; blank if there is none.
        beats: whether the score must be better than the baseline's.
        goal: the success number of the plan: a metric, `at_least` or `at_most`, and the number.
        rows: of the table.
        month: rows of a month.
        texts: what only people know, for the pages of docs/.
    """

    name: str
    target: str
    task: str
    make: Maker
    shift: Callable[[pd.DataFrame, Draw], pd.DataFrame]
    alerts: tuple[str, ...]
    kinds: Mapping[str, str]
    left_out: tuple[str, ...]
    warned: tuple[str, ...]
    broken: Mapping[str, Any]
    strange: Mapping[str, Any]
    said: str
    goal: tuple[str, str, float]
    texts: "Texts"
    sensitive: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    asked_task: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    edits: tuple[tuple[str, str], ...] = ()
    experiment: str = "train.options.{model}.max_iter=50"
    beats: bool = True
    rows: int = 1500
    month: int = 600

    @property
    def first_task(self) -> str:
        """What the target must be taken for at first."""
        return self.asked_task or self.task


@dataclass(frozen=True)
class Texts:
    """True sentences about a use case.

    Attributes:
        problem: who has the problem.
        users: who uses the predictions, and for which decision.
        source: where the table is from.
        people: whom the rows are about.
        later: which columns are known only afterwards.
        harm: what a wrong prediction costs.
        limits: what the model must not be used for.
    """

    problem: str
    users: str
    source: str
    people: str
    later: str
    harm: str
    limits: str


def misunderstood(case: Case, schema: Schema, summary: str) -> list[str]:
    """Return what is not as expected of a new table, as sentences.

    Args:
        case: the use case.
        schema: as it was inferred.
        summary: what the user reads.
    """
    columns = schema.columns
    found = [
        (schema.task == case.first_task, f"the task is {schema.task}, not {case.first_task}"),
        *(
            (columns[name].kind == kind, f"{name} is {columns[name].kind}, not {kind}")
            for name, kind in case.kinds.items()
        ),
        *((columns[name].sensitive, f"{name} is not sensitive") for name in case.sensitive),
        *((columns[name].protected, f"{name} is not protected") for name in case.protected),
        *((words in summary, f"nothing says: {words}") for words in case.warned),
        (bool(case.warned) or "WARNING" not in summary, "a warning that nobody expected"),
    ]
    return [sentence for so, sentence in found if not so]


def edited(case: Case, text: str) -> str:
    """Return schema.yaml with what the user changes in it.

    Raises:
        ValueError: there is nothing to change where the user would look for it.
    """
    for old, new in case.edits:
        text, count = re.subn(old, new, text, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"schema.yaml has no {old}")
    return text


def learned(case: Case, schema: Schema) -> list[str]:
    """Return the columns that the model learns from, and should not."""
    return [name for name in case.left_out if name in schema.features]


def table(case: Case, kind: str = "year") -> pd.DataFrame:
    """Return the table of a case, or a month that came after it.

    Args:
        case: the use case.
        kind: `year` is the table; `normal` is a month like those of the table; `shifted` is
            another one.
    """
    if kind == "year":
        draw = np.random.default_rng(SEED)
        return case.make(draw, case.rows, _days(draw, case.rows, FIRST, YEAR))
    draw = np.random.default_rng(SEED + 1)
    # Like the year, not like January: seasons are no drift that a month could be blamed for.
    start, days = (FIRST, YEAR) if kind == "normal" else (MONTH_AFTER, MONTH)
    rows = case.make(draw, case.month, _days(draw, case.month, start, days))
    return rows if kind == "normal" else case.shift(rows, draw)


def written(case: Case, folder: Path) -> Path:
    """Write the table of a case as a CSV file, and return its path."""
    path = folder / f"{case.name}.csv"
    table(case).to_csv(path, index=False)
    return path


def _days(draw: Draw, rows: int, start: str, days: int) -> pd.DatetimeIndex:
    minutes = np.sort(draw.integers(0, days * 24 * 60, rows))
    return pd.DatetimeIndex(pd.Timestamp(start) + pd.to_timedelta(minutes, "min"))

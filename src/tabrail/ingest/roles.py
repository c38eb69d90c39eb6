"""Choose the roles of columns: the key, the time, and the slices of the results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from tabrail.ingest import protected
from tabrail.ingest.kinds import DISTINCT, Guess
from tabrail.ingest.profile import Profile

SLICE_LEVELS, SLICE_ROWS = 10, 50
MISSING_IN_SLICE = 0.2
FEWEST_KEYS = 30
CHECK_TIME = "Check this choice"
LONGEST_NAME = 60
ON_BOTH_SIDES = "so they may be on both sides of the split"


def key(guesses: Mapping[str, Guess], target: str, found: Profile) -> tuple[list[str], str]:
    """Choose the key, and give the reason, or the reason why there is none."""
    repeating: list[str] = []
    unique: list[str] = []
    for name, guess in guesses.items():
        column = found.columns.get(name)
        if guess.kind != "identifier" or column is None or column.missing or name == target:
            continue
        # Row numbers that were profiled as numbers have no count, but all are distinct.
        if column.distinct >= DISTINCT * column.counted:
            unique.append(name)
        elif guess.entity and column.distinct >= FEWEST_KEYS:
            repeating.append(name)
    if len(repeating) == 1:
        return repeating, f"rows of one {short(repeating[0])} stay together in the split"
    repeating.sort(key=lambda name: guesses[name].sensitive)
    if widest := _that_holds_all(repeating, found.sample):
        others = _listed(name for name in repeating if name != widest)
        together = f"rows of one {short(widest)} stay together in the split"
        return [widest], f"{together}, and with them those of one value of {others}"
    if repeating:
        return [], (
            f"rows repeat in each of {_listed(repeating)}, {ON_BOTH_SIDES}: name here the one "
            "whose rows belong together"
        )
    if unique:
        unique = [name for name in unique if not guesses[name].sensitive] or unique
        unique = [name for name in unique if guesses[name].entity] or unique
        return unique[:1], "a different value in each row; rows are split by it"
    return [], "no column identifies the rows or what they belong to; rows are split by features"


def _that_holds_all(names: Sequence[str], sample: pd.DataFrame) -> str:
    """Return the widest column: each value of the others has only one value of it; or blank.

    For example, all rows of one invoice have the same customer, so the customer is wider. Values
    that hardly repeat in the sample are no evidence.

    Args:
        names: of identifiers that repeat.
        sample: rows as they were read.
    """
    telling = [name for name in names if sample[name].duplicated().sum() >= FEWEST_KEYS]
    if len(telling) < len(names):
        return ""
    for name in names:
        others = [other for other in names if other != name]
        if all(sample.groupby(other)[name].nunique().max() == 1 for other in others):
            return name
    return ""


def time(
    columns: Mapping[str, Mapping[str, Any]], target: str, unread: Sequence[str] = ()
) -> tuple[str, str]:
    """Choose the time column from the entries of columns, and give the reason.

    Args:
        columns: their entries.
        target: the column to predict.
        unread: columns that look like dates, and are read as words.
    """
    complete = [
        name
        for name, column in columns.items()
        if column["kind"] == "datetime"
        and name != target
        and not column.get("nullable")
        and not column.get("sensitive")
        and not protected.is_birth(name)
    ]
    if len(complete) == 1 and unread:
        only, other = short(complete[0]), _listed(unread)
        them = "it is" if len(unread) == 1 else "they are"
        return complete[0], (
            f"the only column that is read as dates. {CHECK_TIME}: {other} may be the one that "
            f"orders the rows, but {them} not read as dates. So nothing shows whether {only} is "
            f"later, and known only after {short(target)} is"
        )
    if len(complete) == 1:
        return complete[0], "the only date in every row; prepare.split.method: time orders by it"
    return "", f"one of {_listed(complete)}, if rows are to be split by time" if complete else ""


def slices(
    columns: Mapping[str, Mapping[str, Any]], features: Iterable[str], found: Profile
) -> tuple[list[str], str]:
    """Choose the features to report results by, and give the reason.

    Protected attributes come first, then the first two features that fit.
    """
    first = protected.slices(columns, list(features))
    possible: list[tuple[int, bool, str]] = []
    for name in features:
        kind, column = columns[name]["kind"], found.columns[name]
        listed = kind == "boolean" or "categories" in columns[name]
        is_chosen = name in first or columns[name].get("sensitive")
        if is_chosen or not listed or not 2 <= len(column.levels) <= SLICE_LEVELS:
            continue
        few_missing = column.missing < MISSING_IN_SLICE * found.rows
        if few_missing and min(column.levels.values()) >= SLICE_ROWS:
            possible.append((column.missing, kind == "boolean", name))
    chosen = first + [name for *_, name in sorted(possible, key=lambda one: one[:2])[:2]]
    what = "value or band" if any("bands" in columns[name] for name in chosen) else "value"
    return chosen, f"results are also reported for each {what} of these columns" if chosen else ""


def short(name: str) -> str:
    """Return a column's name, shortened if it is very long."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(short, names))

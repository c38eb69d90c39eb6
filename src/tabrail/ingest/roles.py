"""Choose the roles of columns: the key, the time, and the slices of the results."""

from collections.abc import Iterable, Mapping
from typing import Any

from tabrail.ingest.kinds import DISTINCT, Guess
from tabrail.ingest.profile import Profile

SLICE_LEVELS, SLICE_ROWS = 10, 50
MISSING_IN_SLICE = 0.2
FEWEST_KEYS = 30
LONGEST_NAME = 60
ON_BOTH_SIDES = "so they may be on both sides of the split"


def key(guesses: Mapping[str, Guess], target: str, found: Profile) -> tuple[list[str], str]:
    """Choose the column whose rows must stay together, and say why; or why there is none.

    Args:
        guesses: what each column is.
        target: the column to predict.
        found: what all rows hold.
    """
    repeating: list[str] = []
    unique: list[str] = []
    for name, guess in guesses.items():
        column = found.columns.get(name)
        if guess.kind != "identifier" or column is None or column.missing or name == target:
            continue
        # Row numbers that were profiled as numbers have no count: all of them are distinct.
        if column.distinct >= DISTINCT * column.counted:
            unique.append(name)
        elif guess.entity and column.distinct >= FEWEST_KEYS:
            repeating.append(name)
    if len(repeating) == 1:
        reason = f"rows of one {short(repeating[0])} stay together in the split"
        return repeating, reason
    if repeating:
        listed = ", ".join(short(name) for name in repeating)
        return [], (
            f"rows repeat in each of {listed}, {ON_BOTH_SIDES}: name here the one whose rows "
            "belong together"
        )
    if unique:
        unique = [name for name in unique if not guesses[name].sensitive] or unique
        entities = [name for name in unique if guesses[name].entity] or unique
        return entities[:1], "a different value in each row: it decides on the side of the split"
    return [], "no column names the rows, or whom they belong to; the features decide on the split"


def time(columns: Mapping[str, Mapping[str, Any]], target: str) -> tuple[str, str]:
    """Choose the column by which the rows have an order, and say why.

    Args:
        columns: their entries in the schema.
        target: the column to predict.
    """
    dates = [n for n, one in columns.items() if one["kind"] == "datetime" and n != target]
    complete = [name for name in dates if not columns[name].get("nullable")]
    if len(complete) == 1:
        return complete[0], "the only date in every row; prepare.split.method: time orders by it"
    if complete:
        listed = ", ".join(short(name) for name in complete)
        return "", f"one of {listed}, if rows are to be split by time"
    return "", ""


def slices(
    columns: Mapping[str, Mapping[str, Any]], features: Iterable[str], found: Profile
) -> tuple[list[str], str]:
    """Choose up to two features by whose values results are reported, too, and say why.

    Args:
        columns: their entries in the schema.
        features: the columns to learn from.
        found: what all rows hold.
    """
    possible: list[tuple[int, bool, str]] = []
    for name in features:
        levels, missing = found.columns[name].levels, found.columns[name].missing
        kind = columns[name]["kind"]
        if kind == "categorical" and "categories" not in columns[name]:
            continue
        if kind not in ("categorical", "boolean") or not 2 <= len(levels) <= SLICE_LEVELS:
            continue
        if min(levels.values()) >= SLICE_ROWS and missing < MISSING_IN_SLICE * found.rows:
            possible.append((missing, kind == "boolean", name))
    chosen = [name for *_, name in sorted(possible, key=lambda one: one[:2])[:2]]
    return chosen, "results are also reported for each value of these columns" if chosen else ""


def short(name: str) -> str:
    """Return a column's name, cut where it is very long."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"

"""From what all rows say to the schema: limits, categories, roles and reasons."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tabrail.data.schema import FEATURE_KINDS
from tabrail.errors import InputError
from tabrail.ingest import notes, roles
from tabrail.ingest.beliefs import Beliefs
from tabrail.ingest.columns import describe as describe_column
from tabrail.ingest.draft import Draft
from tabrail.ingest.goal import positive
from tabrail.ingest.kinds import Guess
from tabrail.ingest.survey import Survey, Tally

FEWEST_ROWS, FEWEST_OF_CLASS, FEWEST_COMBINATIONS = 50, 2, 30
MANY_REPEATED = 0.01


def describe(beliefs: Beliefs, found: Survey, name: str = "") -> Draft:
    """Return the schema, with the reason for each decision.

    Args:
        beliefs: what each column is; all rows agree with it.
        found: what all rows say.
        name: what the data is called; the first file's name, if not given.

    Raises:
        InputError: the target cannot be learned, or there is nothing to learn it from.
    """
    target, goal = beliefs.target, beliefs.goal
    keep = found.repeated > MANY_REPEATED * found.rows
    _refuse(beliefs, found, found.rows if keep else found.rows - found.repeated)
    draft = Draft(
        schema={"name": name or _title(beliefs.files[0])},
        files=[file.name for file in beliefs.files],
        rows=found.rows,
        unlabeled=found.columns[target].missing,
        duplicates=found.repeated,
    )
    columns = _columns(draft, beliefs, found)
    key, key_reason = roles.key(beliefs.guesses, target, found)
    features = _features(columns, {target, *key}, target)
    if not key:
        _refuse_few_combinations(found.sample[features], target)
    time, time_reason = roles.time(columns, target)
    slices, slices_reason = roles.slices(columns, features, found)
    levels = found.columns[target].levels
    if goal.task == "binary":
        chosen, draft.reasons["positive"] = positive(levels, goal.kind)
        draft.positive_share = levels[chosen] / sum(levels.values())
    content = {
        "csv": beliefs.form.model_dump(exclude_defaults=True),
        "task": goal.task,
        "target": target,
        "positive": chosen if goal.kind == "categorical" and goal.task == "binary" else "",
        "key": key,
        "time": time,
        "slices": slices,
        "duplicates": "keep" if keep else "",
    }
    draft.schema |= {setting: value for setting, value in content.items() if value}
    draft.schema |= {"missing": beliefs.missing, "columns": columns}
    draft.reasons |= {
        "csv": notes.form(beliefs),
        "task": goal.reason,
        "target": notes.unlabeled(found, target),
        "key": key_reason,
        "time": time_reason,
        "slices": slices_reason,
        "duplicates": notes.repeated(found, keep=keep),
        "missing": notes.missing(beliefs),
    }
    pressing = {"csv": "AMBIGUOUS", "target": "", "key": roles.ON_BOTH_SIDES}
    draft.warnings += [
        f"{setting}: {draft.reasons[setting]}"
        for setting, sign in pressing.items()
        if draft.reasons[setting] and sign in draft.reasons[setting]
    ]
    draft.warnings += notes.small_classes(beliefs, found)
    return draft


def _columns(draft: Draft, beliefs: Beliefs, found: Survey) -> dict[str, dict[str, Any]]:
    """Describe each column, and note in the draft why, and what a person should look at."""
    columns: dict[str, dict[str, Any]] = {}
    loud, other = [], []
    for name, guess in beliefs.guesses.items():
        is_target = name == beliefs.target
        if is_target:
            guess = Guess(beliefs.goal.kind, beliefs.goal.reason, unit=beliefs.goal.unit)
        tally = found.columns.get(name, Tally())
        columns[name], reason = describe_column(name, guess, tally, found.rows, is_target)
        if name in beliefs.leaks:
            reason = notes.leak(beliefs, name)
            loud.append(f"{name} is ignored. {reason}")
        if name in beliefs.suspects:
            loud.append(notes.suspicion(beliefs, name, beliefs.suspects[name]))
        if guess.warning:
            other.append(f"{name}: {guess.warning}")
        fault, words = notes.faults(guess.kind, tally, found.rows)
        if fault:
            draft.faults[name] = (tally.unreadable, words)
            other.append(f"{name}: {fault}")
        draft.column_reasons[name] = "; ".join(part for part in (reason, fault) if part)
    draft.warnings = [*loud, *other]
    return columns


def _features(
    columns: Mapping[str, Mapping[str, Any]], others: Collection[str], target: str
) -> list[str]:
    """Return the columns to learn from.

    Raises:
        InputError: there is none.
    """
    features = [
        name
        for name, column in columns.items()
        if column["kind"] in FEATURE_KINDS and name not in others
    ]
    if not features:
        kinds = ", ".join(f"{name!r} ({column['kind']})" for name, column in columns.items())
        raise InputError(
            f"there is nothing to learn {target!r} from; the columns are: {kinds[:500]}"
        )
    return features


def _refuse_few_combinations(sample: pd.DataFrame, target: str) -> None:
    """Refuse a table whose rows are so alike that no split can hold some of them back.

    Raises:
        InputError: there are too few different rows, apart from the target.
    """
    different = len(sample.drop_duplicates())
    if different < FEWEST_COMBINATIONS:
        raise InputError(
            f"the columns beside {target!r} have {different} different combinations of values, and "
            f"equal rows stay in one split, so at least {FEWEST_COMBINATIONS} are needed; bring "
            "more columns, or one that names each row, such as an id"
        )


def _refuse(beliefs: Beliefs, found: Survey, rows: int) -> None:
    """Refuse a target that cannot be learned.

    Raises:
        InputError: the message says why.
    """
    target, tally = beliefs.target, found.columns[beliefs.target]
    filled = found.rows - tally.missing
    if not filled:
        raise InputError(f"target {target!r} is empty in all {found.rows:,} rows")
    by_levels = beliefs.goal.kind in ("categorical", "boolean")
    if (by_levels and len(tally.levels) < 2) or (not by_levels and tally.low == tally.high):
        only = next(iter(tally.levels), tally.low)
        raise InputError(
            f"target {target!r} has one value only ({only!r}), so there is nothing to learn; "
            "choose another column"
        )
    usable = rows - tally.missing - found.faulty
    if usable < FEWEST_ROWS:
        raise InputError(
            f"{usable:,} different rows with a target {target!r} can be used; at least "
            f"{FEWEST_ROWS} are needed to train, validate and test"
        )
    if by_levels and tally.levels.most_common(2)[1][1] < FEWEST_OF_CLASS:
        raise InputError(
            f"target {target!r}: all rows but one are {tally.levels.most_common(1)[0][0]!r}; "
            "bring more rows of the other classes"
        )


def _title(file: Path) -> str:
    stem = file.name.split(".")[0].replace("_", " ").replace("-", " ").strip()
    return (stem[:1].upper() + stem[1:]) or "Data"

"""Draft a schema from guesses and profiles: entries, roles, reasons and warnings."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tabrail.data import folders
from tabrail.data.schema import FEATURE_KINDS
from tabrail.errors import InputError
from tabrail.ingest import (
    doubts,
    nearly,
    notes,
    part_types,
    protected,
    roles,
    separators,
    special,
    totals,
)
from tabrail.ingest.columns import describe_column
from tabrail.ingest.draft import Draft
from tabrail.ingest.kinds import FEW, WORDS, Guess
from tabrail.ingest.profile import ColumnProfile, Profile
from tabrail.ingest.target import positive_class

if TYPE_CHECKING:
    from tabrail.ingest.inference import Inference

FEWEST_ROWS, FEWEST_OF_CLASS, FEWEST_COMBINATIONS = 50, 2, 30
MANY_REPEATED = 0.01


def describe(inference: "Inference", found: Profile, name: str = "") -> Draft:
    """Return the schema, with the reason for each decision.

    Args:
        inference: the kind of each column, which agrees with all rows.
        found: what all rows hold.
        name: the name of the data; the default is the first file's name.

    Raises:
        InputError: the target cannot be learned, or there is nothing to learn it from.
    """
    target, task = inference.name, inference.target
    keep = found.repeated > MANY_REPEATED * found.rows
    _refuse(inference, found, found.rows if keep else found.rows - found.repeated)
    draft = Draft(
        schema={"name": name or _title(inference.files[0])},
        files=[
            file.relative_to(folders.outside(file.parent)).as_posix() for file in inference.files
        ],
        rows=found.rows,
        unlabeled=found.columns[target].missing,
        duplicates=found.repeated,
    )
    of_special = special.found(inference.guesses, of_persons=_of_persons(inference, found))
    columns = _columns(draft, inference, found, of_special)
    key, key_reason = roles.key(inference.guesses, target, found)
    possible = _features(columns, {target, *key}, target)
    _mark_protected(columns, possible, inference.sample)
    features = [name for name in possible if not columns[name].get("sensitive")]
    if kept := not features:
        features = possible
        for name in (*of_special, *features):
            columns[name].pop("sensitive", None)
    draft.alone = {name: one.score for name, one in inference.alone.items()}
    if not key:
        _refuse_few_combinations(inference.sample[features], target)
    positive, positive_reason = "", ""
    if task.task == "binary":
        levels = found.columns[target].levels
        positive, positive_reason = positive_class(levels, task.kind)
        draft.positive_share = levels[positive] / sum(levels.values())
    settings: dict[str, tuple[Any, str]] = {
        "csv": (inference.form.model_dump(exclude_defaults=True), notes.csv_format(inference)),
        "task": (task.task, task.reason),
        "target": (target, notes.unlabeled(found, target, inference.words_for_missing(target))),
        "positive": (positive if task.kind == "categorical" else "", positive_reason),
        "key": (key, key_reason),
        "time": roles.time(columns, target, _unread_dates(inference, columns)),
        "slices": roles.slices(columns, possible, found),
        "duplicates": ("keep" if keep else "", notes.repeated(found, keep=keep)),
        "missing": (inference.missing, notes.missing(inference)),
        "columns": (columns, ""),
    }
    draft.schema |= {setting: value for setting, (value, _) in settings.items() if value}
    draft.reasons = {setting: reason for setting, (_, reason) in settings.items()}
    pressing = {
        "csv": "AMBIGUOUS",
        "target": "",
        "key": roles.ON_BOTH_SIDES,
        "time": roles.CHECK_TIME,
    }
    draft.warnings += [
        f"{setting}: {draft.reasons[setting]}"
        for setting, sign in pressing.items()
        if draft.reasons[setting] and sign in draft.reasons[setting]
    ]
    draft.warnings += notes.strange_letters(inference)
    kinds = {name: column["kind"] for name, column in columns.items()}
    draft.warnings += part_types.differing(inference.types, kinds)
    draft.warnings += totals.warnings(
        (name, found.columns[name])
        for name, column in columns.items()
        if column["kind"] == "numeric" and not column.get("sensitive")
    )
    draft.warnings += found.aside.text()
    draft.warnings += notes.small_classes(inference, found)
    if task.task == "binary":
        shown = target if task.kind == "boolean" else f"{target} {positive}"
        draft.warnings += notes.few_positives(shown, levels[positive], sum(levels.values()))
    if not key:
        numbers = [name for name in features if columns[name]["kind"] == "numeric"]
        numbered = [name for name in numbers if name in inference.blocks]
        draft.warnings += [notes.blocks(name, inference.blocks[name]) for name in numbered]
    for name in (target, *features):
        counts = found.columns[name].levels
        listed = {level: counts[level] for level in columns[name].get("categories", ())}
        draft.warnings += notes.spellings(name, listed)
        if name != target and columns[name]["kind"] == "categorical":
            words = inference.words_for_missing(name)
            draft.warnings += notes.hidden_categories(name, words, inference.first_rows)
    personal = {name: guess.personal for name, guess in inference.guesses.items()}
    draft.warnings += special.of_persons(personal, columns, target, kept=kept)
    draft.warnings += special.warnings(of_special, target, kept=kept)
    if named := [name for name in features if columns[name].get("protected")]:
        draft.warnings.append(protected.warning(named))
    return draft


def _columns(
    draft: Draft, inference: "Inference", found: Profile, of_special: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Describe each column, and write the reasons and the warnings into the draft."""
    columns: dict[str, dict[str, Any]] = {}
    urgent, other = list(inference.suspects), []
    doubted = {suspect.partition(":")[0] for suspect in inference.suspects}
    is_ambiguous = doubts.AMBIGUOUS in inference.form_reason
    of_persons = _of_persons(inference, found)
    for name, guess in inference.guesses.items():
        is_target = name == inference.name
        if is_target:
            target = inference.target
            guess = Guess(
                target.kind,
                target.reason,
                unit=target.unit,
                format=target.format,
                warning=target.warning,
            )
        elif name in of_special:
            guess = special.hidden(guess, of_special[name])
        column, hide = found.columns.get(name, ColumnProfile()), of_persons or name in of_special
        columns[name], reason = describe_column(
            name, guess, column, found.rows, is_target=is_target, of_persons=hide
        )
        columns[name] |= separators.keys(inference, name, columns[name]["kind"])
        if name in inference.leaks:
            reason = inference.leaks[name]
            urgent.append(f"{name} is ignored. {reason}")
        said = (is_ambiguous and doubts.AMBIGUOUS in guess.warning) or (
            name in doubted and doubts.MAY_NAME in guess.warning
        )
        if guess.warning and not (guess.kind == "numeric" and said):
            other.append(f"{name}: {guess.warning}")
        other += notes.swapped_dates(name, column, found.rows)
        is_hidden = guess.sensitive
        other += notes.odd_dates(name, column.odd_dates, is_hidden=is_hidden)
        unreadable, words = notes.unreadable(guess.kind, column, found.rows, is_hidden=is_hidden)
        if unreadable:
            draft.unreadable[name] = (column.unreadable, words)
            other.append(f"{name}: {unreadable}")
        draft.column_reasons[name] = "; ".join(filter(None, (reason, unreadable)))
    draft.warnings = [*separators.warnings(inference, columns), *urgent, *other]
    return columns


def _of_persons(inference: "Inference", found: Profile) -> bool:
    """Check whether a column shows that the rows are about people.

    A few names do not: the clerks have names, and the rows are about buildings.
    """

    def are_few(name: str, guess: Guess) -> bool:
        return guess.kind == "categorical" and len(found.columns[name].levels) <= FEW

    return any(
        (guess.sensitive and not are_few(name, guess)) or protected.is_protected(name)
        for name, guess in inference.guesses.items()
    )


def _unread_dates(inference: "Inference", columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the columns that look like dates, with a warning that they are read as words."""
    return [
        name
        for name, guess in inference.guesses.items()
        if guess.warning
        and columns[name]["kind"] in WORDS
        and name != inference.name
        and nearly.are_dates(inference.words(name))
    ]


def _mark_protected(
    columns: dict[str, dict[str, Any]], features: Collection[str], sample: pd.DataFrame
) -> None:
    """Mark the features that are protected attributes, and cut ages into bands."""
    for name in features:
        if not protected.is_protected(name):
            continue
        columns[name]["protected"] = True
        bounds = protected.bands(name, sample[name]) if columns[name]["kind"] == "numeric" else []
        if bounds:
            columns[name]["bands"] = bounds


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
    """Refuse a table with too few distinct rows to split.

    Raises:
        InputError: there are too few distinct rows, apart from the target.
    """
    different = len(sample.drop_duplicates())
    if different < FEWEST_COMBINATIONS:
        raise InputError(
            f"the columns other than {target!r} have {different} different combinations of values, "
            f"and equal rows stay in one split, so at least {FEWEST_COMBINATIONS} are needed; add "
            "columns, or one that identifies each row, such as an id"
        )


def _refuse(inference: "Inference", found: Profile, rows: int) -> None:
    """Refuse a target that cannot be learned.

    Raises:
        InputError: the message says why.
    """
    target, column = inference.name, found.columns[inference.name]
    filled = found.rows - column.missing
    if not filled:
        raise InputError(f"target {target!r} is empty in all {found.rows:,} rows")
    by_levels = inference.target.kind in ("categorical", "boolean")
    if (by_levels and len(column.levels) < 2) or (not by_levels and column.low == column.high):
        only = next(iter(column.levels), column.low)
        raise InputError(
            f"target {target!r} has one value only ({only!r}), so there is nothing to learn; "
            "choose another column"
        )
    usable = rows - column.missing - found.unreadable
    if usable < FEWEST_ROWS:
        raise InputError(
            f"{usable:,} different rows with a target {target!r} can be used; at least "
            f"{FEWEST_ROWS} are needed to train, validate and test"
        )
    if by_levels and column.levels.most_common(2)[1][1] < FEWEST_OF_CLASS:
        raise InputError(
            f"target {target!r}: all rows but one are {column.levels.most_common(1)[0][0]!r}; add "
            "more rows of the other classes"
        )


def _title(file: Path) -> str:
    stem = file.name.split(".")[0].replace("_", " ").replace("-", " ").strip()
    return (stem[:1].upper() + stem[1:]) or "Data"

"""Write the notes on an inferred schema that a person should read."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tabrail.data.schema import Task
from tabrail.ingest import kinds, recipes, roles
from tabrail.ingest.column_names import in_clean
from tabrail.ingest.leaks import measure
from tabrail.ingest.pairs import Pair
from tabrail.ingest.personal_data import is_personal
from tabrail.ingest.profile import ColumnProfile, Profile

if TYPE_CHECKING:
    from tabrail.ingest.inference import Inference

SMALL_CLASS = 30  # rows
HIDDEN_SHARE = 0.05
FEW_POSITIVES, FEW_SHARE = 100, 0.01
# Three consecutive non-ASCII letters, or a control character.
STRANGE = re.compile(r"[^\x00-\x7f\W\d_]{3}|[\x80-\x9f]")
ENCODINGS = {"cp1252": "Windows' Western European", "latin-1": "Latin-1"}


def leak(name: str, target: str, task: Task, score: float, entry: Mapping[str, object]) -> str:
    """Return the note that a column alone predicts the target, and how to use it anyway."""
    return (
        f"{_near_perfect(target, task, score)} on rows it was not fitted to): is it known before "
        f"{target} is? Then {recipes.entry(name, written(entry))}"
    )


def only_leak(name: str, target: str, task: Task, score: float) -> str:
    """Return the note that a column alone predicts the target, and is the only feature."""
    return (
        f"{name}: {_near_perfect(target, task, score)}), and there is no other column to learn "
        f"from. If it is not known before {target} is, the model is worth nothing"
    )


def pair(
    name: str, found: Pair, left_out: Sequence[str], target: str, entry: Mapping[str, object]
) -> str:
    """Return the note that two columns together give the target, and how to use them anyway.

    Args:
        name: the column.
        found: the two columns.
        left_out: the column that is left out, or both.
        target: the target's name.
        entry: the column's entry in schema.yaml if it is used.
    """
    (kept,) = {found.first, found.second} - set(left_out) or {""}
    use = f"If it is known before {target} is, {recipes.entry(name, written(entry))}"
    other = f". If {kept} is not, {recipes.ignore(kept)}" if kept else ""
    return f"{_gives(found, target)}. {use}{other}"


def ask_pair(found: Pair, target: str) -> str:
    """Ask whether two columns that give the target are known when a prediction is made."""
    return (
        f"{found.first}, {found.second}: {_gives(found, target)}. Are both known before {target} "
        f"is? If {found.first} is not, {recipes.ignore(found.first)}. If {found.second} is not, "
        f"{recipes.ignore(found.second)}"
    )


def only_pair(found: Pair, target: str) -> str:
    """Return the note that two columns give the target, and are the only features."""
    return (
        f"{found.first}, {found.second}: {_gives(found, target)}, and there is no other column to "
        f"learn from. If one is not known before {target} is, the model is worth nothing"
    )


def later_date(name: str, early: str, target: str) -> str:
    """Ask whether a date is known when a prediction is made."""
    return (
        f"{name}: it is later than {early} in nearly all rows. Is it known before {target} is? If "
        f"not, {recipes.ignore(name)}"
    )


def _gives(found: Pair, target: str) -> str:
    return f"LEAK? {found} gives {target}, except for unit, limit or rounding"


def written(entry: Mapping[str, object]) -> str:
    """Return a column's entry in schema.yaml."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in entry.items() if value) + "}"


def _near_perfect(target: str, task: Task, score: float) -> str:
    return f"LEAK? Alone, it predicts {target} nearly perfectly ({measure(task)} {score:.3f}"


def csv_format(inference: "Inference") -> str:
    """Return the reason for the dialect of the files."""
    parts = [inference.form_reason]
    if what := ENCODINGS.get(inference.form.encoding):
        parts.insert(0, f"not UTF-8, so read as {what}; check non-ASCII letters")
    return "; ".join(filter(None, parts))


def strange_letters(inference: "Inference") -> list[str]:
    """Warn about letters that rarely occur together in the detected encoding."""
    encoding = ENCODINGS.get(inference.form.encoding)
    for words in inference.texts() if encoding else ():
        for word in words:
            if STRANGE.search(word) and not is_personal(word):
                return [
                    f"csv: the file is not UTF-8, and was read as {encoding}: a value is "
                    f"{word[:30]!r}. If that is wrong, save the file as UTF-8"
                ]
    return []


def unlabeled(found: Profile, target: str, words: Mapping[str, int]) -> str:
    """Return the note on rows without a target, with the words for a missing value."""
    count = found.columns[target].missing
    if not count:
        return ""
    shown = ", ".join(f"{word!r} in {number:,}" for word, number in words.items())
    by = f" ({shown} of the first)" if shown else ""
    return f"{count:,} of {found.rows:,} rows have no target and are left out{by}"


def hidden_categories(name: str, words: Mapping[str, int], rows: int) -> list[str]:
    """Warn that a word for a missing value may be a category of a column.

    Args:
        name: of a categorical column.
        words: its words for a missing value, with their counts.
        rows: the number of rows.
    """
    often = {word: count for word, count in words.items() if count >= HIDDEN_SHARE * rows}
    return [
        f"{roles.short(name)}: {word!r} is in {count / rows:.1%} of the rows and is read as a "
        f"missing value. If it is a category here, remove {word!r} from missing in schema.yaml"
        for word, count in often.items()
    ]


def small_classes(inference: "Inference", found: Profile) -> list[str]:
    """Warn about classes that may be absent from a split."""
    levels = found.columns[inference.name].levels  # none if it is numeric
    small = {level: count for level, count in levels.items() if count < SMALL_CLASS}
    shown = ", ".join(f"{level!r} {count}" for level, count in list(small.items())[:5])
    few = f"{len(small)} class(es) of {inference.name} have fewer than {SMALL_CLASS} rows: {shown}"
    return [few] if small else []


def few_positives(positive: str, count: int, rows: int) -> list[str]:
    """Warn about a rare positive class, and say what helps.

    Args:
        positive: the class.
        count: its rows.
        rows: all rows with a target.
    """
    if count >= FEW_POSITIVES and count >= FEW_SHARE * rows:
        return []
    return [
        f"{count:,} of {rows:,} rows ({count / rows:.2%}) are {positive}. Compare models by "
        "evaluate.main_metric: average_precision, try the option class_weight: balanced of the "
        "estimator, and choose evaluate.threshold by the table Thresholds of the model card, with "
        "serve.review_margin well below it"
    ]


def spellings(name: str, levels: Mapping[str, int]) -> list[str]:
    """Warn about categories that differ only in case, blanks or form, and say what to do.

    Args:
        name: of the column.
        levels: its categories with how often each comes; none if they are not listed.
    """
    twins = list(kinds.spellings(levels).values())
    if not twins:
        return []
    mapping: dict[str, str] = {}
    for one in twins:
        usual = max(one, key=lambda level: levels[level])  # the first of equals
        mapping |= {level: usual for level in one if level != usual}
    different = len(levels) - len(mapping)
    made = f"{in_clean(name)}.replace({mapping!r})"
    return [
        f"{roles.short(name)}: {len(levels):,} categories are {different:,} except for case, "
        f"blanks and the form of letters, such as {twins[0][0]!r} and {twins[0][1]!r}. If they "
        f"mean the same, {recipes.clean(name, made)}"
    ]


def blocks(name: str, distinct: int) -> str:
    """Ask whether a column of numbers identifies what rows belong to."""
    return (
        f"{name}: its {distinct:,} numbers number consecutive blocks of rows. If rows of one "
        f"{name} belong "
        f"together, {recipes.entry(name, '{kind: identifier}')}, and key: [{name}] above: then no "
        f"{name} is on both sides of the split"
    )


def repeated(found: Profile, *, keep: bool) -> str:
    """Return the note on duplicate rows and on what happens to them."""
    if not found.repeated:
        return ""
    note = f"{found.repeated:,} of {found.rows:,} rows equal an earlier one in every column"
    if keep:
        return f"{note}: too many to be mistakes, so they are kept as separate rows"
    return f"{note} and are dropped; to keep them, write: keep"


def missing(inference: "Inference") -> str:
    """Return the columns in which the words for missing values were found."""
    found = [f"{word!r} in {roles.short(name)}" for word, name in inference.missing_in.items()]
    return f"beyond the usual words: {', '.join(found)}" if found else ""


def unreadable(
    kind: str, column: ColumnProfile, rows: int, *, is_hidden: bool
) -> tuple[str, list[str]]:
    """Return the note on unreadable values of a column, with some that identify nobody."""
    if not column.unreadable:
        return "", []
    words = [word for word in column.unreadable_values if not (is_hidden or is_personal(word))][:3]
    such = f", such as {', '.join(repr(word[:30]) for word in words)}" if words else ""
    count = f"{column.unreadable:,} of {rows:,}"
    return f"{count} values cannot be read as {kind}{such}; prepare drops these rows", words


def odd_dates(name: str, found: Mapping[str, int], *, is_hidden: bool) -> list[str]:
    """Ask about dates in implausible years."""
    if not found or is_hidden:
        return []
    example, count = next(iter(found)), sum(found.values())
    are = "1 date is" if count == 1 else f"{count:,} dates are"
    return [
        f"{name}: {are} before the year 1000 or after 2998, such as {example}. If that is a "
        f'mistake, correct it in clean (prepare.py). If it means no value, add "{example}" to '
        f"missing, and nullable: true to {roles.short(name)}, in schema.yaml"
    ]


def swapped_dates(name: str, column: ColumnProfile, rows: int) -> list[str]:
    """Warn about files that seem to have another date order than the others."""
    count = sum(column.swapped.values())
    if not 0 < count < rows - column.missing:  # all of them: it is unknown which order is right
        return []
    files = ", ".join(list(column.swapped)[:3])
    return [
        f"{name}: day and month may be the wrong way round in {files}: there, its dates fall on "
        "one or two days of many months. Write its dates in the order of the other files"
    ]

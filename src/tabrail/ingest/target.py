"""Infer the task from the target's values, or refuse a target that cannot be learned."""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from tabrail import paths
from tabrail.data import cells
from tabrail.data.schema import DURATION, Csv, Kind, Task
from tabrail.errors import InputError
from tabrail.ingest import dates, doubts
from tabrail.ingest.kinds import is_boolean, spellings
from tabrail.ingest.look import Look
from tabrail.ingest.number_format import NEARLY, READABLE, unit

FEW_NUMBERS = 10  # up to this many whole numbers are classes
MOST_CLASSES = 100
LIKE_CLASSES = 30  # up to this many whole numbers may be classes
YES = {*cells.TRUE, "positive", "pos", "ja", "oui", "si", "sí"}
MAY_BE_A_CLASS = ("NA", "None")  # words for a missing value that are also ordinary words
OFTEN = 0.05  # share of rows: not a mistake


@dataclass(frozen=True)
class Target:
    """The task and the target's kind for it."""

    task: Task
    kind: Kind
    reason: str
    unit: str = ""
    format: str | None = None
    warning: str = ""


def infer_target(
    name: str, words: Mapping[str, int], form: Csv, wanted: Task | None = None
) -> Target:
    """Infer the task from the target's values.

    Args:
        name: the target's name.
        words: its distinct values as text, without missing ones, with their counts.
        form: the number format.
        wanted: the task, if the user has given it.

    Raises:
        InputError: the values cannot be predicted, or not by the given task.
    """
    look = Look(name, words, sum(words.values()), form, is_target=True)
    spans = look.share(look.seconds) >= READABLE
    values = look.seconds if spans else look.numbers
    share = look.share(values)
    numeric = share >= READABLE and (spans or not look.is_code or wanted == "regression")
    known = np.unique(values[~np.isnan(values)])
    whole = numeric and bool((known % 1 == 0).all())
    classes, two_values = len(words), is_boolean(words)
    strange = [word for word, value in zip(words, values, strict=True) if np.isnan(value)]
    if wanted == "regression" or (wanted is None and not two_values and classes > 2 and numeric):
        if not numeric:
            raise not_numeric(name, strange, 1 - share)
        if wanted or not (whole and len(known) <= FEW_NUMBERS):
            many = f"{classes:,} different numbers" if wanted is None else "as asked for"
            if wanted is None and whole and len(known) <= LIKE_CLASSES:
                many += f"; to predict classes instead: {_again(name, 'multiclass')}"
            if spans:
                return Target("regression", "numeric", many, "s", DURATION)
            doubt = doubts.of_numbers(look)
            return Target("regression", "numeric", many, unit(words), warning=doubt)
    if not numeric and share >= NEARLY and classes > MOST_CLASSES:
        raise not_numeric(name, strange, 1 - share)
    if not numeric and dates.find(words, form):
        raise InputError(f"target {name!r} holds dates, which cannot be predicted; choose another")
    if not numeric and classes > 0.5 * look.filled and (doubt := doubts.of_words(look)):
        raise InputError(f"target {name!r}: {doubt}")
    _refuse_too_many(name, words)
    if whole and len(known) < classes:
        twins = [word for word, value in zip(words, values, strict=True) if value == known[0]]
        raise InputError(
            f"target {name!r} writes the same class in more than one way ({', '.join(twins[:3])}); "
            "write it in one way, or ask for the task regression"
        )
    if two_values and wanted != "multiclass":
        return Target("binary", "boolean", f"two values: {', '.join(sorted(words)[:6])}")
    _refuse_twins(name, words)
    task: Task = "binary" if classes == 2 else "multiclass"
    if wanted not in (None, "regression", task):
        raise InputError(
            f"target {name!r} has {classes} classes, which does not fit the task {wanted}; "
            f"it fits {task}"
        )
    reason = "two classes" if classes == 2 else f"{classes} classes"
    if classes > 2 and numeric:
        reason += f"; to predict the number instead: {_again(name, 'regression')}"
    return Target(task, "categorical", reason)


def positive_class(words: Mapping[str, int], kind: Kind) -> tuple[str, str]:
    """Return the positive one of two classes, and the reason.

    Args:
        words: the classes with their counts; for a boolean target, 0.0 and 1.0.
        kind: the target's kind.
    """
    if kind == "boolean":
        return "1.0", ""
    for word in words:
        # Neither 1 nor 2 means yes.
        if word.lower() in YES and not all(other.isdecimal() for other in words):
            return word, "the class to predict, as its name means yes"
    rarer = min(sorted(words), key=lambda word: words[word])
    share = words[rarer] / sum(words.values())
    return rarer, f"the class to predict: the rarer one, in {share:.1%} of the rows"


def refuse_hidden_class(name: str, words: Mapping[str, int], missing: Collection[str]) -> None:
    """Refuse a target with a class that would be lost: its word means a missing value elsewhere.

    Args:
        name: the target's name.
        words: its distinct values, with their counts.
        missing: the words for missing values.

    Raises:
        InputError: the message names the word.
    """
    for word in MAY_BE_A_CLASS:
        count, total = words.get(word, 0), sum(words.values())
        others = [other for other in words if other and other not in missing]
        alike = str.isupper if word.isupper() else str.istitle
        if word in missing and count >= OFTEN * total and others and all(map(alike, others)):
            raise InputError(
                f"target {name!r}: {word!r} is in {count / total:.1%} of its rows, beside "
                f"{', '.join(map(repr, others[:3]))}, and in other columns it means a missing "
                "value. If it is a class, write another word for it in the file, such as "
                f"{word + '_'!r}. If it means a missing value, leave these cells empty"
            )


def not_numeric(name: str, strange: list[str], share: float) -> InputError:
    """Return the error for a target with values that are not numbers."""
    shown = ", ".join(repr(word[:30]) for word in strange[:3])
    return InputError(
        f"target {name!r}: {share:.1%} of its values are not numbers (such as {shown}); correct "
        "them, leave them empty, or choose another task or column"
    )


def _again(name: str, task: Task) -> str:
    """Return the command for another task."""
    place = paths.RAW.as_posix()
    return f"uv run tabrail ingest {place} --target {shlex.quote(name)} --task {task} --replace"


def _refuse_twins(name: str, words: Mapping[str, int]) -> None:
    """Refuse classes that are written in more than one way.

    Raises:
        InputError: the message names some of them.
    """
    for twins in spellings(words).values():
        shown = ", ".join(f"{word!r} ({words[word]:,} rows)" for word in twins[:4])
        raise InputError(
            f"target {name!r} writes the same class in more than one way: {shown}. They differ "
            "only in case, blanks or the form of letters. Write each class in one way in the file "
            "or, in an existing project, in clean (prepare.py)"
        )


def _refuse_too_many(name: str, words: Mapping[str, int]) -> None:
    """Refuse identifiers, texts, and too many classes.

    Raises:
        InputError: the message names the problem.
    """
    filled, classes = sum(words.values()), len(words)
    if classes > 2 and classes > 0.5 * filled:
        raise InputError(
            f"target {name!r} has {classes:,} different values in {filled:,} rows: an identifier "
            "or a text, which cannot be predicted; choose another column"
        )
    if classes > MOST_CLASSES:
        raise InputError(
            f"target {name!r} has {classes:,} classes or more, and at most {MOST_CLASSES} are "
            "supported; merge the rare ones, or choose another column"
        )

"""Say how to read dates that no one format fits, such as 17.08.2024 beside 2024-08-17."""

from collections.abc import Mapping

import pandas as pd

from tabrail.data.schema import Csv
from tabrail.ingest import dates, recipes
from tabrail.ingest.column_names import in_clean
from tabrail.ingest.look import Look
from tabrail.ingest.number_format import READABLE
from tabrail.ingest.personal_data import is_personal

ISO = "ISO8601"  # what pandas calls all forms of it
TRIED = 20  # values to select formats by
MOST = 4  # formats


def advice(look: Look) -> str:
    """Return the line for clean that reads dates in several formats, or what else to do.

    A request may have dates already. pandas' `to_datetime` leaves them alone.
    """
    formats, others = find(dict(look.words), look.form)
    swapped = [one for one in formats if dates.swap(one) != one and dates.swap(one) in formats]
    if swapped or len(formats) < 2 or _share(others, look) > 1 - READABLE:
        return (
            "If one format fits all, write kind: datetime in schema.yaml, and its format in the "
            "letters of Python's strptime. If none does, write all of them in one format "
            f"{recipes.CLEAN} or in the file"
        )
    column = in_clean(look.name)
    read = [f'pd.to_datetime({column}, format="{one}", errors="coerce")' for one in formats]
    made = read[0] + "".join(f".fillna({one})" for one in read[1:])
    lost = [repr(word[:30]) for word in others if not is_personal(word)][:3]
    such = f". It makes others, such as {', '.join(lost)}, missing" if lost else ""
    unsure = [
        f"{one!r} may also be {dates.swap(one)!r}: no day is above 12"
        for one in formats
        if dates.swap(one) != one and _read(look.words, one) == _read(look.words, dates.swap(one))
    ]
    such += "".join(f". {one}" for one in unsure)
    return (
        f"They are in {len(formats)} formats. To read them as dates, "
        f"{recipes.clean(look.name, made)}{such}"
    )


def find(words: dict[str, int], form: Csv) -> tuple[list[str], dict[str, int]]:
    """Return the formats that read the most dates, one after the other, and the values left.

    Args:
        words: the distinct values of a column, with their counts.
        form: the file's dialect, which hints at the usual order in its country.

    >>> find({"17.08.2024": 9, "2024-08-17": 1, "soon": 1}, Csv())
    (['%d.%m.%Y', 'ISO8601'], {'soon': 1})
    """
    chosen = list[str]()
    while words and len(chosen) < MOST:
        possible = [*dates.possible(list(words), TRIED), ISO]
        read = {one: _read(words, one) for one in possible if "%z" not in one}
        rows = {one: sum(words[word] for word in found) for one, found in read.items()}
        best = max(rows, key=lambda one: (rows[one], _is_alike(one, chosen, form)))
        if not rows[best]:
            break
        chosen.append(best)
        words = {word: count for word, count in words.items() if word not in read[best]}
    return chosen, words


def _read(words: Mapping[str, int], format_: str) -> set[str]:
    """Return the values that pandas reads in a format, as the line in clean does."""
    texts = pd.Series(list(words), dtype="str")
    try:
        found = pd.to_datetime(texts, format=format_, errors="coerce")
    except ValueError:  # times of several zones
        return set()
    if found.dt.tz is not None:  # they cannot be filled into dates without a zone
        return set()
    return set(texts[found.notna() & found.dt.year.between(1000, 2999)])


def _is_alike(format_: str, chosen: list[str], form: Csv) -> bool:
    """Check whether day and month are in the order of other formats, or in the usual order."""
    first = next((one[:2] for one in chosen if one[:2] in ("%d", "%m")), "")
    return format_.startswith(first) if first else dates.is_usual(format_, form)


def _share(others: Mapping[str, int], look: Look) -> float:
    return sum(others.values()) / max(1, look.filled)

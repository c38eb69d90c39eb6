"""Find what may order rows in time: dates, numbers such as years, or the order in the file.

Each `Order` gives the position of rows in time, and advice on how to split by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.data import written_dates
from tabrail.data.schema import Schema
from tabrail.ingest import protected, recipes
from tabrail.ingest.blocks import OF_TIME
from tabrail.ingest.column_names import in_clean, tokens
from tabrail.ingest.entity_names import folded
from tabrail.ingest.profile import Profile
from tabrail.ingest.roles import short

BY_TIME = "write method: time at prepare.split in params.yaml"
IN_ORDER, FEWEST_STEPS = 0.99, 30  # share of rows that are later than the previous one
OFTEN_CHANGES = 0.2  # of the rows: a value that rarely equals the previous one is not sorted
RUNS = 2  # runs of each value, in rows that are sorted by it
YEARS = (1800, 2200)
YEAR = {"year", "yr", "yyyy", "jahr", "annee", "ano", "anno", "jaar", "rok"}
MONTH = {"month", "mo", "mon", "mnth", "mm", "monat", "mois", "mes", "mese", "maand", "miesiac"}
DAY = {"day", "dd", "tag", "jour", "dia", "giorno", "dag", "dzien", "mday"}
OF_MONTH = {"of", "month", "mth"}  # day_of_month
STEPS = {"t", "step", "tick", "trend", "period", "time", "date", "day", "week", "hour", "seconds"}
OF_THINGS = {"registration", "built", "build", "made", "founded", "zulassung", "baujahr"}
PARTS = {"year": (YEAR, YEARS), "month": (MONTH, (1, 12)), "day": (DAY, (1, 31))}


@dataclass(frozen=True)
class Order:
    """A column, or several, that orders rows in time.

    Attributes:
        names: the columns that order them; none if they are in the order of the file.
        times: the position of each row; NaN where it is unknown. Shape (n_rows,).
        advice: for people, how to split rows by it.
    """

    names: tuple[str, ...]
    times: np.ndarray
    advice: str


def orders(sample: pd.DataFrame, schema: Schema, found: Profile) -> Iterator[Order]:
    """Yield the columns that may order rows in time, the most certain first.

    Args:
        sample: rows that conform to the schema, in the order of the files.
        schema: names the features and the target.
        found: what all rows hold.
    """
    dates = [name for name in schema.features_of("datetime") if not protected.is_birth(name)]
    complete = [name for name in dates if not found.columns[name].missing]
    for name in complete:
        line = "" if len(complete) == 1 else f", and time: {short(name)} in schema.yaml"
        yield Order((name,), _seconds(sample[name]), f"{BY_TIME}{line}")
    for name in (name for name in dates if name not in complete):
        share = found.columns[name].missing / max(1, found.rows)
        if share < 1:
            yield Order((name,), _seconds(sample[name]), _with_gaps(name, share))
    yield from _parts(sample, schema)
    yield from _steps(sample, schema)


def of_file(sample: pd.DataFrame) -> Order:
    """Return the order of the rows in the files."""
    advice = (
        "put the date of each row into its own column. Then write time: and its name in "
        f"schema.yaml, and {BY_TIME.removeprefix('write ')}"
    )
    return Order((), np.arange(len(sample), dtype=np.float64), advice)


def is_sorted(sample: pd.DataFrame, schema: Schema, files: int) -> bool:
    """Check whether the rows are sorted by the target or by a feature.

    Rows that are sorted by class are alike, but not ordered in time.

    Args:
        sample: rows in the order of the files.
        schema: names the features and the target.
        files: the number of files, each of which may be sorted by itself.
    """
    features = [name for name in schema.features if not OF_TIME.intersection(tokens(name))]
    return any(_is_sorted(sample[name], files) for name in [schema.target, *features])


def _is_sorted(values: pd.Series, files: int) -> bool:
    """Check whether values rise or fall from row to row, or each occurs in few runs."""
    codes, levels = pd.factorize(values, sort=True)
    changes = np.diff(codes[codes >= 0])
    changes = changes[changes != 0]
    if len(levels) < 2 or not len(changes):
        return False
    rising = float(np.mean(changes > 0))
    is_monotone = max(rising, 1 - rising) >= IN_ORDER - files / len(changes)
    few = min(RUNS * len(levels) * files, OFTEN_CHANGES * len(codes))
    return is_monotone or len(changes) < few


def _seconds(dates: pd.Series) -> np.ndarray:
    whole = dates.to_numpy("datetime64[us]").astype(np.int64)
    return np.where(dates.isna(), np.nan, whole / 1e6)


def _with_gaps(name: str, share: float) -> str:
    shown = f"{share:.1%}"
    limit = np.ceil(share * 100 + 1) / 100
    return (
        f"delete nullable of {short(name)} in schema.yaml, and write time: {short(name)}. Then "
        f"{BY_TIME}, and missing: {limit:.2f} at prepare.tolerance: the rows without a date, "
        f"{shown}, are left out"
    )


def _parts(sample: pd.DataFrame, schema: Schema) -> Iterator[Order]:
    """Yield the numbers of years, months and days, if there are columns of them."""
    parts: dict[tuple[str, ...], dict[str, str]] = {}
    for name in schema.features:
        if part := _part(name, sample[name]):
            rest = tuple(word for word in map(folded, tokens(name)) if word not in _words_of(part))
            parts.setdefault(rest, {}).setdefault(part, name)
    for columns in parts.values():
        if {"year", "month"} <= columns.keys():
            year, month, day = columns["year"], columns["month"], columns.get("day")
            times = sample[year].to_numpy(np.float64) * 10_000 + _months(sample[month]) * 100
            named = [year, month]
            if day:
                times += sample[day].to_numpy(np.float64)
                named.append(day)
            is_word = sample[month].dtype.kind != "f"
            yield Order(tuple(named), times, _date_of(year, month, day, schema, is_word=is_word))


def _words_of(part: str) -> set[str]:
    return PARTS[part][0] | (OF_MONTH if part == "day" else set())


def _part(name: str, values: pd.Series) -> str:
    """Return the part of a date that a column has, by its name and values, or nothing."""
    words = {folded(word) for word in tokens(name)}
    if protected.is_birth(name) or words & OF_THINGS:
        return ""
    for part in ("day", "year", "month"):  # day_of_month is a day
        known, (low, high) = PARTS[part]
        if not known & words:
            continue
        numbers = _months(values) if part == "month" else values
        if numbers.dtype.kind != "f":
            return ""
        numbers = numbers[~np.isnan(numbers)]
        fits = len(numbers) == len(values) and not np.any(numbers % 1)
        return part if fits and low <= numbers.min() and numbers.max() <= high else ""
    return ""


def _months(values: pd.Series) -> np.ndarray:
    """Return the numbers of months, which may be written in words; NaN for a missing one."""
    if values.dtype.kind == "f":
        return values.to_numpy(np.float64)
    number = {month: place for place, month in enumerate(written_dates.MONTHS, start=1)}
    codes, levels = pd.factorize(values)
    if len(levels) > len(number):
        return np.full(len(values), np.nan)
    read = [number.get(written_dates.english(str(level)), np.nan) for level in levels]
    return np.array([*read, np.nan], dtype=np.float64)[codes]


def _date_of(year: str, month: str, day: str | None, schema: Schema, *, is_word: bool) -> str:
    """Return code that makes a date in the column of the years, as `clean` adds no column."""

    def text(name: str, *, width: int = 0) -> str:
        return f'{in_clean(name)}.astype("str")' + (f".str.zfill({width})" if width else "")

    if is_word:
        first = text(day) if day else '"1"'
        made = f'{first} + " " + {text(month)} + " " + {text(year)}'
    else:
        last = text(day, width=2) if day else '"01"'
        made = f'{text(year)} + "-" + {text(month, width=2)} + "-" + {last}'
    return _made_in_clean(year, made, schema)


def _made_in_clean(name: str, made: str, schema: Schema) -> str:
    return (
        f"make a date of it: {recipes.clean(name, made)}. Then: {recipes.again(schema.target)}. "
        f"Then check that schema.yaml has time: {short(name)}, and {BY_TIME}"
    )


def _steps(sample: pd.DataFrame, schema: Schema) -> Iterator[Order]:
    """Yield whole numbers that are named like a time and rise evenly from row to row."""
    for name in schema.features_of("numeric"):
        values = sample[name].to_numpy(np.float64)
        if not STEPS.intersection(map(folded, tokens(name))) or np.isnan(values).any():
            continue
        changes = np.diff(values)
        steps = np.diff(np.unique(values))
        if len(steps) < FEWEST_STEPS or np.any(values % 1):
            continue
        if min(np.mean(changes >= 0), np.mean(steps == np.median(steps))) >= IN_ORDER:
            made = f'pd.to_datetime(pd.to_numeric({in_clean(name)}), unit="D").astype("str")'
            yield Order((name,), values, _made_in_clean(name, made, schema))

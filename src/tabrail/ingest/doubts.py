"""Warn about columns that may be misread, with an example and the line to write.

A doubt is a function of a `Look` that returns one or two sentences, or nothing. The first doubt
with a result is shown. Add a new one to `OF_WORDS` or `OF_NUMBERS`, and a case to
tests/unit/test_doubts.py.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

import numpy as np

from tabrail.data import cells
from tabrail.data.schema import Csv
from tabrail.ingest import dates, mixed_dates, nearly, recipes, sentinels, units
from tabrail.ingest.column_names import in_clean, maybe_code_name, tokens
from tabrail.ingest.look import Look
from tabrail.ingest.number_format import NEARLY, SEPARATOR, number, separators
from tabrail.ingest.personal_data import is_personal

AMBIGUOUS, MAY_NAME = "AMBIGUOUS", "may name things"
SOME = 0.01  # share of rows from which a second scale is not a mistake
FEW_CODES = 0.3  # of the rows: a thing that is numbered has fewer different numbers
LONGEST, MOST_SHOWN = 30, 5
ONE_DECIMAL = re.compile(r"-?\d+([.,])\d{1,2}")
THREE = re.compile(r"-?\d{1,3}[.,]\d{3}")
NARROW, ROUND = 5, 0.3
SECONDS, DAYS = (5e8, 4.2e9), (20_000, 60_000)  # since 1970: 1985 to 2103; since 1900: 1954 to 2064
UNITS = {1.0: "s", 1e3: "ms", 1e6: "us", 1e9: "ns"}
OF_TIME = {
    *("date", "time", "timestamp", "ts", "datetime", "datum", "created", "updated", "at", "day"),
}

Doubt = Callable[[Look], str]


def of_words(look: Look) -> str:
    """Return the doubt about a column that is read as words, or nothing."""
    return next(filter(None, (doubt(look) for doubt in OF_WORDS)), "")


def of_numbers(look: Look) -> str:
    """Return the doubt about a column that is read as numbers, or nothing."""
    return next(filter(None, (doubt(look) for doubt in OF_NUMBERS)), "")


def words_among_numbers(look: Look) -> str:
    """Warn that most values are numbers, and show some of the others."""
    if look.share_of_numbers <= NEARLY:
        return ""
    strange = {
        word: count
        for (word, count), value in zip(look.words.items(), look.numbers, strict=True)
        if np.isnan(value)
    }
    if nearly.what(strange)[0] == "numbers":  # a value such as `<0.5` has a size
        return ""
    said = (
        f"{look.share_of_numbers:.1%} of its values are numbers, too few to read it as numeric; "
        f"others are {_shown(strange)}. "
    )
    digits = [word for word in strange if any(map(str.isdigit, word))]
    if not np.isnan([number(units.bare(word), look.form) for word in digits]).all():
        return said + units.advice(look)  # the next run asks about the rest
    if digits:
        said += f"Correct {_shown(digits)} in the file or {recipes.CLEAN}. "
    if others := _shown(word for word in strange if word not in digits):
        said += (
            f"If {others} mean no value, add them to missing in schema.yaml, and "
            + recipes.entry(look.name, "{kind: numeric, nullable: true}")
        )
    return said.removesuffix(". ")


def two_orders_of_dates(look: Look) -> str:
    """Warn that day and month are in two orders."""
    found = dates.two_orders(look.words)
    if not found:
        return ""
    (day, month), share = found
    return (
        f"its dates are in two orders: {day!r} has the day first, {month!r} the month. "
        f"{share:.1%} can be read with the day first. Write all of them in one order in the file"
    )


def two_decimal_separators(look: Look) -> str:
    """Warn that some decimals have a comma and others a point."""
    found: Counter[str] = Counter()
    for word, count in look.words.items():
        if match := ONE_DECIMAL.fullmatch(word):
            found[match[1]] += count
    parted = sum(found.values())
    if len(found) < 2 or min(found.values()) < SOME * look.filled or parted < NEARLY * look.filled:
        return ""
    other = "," if look.form.decimal == "." else "."
    made = (
        f'{in_clean(look.name)}.replace(r"{re.escape(other)}", "{look.form.decimal}", regex=True)'
    )
    return (
        f"its numbers have a point in {found['.'] / parted:.1%} of the rows and a comma in the "
        f"others, and are read as text. To read them as numbers, {recipes.clean(look.name, made)}"
    )


def looks_like(look: Look) -> str:
    """Warn that most values look like numbers or dates, and show their forms."""
    what, examples = nearly.what(look.words)
    if not what:
        return ""
    shown = _shown(examples)
    if not shown:
        return ""
    advice: dict[str, Doubt] = {
        "dates": mixed_dates.advice,
        "periods": lambda _: f"If their order matters, make dates of them {recipes.CLEAN}",
        "times": lambda _: f"Write them as 18:00:00 in the file or {recipes.CLEAN}",
        "numbers": units.advice,
        "several numbers": lambda _: (
            "To learn from them, write each into its own column in the file"
        ),
    }
    return (
        f"its values look like {what}, such as {shown}, and are read as text. {advice[what](look)}"
    )


def percent_and_shares(look: Look) -> str:
    """Warn that some numbers have a percent sign and others do not."""
    signed = sum(count for word, count in look.words.items() if word.endswith("%"))
    if min(signed, look.filled - signed) < SOME * look.filled:
        return ""
    bare = [word for word in look.some if not word.endswith("%") and cells.NUMBER.fullmatch(word)]
    percent = [word for word in look.some if word.endswith("%")]
    return (
        f"{signed / look.filled:.1%} of its values have a percent sign, and others have none, such "
        f"as {_shown([*percent[:1], *bare[:1]])}: {percent[0]} is read as {percent[0][:-1]}. Write "
        "all of them in one way in clean (prepare.py) or in the file"
    )


def three_digits(look: Look) -> str:
    """Warn that a separator before three digits may be the decimal or the thousands separator."""
    parted = {word: count for word, count in look.words.items() if SEPARATOR.search(word)}
    if sum(parted.values()) < max(20, SOME * look.filled):
        return ""
    if not all(THREE.fullmatch(word) for word in parted):
        return ""
    sign = next(iter(parted)).lstrip("-").lstrip("0123456789")[0]
    others = [word for word in look.words if word not in parted]
    if sign == look.form.decimal:
        # Decimals without trailing zeros would sometimes have one or two digits.
        if not others or len(parted) < 20 or not all(word.isdecimal() for word in others):
            return ""
        taken, other = f"{sign!r} for a decimal", "a group of thousands"
    else:
        known = look.numbers[~np.isnan(look.numbers)]
        rounded = np.mean(known % 100 == 0)
        if others or known.min() <= 0 or known.max() > NARROW * known.min() or rounded > ROUND:
            return ""
        taken, other = f"{sign!r} for a group of thousands", "a decimal"
    sample = next(iter(parted))
    decimal = {".": ",", ",": "."}.get(sign, ".") if sign == look.form.decimal else sign
    meant = Csv.model_validate({"decimal": decimal, "thousands": "" if decimal == sign else sign})
    return (
        f"{AMBIGUOUS}: each value with {sign!r} has three digits behind it, such as {sample!r}, "
        f"which is taken with {taken}: {number(sample, look.form):.15g}. If it is {other}, "
        + recipes.entry(look.name, f"{{kind: numeric, {separators(meant)}}}")
    )


def repeated_extreme(look: Look) -> str:
    """Warn that one number, far from all others, repeats often."""
    found = sentinels.find(look.numbers, look.counts)
    if not found:
        return ""
    pairs = zip(look.words, look.numbers, strict=True)
    words = [json.dumps(word, ensure_ascii=False) for word, value in pairs if value == found.value]
    name, column = json.dumps(look.name, ensure_ascii=False), in_clean(look.name)
    # Requests have no target. As a word in `missing`, the number would be none in any column.
    line = f"{column} = {column}.mask({column}.isin([{', '.join(words)}, {found.value:g}]))"
    line = f"if {name} in rows: {line}" if look.is_target else line
    return (
        f"{found.value:g} is in {found.share:.1%} of the rows, and all other numbers are from "
        f"{found.low:g} to {found.high:g}. If it means no value, write {recipes.CLEAN}: "
        f"{line}"
    )


def moments(look: Look) -> str:
    """Warn that numbers may be times: seconds since 1970, or days since 1900."""
    known = look.numbers[~np.isnan(look.numbers)]
    if not len(known) or look.distinct < 10 or not OF_TIME & set(tokens(look.name)):
        return ""
    low, high, name = known.min(), known.max(), in_clean(look.name)
    for factor, unit in UNITS.items():
        if SECONDS[0] * factor <= low and high <= SECONDS[1] * factor:
            made = f'pd.to_datetime({name}.astype("int64"), unit="{unit}").astype("str")'
            return _moment(f"like {unit} since 1970", look.name, made)
    if DAYS[0] <= low and high <= DAYS[1] and (known % 1 == 0).all():
        made = (
            f'pd.to_datetime({name}.astype("float"), unit="D", origin="1899-12-30").astype("str")'
        )
        return _moment("like days since 1900, as spreadsheets count them", look.name, made)
    return ""


def maybe_codes(look: Look) -> str:
    """Warn that whole numbers may be identifiers, by the column's name."""
    known = look.numbers[~np.isnan(look.numbers)]
    if not maybe_code_name(look.name) or (known % 1 != 0).any() or len(known) < 3:
        return ""
    if look.distinct > FEW_CODES * look.filled and look.distinct > 50:
        return ""
    return (
        f"its {look.distinct:,} whole numbers {MAY_NAME} rather than count or measure them. "
        f"Then {recipes.entry(look.name, '{kind: categorical}')}"
    )


OF_WORDS: tuple[Doubt, ...] = (
    units.currencies,
    two_decimal_separators,
    words_among_numbers,
    two_orders_of_dates,
    looks_like,
)
OF_NUMBERS: tuple[Doubt, ...] = (
    units.currencies,
    percent_and_shares,
    three_digits,
    repeated_extreme,
    moments,
    maybe_codes,
)


def _moment(what: str, name: str, made: str) -> str:
    return f"its numbers look {what}. To learn from them as dates, {recipes.clean(name, made)}"


def _shown(words: Iterable[str]) -> str:
    """Return some values that do not identify a person."""
    shown = (repr(word[:LONGEST]) for word in words if not is_personal(word))
    return ", ".join(islice(shown, MOST_SHOWN))

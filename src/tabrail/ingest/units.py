"""Say how to read numbers that have something around them, such as 38,0 m²."""

import re
from collections import Counter

import numpy as np

from tabrail.data.written_numbers import CURRENCY
from tabrail.ingest import recipes
from tabrail.ingest.column_names import in_clean
from tabrail.ingest.look import Look
from tabrail.ingest.nearly import LOOK, MEASURED, MOST
from tabrail.ingest.number_format import LOCALES, READABLE, numbers

# A word before the number may end with a full stop, as in `ca. 90`.
BEFORE = r"^(?:[^\d.,+-]|(?<=[^\W\d_])\.)+(?=[+-]?[.,]?\d)"
BEHIND = r"(?<=\d)\D+$"
LIMIT = re.compile(r"[<>≤≥]")
AROUND = re.compile(f"{BEFORE}|{BEHIND}")
SEPARATED = re.compile(r"[+-]?\d+(?:[.,' \u00a0\u202f]\d+)+")
LETTERS = re.compile(r"[^\W\d_]")
SOME = 0.01  # share of the rows from which a unit is no slip
SIGN = re.compile(CURRENCY)
ALIASES = (
    "EUR=€ GBP=£ USD=$ US$=$ PLN=zł CZK=Kč HUF=Ft RON=lei INR=₹ Rs.=₹ Rs=₹ SFr.=CHF SFr=CHF "
    "Fr.=CHF kr.=kr ILS=₪ RUB=₽ KRW=₩ TRY=₺ UAH=₴ BRL=R$ CAD=CA$ C$=CA$ AUD=AU$ A$=AU$ NZD=NZ$ "
    "HKD=HK$ SGD=S$"
)
SAME = dict(alias.split("=") for alias in ALIASES.split())  # other signs of one currency


def currencies(look: Look) -> str:
    """Return the doubt that amounts are in more than one currency, or nothing.

    Where all amounts are read, a sign in very few rows may be a slip. Where they are text, none is:
    a line that strips the signs would mix the amounts.
    """
    first = list(zip(look.words, look.numbers, strict=True))[:LOOK]
    like = [not np.isnan(value) or MEASURED.fullmatch(word) for word, value in first]
    if not any(like) or sum(map(bool, like)) < 0.5 * len(like):
        return ""  # as a few of them tell
    counts, amounts = Counter[str](), 0
    for (word, count), value in zip(look.words.items(), look.numbers, strict=True):
        if not np.isnan(value) or MEASURED.fullmatch(word):
            amounts += count
            if match := SIGN.search(word):
                counts[SAME.get(match[0], match[0])] += count
    fewest = SOME * look.filled if look.is_numeric else 1
    signs = [sign for sign, count in counts.most_common() if count >= fewest]
    if len(signs) < 2 or amounts < MOST * look.filled:
        return ""
    read = "as if they were in one" if look.is_numeric else "as text"
    return (
        f"its amounts are in {len(signs)} currencies ({', '.join(signs[:5])}), and are read "
        f"{read}. Convert them to one currency {recipes.CLEAN} or in the file"
    )


def advice(look: Look) -> str:
    """Return the line for clean that leaves the number alone.

    pandas' `replace` changes text only: an API's request has numbers, and these stay.
    """
    signs: Counter[str] = Counter()
    for word, count in look.words.items():
        sign = re.search(BEHIND, word)
        if sign and LETTERS.search(sign[0]):
            signs[sign[0].strip(" .")] += count
    different = [sign for sign, count in signs.most_common() if count >= SOME * look.filled]
    if len(different) > 1:
        return (
            f"Their units differ ({', '.join(different[:5])}). To learn from their size, convert "
            f"them to one unit {recipes.CLEAN} or in the file"
        )
    if ways := _two_ways(look):
        return (
            f"They have different separators, such as {ways[0]!r} and {ways[1]!r}. To learn from "
            f"their size, write all of them in one way {recipes.CLEAN} or in the file"
        )
    limit = next((word for word in look.words if LIMIT.match(word)), "")
    said = f"{limit!r} is a limit, and is read as {bare(limit)}. " if limit else ""
    made = f'{in_clean(look.name)}.replace(r"{AROUND.pattern}", "", regex=True)'
    return f"{said}To learn from their size, {recipes.clean(look.name, made)}"


def bare(word: str) -> str:
    """Return the number in a value, as the line for clean leaves it.

    >>> bare("ca. 90,5 m²")
    '90,5'
    """
    return AROUND.sub("", word)


def _two_ways(look: Look) -> tuple[str, str] | None:
    """Return two values whose separators no single number format has; mostly nothing."""
    alone = [bare(word) for word in look.words]
    unread: list[list[int]] = []
    for decimal, thousands in LOCALES:
        form = look.form.model_copy(update={"decimal": decimal, "thousands": thousands})
        read = ~np.isnan(numbers(dict.fromkeys(alone, 1), form))
        known = dict(zip(dict.fromkeys(alone), read, strict=True))
        unread.append([place for place, word in enumerate(alone) if not known[word]])
    best = min(unread, key=lambda places: look.counts[places].sum())
    if look.counts[best].sum() <= (1 - READABLE) * look.filled:
        return None
    words = list(look.words)
    others = [place for place in best if SEPARATED.fullmatch(alone[place])]
    fitting = [p for p in range(len(words)) if p not in {*best} and SEPARATED.fullmatch(alone[p])]
    return (words[fitting[0]], words[others[0]]) if others and fitting else None

"""Find columns whose values name what rows belong to, such as persons, by what the values do.

Rows of one person are alike in other columns or in the target, and the numbers of persons say
nothing by their size. Rows of one age are not alike, or neighbouring ages are so, too.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest.blocks import OF_TIME
from tabrail.ingest.column_names import CODE_WORDS, tokens
from tabrail.ingest.entity_names import folded, may_number_things, numbers_things

FEWEST, FEWEST_NAMED = 30, 5  # different values, and those of a column that is named like a number
FEWEST_PAIRS = 60
ALIKE, ALIKE_TARGET = 0.9, 0.8  # share of the variance that is between the values
DISORDER = 0.4  # 1 where the order of the numbers says nothing, 0 where neighbours are alike
OFTEN = 3  # rows of each name in a panel
DIGITS = 0.9  # share of the words with a digit: they are codes
CHECKED = 40  # columns in which rows are compared
RARE = 0.05  # share of the pairs that differ: below, all rows are alike
YEARS = (1800, 2200)
# What is measured or counted is no thing to which rows belong.
MEASURES = {
    *("price", "cost", "amount", "age", "size", "weight", "height", "length", "width", "score"),
    *("income", "salary", "wage", "count", "quantity", "total", "sum", "rate", "lat", "lon"),
    *("latitude", "longitude", "value", "volume", "area", "distance", "duration", "sales"),
    *("preis", "kosten", "betrag", "alter", "grosse", "gewicht", "anzahl", "menge", "summe"),
    *("umsatz", "gehalt", "einkommen", "jahr"),
    *("prix", "montant", "poids", "nombre", "quantite", "annee", "mois", "jour"),
    *("precio", "importe", "edad", "peso", "cantidad", "ano", "mes", "dia"),
    *("prezzo", "importo", "eta", "quantita", "anno", "mese", "giorno"),
    *("years", "months", "days", "hours", "minutes"),
}
# Classes of places and goods, of which rows belong together in a panel only.
CLASSES = {
    *("zip", "postal", "city", "country", "region", "state", "county", "brand", "model", "make"),
    *("category", "type", "plz", "postleitzahl", "ort", "stadt", "land", "marke", "modell"),
    *("ville", "pays", "cp", "marque", "ciudad", "pais", "marca", "citta", "paese", "cap"),
}


@dataclass(frozen=True)
class Belonging:
    """A column whose rows seem to belong together.

    Attributes:
        name: its name.
        count: how many different values the sample has.
        is_named: whether its name says that it numbers persons or things, too.
        groups: codes of the values; -1 where there is none. Shape (n_rows,).
    """

    name: str
    count: int
    is_named: bool
    groups: np.ndarray


def find(sample: pd.DataFrame, schema: Schema) -> list[Belonging]:
    """Find features whose rows belong together, the likeliest first.

    Args:
        sample: rows that conform to the schema.
        schema: names the features and the target.
    """
    if len(sample) < FEWEST_PAIRS:
        return []
    columns = _comparable(sample, schema)
    found: list[tuple[bool, int, Belonging]] = []
    for name in schema.features:
        kind = schema.columns[name].kind
        if kind not in ("numeric", "categorical") or _has_word(name, MEASURES | OF_TIME):
            continue
        groups, known = pd.factorize(sample[name], sort=True)
        named = numbers_things(tokens(name)) or may_number_things(tokens(name))
        if len(known) < (FEWEST_NAMED if named else FEWEST) or not _may_name(known, groups):
            continue
        others = {other: column for other, column in columns.items() if other != name}
        alike = _alike(groups, known, others, schema.target)
        in_panel = not named and kind == "categorical" and _is_panel(sample, schema, groups, name)
        if not in_panel and _has_word(name, CLASSES | CODE_WORDS):
            continue
        coded = kind == "numeric" or _has_digits(known)
        enough = schema.target in alike or len(alike) >= 2 or (len(alike) == 1 and in_panel)
        if not (named or coded or in_panel):
            enough = len(alike) >= max(2, len(others) / 2)
        if enough:
            one = Belonging(name, len(known), named, groups)
            found.append((named, len(alike), one))
    found.sort(key=lambda one: (not one[0], -one[1]))
    return [one for *_, one in found]


def share(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of a column's variance that is between groups; 0 if it hardly varies.

    Args:
        values: ranks or codes; shape (n_rows,).
        first: places of rows; shape (n_pairs,).
        second: places of other rows of the same groups.
    """
    if values.dtype.kind == "f":
        known = np.isfinite(values[first]) & np.isfinite(values[second])
        variance = np.nanvar(values) if known.any() else 0.0
        if known.sum() < FEWEST_PAIRS / 2 or variance < RARE / 12:
            return 0.0
        errors = values[first[known]] - values[second[known]]
        return float(1 - np.mean(errors**2) / (2 * variance))
    shares = np.bincount(values + 1) / len(values)
    differ = 1 - float((shares**2).sum())
    return 1 - float(np.mean(values[first] != values[second])) / differ if differ > RARE else 0.0


def _has_word(name: str, words: set[str]) -> bool:
    return bool(words.intersection(map(folded, tokens(name))))


def _may_name(known: pd.Index, groups: np.ndarray) -> bool:
    """Check whether values are words or whole numbers that repeat, and no years."""
    rows = np.bincount(groups[groups >= 0])
    if rows.sum() - len(rows) < FEWEST_PAIRS or rows.max() > len(groups) / 4:
        return False
    if known.dtype.kind != "f":
        return True
    numbers = known.to_numpy(np.float64)
    if np.any(numbers % 1):
        return False
    return not (numbers.min() >= YEARS[0] and numbers.max() <= YEARS[1] and len(numbers) <= 200)


def _comparable(sample: pd.DataFrame, schema: Schema) -> dict[str, np.ndarray]:
    """Return columns in which rows can be compared: ranks of numbers, or codes of classes."""
    columns: dict[str, np.ndarray] = {}
    for name in [schema.target, *schema.features][: CHECKED + 1]:
        kind, values = schema.columns[name].kind, sample[name]
        if kind == "numeric":
            columns[name] = values.rank(pct=True).to_numpy(np.float64)
        elif kind in ("boolean", "categorical"):
            columns[name] = pd.factorize(values, sort=True)[0]
    return columns


def _alike(
    groups: np.ndarray, known: pd.Index, columns: dict[str, np.ndarray], target: str
) -> list[str]:
    """Return the columns that are alike within groups, but not between neighbouring numbers."""
    shuffled = np.random.default_rng(0).permutation(len(groups))  # rows may be sorted by the target
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    order = order[groups[order] >= 0]
    same = np.flatnonzero(groups[order][1:] == groups[order][:-1])
    first, second = order[same], order[same + 1]
    found = []
    for name, values in columns.items():
        between = share(values, first, second)
        if between >= (ALIKE_TARGET if name == target else ALIKE) and (
            known.dtype.kind != "f" or _disorder(groups, values) >= DISORDER
        ):
            found.append(name)
    return found


def _disorder(groups: np.ndarray, values: np.ndarray) -> float:
    """Return von Neumann's ratio of the groups' means, in the order of their numbers.

    Source: von Neumann, 1941, "Distribution of the ratio of the mean square successive difference
    to the variance".
    """
    codes = (
        [values]
        if values.dtype.kind == "f"
        else [
            (values == code).astype(np.float64)
            for code in np.argsort(-np.bincount(values + 1))[:3] - 1
        ]
    )
    ratios = []
    for numbers in codes:
        known = (groups >= 0) & np.isfinite(numbers)
        rows = np.bincount(groups[known])
        sums = np.bincount(groups[known], weights=numbers[known])
        means = sums[rows > 0] / rows[rows > 0]
        variance = np.var(means)
        if variance > 0:
            ratios.append(float(np.mean(np.diff(means) ** 2) / (2 * variance)))
    return max(ratios, default=0.0)


def _has_digits(known: pd.Index) -> bool:
    return bool(np.mean([any(map(str.isdigit, word)) for word in known[:1000]]) >= DIGITS)


def _is_panel(sample: pd.DataFrame, schema: Schema, groups: np.ndarray, name: str) -> bool:
    """Check whether each name comes once in each year, or at each date."""
    counts = np.bincount(groups[groups >= 0])
    if counts.mean() < OFTEN:
        return False
    for other in schema.features:
        kind = schema.columns[other].kind
        timed = bool(OF_TIME.intersection(tokens(other))) and kind == "numeric"
        if other == name or not (kind == "datetime" or timed):
            continue
        if not sample[[name, other]].duplicated().any():
            return True
    return False

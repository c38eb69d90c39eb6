"""Find columns that identify what rows belong to, such as persons, by their values.

Rows of one person are alike in other columns or in the target, and the order of persons' numbers
has no meaning. Rows of one age are not alike, or rows of neighboring ages are alike, too.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabrail.data.schema import Schema
from tabrail.ingest.alike import FEWEST_PAIRS, alike, comparable
from tabrail.ingest.blocks import OF_TIME
from tabrail.ingest.column_names import CODE_WORDS, tokens
from tabrail.ingest.entity_names import folded, may_number_things, numbers_things

FEWEST, FEWEST_NAMED = 30, 5  # distinct values, and those of a column that is named like a number
OFTEN = 3  # rows of each name in a panel
DIGITS = 0.9  # share of the words with a digit: they are codes
YEARS = (1800, 2200)
# Measurements and counts do not identify what rows belong to.
MEASURES = {
    *("price", "cost", "amount", "age", "size", "weight", "height", "length", "width", "score"),
    *("income", "salary", "wage", "count", "quantity", "total", "sum", "rate", "lat", "lon"),
    *("latitude", "longitude", "value", "volume", "area", "distance", "duration", "sales"),
    *("preis", "kosten", "betrag", "alter", "grosse", "gewicht", "anzahl", "menge", "summe"),
    *("umsatz", "gehalt", "einkommen", "jahr"),
    *("prix", "montant", "poids", "nombre", "quantite", "annee", "mois", "jour"),
    *("precio", "importe", "edad", "peso", "cantidad", "ano", "mes", "dia"),
    *("prezzo", "importo", "eta", "quantita", "anno", "mese", "giorno"),
    *("years", "months", "days", "hours", "minutes", "trend", "wave", "round"),
}
# Classes of places and goods, whose rows belong together only in a panel.
CLASSES = {
    *("zip", "postal", "city", "country", "region", "state", "county", "brand", "model", "make"),
    *("category", "type", "plz", "postleitzahl", "ort", "stadt", "land", "marke", "modell"),
    *("ville", "pays", "cp", "marque", "ciudad", "pais", "marca", "citta", "paese", "cap"),
}

NUMBER_AT_END = r"[\W_]*\d+$"


@dataclass(frozen=True)
class Belonging:
    """A column whose rows seem to belong together.

    Attributes:
        name: its name.
        count: number of distinct values in the sample.
        is_named: whether its name also says that it identifies persons or things.
        is_cut: whether the number at the end of each value was removed.
        groups: codes of the values; -1 for a missing one. Shape (n_rows,).
    """

    name: str
    count: int
    is_named: bool
    is_cut: bool
    groups: np.ndarray


def find(sample: pd.DataFrame, schema: Schema) -> list[Belonging]:
    """Find columns whose rows belong together, the most likely first.

    They are features, or identifiers other than the key. For names that differ in each row, such as
    subject7_take2, the names without the number at the end are tried.

    Args:
        sample: rows that conform to the schema.
        schema: names the features, the target and the key.
    """
    if len(sample) < FEWEST_PAIRS:
        return []
    columns = comparable(sample, schema)
    identifiers = [name for name, column in schema.columns.items() if column.kind == "identifier"]
    found: list[tuple[int, Belonging]] = []
    for name in [*schema.features, *identifiers]:
        kind, values = schema.columns[name].kind, sample[name]
        if kind not in ("numeric", "categorical", "identifier") or name == schema.target:
            continue
        if _has_word(name, MEASURES | OF_TIME):
            continue
        is_cut = kind == "identifier" and not values.duplicated().any()
        if is_cut:
            values = values.str.replace(NUMBER_AT_END, "", regex=True)
        elif name in schema.key:
            continue
        groups, known = pd.factorize(values, sort=True)
        named = not is_cut and (numbers_things(tokens(name)) or may_number_things(tokens(name)))
        if len(known) < (FEWEST_NAMED if named else FEWEST) or not _may_name(known, groups):
            continue
        others = {other: column for other, column in columns.items() if other != name}
        same = alike(groups, known, others, schema.target)
        in_panel = kind == "categorical" and _is_panel(sample, schema, groups, name)
        if _has_word(name, CLASSES | CODE_WORDS) and not in_panel:
            continue
        likely = named or in_panel or kind != "categorical" or _has_digits(known)
        least = 1 if named or in_panel else 2 if likely else max(2, len(others) / 2)
        if len(same) >= least or (likely and schema.target in same):
            found.append((len(same), Belonging(name, len(known), named, is_cut, groups)))
    found.sort(key=lambda one: (not one[1].is_named, -one[0]))
    return [one for _, one in found]


def _has_word(name: str, words: set[str]) -> bool:
    return bool(words.intersection(map(folded, tokens(name))))


def _may_name(known: pd.Index, groups: np.ndarray) -> bool:
    """Check whether values are words or whole numbers that repeat, and not years."""
    rows = np.bincount(groups[groups >= 0])
    if rows.sum() - len(rows) < FEWEST_PAIRS or rows.max() > len(groups) / 4:
        return False
    if known.dtype.kind != "f":
        return True
    numbers = known.to_numpy(np.float64)
    if np.any(numbers % 1):
        return False
    return not (numbers.min() >= YEARS[0] and numbers.max() <= YEARS[1] and len(numbers) <= 200)


def _has_digits(known: pd.Index) -> bool:
    return bool(np.mean([any(map(str.isdigit, word)) for word in known[:1000]]) >= DIGITS)


def _is_panel(sample: pd.DataFrame, schema: Schema, groups: np.ndarray, name: str) -> bool:
    """Check whether each name occurs once in each year, or at each date."""
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

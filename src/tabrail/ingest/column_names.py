"""Recognize identifiers, codes and row numbers by the names of columns."""

import json
import re
from collections.abc import Mapping

from tabrail.data import extra_field
from tabrail.ingest.entity_names import folded, is_person, numbers_things
from tabrail.ingest.number_format import like_numbers

PERSONS = {
    *("person", "customer", "client", "patient", "employee", "student", "user", "member", "owner"),
    *("passenger", "driver", "teacher", "doctor", "contact", "buyer", "seller", "applicant"),
    *("borrower", "guest", "tenant", "candidate", "manager", "author", "player", "holder"),
}
OBJECTS = {
    *("account", "booking", "card", "case", "claim", "schema", "device", "household", "invoice"),
    *("item", "loan", "machine", "order", "participant", "policy", "product", "sensor", "session"),
    *("shipment", "subject", "ticket", "transaction", "vehicle", "visitor"),
}
ENTITIES = PERSONS | OBJECTS
GROUPS = {"customer", "client", "patient", "subject", "participant", "household", "user", "member"}
ID_WORDS = {"id", "ids", "uuid", "guid"}
NUMBER_WORDS = {"no", "nr", "num", "number", "code", "key", "index", "idx"}
CODE_WORDS = {
    *(
        "code",
        "codes",
        "kode",
        "codigo",
        "código",
        "codice",
        "zip",
        "zipcode",
        "postcode",
        "postal",
    ),
    *("plz", "postleitzahl", "postnummer", "codepostal", "fips", "naics", "nace", "isic", "sic"),
    *("icd", "icd9", "icd10", "cpt", "hcpcs", "ndc", "drg", "iata", "icao", "isbn", "ean", "gtin"),
    *("upc", "sku", "asin", "bic"),
}
# Words for things that are often numbered, and just as often counted.
MAYBE_CODE_WORDS = {
    *("store", "shop", "branch", "filiale", "warehouse", "class", "subclass", "type", "category"),
    *("cluster", "segment", "zone", "district", "ward", "region", "county", "state", "province"),
    *("sector", "department", "dept", "terminal", "route", "station", "group", "team", "borough"),
    *("number", "no", "nr", "num", "nummer", "numero", "numéro", "número"),
}
ROW_NUMBERS = {
    *("", "row", "rowid", "row_id", "rownames", "row names", "row.names", "row_number"),
    extra_field.NAME,
}
MAYBE_ROW_NUMBERS = {"index", "x"}
DIFFERENT = 0.95  # share of distinct values in a column of row numbers


def in_clean(name: str) -> str:
    """Return the expression for a column in a project's cleaning function.

    >>> in_clean("unit price")
    'rows["unit price"]'
    """
    return f"rows[{json.dumps(name, ensure_ascii=False)}]"


def tokens(name: str) -> list[str]:
    """Split a column's name into words in lower case: `customerID` gives customer and id."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word.lower() for word in re.split(r"[\W_]+", apart) if word]


def folded_tokens(name: str) -> list[str]:
    """Split a column's name into words in lower case without accents."""
    return list(map(folded, tokens(name)))


def like_id(name: str, words: Mapping[str, int]) -> bool:
    """Check whether a column is named like an identifier of rows."""
    parts = tokens(name)
    return names_entity(name, words) or parts[-1:] == ["#"] or bool(set(parts[-1:]) & NUMBER_WORDS)


def names_entity(name: str, words: Mapping[str, int]) -> bool:
    """Check whether a column is named like a customer number, an order id or the like."""
    parts = tokens(name)
    if not parts:
        return False
    glued = parts[-1].removesuffix("id")
    return (
        bool({parts[0], parts[-1]} & ID_WORDS)
        or numbers_things(parts)
        or (glued != parts[-1] and glued in ENTITIES)
        or (parts[-1] in NUMBER_WORDS and bool(set(parts) & ENTITIES))
        # A subject may also be a school subject, whose name has no number.
        or (len(parts) == 1 and parts[0] in GROUPS and like_numbers(words))
        or (is_person(parts) and like_numbers(words))
    )


def is_code_name(name: str) -> bool:
    """Check whether a column is named like a code of digits, which is not a number."""
    return bool(CODE_WORDS & set(tokens(name)))


def maybe_code_name(name: str) -> bool:
    """Check whether a column is named like a thing that may be numbered, such as a store."""
    return bool(MAYBE_CODE_WORDS & set(tokens(name)[-1:]))


def counts_rows(name: str, words: Mapping[str, int]) -> bool:
    """Check whether a column is named like row numbers."""
    first, name = next(iter(words), ""), name.strip().lower()
    if name in ROW_NUMBERS or name.startswith("unnamed: "):
        if len(words) < 2 or not all(word.isdecimal() for word in words):
            return False
        # In a folder of parts, each part may count from the start.
        counted = max(map(int, words)) <= len(words) and sorted(map(int, words))[0] in (0, 1)
        return counted or len(words) >= DIFFERENT * sum(words.values())
    if name not in MAYBE_ROW_NUMBERS or first not in ("0", "1"):
        return False
    return all(word == str(place) for place, word in enumerate(words, start=int(first)))

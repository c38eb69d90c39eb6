"""Recognize the full names of persons by the values of a column, whatever the column is called."""

import re
from collections.abc import Collection

from tabrail.ingest import given_names
from tabrail.ingest.column_names import PERSONS, folded_tokens

FULL_NAME = re.compile(
    r"[^\W\d_a-zà-ÿ][\w'’.-]*(?:,? [^\W\d_a-zà-ÿ][\w'’.-]*){1,3}"  # noqa: RUF001
)
SALUTATION = {"mr", "mrs", "ms", "miss", "herr", "frau", "mme", "sr", "sra"}
DEGREE = {"dr", "prof", "dipl", "ing", "med", "sir", "mag"}
MOST = 0.8  # share of the values that have the form of a full name
# Least share of the different names that begin with a frequent given name.
ANY_COLUMN, ROLE_OR_COMMA = 0.5, 0.25
# Things that are named after persons, by a word of the value.
OF_THINGS = {
    *("street", "st.", "road", "rd", "avenue", "ave", "boulevard", "blvd"),
    *("straße", "strasse", "str.", "allee", "platz", "ufer", "rue", "plaza"),
    *("square", "airport", "airfield", "international", "intl", "int'l", "regional"),
    *("municipal", "flughafen", "bahnhof", "station", "terminal", "bridge", "brücke"),
    *("beach", "city", "county", "falls", "springs", "island", "valley", "heights", "creek"),
    *("gmbh", "ag", "kg", "ohg", "se", "inc", "inc.", "llc", "ltd", "ltd.", "corp", "corp.", "co."),
    *("company", "group", "holding", "sons", "brothers", "bros", "partners", "s.a.", "plc"),
    *("hospital", "klinik", "university", "college", "school", "schule", "gymnasium", "institute"),
    *("foundation", "stiftung", "hotel", "museum", "theater", "theatre", "stadium", "arena"),
    *("mall", "center", "centre", "zentrum", "chair", "armchair", "table", "lamp", "sofa", "desk"),
    *("shirt", "jacket", "shoe", "shoes", "bag", "blue", "red"),
    *("small", "large", "mini", "edition", "deluxe", "classic"),
}
# Columns of things that are named after persons, such as `brand`: Ralph Lauren, Hugo Boss.
NOT_OF_PERSONS = (
    *("brand", "marke", "make", "hersteller", "manufacturer", "product", "produkt", "artikel"),
    *("article", "item", "company", "firma", "unternehmen", "employer", "arbeitgeber", "business"),
    *("supplier", "lieferant", "city", "stadt", "ort", "town", "place", "location", "standort"),
    *("street", "strasse", "strase", "road", "address", "adresse", "anschrift", "airport"),
    *("flughafen", "origin", "destination", "station", "bahnhof", "stop", "haltestelle", "region"),
    *("county", "district", "bezirk", "state", "country", "neighborhood", "neighbourhood", "area"),
    *("school", "schule", "college", "university", "hospital", "klinik", "hotel", "restaurant"),
    *("shop", "store", "filiale", "venue", "stadium", "team", "club", "ship", "schiff", "vessel"),
    *("title", "titel", "book", "movie", "film", "song", "album", "model", "modell", "variety"),
    *("sorte", "species", "building", "gebaude", "project", "projekt", "bridge", "park"),
)
# Columns of people whose names are public with their works, and tell much about these.
PUBLIC = (
    *("artist", "kunstler", "author", "autor", "auteur", "writer", "director", "regisseur"),
    *("actor", "actress", "schauspieler", "composer", "komponist", "singer", "sanger", "musician"),
    *("painter", "maler", "photographer", "fotograf", "designer", "creator", "producer", "player"),
    *("spieler", "athlete", "jockey", "politician", "politiker"),
)
# Columns of people, besides the words for them that identify rows.
ROLES = {
    *("clerk", "agent", "advisor", "adviser", "consultant", "nurse", "physician", "salesperson"),
    *("seller", "rep", "representative", "officer", "assignee", "reviewer", "inspector"),
    *("kunde", "kundenname", "sachbearbeiter", "sachbearbeiterin", "bearbeiter", "betreuer"),
    *("mitarbeiter", "berater", "verkaufer", "ansprechpartner", "arzt", "fahrer", "lehrer"),
    *("patientenname", "klient", "mandant", "empleado", "vendedor", "cliente", "medico"),
    *("vendeur", "conseiller", "gestionnaire", "medewerker", "klant", "impiegato", "agente"),
}


def is_name(word: str) -> bool:
    """Check whether a value is a full name with a frequent given name, or with a salutation.

    >>> is_name("Byron, Ada"), is_name("Ralf Weiß"), is_name("San Francisco")
    (False, True, False)
    """
    if not has_form(word):
        return False
    words = [one.strip(".,").lower() for one in (word.partition(",")[2] or word).split()]
    if words and words[0] in SALUTATION:
        return True
    given = [one for one in words if one not in DEGREE]
    return bool(given) and given[0] in given_names.NAMES


def has_form(word: str) -> bool:
    """Check whether a value has the form of a full name, and no word for a thing."""
    if not FULL_NAME.fullmatch(word):
        return False
    words = {one.strip(",").lower() for one in word.split()}
    return not words & OF_THINGS and not any(one.endswith(("straße", "strasse")) for one in words)


def repeat(name: str, words: Collection[str]) -> bool:
    """Check whether the different values of a column are names of persons, however often they are.

    A column of things that are often named after persons, or of artists and the like, has none.

    Args:
        name: the column's name.
        words: its different values.
    """
    parts = folded_tokens(name)
    if any(part.startswith((*NOT_OF_PERSONS, *PUBLIC)) for part in parts) or len(words) < 2:
        return False
    formed = [word for word in words if has_form(word)]
    if len(formed) < MOST * len(words):
        return False
    with_comma = sum("," in word for word in formed) >= MOST * len(formed)
    of_people = bool({*PERSONS, *ROLES} & {*parts, *(part.removesuffix("s") for part in parts)})
    least = ROLE_OR_COMMA if with_comma or of_people else ANY_COLUMN
    return sum(map(is_name, formed)) >= least * len(words)

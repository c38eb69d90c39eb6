"""Recognize personal data by the names of columns and by their values."""

import re
from collections.abc import Callable, Mapping
from itertools import islice

from tabrail.ingest import person_names
from tabrail.ingest.column_names import PERSONS, tokens

NAMES = "names of persons"
LOOK = 200  # distinct values to inspect
VARIOUS = 0.2  # share of distinct values above which they are of the rows

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w{2,}")
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
IP = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}")
PHONE = re.compile(r"(?!\d*\.\d*$)\+?\(?\d[\d\s().\-/]{5,}(?:\s*(?:x|ext\.?)\s*\d+)?")
SURELY_PHONE = re.compile(
    r"(?:\+|00)\d{1,3}[\s\-/(.]*\d[\d\s().\-/]{5,}|\(\d{3}\)\s?\d{3}[\s.-]\d{4}"
    r"|(?:1[\s.-])?\d{3}[.-]\d{3}[.-]\d{4}(?:\s*(?:x|ext\.?)\s*\d+)?"
)
SOCIAL_SECURITY = re.compile(r"\d{3}-\d{2}-\d{4}")
CARD = re.compile(r"(?:\d[ -]?){12,18}\d")
TITLE = re.compile(r"(?:^|[\s,])(?:Mrs?|Ms|Miss|Master|Dr|Prof|Herr|Frau|Mme|Sr|Sra)\b\.? ")
STREET = re.compile(r"\d{1,5}\w?,? +[^\W\d_].+|[^\W\d_].+ \d{1,5}\w?(?:,.*)?")

PHONE_WORDS = {
    *("phone", "phones", "telephone", "tel", "mobile", "cellphone", "fax"),
    *("telefon", "telefonnummer", "handy", "handynummer", "mobil", "telefono", "teléfono"),
    *("telephonenumber", "phonenumber", "téléphone", "rufnummer"),
}
ADDRESS_WORDS = {"address", "addr", "street", "anschrift", "adresse", "strasse", "straße"}
DOCUMENT_WORDS = {"ssn", "iban", "passport", "passportno", "nino", "aadhaar", "cpf", "taxid"}
DOCUMENT_PAIRS = ("social security", "tax id", "national id", "passport no", "card number")
NAME_PAIRS = ("first name", "last name", "full name", "given name", "family name", "user name")
NAME_WORDS = {
    *("firstname", "lastname", "fullname", "surname", "forename", "username", "givenname"),
    *("fname", "lname", "vorname", "nachname", "familienname", "prenom"),
}


def personal_data(name: str, words: Mapping[str, int]) -> str:
    """Return the kind of personal data in a column, or nothing.

    Args:
        name: the column's name.
        words: its distinct values, with their counts.
    """
    parts = tokens(name)
    joined, named = " ".join(parts), set(parts)
    some = dict(islice(words.items(), LOOK))
    looked_at = sum(some.values())

    def most(test: Callable[[str], object], share: float = 0.5) -> bool:
        return sum(count for word, count in some.items() if test(word)) >= share * looked_at

    if most(EMAIL.fullmatch):
        return "e-mail addresses"
    if most(IP.fullmatch, 0.9):
        return "network addresses"
    if most(lambda word: _is_iban(word.replace(" ", "")), 0.9):
        return "bank accounts"
    if most(SOCIAL_SECURITY.fullmatch, 0.9):
        return "social security numbers"
    if len(words) >= 10 and most(_is_card, 0.95):
        return "numbers of payment cards"
    if most(SURELY_PHONE.fullmatch, 0.9) or (named & PHONE_WORDS and most(PHONE.fullmatch)):
        return "telephone numbers"
    various = are_various(words)
    if various and (named & DOCUMENT_WORDS or any(pair in joined for pair in DOCUMENT_PAIRS)):
        return "numbers of personal documents"
    if named & ADDRESS_WORDS and various and most(STREET.fullmatch):
        return "postal addresses"
    lettered = most(lambda word: any(letter.isalpha() for letter in word))
    of_person = parts[-1:] == ["name"] and len(parts) > 1 and parts[-2] in PERSONS
    if lettered and (of_person or named & NAME_WORDS or any(pair in joined for pair in NAME_PAIRS)):
        return NAMES
    person = joined in {"name", "names"} or parts[-1:] == ["name"] or bool(named & PERSONS)
    titled = most(TITLE.search, 0.3)
    if various and most(person_names.has_form, 0.8) and most(person_names.is_name, 0.3):
        return NAMES
    if not various and person_names.repeat(name, some):
        return NAMES
    if person and (
        titled or (joined in {"name", "names"} and most(person_names.FULL_NAME.fullmatch, 0.6))
    ):
        return NAMES
    return ""


def are_various(words: Mapping[str, int]) -> bool:
    """Check whether values hardly repeat.

    Args:
        words: the distinct values, with their counts.
    """
    return len(words) > VARIOUS * sum(words.values())


def is_personal(word: str) -> bool:
    """Check whether a value alone identifies a person."""
    return bool(personal_data("", {word: 1}))


def _is_iban(word: str) -> bool:
    """Check the digits of an IBAN (ISO 7064, modulo 97)."""
    if not IBAN.fullmatch(word):
        return False
    return int("".join(str(int(letter, 36)) for letter in word[4:] + word[:4])) % 97 == 1


def _is_card(word: str) -> bool:
    """Check the last digit of a payment card's number (Luhn)."""
    if not CARD.fullmatch(word):
        return False
    digits = [int(digit) for digit in reversed(word) if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0

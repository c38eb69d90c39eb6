"""What a column is can be seen from its name and its values."""

import string
from collections import Counter
from collections.abc import Sequence

import pytest

from tabrail.data.schema import Csv
from tabrail.ingest import kinds, number_format
from tabrail.ingest.look import Look

DECIMAL_COMMA = Csv(delimiter=";", decimal=",", thousands=".")


def guess(name: str, values: Sequence[object], form: Csv | None = None) -> kinds.Guess:
    """Guess what a column of these values is."""
    words = [str(value) for value in values]
    return kinds.guess(Look(name, Counter(words), len(words), form or Csv()))


def letters(count: int) -> list[str]:
    """Return different words."""
    return [f"{a}{b}" for a in string.ascii_letters for b in string.ascii_letters][:count]


def luhn(start: int, count: int) -> list[object]:
    """Return numbers whose last digit is that of a payment card."""
    found: list[object] = []
    for number in range(start, start + 10 * count, 10):
        digits = [int(digit) for digit in str(number)]
        doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
        found.append(number + -(doubled + sum(digits[-3::-2])) % 10)
    return found


NUMBERS: dict[str, tuple[str, Sequence[object], str]] = {
    "whole": ("age", [3, 5, 5, 8] * 20, ""),
    "few": ("rooms", [1, 2, 3] * 30, ""),
    "fractions": ("x", [f"{i}.5" for i in range(90)], ""),
    "scientific": ("x", ["1e5", "2.5E-3", "-4"] * 9, ""),
    "thousands": ("x", ["1,234", "12", "1,234,567.5"] * 9, ""),
    "currency before": ("price", ["$1,234.50", "$ 3", "$17"] * 9, "$"),
    "currency behind": ("price", ["12.50 €", "3 €", "17€"] * 9, "€"),
    "percent": ("share", ["45%", "3.5 %", "100%"] * 9, "%"),
    "accounting": ("x", ["(1,200)", "300", "5"] * 9, ""),
    "a sign here and there": ("x", ["$5", *range(90)], ""),
    "years": ("year", list(range(1990, 2020)) * 3, ""),
    "years in order": ("year", list(range(1900, 2020)), ""),
    "eight digits": ("x", [20241331, 20240230, 20240101] * 20, ""),
    "different in each row": ("price", [100 + 7 * i for i in range(90)], ""),
    "number of": ("number_of_rooms", [100 + 7 * i for i in range(90)], ""),
    "a slip": ("x", [*range(400), "abc"], ""),
    "zeros before fractions": ("x", ["0.25", "00.5", "0"] * 9, ""),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case: str) -> None:
    name, values, unit = NUMBERS[case]
    form = Csv(thousands=",")
    found = guess(name, values, form)
    assert (found.kind, found.unit) == ("numeric", unit)


def test_numbers_with_decimal_comma() -> None:
    values = ["1.234,50 €", "3,1 €", "-17 €"] * 9
    assert guess("x", values, DECIMAL_COMMA).kind == "numeric"
    assert guess("x", values).kind != "numeric"


@pytest.mark.parametrize(
    "values", ["yes no", "0 1", "true False", "T f", "Y N", "on off", "1.0 0.0", "YES No no"]
)
def test_booleans(values: str) -> None:
    assert guess("x", values.split() * 20).kind == "boolean"


@pytest.mark.parametrize(
    ("values", "kind"), [("yes", "categorical"), ("1 2", "numeric"), ("1 t", "categorical")]
)
def test_one_side_is_no_boolean(values: str, kind: str) -> None:
    assert guess("x", values.split() * 20).kind == kind


DATES: dict[str, tuple[str | None, list[str]]] = {
    "ISO": (None, ["2024-01-31", "2023-12-01"]),
    "ISO with time": (None, ["2024-01-31T12:30:00Z", "2023-12-01 08:00:00.123+02:00"]),
    "ISO, some with time": (None, ["2024-01-31", "2023-12-01 08:00:00"]),
    "months": (None, ["2024-01", "2023-12", "2022-03"]),
    "day first": ("%d/%m/%Y", ["31/01/2024", "01/12/2023"]),
    "month first": ("%m/%d/%Y", ["01/31/2024", "12/1/2023"]),
    "dots": ("%d.%m.%Y", ["31.01.2024", "1.12.2023"]),
    "dots, short": ("%d.%m.%y", ["31.01.24", "01.12.23"]),
    "dashes": ("%d-%m-%Y", ["31-01-2024", "01-12-2023"]),
    "year first": ("%Y/%m/%d", ["2024/01/31", "2023/12/01"]),
    "with minutes": ("%d/%m/%Y %H:%M", ["31/01/2024 12:30", "01/12/2023 8:00"]),
    "with seconds": ("%d.%m.%Y %H:%M:%S", ["31.01.2024 12:30:59", "01.12.2023 08:00:00"]),
    "morning and evening": ("%m/%d/%Y %I:%M %p", ["01/31/2024 12:30 PM", "12/01/2023 8:00 AM"]),
    "name of the month": ("%d-%b-%Y", ["31-Jan-2024", "01-Dec-2023"]),
    "month, day, year": ("%b %d, %Y", ["Jan 31, 2024", "Dec 1, 2023"]),
    "long name": ("%d %B %Y", ["31 January 2024", "1 December 2023"]),
    "month and year": ("%b-%Y", ["Jan-2024", "Dec-2023"]),
}


@pytest.mark.parametrize("case", DATES)
def test_dates(case: str) -> None:
    form, values = DATES[case]
    found = guess("sold", values * 20)
    assert (found.kind, found.format, found.warning) == ("datetime", form, "")


def test_days_without_separators() -> None:
    days = [20240100 + day for day in range(1, 32)]
    assert guess("x", days).format == "%Y%m%d"
    assert guess("order_date", days[:3] * 9).format == "%Y%m%d"
    assert guess("x", days[:3] * 9).kind == "numeric"


@pytest.mark.parametrize(
    ("values", "form", "expected"),
    [
        (["01/02/2024", "03/01/2024", "02/02/2024"], Csv(), "%m/%d/%Y"),
        (["01/02/2024", "03/01/2024", "02/02/2024"], Csv(delimiter=";"), "%d/%m/%Y"),
        (["01.02.2024", "03.01.2024", "02.02.2024"], Csv(), "%d.%m.%Y"),
    ],
)
def test_day_and_month_that_cannot_be_told_apart_are_said_so(
    values: list[str], form: Csv, expected: str
) -> None:
    found = guess("sold", values * 9, form)
    assert found.format == expected
    assert "AMBIGUOUS" in found.reason
    assert found.warning


def test_the_order_of_rows_tells_day_and_month_apart() -> None:
    found = guess("sold", [f"{day:02}/{month:02}/2024" for month in (1, 2, 3) for day in (1, 5, 9)])
    assert (found.format, found.warning) == ("%d/%m/%Y", "")


NAMES: dict[str, tuple[str, Sequence[object]]] = {
    "numbered from 1": ("anything", list(range(1, 90))),
    "numbered from 0": ("anything", list(range(90))),
    "numbered in disorder": ("anything", list(reversed(range(90)))),
    "unique numbers named so": ("order_no", [1000 + 7 * i for i in range(90)]),
    "camels": ("customerID", [f"{i:04}-ABC" for i in range(90)]),
    "repeating": ("customer_id", [1000 + i // 3 for i in range(90)]),
    "repeating, glued": ("customerid", [f"c{i // 3}" for i in range(90)]),
    "patients": ("patient", [f"p{i // 2}" for i in range(90)]),
    "with gaps": ("user_id", [f"{i // 2}.0" for i in range(90)]),
    "unique words": ("anything", letters(90)),
    "hashes": ("anything", [f"{i * 7919 % 99991:032x}" for i in range(1, 90)]),
    "codes": ("zip", [f"{i:05}" for i in range(0, 99_000, 500)] * 2),
}


@pytest.mark.parametrize("case", NAMES)
def test_identifiers(case: str) -> None:
    name, values = NAMES[case]
    found = guess(name, values)
    assert (found.kind, found.sensitive) == ("identifier", False)


def test_few_codes_are_categories() -> None:
    found = guess("month", [f"{i % 12 + 1:02}" for i in range(90)])
    assert (found.kind, found.reason) == ("categorical", "codes are not numbers")
    assert guess("store_id", [i % 4 for i in range(900)]).kind == "categorical"


SENTENCE = "the quick brown fox jumps over dog number"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["Oslo", "Ulm", "São Paulo"] * 30, "categorical"),
        ([f"{SENTENCE} {i % 9}" for i in range(90)], "categorical"),
        ([f"{SENTENCE} {i}" for i in range(90)], "text"),
        ([f"{SENTENCE} {i // 2}" for i in range(900)], "text"),
        (["fine", "good work", "bad", *(f"{SENTENCE} {i}" for i in range(90))], "text"),
        (letters(90) * 2, "categorical"),
        (["12 kg", "7 kg", "3.5 kg"] * 9, "categorical"),
        (["12:30", "08:15"] * 9, "categorical"),
        (["1.2.3", "1.2.4", "2.0.0"] * 9, "categorical"),
    ],
)
def test_words(values: list[object], kind: str) -> None:
    assert guess("anything", values).kind == kind


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("B-{0} {1}", "identifier"),
        ("{0} {1} KX", "identifier"),
        ("{1} KG", "text"),
        ("{1} {0}WOOD ROAD", "text"),
        ("no. {1} {0}", "text"),
    ],
)
def test_plates_of_cars_are_identifiers_and_other_words_are_not(form: str, kind: str) -> None:
    values = [form.format(word.upper(), 100 + i) for i, word in enumerate(letters(400))]
    assert guess("plate", values).kind == kind


def test_words_among_numbers_are_pointed_out() -> None:
    found = guess("x", [*range(90), "abc", "def"])
    assert found.kind != "numeric"
    assert "97.8% of its values are numbers" in found.warning


PERSONAL: dict[str, tuple[str, Sequence[object]]] = {
    "e-mail addresses": ("contact", ["ada@example.com", "b.c@d.org"] * 9),
    "telephone numbers": ("phone", ["0171 1234567", "030-123456"] * 9),
    "telephone numbers, by look": ("contact", ["+49 171 1234567", "(555) 123-4567"] * 9),
    "telephone numbers without blanks": ("mobile", [5551234567 + i for i in range(30)]),
    "names of persons": ("name", ["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina"]),
    "names of persons, by look": ("Name", ["Ada Byron", "Alan Turing", "Émilie du Châtelet"]),
    "postal addresses": ("address", ["12 Main Street", "Bahnhofstr. 7"]),
    "bank accounts": ("x", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"] * 9),
    "social security numbers": ("x", ["078-05-1120", "219-09-9999"] * 9),
    "numbers of personal documents": ("passport", ["C01X00T47", "C01X00T48"]),
    "network addresses": ("x", ["10.0.0.1", "192.168.100.25"] * 9),
    "numbers of payment cards": ("x", [4111111111111111, *luhn(4111111111110000, 40)]),
}


@pytest.mark.parametrize("case", PERSONAL)
def test_what_tells_who_a_person_is(case: str) -> None:
    found = guess(*PERSONAL[case])
    assert (found.kind, found.sensitive) == ("identifier", True)
    assert case.split(",")[0].split(" without")[0] in found.reason


OF_PERSONS: dict[str, tuple[str, list[str]]] = {
    "by column": ("last_name", ["smith", "jones"]),
    "in camels": ("CustomerName", ["ada", "bob"]),
    "clerks": ("Sachbearbeiter", ["Müller, Jörg", "Schäfer, Anna", "Weiß, Petra", "Öztürk, Can"]),
    "of no known column": ("x7", ["James Smith", "Maria Garcia", "Wei Zhang", "Linda Jones"]),
    "customers": ("Kundenname", ["Ute Klein", "Can Lang", "Olaf Kurz", "Ines Koch", "Kay Fuchs"]),
    "with an initial": ("agent", ["Smith, J.", "Jones, Mary", "Kim, Sue"]),
    "with a degree": ("Clerk name", ["Dr. Anna Wolf", "Prof. Dr. Max Maier", "Eva Huber"]),
    "with a salutation": ("Betreuung", ["Frau Schmidt", "Herr Braun", "Frau Dr. Vogel"]),
    "in capitals": ("owner", ["JOHN MILLER", "SARAH O'NEIL", "LUCA DE ROSSI"]),
}


@pytest.mark.parametrize("case", OF_PERSONS)
def test_names_of_persons_that_repeat(case: str) -> None:
    name, values = OF_PERSONS[case]
    found = guess(name, values * 60)
    assert (found.kind, found.sensitive) == ("categorical", True)
    assert "names of persons" in found.reason


OF_THINGS = {
    "city": ["San Francisco", "Los Angeles", "San Jose", "Virginia Beach", "Charlotte Amalie"],
    "x": ["San Francisco", "New York", "St. Louis", "Jackson Hole", "Palm Beach"],
    "airport": ["John F. Kennedy", "Charles de Gaulle", "John Wayne"],
    "to": ["John Wayne Airport", "Charlotte Douglas International Airport", "George Bush Intl"],
    "Abflug": ["Franz Josef Strauß Flughafen", "Willy Brandt Flughafen"],
    "brand": ["Ralph Lauren", "Hugo Boss", "Michael Kors"],
    "Künstlerin": ["Anna Beyer", "Paula Becker", "Maria Lassnig"],
    "artist": ["Turner, William", "Hockney, David", "Riley, Brian"],
    "Produkt": ["Max Factor", "Oscar Mayer", "Jack Daniels"],
    "what": ["Office Chair", "Oscar Armchair", "Lena Desk", "Karl Sofa"],
    "Kunde": ["Bosch Rexroth", "Deutsche Bahn", "Siemens Energy", "Peter Hahn GmbH"],
    "payer": ["Peter Hahn GmbH", "John Brown Ltd", "Anna Weber AG", "Martin Co. KG"],
    "firm": ["General Motors", "John Deere", "Deutsche Bank", "Goldman Sachs"],
    "Straße": ["Robert Koch Weg", "Martin Luther Ring"],
    "wo": ["Martin Luther Straße", "Anna Seghers Platz", "Robert-Koch-Straße"],
    "at": ["Martin Luther King Blvd", "Peter Street", "Victoria Avenue"],
    "job": ["Sales Manager", "Data Scientist", "Vice President"],
    "plant": ["Acer Platanoides", "Rosa Canina", "Tilia Cordata"],
    "book title": ["Harry Potter", "Anna Karenina", "Oliver Twist"],
}


@pytest.mark.parametrize("name", OF_THINGS)
def test_names_of_things_are_no_names_of_persons(name: str) -> None:
    found = guess(name, OF_THINGS[name] * 60)
    assert (found.kind, found.sensitive) == ("categorical", False)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("phone_service", ["yes", "no", "yes"]),
        ("mail_opened", [3, 4, 5] * 9),
        ("street", ["Pave", "Grvl"] * 9),
        ("address", ["U", "R"] * 9),
        ("name", ["chevrolet impala", "ford pinto", "datsun pl510"] * 9),
        ("product_name", ["Blue Chair", "Red Table"] * 9),
        ("passport", ["yes", "no"] * 9),
        ("x", ["AB12ABCDEFGHIJKLMN", "CD34ABCDEFGHIJKLMN"] * 9),
        ("x", [4111111111111112, 4111111111111113] * 9),
        ("weight", ["1 234 567", "2 345 678"] * 9),
        ("sold", ["2024-01-31", "2024-02-28"] * 9),
    ],
)
def test_what_does_not(name: str, values: list[object]) -> None:
    assert not guess(name, values).sensitive


LOCALES: dict[str, tuple[str, str, str, list[str]]] = {
    "points": (",", ".", "", ["1.5", "2.25"]),
    "commas": (";", ",", "", ["1,5", "2,25"]),
    "points in spite of semicolons": (";", ".", "", ["0.1234", "1.5"]),
    "groups": (",", ".", ",", ["1,234,567", "12"]),
    "groups and points": (",", ".", ",", ["1,234.5", "12.25"]),
    "points and commas": (";", ",", ".", ["1.234,5", "12,25"]),
    "blanks": (";", ",", " ", ["1 234,5", "12,25"]),
    "narrow blanks": (";", ",", " ", ["1\u202f234,5", "12,25"]),
    "apostrophes": (",", ".", "'", ["1'234.5", "12.25"]),
    "money": (";", ",", ".", ["1.234,5 €", "12,25 €"]),
    "small fractions": (";", ".", "", ["0.123", "0.456"]),
    "whole numbers": (";", ".", "", ["1", "22"]),
    "no numbers": (";", ".", "", ["a,b", "1.2.2024"]),
}


@pytest.mark.parametrize("case", LOCALES)
def test_the_way_numbers_are_written(case: str) -> None:
    delimiter, decimal, thousands, values = LOCALES[case]
    words = {"a": Counter(values), "b": Counter(["x", "y"])}
    form, reason, _ = number_format.find_number_format(
        words, Csv.model_validate({"delimiter": delimiter})
    )
    assert (form.decimal, form.thousands) == (decimal, thousands)
    assert "AMBIGUOUS" not in reason


def test_a_way_that_cannot_be_told_is_said_so() -> None:
    form, reason, _ = number_format.find_number_format(
        {"a": Counter(["1.234", "5.678"])}, Csv(delimiter=";")
    )
    assert (form.decimal, form.thousands) == (",", ".")
    assert "AMBIGUOUS" in reason


def test_most_columns_decide() -> None:
    columns = {"a": Counter(["1,5"]), "b": Counter(["1.5"]), "c": Counter(["2.75"])}
    assert number_format.find_number_format(columns, Csv())[0].decimal == "."

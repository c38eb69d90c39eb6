"""Tables as they come on bad days, each with what must become of it."""

import csv
import gzip
import io
import json
import math
import random
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TRAINS = "trains"
SAME = "same"
REFUSED = "refused"
EITHER = "either"
STAGES = ("prepare", "train", "evaluate")

Row = dict[str, Any]
Writer = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """A table and what must become of it.

    Attributes:
        write: makes the file or folder inside a folder, and returns its path.
        outcome: it trains; it prepares the very rows of the plain table; it is refused with one
            sentence; or it trains or is refused.
        says: what the refusal must name; in lower case.
        target: the column to predict.
        stages: the stages to run after ingest.
        options: more options for ingest.
    """

    write: Writer
    outcome: str
    says: str = ""
    target: str = "bought"
    stages: tuple[str, ...] = STAGES
    options: tuple[str, ...] = ()


CASES: dict[str, Case] = {}


def case(
    outcome: str,
    says: str = "",
    *,
    target: str = "bought",
    stages: tuple[str, ...] = STAGES,
    options: tuple[str, ...] = (),
) -> Callable[[Writer], Writer]:
    """Return a decorator that adds a case named like the function."""

    def add(write: Writer) -> Writer:
        name = write.__name__.replace("_", " ")
        until = ("prepare",) if outcome == SAME else stages
        CASES[name] = Case(write, outcome, says, target, until, options)
        return write

    return add


# A table that can be learned from, and how to write it.


def shop(rows: int = 240, seed: int = 1) -> list[Row]:
    """Return customers; who has a high income and is a member often buys."""
    draw = random.Random(seed)  # noqa: S311
    made = []
    for number in range(rows):
        income = round(draw.uniform(900, 5000), 2)
        member = draw.random() < 0.4
        buys = draw.random() < (0.85 if income > 2500 else 0.15) - (0 if member else 0.1)
        made.append(
            {
                "age": draw.randint(18, 80),
                "income": income,
                "city": draw.choice(["Bonn", "Kiel", "Ulm"]),
                "member": "yes" if member else "no",
                "joined": (date(2023, 1, 1) + timedelta(days=number)).isoformat(),
                "bought": "yes" if buys else "no",
            }
        )
    return made


def text(rows: Iterable[Row], **dialect: Any) -> str:
    """Return rows as CSV; `dialect` is what csv.writer takes."""
    rows = list(rows)
    out = io.StringIO()
    writer = csv.writer(out, **{"lineterminator": "\n"} | dialect)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def save(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def with_column(name: str, value: Callable[[int, Row], Any], rows: int = 240) -> list[Row]:
    """Return customers with one more column before the others, made from number and row."""
    return [{name: value(number, row)} | row for number, row in enumerate(shop(rows))]


def with_value(name: str, value: Callable[[int, Row], Any], rows: int = 240) -> list[Row]:
    """Return customers whose value in a column is another."""
    return [row | {name: value(number, row)} for number, row in enumerate(shop(rows))]


def renamed(old: str, new: str) -> list[Row]:
    """Return customers with a column under another name."""
    return [{new if key == old else key: value for key, value in row.items()} for row in shop()]


def german(number: float) -> str:
    """Return a number as Germans write it."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


# Dialects and encodings


@case(SAME)
def a_plain_table(folder: Path) -> Path:
    return save(folder, text(shop()))


@case(SAME)
def semicolons_and_decimal_commas(folder: Path) -> Path:
    rows = with_value("income", lambda _, row: str(row["income"]).replace(".", ","))
    return save(folder, text(rows, delimiter=";"))


@case(TRAINS)
def semicolons_decimal_commas_and_points_for_thousands(folder: Path) -> Path:
    rows = with_value("income", lambda _, row: german(row["income"] * 100))
    return save(folder, text(rows, delimiter=";"))


@case(TRAINS)
def commas_for_thousands(folder: Path) -> Path:
    return save(folder, text(with_value("income", lambda _, row: f"{row['income'] * 100:,.2f}")))


@case(SAME)
def tabs(folder: Path) -> Path:
    return save(folder, text(shop(), delimiter="\t"), "table.tsv")


@case(SAME)
def tabs_in_a_file_named_csv(folder: Path) -> Path:
    return save(folder, text(shop(), delimiter="\t"))


@case(SAME)
def bars(folder: Path) -> Path:
    return save(folder, text(shop(), delimiter="|"))


@case(SAME)
def byte_order_mark(folder: Path) -> Path:
    return save(folder, text(shop()).encode("utf-8-sig"))


@case(SAME)
def byte_order_mark_before_a_quoted_name(folder: Path) -> Path:
    return save(folder, text(shop(), quoting=csv.QUOTE_ALL).encode("utf-8-sig"))


@case(EITHER)
def utf_16(folder: Path) -> Path:
    return save(folder, text(shop()).encode("utf-16"))


@case(EITHER)
def utf_16_without_a_mark(folder: Path) -> Path:
    return save(folder, text(shop()).encode("utf-16-le"))


@case(TRAINS)
def latin_1(folder: Path) -> Path:
    rows = with_value("city", lambda number, _: ["Köln", "Zürich", "Orléans"][number % 3])
    return save(folder, text(rows).encode("latin-1"))


@case(TRAINS)
def latin_1_far_below_the_first_rows(folder: Path) -> Path:
    rows = with_value("city", lambda number, _: "Köln" if number == 2900 else "Bonn", rows=3000)
    return save(folder, text(rows).encode("latin-1"))


@case(TRAINS)
def windows_1252(folder: Path) -> Path:
    rows = with_value(
        "city", lambda number, _: ["St. John\u2019s", "\u201cUlm\u201d", "Kiel"][number % 3]
    )
    return save(folder, text(rows).encode("cp1252"))


@case(SAME)
def carriage_returns_and_line_feeds(folder: Path) -> Path:
    return save(folder, text(shop(), lineterminator="\r\n"))


@case(EITHER)
def carriage_returns_alone(folder: Path) -> Path:
    return save(folder, text(shop(), lineterminator="\r"))


@case(SAME)
def no_line_end_after_the_last_row(folder: Path) -> Path:
    return save(folder, text(shop()).removesuffix("\n"))


@case(TRAINS)
def line_breaks_inside_quotes(folder: Path) -> Path:
    note = with_column("note", lambda number, _: f'line one\nline "two", {number}\r\n\nline three')
    return save(folder, text(note))


@case(SAME)
def blank_lines(folder: Path) -> Path:
    return save(folder, text(shop()).replace("\n", "\n\n"))


@case(SAME)
def everything_in_quotes(folder: Path) -> Path:
    return save(folder, text(shop(), quoting=csv.QUOTE_ALL))


@case(TRAINS)
def apostrophes_in_text(folder: Path) -> Path:
    return save(folder, text(with_value("city", lambda n, _: "L'Aquila" if n % 2 else 'the "O"')))


@case(EITHER)
def delimiter_at_the_end_of_every_line(folder: Path) -> Path:
    return save(folder, text(shop()).replace("\n", ",\n"))


@case(EITHER)
def delimiter_at_the_end_of_every_row_but_the_header(folder: Path) -> Path:
    header, rows = text(shop()).split("\n", 1)
    return save(folder, f"{header}\n" + rows.replace("\n", ",\n"))


@case(EITHER)
def blanks_after_the_delimiters(folder: Path) -> Path:
    return save(folder, text(shop()).replace(",", ", "))


@case(EITHER)
def a_title_above_the_header(folder: Path) -> Path:
    return save(folder, "Customers of 2023\n\n" + text(shop()))


@case(EITHER)
def comments_above_the_header(folder: Path) -> Path:
    return save(folder, "# exported on 2023-12-31\n" + text(shop()))


@case(EITHER)
def separator_named_in_the_first_line(folder: Path) -> Path:
    return save(folder, "sep=;\n" + text(shop(), delimiter=";"))


@case(REFUSED, "field")
def a_row_with_too_many_fields(folder: Path) -> Path:
    lines = text(shop()).splitlines()
    lines[100] += ",more,and more"
    return save(folder, "\n".join(lines) + "\n")


@case(EITHER)
def a_row_with_too_few_fields(folder: Path) -> Path:
    lines = text(shop()).splitlines()
    lines[100] = "31,1200.50"
    return save(folder, "\n".join(lines) + "\n")


@case(EITHER)
def a_quote_that_never_closes(folder: Path) -> Path:
    lines = text(shop()).splitlines()
    lines[100] = '31,1200.50,"Bonn,no,2023-01-01,no'
    return save(folder, "\n".join(lines) + "\n")


@case(REFUSED)
def cut_off_in_the_last_row(folder: Path) -> Path:
    return save(folder, text(shop())[:-20])


@case(TRAINS)
def lines_of_a_megabyte(folder: Path) -> Path:
    word = "words without end "
    return save(folder, text(with_column("note", lambda n, _: word * 60_000 if n == 7 else "no")))


# Rubbish


@case(REFUSED, "empty")
def an_empty_file(folder: Path) -> Path:
    return save(folder, "")


@case(REFUSED)
def one_line_end(folder: Path) -> Path:
    return save(folder, "\n")


@case(REFUSED, "row")
def a_header_alone(folder: Path) -> Path:
    return save(folder, text(shop()).splitlines()[0] + "\n")


@case(REFUSED)
def one_row(folder: Path) -> Path:
    return save(folder, text(shop(1)))


@case(REFUSED)
def one_column(folder: Path) -> Path:
    return save(folder, text({"bought": row["bought"]} for row in shop()))


@case(REFUSED)
def random_bytes(folder: Path) -> Path:
    return save(folder, random.Random(3).randbytes(20_000))  # noqa: S311


@case(REFUSED)
def a_zip_named_csv(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "table.csv", "w") as archive:
        archive.writestr("inner.csv", text(shop()))
    return folder / "table.csv"


@case(EITHER)
def a_gzip_named_csv(folder: Path) -> Path:
    return save(folder, gzip.compress(text(shop()).encode()))


@case(EITHER)
def a_csv_named_gz(folder: Path) -> Path:
    return save(folder, text(shop()), "table.csv.gz")


@case(REFUSED)
def a_cut_off_gzip(folder: Path) -> Path:
    return save(folder, gzip.compress(text(shop()).encode())[:-400], "table.csv.gz")


@case(REFUSED)
def a_picture_named_parquet(folder: Path) -> Path:
    return save(folder, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "table.parquet")


@case(REFUSED)
def a_csv_named_parquet(folder: Path) -> Path:
    return save(folder, text(shop()), "table.parquet")


@case(EITHER)
def a_parquet_named_csv(folder: Path) -> Path:
    return parquet(folder, shop()).rename(folder / "table.csv")


@case(REFUSED)
def a_cut_off_parquet(folder: Path) -> Path:
    path = parquet(folder, shop())
    path.write_bytes(path.read_bytes()[:-300])
    return path


@case(REFUSED)
def a_parquet_with_a_damaged_middle(folder: Path) -> Path:
    path = parquet(folder, shop())
    content = bytearray(path.read_bytes())
    content[100:1200] = bytes(1100)
    path.write_bytes(content)
    return path


@case(REFUSED)
def a_page_of_html(folder: Path) -> Path:
    page = "<!DOCTYPE html>\n<html><body><p>Please sign in, then try again</p></body></html>\n"
    return save(folder, page * 5)


@case(REFUSED)
def a_pointer_of_git_lfs(folder: Path) -> Path:
    version = "version https://git-lfs.github.com/spec/v1"
    return save(folder, f"{version}\noid sha256:{'0a' * 32}\nsize 12345\n")


@case(EITHER)
def null_bytes(folder: Path) -> Path:
    return save(folder, text(shop()).replace("Bonn", "Bo\0nn"))


@case(REFUSED, "not there")
def a_file_that_is_not_there(folder: Path) -> Path:
    return folder / "nothing.csv"


@case(REFUSED)
def an_excel_workbook(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "table.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return folder / "table.xlsx"


@case(REFUSED)
def records_of_json(folder: Path) -> Path:
    return save(folder, json.dumps(shop(), indent=1), "table.json")


@case(REFUSED)
def records_of_json_named_csv(folder: Path) -> Path:
    return save(folder, json.dumps(shop(), indent=1))


# Columns and their names


@case(REFUSED, "nobody")
def no_such_target(folder: Path) -> Path:
    return save(folder, text(renamed("bought", "nobody knows")))


@case(REFUSED, "'bought'", target="Bought")
def the_target_in_capitals(folder: Path) -> Path:
    return save(folder, text(shop()))


@case(EITHER)
def duplicate_names(folder: Path) -> Path:
    return save(folder, text(shop()).replace("age,income,city", "age,age,age", 1))


@case(EITHER)
def two_targets(folder: Path) -> Path:
    return save(folder, text(shop()).replace("member", "bought", 1))


@case(TRAINS)
def unnamed_columns(folder: Path) -> Path:
    return save(folder, text(shop()).replace("age,income", ",", 1))


@case(TRAINS, target="class")
def a_target_named_class(folder: Path) -> Path:
    return save(folder, text(renamed("bought", "class")))


@case(TRAINS, target="yes")
def columns_named_yes_and_null(folder: Path) -> Path:
    rows = renamed("bought", "yes")
    return save(folder, text(rows).replace("age,income,city", "null,no,~", 1))


@case(TRAINS, target="1")
def columns_named_by_numbers(folder: Path) -> Path:
    return save(folder, text(shop()).replace("age,income,city,member,joined,bought", "7,6,5,4,3,1"))


@case(TRAINS, target="a:b")
def names_of_yaml(folder: Path) -> Path:
    header = '"- x","{y}","# z","*w","&v: |",a:b'
    return save(folder, text(shop()).replace("age,income,city,member,joined,bought", header, 1))


@case(TRAINS)
def names_with_quotes_line_breaks_and_pictures(folder: Path) -> Path:
    header = '"a ""quoted"" name","two\nlines","🛫 Größe",\'member\',"| bar | {{ x }}",bought'
    return save(folder, text(shop()).replace("age,income,city,member,joined,bought", header, 1))


@case(TRAINS, target="will it buy? (yes/no)")
def names_with_blanks_and_signs(folder: Path) -> Path:
    header = " age , income in € ,%,a/b\\c,<b>,will it buy? (yes/no)"
    return save(folder, text(shop()).replace("age,income,city,member,joined,bought", header, 1))


@case(TRAINS)
def a_name_of_a_thousand_letters(folder: Path) -> Path:
    return save(folder, text(renamed("income", "i" * 1000)))


@case(TRAINS)
def names_that_differ_in_case_only(folder: Path) -> Path:
    return save(folder, text(renamed("income", "Age")))


@case(TRAINS)
def names_that_the_program_uses(folder: Path) -> Path:
    header = "index,split,row,target,prediction,bought"
    return save(folder, text(shop()).replace("age,income,city,member,joined,bought", header, 1))


@case(TRAINS, stages=("prepare",))
def two_thousand_columns(folder: Path) -> Path:
    wide = [
        row | {f"x{column}": (number * column) % 17 for column in range(2000)}
        for number, row in enumerate(shop())
    ]
    return save(folder, text(wide))


# Values


@case(SAME)
def days_first(folder: Path) -> Path:
    day = with_value("joined", lambda _, row: "/".join(row["joined"].split("-")[::-1]))
    return save(folder, text(day))


@case(TRAINS)
def dates_with_points_and_times(folder: Path) -> Path:
    def written(_: int, row: Row) -> str:
        return ".".join(row["joined"].split("-")[::-1]) + " 08:30"

    return save(folder, text(with_value("joined", written)))


@case(TRAINS)
def dates_that_could_be_either(folder: Path) -> Path:
    return save(folder, text(with_value("joined", lambda n, _: f"0{1 + n % 9}/0{1 + n % 7}/2023")))


@case(EITHER)
def dates_out_of_range(folder: Path) -> Path:
    odd = ["0001-01-01", "9999-12-31", "2023-02-30", "1582-10-10"]
    rows = with_value("joined", lambda n, row: odd[n] if n < 4 else row["joined"])
    return save(folder, text(rows))


@case(TRAINS)
def times_with_zones(folder: Path) -> Path:
    rows = with_value("joined", lambda n, row: f"{row['joined']}T10:00:00{'Z+'[n % 2]}")
    return save(folder, text(rows).replace("+,", "+02:00,"))


@case(TRAINS)
def whole_numbers_with_gaps(folder: Path) -> Path:
    return save(folder, text(with_value("age", lambda n, row: "" if n % 5 == 0 else row["age"])))


@case(TRAINS)
def missing_in_many_words(folder: Path) -> Path:
    words = ["", "?", "-", "NA", "n/a", "NULL", "#N/A", " ", "."]
    rows = with_value("age", lambda n, row: words[n % 9] if n % 4 == 0 else row["age"])
    return save(folder, text(rows))


@case(TRAINS)
def minus_999_for_missing(folder: Path) -> Path:
    return save(folder, text(with_value("age", lambda n, row: -999 if n % 4 == 0 else row["age"])))


@case(TRAINS)
def currencies_and_percents(folder: Path) -> Path:
    rows = with_column("discount", lambda n, _: f"{n % 40}%")
    money = [row | {"income": f"${row['income']:,.2f}"} for row in rows]
    return save(folder, text(money))


@case(TRAINS)
def euros_behind(folder: Path) -> Path:
    rows = with_value("income", lambda _, row: f"{german(row['income'])} €")
    return save(folder, text(rows, delimiter=";"))


@case(TRAINS)
def accounting_parentheses(folder: Path) -> Path:
    rows = with_value("income", lambda n, row: f"({row['income']})" if n % 3 else row["income"])
    return save(folder, text(rows))


@case(TRAINS)
def leading_zeros(folder: Path) -> Path:
    return save(folder, text(with_column("zip", lambda n, _: f"{(n * 37) % 900:05}")))


@case(TRAINS)
def numbers_of_twenty_digits(folder: Path) -> Path:
    return save(folder, text(with_column("account", lambda n, _: 10**19 + n)))


@case(EITHER)
def infinities_and_enormous_numbers(folder: Path) -> Path:
    odd = ["1e308", "-1e308", "inf", "-Infinity", "-0.0", "1e-320", "1e999"]
    return save(folder, text(with_value("income", lambda n, row: odd[n % 7] if n < 14 else 100)))


@case(TRAINS)
def enormous_but_finite_numbers(folder: Path) -> Path:
    return save(folder, text(with_value("income", lambda _, row: f"{row['income']}e300")))


@case(TRAINS)
def mixed_types(folder: Path) -> Path:
    mixed = [7, "seven", "7.5", "true", "2023-01-01", ""]
    return save(folder, text(with_column("mixed", lambda n, _: mixed[n % 6])))


@case(TRAINS)
def numbers_with_a_word_among_them(folder: Path) -> Path:
    rows = with_value("age", lambda n, row: "unknown" if n == 150 else row["age"])
    return save(folder, text(rows))


@case(TRAINS)
def a_word_far_below_numbers(folder: Path) -> Path:
    rows = with_value("age", lambda n, row: "unknown" if n == 11_990 else row["age"], rows=12_000)
    return save(folder, text(rows))


@case(SAME)
def blanks_around_values(folder: Path) -> Path:
    rows = with_value("city", lambda _, row: f"  {row['city']} ")
    return save(folder, text([row | {"bought": f"{row['bought']} "} for row in rows]))


@case(TRAINS)
def constant_and_empty_columns(folder: Path) -> Path:
    return save(folder, text([{"one": 1, "none": ""} | row for row in shop()]))


@case(REFUSED)
def constant_columns_alone(folder: Path) -> Path:
    return save(folder, text({"one": 1, "two": "b", "bought": row["bought"]} for row in shop()))


@case(REFUSED)
def identifiers_alone(folder: Path) -> Path:
    rows = [{"id": f"c-{n:05}", "bought": row["bought"]} for n, row in enumerate(shop())]
    return save(folder, text(rows))


@case(TRAINS)
def identifiers(folder: Path) -> Path:
    return save(folder, text(with_column("id", lambda n, _: f"c-{n:05}")))


@case(TRAINS)
def many_categories(folder: Path) -> Path:
    return save(folder, text(with_value("city", lambda n, _: f"city {n % 110}")))


@case(TRAINS)
def prose(folder: Path) -> Path:
    def note(number: int, row: Row) -> str:
        mood = "glad to come back soon" if row["bought"] == "yes" else "sad and never again"
        return f"Customer {number} is {mood}, said the clerk; ¿qué? 好 🎉"

    return save(folder, text(with_column("note", note)))


@case(TRAINS)
def people(folder: Path) -> Path:
    rows = [
        {
            "full name": f"Ada Byron {n}",
            "email": f"ada{n}@example.com",
            "phone": f"+49 228 {10_000 + n}",
            "iban": f"DE{10**19 + n}",
        }
        | row
        for n, row in enumerate(shop())
    ]
    return save(folder, text(rows))


# Rows


@case(REFUSED)
def all_rows_alike(folder: Path) -> Path:
    return save(folder, text(shop(1) * 300))


@case(EITHER)
def every_row_twice(folder: Path) -> Path:
    return save(folder, text(shop() * 2))


@case(EITHER)
def twenty_rows(folder: Path) -> Path:
    return save(folder, text(shop(20)))


@case(EITHER)
def the_header_again_halfway(folder: Path) -> Path:
    lines = text(shop()).splitlines()
    lines.insert(120, lines[0])
    return save(folder, "\n".join(lines) + "\n")


@case(EITHER)
def a_total_below(folder: Path) -> Path:
    return save(folder, text(shop()) + "Total,623000.00,,,,\n")


# Targets


@case(REFUSED, "bought")
def a_target_of_one_class(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda *_: "yes")))


@case(EITHER)
def a_class_of_two_rows(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda n, _: "yes" if n in {9, 99} else "no")))


@case(EITHER)
def a_third_class_of_two_rows(folder: Path) -> Path:
    rows = with_value("bought", lambda n, row: "maybe" if n in {9, 99} else row["bought"])
    return save(folder, text(rows))


@case(REFUSED, "id", target="id")
def a_target_that_is_an_identifier(folder: Path) -> Path:
    return save(folder, text(with_column("id", lambda n, _: f"c-{n:05}")))


@case(EITHER, target="joined")
def a_target_that_is_a_date(folder: Path) -> Path:
    return save(folder, text(shop()))


@case(REFUSED, target="none")
def a_target_that_is_empty(folder: Path) -> Path:
    return save(folder, text(with_column("none", lambda *_: "")))


@case(EITHER, target="note")
def a_target_that_is_prose(folder: Path) -> Path:
    return save(folder, text(with_column("note", lambda n, _: f"{n} words of no use at all")))


@case(EITHER)
def a_target_with_gaps(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda n, r: "" if n % 10 == 0 else r["bought"])))


@case(EITHER)
def a_target_with_a_gap(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda n, r: "" if n == 9 else r["bought"])))


@case(TRAINS)
def a_target_of_zeros_and_ones(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda _, row: int(row["bought"] == "yes"))))


@case(TRAINS)
def a_target_of_true_and_false(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda _, row: row["bought"] == "yes")))


@case(TRAINS)
def a_target_of_ones_and_twos(folder: Path) -> Path:
    return save(folder, text(with_value("bought", lambda _, row: 1 + (row["bought"] == "yes"))))


@case(TRAINS)
def a_target_in_mixed_case(folder: Path) -> Path:
    rows = with_value("bought", lambda n, row: row["bought"].upper() if n % 3 else row["bought"])
    return save(folder, text(rows))


@case(TRAINS, target="city")
def a_target_of_three_classes(folder: Path) -> Path:
    rows = with_value("age", lambda _, row: {"Bonn": 20, "Kiel": 40, "Ulm": 60}[row["city"]])
    return save(folder, text(rows))


@case(TRAINS, target="class")
def a_target_of_classes_with_odd_names(folder: Path) -> Path:
    names = ["a, b", 'the "c"', "| d |\n{{ e }}", "null", "🎉"]
    return save(folder, text(with_column("class", lambda _, row: names[row["age"] % 5])))


@case(TRAINS, target="grade")
def a_target_of_numbered_classes(folder: Path) -> Path:
    return save(folder, text(with_column("grade", lambda _, row: row["age"] // 20)))


@case(TRAINS, target="income")
def a_target_of_numbers(folder: Path) -> Path:
    return save(folder, text(shop()))


@case(TRAINS, target="price")
def a_target_of_german_prices(folder: Path) -> Path:
    rows = with_column("price", lambda _, row: f"{german(row['age'] * row['income'])} €")
    return save(folder, text(rows, delimiter=";"))


@case(EITHER, target="price")
def a_target_of_enormous_numbers(folder: Path) -> Path:
    return save(folder, text(with_column("price", lambda _, row: f"{row['income']}e300")))


@case(EITHER, target="price")
def a_target_with_infinities(folder: Path) -> Path:
    odd = ["inf", "-inf", "1e999"]
    rows = with_column("price", lambda n, row: odd[n] if n < 3 else row["income"])
    return save(folder, text(rows))


@case(EITHER, target="price")
def a_target_of_one_number(folder: Path) -> Path:
    return save(folder, text(with_column("price", lambda *_: 9.99)))


@case(TRAINS)
def a_copy_of_the_target(folder: Path) -> Path:
    return save(folder, text(with_column("outcome", lambda _, row: row["bought"])))


@case(TRAINS)
def a_column_that_nearly_gives_the_target_away(folder: Path) -> Path:
    def score(number: int, row: Row) -> float:
        return number / 1000 + (5 if row["bought"] == "yes" else 0)

    return save(folder, text(with_column("score", score)))


# Folders


def parts(folder: Path, *contents: str | bytes, name: str = "part-{}.csv") -> Path:
    """Write a folder with a file for each content, and return it."""
    for number, content in enumerate(contents):
        save(folder / "parts", content, name.format(number))
    return folder / "parts"


@case(SAME)
def parts_of_one_table(folder: Path) -> Path:
    return parts(folder, text(shop()[:120]), text(shop()[120:]))


@case(SAME)
def parts_in_another_order_of_columns(folder: Path) -> Path:
    other = [dict(reversed(row.items())) for row in shop()[120:]]
    return parts(folder, text(shop()[:120]), text(other))


@case(EITHER)
def parts_with_a_column_more(folder: Path) -> Path:
    return parts(folder, text(shop(120)), text(with_column("more", lambda n, _: n % 9, rows=120)))


@case(REFUSED)
def parts_without_the_target(folder: Path) -> Path:
    lacking = [{k: v for k, v in row.items() if k != "bought"} for row in shop(120, seed=2)]
    return parts(folder, text(shop(120)), text(lacking))


@case(EITHER)
def parts_in_other_dialects(folder: Path) -> Path:
    rows = [row | {"income": str(row["income"]).replace(".", ",")} for row in shop(120, seed=2)]
    return parts(folder, text(shop(120)), text(rows, delimiter=";"))


@case(EITHER)
def parts_in_other_encodings(folder: Path) -> Path:
    rows = [row | {"city": "Köln"} for row in shop(240)]
    return parts(folder, text(rows[:120]), text(rows[120:]).encode("latin-1"))


@case(EITHER)
def parts_in_other_formats(folder: Path) -> Path:
    where = parts(folder, text(shop(120)))
    parquet(where, shop(120, seed=2))
    return where


@case(EITHER)
def parts_of_which_one_is_empty(folder: Path) -> Path:
    return parts(folder, text(shop()), "")


@case(EITHER)
def parts_of_which_one_has_no_rows(folder: Path) -> Path:
    return parts(folder, text(shop()), text(shop()).splitlines()[0] + "\n")


@case(EITHER)
def parts_with_numbers_here_and_words_there(folder: Path) -> Path:
    words = [row | {"age": "old"} for row in shop(120, seed=2)]
    return parts(folder, text(shop(120)), text(words))


@case(EITHER)
def a_folder_with_a_readme(folder: Path) -> Path:
    where = parts(folder, text(shop()))
    save(where, "# What this is\n", "README.md")
    return where


@case(SAME)
def a_folder_with_hidden_files(folder: Path) -> Path:
    where = parts(folder, text(shop()))
    save(where, b"\0\1", ".DS_Store")
    return where


@case(REFUSED)
def a_folder_without_tables(folder: Path) -> Path:
    (folder / "parts").mkdir()
    return folder / "parts"


@case(SAME)
def a_file_with_an_odd_name(folder: Path) -> Path:
    return save(folder, text(shop()), "my täble (1) #2 'x' & co.csv")


@case(EITHER)
def a_suffix_in_capitals(folder: Path) -> Path:
    return save(folder, text(shop()), "TABLE.CSV")


@case(SAME)
def a_link_to_a_file(folder: Path) -> Path:
    (folder / "link.csv").symlink_to(save(folder, text(shop())))
    return folder / "link.csv"


# Parquet


def parquet(folder: Path, rows: Sequence[Row], **columns: Any) -> Path:
    """Write rows, and more columns given as Arrow arrays, as Parquet; return the path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(list(rows))
    for name, array in columns.items():
        table = table.append_column(name, array)
    pq.write_table(table, folder / "table.parquet")
    return folder / "table.parquet"


@case(SAME)
def a_parquet_file(folder: Path) -> Path:
    return parquet(folder, shop())


@case(TRAINS)
def a_parquet_file_of_many_types(folder: Path) -> Path:
    import pyarrow as pa

    numbers = range(240)
    days = [date(2020, 1, 1) + timedelta(days=n) for n in numbers]
    return parquet(
        folder,
        shop(),
        decimal=pa.array(numbers).cast(pa.decimal128(21, 2)),
        day=pa.array(days),
        instant=pa.array(days).cast(pa.timestamp("ns", tz="Europe/Berlin")),
        clock=pa.array([n * 1000 for n in numbers], pa.time32("ms")),
        length=pa.array([n * 7 for n in numbers], pa.duration("s")),
        code=pa.array(["a", "b", None] * 80).dictionary_encode(),
        flag=pa.array([True, None, False] * 80),
        small=pa.array([n % 100 for n in numbers], pa.uint8()),
        half=pa.array([n % 7 / 2 for n in numbers], pa.float32()),
        large=pa.array(["x" * (n % 5) for n in numbers], pa.large_string()),
        nothing=pa.nulls(240),
    )


@case(EITHER)
def a_parquet_file_with_nested_columns(folder: Path) -> Path:
    import pyarrow as pa

    return parquet(
        folder,
        shop(),
        several=pa.array([[n, n + 1] for n in range(240)]),
        nested=pa.array([{"a": n, "b": {"c": str(n)}} for n in range(240)]),
        raw=pa.array([bytes([n, 0, 255]) for n in range(240)]),
    )


@case(TRAINS)
def a_parquet_file_with_an_index(folder: Path) -> Path:
    import pandas as pd

    frame = pd.DataFrame(shop())
    frame.index = pd.Index([f"row {n}" for n in range(240)])
    frame.to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


@case(EITHER)
def a_parquet_file_with_duplicate_names(folder: Path) -> Path:
    import pyarrow as pa

    return parquet(folder, shop(), age=pa.array(range(240)))


@case(EITHER)
def a_parquet_file_with_not_a_number(folder: Path) -> Path:
    odd = [math.nan, math.inf, -math.inf, -0.0]
    return parquet(folder, with_value("income", lambda n, row: odd[n] if n < 4 else row["income"]))


@case(REFUSED, "row")
def a_parquet_file_without_rows(folder: Path) -> Path:
    import pandas as pd

    pd.DataFrame(shop()).head(0).to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


# Size


@case(TRAINS, stages=(), options=("--dry-run",))
def a_million_rows(folder: Path) -> Path:
    body = text(shop(10_000)).split("\n", 1)
    return save(folder, body[0] + "\n" + body[1] * 100)

"""Tables of the kinds that public reports describe are understood, or their owner is told."""

from pathlib import Path

import pytest
from support import reported_tables
from support.in_process import call, write_project

from tabrail.data import tables
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest import ingest, summary
from tabrail.ingest.draft import to_yaml
from tabrail.ingest.infer import infer

REFUSED = "REFUSED: "


def answer(place: Path, target: str) -> str:
    """Return what ingest shows and writes of a table, or why it is refused."""
    try:
        draft = infer(tables.find(place), target)
    except InputError as error:
        return f"{REFUSED}{error}"
    return f"{summary.text(draft, Schema.model_validate(draft.schema))}\n{to_yaml(draft)}"


def line(name: str, text: str) -> str:
    """Return the line of a column in schema.yaml, and the comment above it."""
    rows = text.partition("\ncolumns:")[2].splitlines()
    for place, row in enumerate(rows):
        if row.strip().removeprefix('"').startswith((f"{name}:", f'{name}":')):
            return " ".join(rows[max(0, place - 4) : place + 6])
    raise AssertionError(f"no column {name} in {text}")


EXPECTED: dict[str, list[str]] = {
    # Nearly numbers and nearly dates are never silently words.
    "trailing_minus": ["balance: {kind: numeric"],
    "trailing_minus_target": ["task: regression", "balance: {kind: numeric"],
    "unicode_minus": ["temp: {kind: numeric"],
    "indian_grouping": ['unit: "₹"'],
    "parentheses": ["profit: {kind: numeric"],
    "currency_behind": ["preis: {kind: numeric", "cena: {kind: numeric", "seen 0 to 22000"],
    "human_sizes": ["Size: {kind: numeric", "WARNING: Installs: its values look like numbers"],
    "less_than": ["WARNING: lead: its values look like numbers, such as"],
    "latlon_dms": ["lat: its values look like several numbers", "!key "],
    "dates_utc_suffix": ["opened: {kind: datetime}"],
    "dates_offsets": ["opened: {kind: datetime}"],
    "dates_twitter": ["created_at: {kind: datetime"],
    "dates_zero_mysql": ["closed: {kind: datetime, nullable: true}", "'0000-00-00' in closed"],
    "dates_months_other_language": ['ouvert: {kind: datetime, format: "%d %b %Y"}'],
    "dates_prefix_month_year": ["WARNING: quarter: its values look like periods", "week: its"],
    "dates_excel_serial": ["WARNING: order_date: its numbers look like days since 1900"],
    "dates_epoch_ms": ["WARNING: timestamp: its numbers look like ms since 1970"],
    "durations": ["half_time: {kind: numeric, format: duration"],
    "durations_pandas": ["waited: {kind: numeric, format: duration"],
    "decimals_mixed": [
        "WARNING: grade: its numbers have a point in 70.0%",
        '.replace(r",", ".", regex',
    ],
    # Twins.
    "label_case_twins": [REFUSED, "'Rejected' (206 rows)", "in one way"],
    "label_zero_width": ["task: binary, two classes", "categories: [ham, spam]"],
    # Values that mean missing.
    "sentinel_target": ["WARNING: no2: -200 is in 18.2% of the rows", "WARNING: co: -200"],
    "sentinel_999": ["WARNING: age: 999 is in", "WARNING: income: -999 is in"],
    "inf_parquet": ["ratio: {kind: numeric, nullable: true"],
    "inf_csv": ["ratio: {kind: numeric, nullable: true"],
    "dollar_inf_words": ["ratio: {kind: numeric, nullable: true"],
    "words_between_half_and_one_percent": ["'no data' in size", "size: {kind: numeric, nullable"],
    "na_is_a_region": [REFUSED, "'NA' is in 36.3% of its rows", "leave these cells empty"],
    "na_country_feature": ["WARNING: country: 'NA' is in 27.6% of the rows"],
    "missing_words_many": ["size: {kind: numeric, nullable", "r: {kind: numeric, nullable"],
    "yn_blanks": ["member: {kind: boolean, nullable: true}"],
    "target_with_question": ["32 of 900 rows have no target and are left out ('?' in 32"],
    "target_unknown_share": ["3 classes", "Unknown"],
    # Codes that look like numbers.
    "plz_full_name": ["Postleitzahl:\n    kind: categorical"],
    "codes_by_name": [
        *("naics:  # codes are not numbers", "sic_code:", "WARNING: store: its 45 whole numbers"),
        *("WARNING: MSSubClass: its 9 whole", "WARNING: org_number: its", '["034025"'),
    ],
    "codes_rare_zero": ["branch: {kind: identifier, digits: 4}"],
    "sci_codes": ['"4E0"'],
    "bigints": ["conversation: {kind: identifier}"],
    "bigints_nullable_parquet": ["tweet_id: {kind: identifier, nullable: true}"],
    "zip_parquet_int": ["zip: {kind: categorical"],
    "numbers_first_part": ["zip: {kind: categorical", '"02138"'],
    # One column, two scales.
    "currencies_mixed": ["WARNING: amount: its amounts are in 3 currencies"],
    "percent_mixed": ["WARNING: rate: 70.3% of its values have a percent sign"],
    "dates_mixed_order": ["WARNING: opened: its dates are in two orders"],
    "dates_low_days": ["AMBIGUOUS: no day is above 12"],
    "thousands_dot_few": ["WARNING: b: '47.835' is read as 47835", "seen 0 to 100000"],
    "euro_decimal_comma_no_semicolon": ["WARNING: temp: AMBIGUOUS: each value with ','"],
    "decimal_comma_beats": ["WARNING: csv: AMBIGUOUS"],
    "german_three_decimals": ["menge: {kind: numeric, min: 0, max: 12000}", "!AMBIGUOUS"],
    "german_only_thousands": ["einwohner: {kind: numeric, min: 0, max: 12000}", "!AMBIGUOUS"],
    "thousands_only_some": ["pop: {kind: numeric, min: 0, max: 12000}", "!AMBIGUOUS"],
    # The task.
    "class_codes_12": ["to predict classes instead: uv run tabrail ingest"],
    "class_codes_text_parquet": ["task: multiclass, 26 classes"],
    "rating_0_10": ["to predict classes instead"],
    "rating_1_10": ["to predict the number instead"],
    "target_year": ["task: regression"],
    "count_target_small": ["7 classes; to predict the number instead"],
    "label_one_two": ["positive: ", "the rarer one"],
    "label_float": ["task: binary"],
    "target_letters_numbers": ["5 classes"],
    "target_currency": ["task: regression", 'unit: "$"'],
    "target_log_zero": ["task: regression"],
    "adult_dot": ['categories: ["<=50K", ">50K"]'],
    # Lines that are no rows.
    "totals_row": ["400 rows", "set aside: totals (row 401", "!Total,"],
    "units_row_300": ["300 rows", "two values: no, yes", "set aside: units or descriptions"],
    "units_row_regression_120": ["120 rows", "set aside: units or descriptions"],
    "question_row_qualtrics": ["300 rows", "Q1: {kind: numeric", "(rows 1, 2 below the header"],
    "header_again": ["900 rows", "set aside: repeated headers (rows 301, 602", "no, yes"],
    "header_again_words": ["900 rows", "categories: [edible, poisonous]", "3 lines are not rows"],
    "comment_lines_inside": ["300 rows", "size: {kind: numeric", "set aside: comments (rows 90"],
    "footnote": ["300 rows", "size: {kind: numeric", "set aside: footnotes"],
    "blank_rows": [
        "300 rows",
        "size: {kind: numeric, min",
        "!duplicates",
        "120 lines are not rows",
    ],
    "air_quality_form": [
        *("2,000 rows", "WARNING: Time: its values look like times", "C6H6: -200 is in 2.0%"),
        *("S1: -200 is in", "T: -200 is in", "RH: -200 is in", "114 lines are not rows"),
    ],
    "short_rows_shifted": [
        REFUSED,
        "row 50 has 5 of 6 fields, and 'green' is in the column 'c'",
    ],
    "dates_first_part": ['opened: {kind: datetime, format: "%d/%m/%Y"}'],
    # Rows that belong together.
    "panel_customers_german": ["Kundennummer: {kind: identifier}", "key          Kundennummer"],
    "panel_store": [
        *(
            "WARNING: Store: rows of one Store are alike, so they may be on both sides",
            "WARNING: Date: rows that are near in time",
        ),
        "write in schema.yaml, under columns: Store: {kind: identifier}, and key: [Store]",
    ],
    "unnamed_columns": ["leaves out   Unnamed: 0.1 (row numbers)"],
    # Leaks.
    "leak_parts": ["casual is ignored. LEAK? casual + registered gives cnt", "in schema.yaml"],
    "leak_lifeboat": ["WARNING: boat: alone it predicts survived nearly perfectly", "body: it is"],
    "leak_copy_text": ["WARNING: status_text: alone it predicts y nearly perfectly"],
    "leak_start_end": ["dropoff is ignored. LEAK? dropoff - pickup gives trip_seconds"],
    "index_level_0": ["__index_level_0__ is ignored. LEAK?"],
    # Folders.
    "hive_folder": ["country=AT/part-0.parquet", "country: {kind: categorical, categories: [AT"],
    "spark_folder": ["900 rows, 4 columns", "!_SUCCESS"],
    "parts_types_differ": ["speed: {kind: numeric, nullable: true"],
    # Refusals that help.
    "index_header_missing": [
        *("300 rows", "row_name (row numbers)", "such as '1', was read as the name of the row"),
        "row_name: {kind: ignored}",
    ],
    "trailing_comma_rows": ["300 rows, 4 columns", "so the empty field was left out"],
    "unquoted_comma_everywhere": [REFUSED, "put quotes around such fields", "!remove"],
    "comment_lines_top": [REFUSED, "they may be in line 3"],
    "comment_lines_top_comma": [REFUSED, "looks like a comment"],
    "excel_sep": [REFUSED, "remove that line"],
    "backslash_quotes": [REFUSED, "row 3 has 5 fields"],
    "nul_bytes": [REFUSED, "byte 97 is zero"],
    "spaces_fixed_width": [REFUSED, "with one of these between them"],
    "names_twice": [REFUSED, "more than one column named 'size'"],
    "names_nfd": ['"Größe": {kind: numeric'],
    "shift_jis": ["WARNING: csv: the file is not UTF-8", "save the file as UTF-8"],
    "cp1251": ["WARNING: csv: the file is not UTF-8", "save the file as UTF-8"],
    # Right before, and not to be lost.
    "multi_choice": ["languages:"],
    "many_levels": ["key          sku"],
    "rare_class": ["average_precision"],
    "emoji_rtl": ["👩"],
    "names_odd": ["line"],
    "formula_cells": ["key          order_id"],
    "yn_with_x": ['categories: ["N", "Y", Yy]'],
    "wide": ["4000 numeric"],
    "parquet_types": ["leaves out   lst", "leaves out   struct"],
    "blank_columns": ["leaves out   Unnamed: 4"],
    "utf16": ["été"],
    "newlines_json_html": ["payload:"],
}
"""By table, what the answer says; with a `!` before it, what it does not say."""


@pytest.mark.parametrize("case", EXPECTED)
def test_the_owner_is_understood_or_told(tmp_path: Path, case: str) -> None:
    place = reported_tables.write(case, tmp_path)
    said = answer(place, reported_tables.CASES[case][1])
    for part in EXPECTED[case]:
        assert (part[1:] not in said) if part.startswith("!") else (part in said), said


def test_every_table_has_an_expectation() -> None:
    assert reported_tables.CASES.keys() == EXPECTED.keys()


LATER: dict[str, tuple[str, str, int, list[str]]] = {
    "names in another Unicode form": ("names_nfd", "names_nfd_later.csv", 0, ["all conform"]),
    "codes with other zeros": (
        *("zip_parquet_int", "zip_later.csv", 1),
        ["unreadable: 35", "training has '2138': write codes with the same leading zeros"],
    ),
    "codes that lost their zeros": (
        *("numbers_first_part", "numbers_first_part_later.csv", 1),
        ["zip", "the same leading zeros"],
    ),
    "dates in the other order": (
        *("dates_first_part", "dates_first_part_later.csv", 0),
        ["date_order: 200", "day and month the wrong way round", "only a warning"],
    ),
    "classes with a full stop": (
        *("adult_dot", "adult_dot_later.csv", 1),
        ["the classes are '<=50K', '>50K'"],
    ),
}
"""By case: the table to learn from, the later one, the exit code of validate, what it says."""


@pytest.mark.parametrize("case", LATER)
def test_a_later_file_is_read_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    name, later, code, parts = LATER[case]
    place = reported_tables.write(name, tmp_path)
    folder = tmp_path / "project"
    # Python loads a package once: each project has one of its own.
    words = {"project_slug": name.replace("_", "-"), "target": reported_tables.CASES[name][1]}
    write_project(folder, data_file=place.name, **words)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    done = call("ingest", str(place), "--target", reported_tables.CASES[name][1])
    assert done.code == 0, done
    checked = call("validate", str(tmp_path / later))
    assert checked.code == code, checked
    for part in parts:
        assert part in checked.output, checked

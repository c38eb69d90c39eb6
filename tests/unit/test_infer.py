"""A stranger's table becomes a schema that all of its rows keep, or is refused in a sentence."""

import gzip
import io
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from tabrail.data import tables
from tabrail.data.conform import conform
from tabrail.data.schema import Schema
from tabrail.errors import InputError
from tabrail.ingest import first_rows, profile, summary
from tabrail.ingest.draft import Draft, to_yaml
from tabrail.ingest.infer import infer

ROWS = 400
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(50, 20, ROWS).round(2)
GROUPS = RANDOM.choice(["red", "green", "blue"], ROWS)
DAYS = pd.Series(pd.date_range("1950-01-01", periods=ROWS, freq="30D")).dt.strftime("%Y-%m-%d")
ANSWER = np.where(NOISE + RANDOM.normal(0, 20, ROWS) > 50, "yes", "no")

Table = Any  # columns by name, or a frame


def table(**columns: Any) -> Table:
    """Return columns of a table, with something to learn from and something to learn."""
    return {"noise": NOISE, **columns, "answer": ANSWER}


def write(folder: Path, columns: Table, name: str = "a.csv", **options: Any) -> Path:
    """Write a table."""
    path = folder / name
    frame = pd.DataFrame(columns)
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, **options)
    return path


def sound(draft: Draft, *files: Path) -> Draft:
    """Check what must be true of each draft: it survives YAML, and all rows keep it."""
    rows = 97 if draft.rows <= ROWS else 5000
    content = YAML(typ="safe", pure=True).load(to_yaml(draft))
    assert content == draft.schema
    schema = Schema.model_validate(content)
    faults: dict[str, int] = {}
    unlabeled = 0
    for file in files:
        for chunk in tables.read_chunks(file, schema, rows):
            for found in conform(chunk, schema)[1]:
                if found.kind == "unlabeled":
                    unlabeled += int(found.rows.sum())
                else:
                    assert found.kind == "unreadable", found
                    faults[found.column] = faults.get(found.column, 0) + int(found.rows.sum())
    assert faults == {name: count for name, (count, _) in draft.unreadable.items()}
    assert unlabeled == draft.unlabeled
    return draft


def inferred(folder: Path, columns: Table, target: str = "answer", **options: Any) -> Draft:
    """Write a table, infer its schema and check that it is sound."""
    task = options.pop("task", None)
    path = write(folder, columns, **options)
    return sound(infer([path], target, task), path)


def mixed(*values: object, rows: int = ROWS) -> Any:
    """Repeat values in no regular order."""
    return [values[i] for i in np.random.default_rng(1).integers(0, len(values), rows)]


COLUMNS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "whole": (mixed(*range(3, 88)), {"kind": "numeric", "min": 0, "max": 130}, "seen 3 to 87"),
    "below zero": (mixed(-5, -1), {"kind": "numeric", "min": -7, "max": 0}, "seen -5 to -1"),
    "both sides": (mixed(-5, 5), {"kind": "numeric", "min": -10, "max": 10}, "seen -5 to 5"),
    "small": (mixed(0.12, 0.97), {"kind": "numeric", "min": 0, "max": 1.4}, "seen 0.12 to 0.97"),
    "gaps": (
        mixed(7, 8, 9, ""),
        {"kind": "numeric", "nullable": True, "min": 6, "max": 10},
        "% missing",
    ),
    "blanks": (mixed(" 7", "8 ", " 9 ", "   "), {"kind": "numeric", "nullable": True}, "missing"),
    "question marks": (mixed(7, 8, 9, "?"), {"kind": "numeric", "nullable": True}, "missing"),
    "unknown": (mixed(7, 8, 9, "Unknown"), {"kind": "numeric", "nullable": True}, "missing"),
    "answers and unknown": (
        mixed("y", "n", "none"),
        {"kind": "boolean", "nullable": True},
        "missing",
    ),
    "unknown colors": (
        mixed("red", "blue", "unknown"),
        {"kind": "categorical", "categories": ["blue", "red", "unknown"]},
        "",
    ),
    "colors and question marks": (
        mixed("red", "blue", "?"),
        {"kind": "categorical", "nullable": True, "categories": ["blue", "red"]},
        "missing",
    ),
    "plus and minus": (
        mixed("+", "-"),
        {"kind": "categorical", "categories": ["+", "-"]},
        "",
    ),
    "one value": (["x"] * ROWS, {"kind": "ignored"}, "one value only: 'x'"),
    "one number": ([7.0] * ROWS, {"kind": "ignored"}, "one value only: '7.0'"),
    "one value, rarely none": (["x"] * (ROWS - 1) + [""], {"kind": "ignored"}, "one value only"),
    "one value or none": (
        mixed("x", ""),
        {"kind": "categorical", "nullable": True, "categories": ["x"]},
        "one value or none",
    ),
    "nothing": ([""] * ROWS, {"kind": "ignored"}, "empty in all rows"),
    "missing words only": (mixed("NA", "?"), {"kind": "ignored"}, "empty in all rows"),
    "truths": (mixed("TRUE", "false"), {"kind": "boolean"}, "only TRUE, false"),
    "numbers as sizes": (
        mixed(10, 9, 100, "x", "y"),
        {"kind": "categorical", "categories": ["10", "100", "9", "x", "y"]},
        "",
    ),
    "many levels": (mixed(*(f"v{i}" for i in range(210)), rows=ROWS), {"kind": "categorical"}, ""),
    "upper and lower": (
        mixed("Red", "red", "blue"),
        {"kind": "categorical", "categories": ["blue", "Red", "red"]},
        "only in case",
    ),
    "a slip": (
        [*range(2, ROWS + 1), "abc"],
        {"kind": "numeric"},
        "1 of 400 values cannot be read as numeric, such as 'abc'",
    ),
    "infinite": (
        [*mixed(1.5, 2.5, 3.5)[1:], "inf"],
        {"kind": "numeric", "nullable": True},
        "0.2% missing",
    ),
    "huge": (mixed(1e90, -1e90, 3), {"kind": "numeric", "min": -2e90, "max": 2e90}, "seen -1e+90"),
    "tiny": (mixed(1e-300, 2e-300), {"kind": "numeric"}, "seen"),
}
"""Values of a column, what its schema must say among other things, and a part of the reason."""


@pytest.mark.parametrize("case", COLUMNS)
@pytest.mark.parametrize("options", [{}, {"sep": ";"}, {"sep": "\t", "encoding": "utf-16"}])
def test_a_column(tmp_path: Path, case: str, options: dict[str, Any]) -> None:
    values, expected, reason = COLUMNS[case]
    draft = inferred(tmp_path, table(column=values), **options)
    column = draft.schema["columns"]["column"]
    assert {key: column.get(key) for key in expected} == expected
    assert reason in draft.column_reasons["column"]


@pytest.mark.parametrize("value", ["2024-05-03", "1734.5", "widower"])
def test_the_only_value_of_one_row_is_not_written_down(tmp_path: Path, value: str) -> None:
    draft = inferred(tmp_path, table(only=[value] + [""] * (ROWS - 1)))
    assert value not in to_yaml(draft)


def test_the_example_of_an_unreadable_word_names_nobody(tmp_path: Path) -> None:
    draft = inferred(tmp_path, table(column=[*range(2, ROWS + 1), "ada@example.com"]))
    assert "1 of 400 values cannot be read" in draft.column_reasons["column"]
    assert "ada" not in to_yaml(draft)


def test_what_tells_who_a_person_is_is_not_written_down(tmp_path: Path) -> None:
    mails = [f"person{i % 7}@example.com" for i in range(ROWS)]
    draft = inferred(tmp_path, table(mail=mails, only=["ada@example.com"] * ROWS))
    assert draft.schema["columns"]["mail"] == {"kind": "identifier", "sensitive": True}
    assert "person" not in to_yaml(draft)
    assert "ada" not in to_yaml(draft)


def test_numbers_of_another_country(tmp_path: Path) -> None:
    money = [f"{1000 + i}".replace("1", "1.", 1) + ",50 €" for i in range(ROWS)]
    draft = inferred(tmp_path, table(price=money), sep=";", decimal=",", encoding="cp1252")
    assert draft.schema["csv"] == {
        "encoding": "cp1252",
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
    }
    price = draft.schema["columns"]["price"]
    assert (price["kind"], price["unit"], price["max"]) == ("numeric", "€", 1600)
    assert draft.schema["columns"]["noise"]["kind"] == "numeric"
    assert "Western European" in draft.reasons["csv"]


TARGETS: dict[str, tuple[Any, str | None, dict[str, Any], str]] = {
    "yes or no": (ANSWER, None, {"task": "binary", "positive": None}, "boolean"),
    "0 or 1": (np.where(ANSWER == "yes", 1, 0), None, {"task": "binary"}, "boolean"),
    "with gaps": (np.where(NOISE > 90, "", ANSWER), None, {"task": "binary"}, "boolean"),
    "two words": (
        np.where(ANSWER == "yes", "stay", "churn"),
        None,
        {"task": "binary", "positive": "stay"},
        "categorical",
    ),
    "positive": (
        np.where(ANSWER == "yes", "negative", "Positive"),
        None,
        {"task": "binary", "positive": "Positive"},
        "categorical",
    ),
    "two numbers": (
        np.where(ANSWER == "yes", 1, 2),
        None,
        {"task": "binary", "positive": "1"},
        "categorical",
    ),
    "plus or minus": (
        np.where(ANSWER == "yes", "+", "-"),
        None,
        {"task": "binary", "positive": "+"},
        "categorical",
    ),
    "words": (GROUPS, None, {"task": "multiclass", "positive": None}, "categorical"),
    "a class named None": (
        mixed("None", "mild", "severe"),
        None,
        {"task": "multiclass"},
        "categorical",
    ),
    "grades": (mixed(1, 2, 3, 4, 5), None, {"task": "multiclass"}, "categorical"),
    "grades as numbers": (mixed(1, 2, 3, 4, 5), "regression", {"task": "regression"}, "numeric"),
    "counts": (mixed(*range(20)), None, {"task": "regression"}, "numeric"),
    "counts as classes": (mixed(*range(20)), "multiclass", {"task": "multiclass"}, "categorical"),
    "prices": (NOISE * 3 + RANDOM.normal(0, 9, ROWS), None, {"task": "regression"}, "numeric"),
    "prices and question marks": (
        ["?", *(NOISE * 3 + RANDOM.normal(0, 9, ROWS))[1:]],
        None,
        {"task": "regression"},
        "numeric",
    ),
    "answers and question marks": (["?", *ANSWER[1:]], None, {"task": "binary"}, "boolean"),
    "classes and question marks": (["?", *GROUPS[1:]], None, {"task": "multiclass"}, "categorical"),
    "a class of question marks": (
        mixed("a", "b", "?"),
        None,
        {"task": "multiclass"},
        "categorical",
    ),
    "codes": (mixed("01", "02", "07"), None, {"task": "multiclass"}, "categorical"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target(tmp_path: Path, case: str) -> None:
    values, task, expected, kind = TARGETS[case]
    draft = inferred(tmp_path, {"noise": NOISE, "goal": values}, "goal", task=task)
    assert {key: draft.schema.get(key) for key in expected} == expected
    column = draft.schema["columns"]["goal"]
    assert column["kind"] == kind
    assert "nullable" not in column
    if kind == "categorical":
        given = {str(value) for value in values}
        assert set(column["categories"]) == (given if "a class of" in case else given - {"?"})


def test_rows_without_a_target_are_counted(tmp_path: Path) -> None:
    answers = np.where(np.arange(ROWS) < 30, "", ANSWER)
    draft = inferred(tmp_path, {"noise": NOISE, "goal": answers}, "goal")
    assert draft.unlabeled == 30
    assert "30 of 400 rows have no target" in draft.reasons["target"]


def test_a_class_named_none_is_not_kept_where_others_mean_nothing_by_it(tmp_path: Path) -> None:
    columns = {"gaps": mixed(1, 2, 3, "None"), "goal": mixed("None", "mild", "severe", "worst")}
    draft = inferred(tmp_path, table(**columns), "goal")
    assert "None" in draft.schema["missing"]
    assert draft.unlabeled > 50
    assert any("rows have no target" in warning for warning in draft.warnings)


def test_a_word_that_is_a_class_means_nothing_else(tmp_path: Path) -> None:
    columns = {"noise": mixed(1, 2, 3, "none"), "goal": mixed("none", "mild", "severe")}
    draft = inferred(tmp_path, columns | {"other": NOISE}, "goal")
    assert draft.schema["columns"]["goal"]["categories"] == ["mild", "none", "severe"]


REFUSED: dict[str, tuple[Table, str, str]] = {
    "no such column": (table(), "answr", r"no column 'answr' \(did you mean 'answer'\?\)"),
    "other case": (table(), "ANSWER", r"no column 'ANSWER' \(did you mean 'answer'\?\)"),
    "constant": ({"noise": NOISE, "goal": ["x"] * ROWS}, "goal", "one value only"),
    "constant number": ({"noise": NOISE, "goal": [7] * ROWS}, "goal", "one value only"),
    "constant or missing": ({"noise": NOISE, "goal": mixed("x", "")}, "goal", "one value only"),
    "empty": ({"noise": NOISE, "goal": [""] * ROWS}, "goal", "is empty in all 400 rows"),
    "names": (
        {"noise": NOISE, "goal": [f"n{i}" for i in range(ROWS)]},
        "goal",
        "400 different values in 400 rows: an identifier or a text",
    ),
    "too many classes": (
        {"noise": [*NOISE] * 3, "goal": mixed(*(f"n{i}" for i in range(300)), rows=3 * ROWS)},
        "goal",
        "classes or more, and at most 100",
    ),
    "dates": (
        {"noise": NOISE, "goal": pd.date_range("2024-01-01", periods=ROWS).astype("str")},
        "goal",
        "holds dates, which cannot be predicted",
    ),
    "one row of the other class": (
        {"noise": NOISE, "goal": ["yes"] + ["no"] * (ROWS - 1)},
        "goal",
        "all rows but one are",
    ),
    "too few rows": ({"noise": NOISE[:40], "goal": ANSWER[:40]}, "goal", "40 different rows"),
    "too few rows with a target": (
        {"noise": NOISE, "goal": [*ANSWER[:45], *[""] * (ROWS - 45)]},
        "goal",
        "45 different rows",
    ),
    "nothing to learn from": (
        {"id": range(ROWS), "goal": ANSWER},
        "goal",
        "nothing to learn 'goal' from; the columns are: 'id' .identifier., 'goal' .boolean.",
    ),
    "few combinations": (
        {"noise": mixed(1, 2, 3), "group": GROUPS, "goal": ANSWER},
        "goal",
        "have 9 different combinations of values",
    ),
    "words among numbers": (
        {"noise": NOISE, "goal": [*(NOISE[: ROWS - 20] * 1.01), *["free"] * 20]},
        "goal",
        "5.0% of its values are not numbers .such as 'free'.",
    ),
    "a class in two ways": (
        {"noise": NOISE, "goal": mixed("1", "1.0", "2", "3")},
        "goal",
        "writes the same class in more than one way",
    ),
    "twice": (
        pd.DataFrame({"a": NOISE, "answer": ANSWER, "answer ": ANSWER}),
        "answer",
        "more than one column named 'answer'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    columns, target, message = REFUSED[case]
    path = write(tmp_path, columns)
    with pytest.raises(InputError, match=message) as error:
        infer([path], target)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (GROUPS, "binary", "has 3 classes, which does not fit the task binary"),
        (ANSWER, "multiclass", "has 2 classes, which does not fit the task multiclass"),
        (GROUPS, "regression", "100.0% of its values are not numbers"),
        (NOISE, "multiclass", "an identifier or a text"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(
    tmp_path: Path, values: Any, task: Any, message: str
) -> None:
    path = write(tmp_path, {"noise": NOISE, "group": GROUPS, "goal": values})
    with pytest.raises(InputError, match=message):
        infer([path], "goal", task)


def test_a_file_without_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pd.DataFrame({"a": NOISE, "b": NOISE, "c": ANSWER}).to_csv(path, index=False, header=False)
    with pytest.raises(InputError, match="its first line looks like data"):
        infer([path], "answer")


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame(table())[:0].to_parquet(path)
    with pytest.raises(InputError, match="column names but no rows"):
        infer([path], "answer")


def test_row_numbers_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pd.DataFrame(table()).to_csv(path)
    draft = sound(infer([path], "answer"), path)
    assert draft.schema["columns"]["Unnamed: 0"] == {"kind": "ignored"}
    assert draft.column_reasons["Unnamed: 0"] == "row numbers"


def test_row_names_are_ignored_in_any_order(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).permutation(9 * ROWS)[:ROWS]
    assert inferred(tmp_path, table(rownames=numbers)).schema["columns"]["rownames"] == {
        "kind": "ignored"
    }


def test_zip_codes_are_no_numbers(tmp_path: Path) -> None:
    column = inferred(tmp_path, table(zip_code=mixed(98101, 98102, 98115))).schema["columns"]
    assert column["zip_code"]["categories"] == ["98101", "98102", "98115"]


def test_years_of_two_digits_are_pointed_out(tmp_path: Path) -> None:
    draft = inferred(tmp_path, table(born=mixed("31.12.63", "01.02.71")))
    assert draft.schema["columns"]["born"]["format"] == "%d.%m.%y"
    assert "69 to 99 are read as 19" in draft.column_reasons["born"]


def test_the_ambiguous_is_a_warning(tmp_path: Path) -> None:
    columns = {"x": [f"1.{i}" for i in range(200, 600)], "day": mixed("01/02/2024", "03/01/2024")}
    draft = inferred(tmp_path, columns | {"answer": ANSWER}, sep=";")
    assert draft.schema["csv"] == {"delimiter": ";", "decimal": ",", "thousands": "."}
    assert [warning.partition(":")[0] for warning in draft.warnings] == ["day", "csv"]


def test_a_category_that_names_a_person_is_not_listed(tmp_path: Path) -> None:
    draft = inferred(tmp_path, table(contact=mixed("none given", "by mail", "ada@example.com")))
    assert draft.schema["columns"]["contact"] == {"kind": "categorical"}
    assert "ada" not in to_yaml(draft)


def test_small_classes_are_pointed_out(tmp_path: Path) -> None:
    goal = ["rare"] * 3 + mixed("a", "b", rows=ROWS - 3)
    draft = inferred(tmp_path, {"noise": NOISE, "goal": goal}, "goal")
    assert "1 class(es) of goal have fewer than 30 rows: 'rare' 3" in draft.warnings


def test_first_names_do_not_keep_rows_together(tmp_path: Path) -> None:
    names = mixed("Ada", "Bob", *(f"Person{chr(97 + i)}" for i in range(26)), "Eve", "Zoe", "Tom")
    draft = inferred(tmp_path, table(first_name=names))
    assert draft.schema["columns"]["first_name"] == {"kind": "categorical", "sensitive": True}
    assert "key" not in draft.schema


CLERKS = mixed("Müller, Jörg", "Schäfer, Anna", "Weiß, Petra", "Öztürk, Can")


def test_names_that_repeat_are_sensitive_and_a_warning_has_the_line_to_write(
    tmp_path: Path,
) -> None:
    lat, lon = np.random.default_rng(2).normal(9, 1, (2, ROWS))
    gaps = [*CLERKS[:-5], *[""] * 5]
    draft = inferred(tmp_path, table(Sachbearbeiter=CLERKS, clerk=gaps, lat=lat, lon=lon))
    columns = draft.schema["columns"]
    assert columns["Sachbearbeiter"] == {"kind": "categorical", "sensitive": True}
    assert Schema.model_validate(draft.schema).features == ["noise", "lat", "lon"]  # not of persons
    (said,) = (one for one in draft.warnings if one.startswith("Sachbearbeiter: "))
    assert "its values are names of persons" in said
    assert said.endswith("write in schema.yaml, under columns: Sachbearbeiter: {kind: categorical}")
    assert any(one.endswith("clerk: {kind: categorical, nullable: true}") for one in draft.warnings)
    shown = summary.text(draft, Schema.model_validate(draft.schema)) + to_yaml(draft)
    assert not [one for one in ("Müller", "Jörg", "Anna", "Öztürk") if one in shown]


def test_names_stay_a_feature_if_there_is_no_other(tmp_path: Path) -> None:
    last = [f"Berg{letter}" for letter in "abcdefghijklmnopqrst"]
    people = mixed(*(f"{one} {two}" for one in ("Ada", "Eva", "Ute") for two in last))
    draft = inferred(tmp_path, {"kunde": people, "answer": ANSWER})
    assert Schema.model_validate(draft.schema).features == ["kunde"]
    assert draft.schema["columns"]["kunde"] == {"kind": "categorical"}
    assert any("kunde: " in one and "still a feature" in one for one in draft.warnings)


@pytest.mark.parametrize("other", ["%m/%d/%Y", "week %W"])
def test_a_date_that_cannot_be_read_makes_the_time_a_question(other: str, tmp_path: Path) -> None:
    made = pd.Series(pd.date_range("2021-01-03", periods=ROWS, freq="D"))
    words = made.dt.strftime("%d/%m/%Y")
    words[::9] = made[::9].dt.strftime(other)
    done = (made + pd.Timedelta("9D")).dt.strftime("%Y-%m-%d")
    draft = inferred(tmp_path, table(made=words, done=done))
    assert draft.schema["columns"]["made"]["kind"] != "datetime"
    assert draft.schema["time"] == "done"
    said = (
        "time: the only column that is read as dates. Check this choice: made may be the one that "
        "orders the rows, but it is not read as dates. So nothing shows whether done is later, and "
        "known only after answer is"
    )
    assert said in draft.warnings
    assert said in summary.text(draft, Schema.model_validate(draft.schema))


@pytest.mark.parametrize("words", ["red", "2021-W03", "18:30"])
def test_words_that_are_no_dates_make_it_none(words: str, tmp_path: Path) -> None:
    done = pd.Series(pd.date_range("2021-01-03", periods=ROWS, freq="D")).dt.strftime("%Y-%m-%d")
    draft = inferred(tmp_path, table(made=mixed(words, "2022-W01", "19:30"), done=done))
    assert draft.reasons["time"].startswith("the only date in every row")


def test_many_columns_with_few_slips_do_not_cost_many_rows(tmp_path: Path) -> None:
    """Each column is below the limit; together they would make too many rows unusable."""
    rows = 1000
    columns: Table = {"noise": RANDOM.normal(0, 1, rows), "answer": mixed("yes", "no", rows=rows)}
    for i in range(9):
        values: list[object] = list(np.arange(rows) % 97 / 7)
        values[100 * i : 100 * i + 3 + (i == 0)] = ["slip"] * (3 + (i == 0))
        columns[f"x{i}"] = values
    draft = inferred(tmp_path, columns)
    assert sum(count for count, _ in draft.unreadable.values()) <= 0.005 * rows
    kinds = [draft.schema["columns"][f"x{i}"]["kind"] for i in range(9)]
    assert kinds[0] == "categorical"
    assert kinds.count("numeric") == 1


def test_rows_of_one_customer_stay_together(tmp_path: Path) -> None:
    columns = table(customer_id=[1000 + i // 4 for i in range(ROWS)], order_id=range(7, ROWS + 7))
    draft = inferred(tmp_path, columns)
    assert draft.schema["key"] == ["customer_id"]
    assert "rows of one customer_id stay together" in draft.reasons["key"]


def test_several_that_repeat_are_left_to_a_person(tmp_path: Path) -> None:
    columns = table(
        customer_id=[f"c{i // 4}" for i in range(ROWS)],
        store_id=[f"s{i % 90}" for i in range(ROWS)],
    )
    draft = inferred(tmp_path, columns)
    assert "key" not in draft.schema
    assert "customer_id, store_id" in draft.reasons["key"]
    assert any("key" in warning for warning in draft.warnings)


def test_of_identifiers_that_repeat_together_the_one_that_holds_all_is_the_key(
    tmp_path: Path,
) -> None:
    who = [i // 8 for i in range(ROWS)]
    columns = table(
        email=[f"a{number}@example.com" for number in who],
        customer_id=[f"c{number}" for number in who],
        invoice_id=[f"i{i // 4}" for i in range(ROWS)],
    )
    draft = inferred(tmp_path, columns)
    assert draft.schema["key"] == ["customer_id"]
    assert draft.reasons["key"].endswith("and with them those of one value of invoice_id, email")
    assert not any("both sides" in warning for warning in draft.warnings)
    columns["email"][0] = "somebody.else@example.com"
    columns["invoice_id"][5] = columns["invoice_id"][40]
    draft = inferred(tmp_path, columns)
    assert "key" not in draft.schema
    assert any("both sides" in warning for warning in draft.warnings)


def test_categories_in_several_spellings_are_warned_of(tmp_path: Path) -> None:
    draft = inferred(tmp_path, table(plan=mixed("basic", "Basic", "PRO", "pro ", "free")))
    (warning,) = (one for one in draft.warnings if "the form of letters" in one)
    assert warning.startswith("plan: 5 categories are 3 except for case")
    assert re.search(r"rows\[\"plan\"\].replace\(\{('\w+': '\w+'(, )?){2}\}\)", warning)
    draft = inferred(tmp_path, table(plan=mixed("basic", "Basic plus", "pro", "pro ")))
    assert not any("the form of letters" in one for one in draft.warnings)


def test_all_spellings_are_mapped_to_the_most_frequent_one(tmp_path: Path) -> None:
    plans = ["Köln", "Köln", "KÖLN", "köln", "Bonn", "BONN", "BONN", "Ulm"]
    (warning,) = (
        one
        for one in inferred(tmp_path, table(plan=[plans[i % 8] for i in range(ROWS)])).warnings
        if "the form of letters" in one
    )
    line = warning.partition("write in clean (prepare.py): ")[2]
    rows = pd.DataFrame({"plan": pd.Series(plans, dtype="str")})
    exec(line, {"rows": rows})  # noqa: S102
    assert rows["plan"].tolist() == ["Köln"] * 4 + ["BONN"] * 3 + ["Ulm"]


def test_a_unique_identifier_is_the_key_unless_it_has_gaps(tmp_path: Path) -> None:
    names = [f"x{i:04}" for i in range(ROWS)]
    assert inferred(tmp_path, table(code=names)).schema["key"] == ["code"]
    draft = inferred(tmp_path, table(code=["", *names[1:]]))
    assert "key" not in draft.schema
    assert draft.schema["columns"]["code"] == {"kind": "identifier", "nullable": True}


def test_the_only_complete_date_orders_the_rows(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=ROWS).strftime("%d.%m.%Y"))
    draft = inferred(tmp_path, table(day=days, other=days.where(days.index > 3)))
    assert draft.schema["time"] == "day"
    draft = inferred(tmp_path, table(day=days, other=days))
    assert "time" not in draft.schema
    assert "one of day, other" in draft.reasons["time"]


def test_slices_have_enough_rows(tmp_path: Path) -> None:
    columns = table(
        gaps=np.where(NOISE > 60, "", GROUPS),
        flag=mixed("y", "n"),
        color=GROUPS,
        rare=["x", *mixed("y", "z")[1:]],
    )
    assert inferred(tmp_path, columns).schema["slices"] == ["color", "flag"]


@pytest.mark.parametrize(("repeated", "expected"), [(3, None), (100, "keep")])
def test_many_equal_rows_are_kept(tmp_path: Path, repeated: int, expected: str | None) -> None:
    frame = pd.DataFrame(table(row=NOISE + np.arange(ROWS)))
    draft = inferred(tmp_path, pd.concat([frame, frame[:repeated]]))
    assert draft.duplicates == repeated
    assert draft.schema.get("duplicates") == expected
    assert f"{repeated} of {ROWS + repeated} rows equal" in draft.reasons["duplicates"]


LEAKS: dict[str, Callable[[], list[Any]]] = {
    "copy": lambda: list(ANSWER),
    "codes": lambda: list(np.where(ANSWER == "yes", 3, 8)),
    "words": lambda: list(np.where(ANSWER == "yes", mixed("a", "b"), mixed("c", "d"))),
    "score": lambda: list(np.where(ANSWER == "yes", 0.5, 0) + RANDOM.random(ROWS) / 2),
    "there or not": lambda: list(np.where(ANSWER == "yes", NOISE, np.nan)),
    "date or none": lambda: list(np.where(ANSWER == "yes", mixed("2024-01-31", "2024-02-01"), "")),
    "note or none": lambda: [
        f"the reason was number {i} of many" if answer == "yes" else ""
        for i, answer in enumerate(ANSWER)
    ],
}


@pytest.mark.parametrize("case", LEAKS)
def test_a_column_that_gives_the_answer_away_is_ignored_loudly(tmp_path: Path, case: str) -> None:
    draft = inferred(tmp_path, table(column=LEAKS[case]()))
    assert draft.schema["columns"]["column"] == {"kind": "ignored"}
    assert "LEAK? Alone, it predicts answer nearly perfectly" in draft.warnings[0]
    assert "in schema.yaml, under columns: column: {kind: " in draft.column_reasons["column"]


def test_a_number_that_gives_a_number_away_is_ignored(tmp_path: Path) -> None:
    price = RANDOM.lognormal(10, 2, ROWS)
    columns = {"noise": NOISE, "euros": price * 0.9, "weak": np.log(price) + NOISE, "price": price}
    draft = inferred(tmp_path, columns, "price")
    ignored = [n for n, column in draft.schema["columns"].items() if column["kind"] == "ignored"]
    assert ignored == ["euros"]


def test_an_only_column_that_gives_the_answer_away_stays_with_a_warning(tmp_path: Path) -> None:
    columns = {"x": range(5, ROWS + 5), "y": [7 * i for i in range(ROWS)]}
    draft = inferred(tmp_path, columns, "y")
    assert draft.schema["columns"]["x"]["kind"] == "numeric"
    assert "LEAK?" in draft.warnings[0]


def test_only_later_rows_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rows mislead about each column, and all rows set it right."""
    monkeypatch.setattr(first_rows, "ROWS", 100)
    monkeypatch.setattr(first_rows, "FEWEST_ROWS", 100)
    monkeypatch.setattr(profile, "CHUNK_ROWS", 70)
    rows = 5 * ROWS
    late = np.arange(rows) >= 150
    days = pd.date_range("2000-01-01", periods=rows).strftime
    columns: Table = {
        "flag": np.where(late, np.arange(rows) % 7, np.arange(rows) % 2),
        "number": [f"w{i % 9}" if i % 5 == 4 and late[i] else i % 90 for i in range(rows)],
        "gap": ["?" if i % 9 == 8 and late[i] else i / 7 for i in range(rows)],
        "sparse": [
            ("" if i % 9 else "word" if late[i] and i % 360 == 0 else str(i / 7))
            for i in range(rows)
        ],
        "empty": np.where(late, np.arange(rows) / 7, np.nan),
        "constant": np.where(late, mixed("b", "c", "d", rows=rows), "a"),
        "constant number": np.where(late, np.arange(rows) % 50, 5),
        "date": np.where(
            late,
            days("%d/%m/%Y"),
            "0" + pd.Series(np.arange(rows) % 9 + 1).astype("str") + "/02/2024",
        ),
        "id": np.arange(rows),
        "sequence": np.random.default_rng(5).permutation(rows),
        "level": np.where(late, mixed("b", "c", "d", rows=rows), "a"),
        "noise": RANDOM.normal(0, 1, rows),
        "goal": np.where(late, mixed("yes", "no", rows=rows), "no"),
    }
    draft = inferred(tmp_path, columns, "goal")
    kinds = {name: column["kind"] for name, column in draft.schema["columns"].items()}
    assert kinds == {
        "flag": "numeric",
        "number": "categorical",
        "gap": "numeric",
        "sparse": "categorical",
        "empty": "numeric",
        "constant": "categorical",
        "constant number": "numeric",
        "date": "datetime",
        "id": "identifier",
        "sequence": "identifier",
        "level": "categorical",
        "noise": "numeric",
        "goal": "boolean",
    }
    assert draft.schema["columns"]["date"]["format"] == "%d/%m/%Y"
    assert draft.schema["columns"]["level"]["categories"] == ["a", "b", "c", "d"]


def test_a_target_that_later_rows_spoil_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_rows, "ROWS", 100)
    monkeypatch.setattr(first_rows, "FEWEST_ROWS", 100)
    goal = [*NOISE[:380], *(f"free{i}" for i in range(20))]
    path = write(tmp_path, {"noise": NOISE[::-1], "goal": goal})
    with pytest.raises(InputError, match=r"5\.0% of its values are not numbers"):
        infer([path], "goal")


@pytest.mark.parametrize(
    ("early", "later", "task"),
    [
        ([1, 2], [3, 4], "multiclass"),
        ([1, 2], list(range(30)), "regression"),
        (["a"], ["b", "c"], "multiclass"),
        (["a", "b"], ["c"], "multiclass"),
        ([1], [1, 0], "binary"),
        ([5], [k / 3 for k in range(40)], "regression"),
        ([0, 1], [2], "multiclass"),
    ],
)
def test_only_later_rows_tell_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: Any, later: Any, task: str
) -> None:
    monkeypatch.setattr(first_rows, "ROWS", 100)
    monkeypatch.setattr(first_rows, "FEWEST_ROWS", 100)
    goal = [*mixed(*early, rows=150), *mixed(*later, rows=ROWS - 150)]
    assert inferred(tmp_path, {"noise": NOISE, "goal": goal}, "goal").schema["task"] == task


def test_several_files_are_one_table(tmp_path: Path) -> None:
    frame = pd.DataFrame(table(day=["x"] * ROWS))
    first = write(tmp_path, frame[:100], "a.csv")
    second = tmp_path / "b.csv.gz"
    second.write_bytes(gzip.compress(frame[100:].assign(day="y").to_csv(index=False).encode()))
    draft = sound(infer([first, second], "answer"), first, second)
    assert draft.rows == ROWS
    assert draft.schema["columns"]["day"]["categories"] == ["x", "y"]
    other = write(tmp_path, frame.rename(columns={"noise": "nois"}), "c.csv")
    with pytest.raises(InputError, match=r"c\.csv has no column 'noise', .*did you mean 'nois'"):
        infer([first, other], "answer")
    with pytest.raises(InputError, match="some files are CSV and some are Parquet"):
        infer([first, write(tmp_path, frame, "d.parquet")], "answer")


def test_parquet_types_are_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    days = pd.date_range("2024-01-01", periods=ROWS)
    frame = pd.DataFrame(
        table(
            day=days,
            flag=NOISE > 50,
            size=pd.array([*range(3, ROWS + 2), None], dtype="Int64"),
            text=["1.5", "2.5"] * (ROWS // 2),
            category=pd.Categorical(GROUPS),
            list=[[1, 2]] * ROWS,
            bytes=[b"x"] * ROWS,
            maybe=mixed(True, False, None),
            clock=mixed(time(8, 30), time(9), None),
            customer_id=np.arange(ROWS) // 4 + 2**60,
        )
    )
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    arrow = arrow.append_column("date", pa.array(days.date))
    arrow = arrow.append_column("decimal", pa.array(NOISE).cast(pa.decimal128(9, 2)))
    arrow = arrow.append_column("span", pa.array(days - days[0]))
    arrow = arrow.append_column("nothing", pa.nulls(ROWS))
    arrow = arrow.append_column("sizes", pa.array(mixed(4, 7, 9)).dictionary_encode())
    pq.write_table(arrow, path)
    draft = sound(infer([path], "answer"), path)
    kinds = {name: column["kind"] for name, column in draft.schema["columns"].items()}
    assert kinds == {
        "noise": "numeric",
        "day": "datetime",
        "flag": "boolean",
        "size": "numeric",
        "text": "numeric",
        "category": "categorical",
        "list": "ignored",
        "bytes": "ignored",
        "maybe": "boolean",
        "clock": "numeric",
        "customer_id": "identifier",
        "answer": "boolean",
        "date": "datetime",
        "decimal": "numeric",
        "span": "ignored",
        "nothing": "ignored",
        "sizes": "numeric",
    }
    with pytest.raises(InputError, match="target 'day' is of type timestamp"):
        infer([path], "day")


HOSTILE = [
    'a "quote"', "it's", "a: b", "a\nb", "# no", "{x}", "[y]", "yes", "1", "null", "- z", "ü∑", "?",
    "*a", "&b", "!c", "%d", "@e", "`f", "\\n", "tab\there", "\x7f", "\u2028", "~", "1e5", "=", "<<",
    "x" * 2000, "2024-01-01", "key", "columns",
]  # fmt: skip


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_any_name_survives(tmp_path: Path, suffix: str) -> None:
    columns = {name: mixed(*HOSTILE, rows=4000) for name in HOSTILE}
    columns |= {"": mixed(1, 2, 3, rows=4000)} if suffix == "parquet" else {}
    columns |= {"noise": np.arange(4000) % 99, "answer": mixed("yes", "no", rows=4000)}
    draft = inferred(tmp_path, columns, name=f"a.{suffix}")
    assert draft.schema["columns"]['a "quote"']["kind"] == "categorical"
    target = HOSTILE[3]
    assert inferred(tmp_path, columns, target, name=f"a.{suffix}").schema["target"] == target


def test_a_wide_table(tmp_path: Path) -> None:
    columns = {f"x{i}": RANDOM.normal(0, 1, ROWS).round(3) for i in range(120)}
    columns |= {"answer": ANSWER, "late": ANSWER}
    draft = inferred(tmp_path, columns)
    assert draft.schema["columns"]["late"] == {"kind": "ignored"}
    assert sum(one["kind"] == "numeric" for one in draft.schema["columns"].values()) == 120


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(io.BytesIO(b"%PDF-1.7").getvalue())
    with pytest.raises(InputError, match="is a PDF document"):
        infer([path], "answer")


def test_inference_starts_without_scikit_learn() -> None:
    code = f"import sys, {infer.__module__}; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_word_that_comes_again_and_again_among_numbers_is_a_gap(tmp_path: Path) -> None:
    sizes = [f"{place}.5" if place % 9 else "k.A." for place in range(ROWS)]
    draft = inferred(tmp_path, table(size=sizes))
    assert draft.schema["columns"]["size"]["kind"] == "numeric"
    assert draft.schema["columns"]["size"]["nullable"] is True
    assert "k.A." in draft.schema["missing"]


def test_row_numbers_may_begin_again_in_each_part(tmp_path: Path) -> None:
    for part in ("a", "b", "c"):
        pd.DataFrame(table()).sample(frac=1, random_state=ord(part), ignore_index=True).to_csv(
            tmp_path / f"{part}.csv"
        )
    draft = infer(sorted(tmp_path.iterdir()), "answer")
    assert draft.schema["columns"]["Unnamed: 0"] == {"kind": "ignored"}


def test_personal_columns_are_no_key_where_another_is(tmp_path: Path) -> None:
    offers = [f"A-{place:05}" for place in range(ROWS)]
    calls = [f"0150 {1426910 + place}" for place in range(ROWS)]
    draft = inferred(tmp_path, table(Telefon=calls, offer=offers))
    assert draft.schema["key"] == ["offer"]
    assert draft.schema["columns"]["Telefon"] == {"kind": "identifier", "sensitive": True}


def test_a_category_of_one_person_is_not_listed(tmp_path: Path) -> None:
    jobs = ["astronaut", *mixed("nurse", "clerk", rows=ROWS - 1)]
    path = write(tmp_path, table(job=jobs, age=np.arange(ROWS) % 60 + 18))
    draft = infer([path], "answer")  # its row has a category that the schema does not list
    assert draft.schema["columns"]["job"]["categories"] == ["clerk", "nurse"]
    assert "1 category of a single row is not listed" in draft.column_reasons["job"]
    draft = inferred(tmp_path, table(job=jobs))  # nothing says that rows are people
    assert "astronaut" in draft.schema["columns"]["job"]["categories"]


def test_nothing_seen_is_the_value_of_a_row(tmp_path: Path) -> None:
    pay = [1234.56, *NOISE[1:-1], 98765.43]
    reason = inferred(tmp_path, table(pay=pay)).column_reasons["pay"]
    assert "seen" in reason
    assert "98765" not in reason


@pytest.mark.parametrize(
    "columns",
    [
        {"diagnosis": mixed("flu", "cold")},
        {"has HIV": mixed("yes", "no")},
        {"depression_score": NOISE},
        {"lat": NOISE, "gender": mixed("f", "m")},
        {"long": NOISE, "Lat": [*NOISE[1:], 1.5], "gender": mixed("f", "m")},
        {"user_latitude": NOISE},
        {"date_of_birth": DAYS},
        {"Geburtsdatum": DAYS},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_special_categories_and_birth_dates_are_sensitive_from_the_start(
    columns: dict[str, Any], tmp_path: Path
) -> None:
    draft = inferred(tmp_path, table(**columns, size=mixed(*range(90))))
    name = next(iter(columns))
    assert draft.schema["columns"][name]["sensitive"] is True
    (warning,) = (one for one in draft.warnings if "sensitive: true" in one and name in one)
    assert "if rows are about people" in warning
    assert "delete its sensitive: true" in warning
    assert ("GDPR" in warning) == ("irth" not in name and "Geburt" not in name)
    assert "if rows are about people; not a feature" in draft.column_reasons[name]
    text = summary.text(draft, Schema.model_validate(draft.schema))
    line = text.partition("best alone")[2].partition("\n")[0]
    assert name not in line
    assert "size" in line


@pytest.mark.parametrize(
    "columns",
    [
        {"lat": NOISE},  # of what no column says that it is a person
        {"long_visits": NOISE, "gender": mixed("f", "m")},
        {"how_long": NOISE, "gender": mixed("f", "m")},
        {"gps": mixed("yes", "no"), "gender": mixed("f", "m")},
        {"birth_year": mixed(*range(1950, 2000))},  # an age
        {"birth_weight": NOISE},
        {"prescription_id": mixed(*range(1000, 1100))},
        {"diagnostics": NOISE},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_what_is_like_special_categories_is_not_sensitive(
    columns: dict[str, Any], tmp_path: Path
) -> None:
    draft = inferred(tmp_path, table(**columns, size=mixed(*range(90))))
    assert "sensitive" not in draft.schema["columns"][next(iter(columns))]
    assert "GDPR" not in "".join(draft.warnings)


def test_nothing_of_a_special_category_is_shown(tmp_path: Path) -> None:
    words = [*mixed("flu", "Flu", "cold")[1:], "yaws"]
    draft = infer([write(tmp_path, table(diagnosis=words, size=NOISE))], "answer")
    assert "yaws" not in draft.schema["columns"]["diagnosis"]["categories"]  # of one row
    assert "Flu" not in "".join(draft.warnings)
    dates = [*DAYS[:-2], "31337", "0001-02-03"]
    draft = inferred(tmp_path, table(date_of_birth=dates, size=NOISE))
    said = "".join(draft.warnings) + to_yaml(draft)
    assert "31337" not in said
    assert "0001-02-03" not in said
    assert "1 of " in draft.column_reasons["date_of_birth"]


def test_a_table_of_special_categories_alone_is_learned_from_and_said(tmp_path: Path) -> None:
    rows = {"symptom_fever": NOISE, "diagnosis": mixed("flu", "cold"), "answer": ANSWER}
    draft = inferred(tmp_path, rows)
    assert not any("sensitive" in one for one in draft.schema["columns"].values())
    (warning,) = (one for one in draft.warnings if "GDPR" in one)
    assert "because the table has no other" in warning
    assert "add sensitive: true to it" in warning


def test_a_special_category_that_is_predicted_is_said(tmp_path: Path) -> None:
    draft = inferred(tmp_path, {"size": NOISE, "diagnosis": ANSWER}, "diagnosis")
    assert "sensitive" not in draft.schema["columns"]["diagnosis"]
    (warning,) = (one for one in draft.warnings if "GDPR" in one)
    assert "It is predicted, so predictions, their log and reports have its values" in warning


def test_a_birth_is_no_time(tmp_path: Path) -> None:
    assert "time" not in inferred(tmp_path, table(date_of_birth=DAYS)).schema
    assert "time" not in inferred(tmp_path, table(diagnosis_date=DAYS)).schema
    assert inferred(tmp_path, table(sold=DAYS)).schema["time"] == "sold"

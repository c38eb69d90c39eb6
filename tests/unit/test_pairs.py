"""What gives the answer away only beside another column is found, and good pairs are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Kind, Schema
from tabrail.ingest import pairs
from tabrail.ingest.afterwards import dates_after_the_event, later_columns
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

ROWS = 2400
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(0, 1, ROWS)
START = pd.Timestamp("2024-01-01") + pd.to_timedelta(RANDOM.integers(0, 9_000_000, ROWS), unit="s")
LASTS = RANDOM.gamma(3, 600, ROWS).round()  # seconds
END = START + pd.to_timedelta(LASTS, unit="s")
A = RANDOM.gamma(2, 20, ROWS).round() + 1
B = RANDOM.gamma(2, 50, ROWS).round() + 1
DAYS = RANDOM.integers(1, 15, ROWS)
ON_DAY = START.normalize() + pd.to_timedelta(
    86_400 * DAYS + RANDOM.integers(0, 86_400, ROWS), unit="s"
)


def find(first: Any, second: Any, target: Any) -> list[str]:
    """Look for pairs in a table of two features and noise."""
    table = pd.DataFrame({"first": first, "second": second, "noise": NOISE, "target": target})
    kinds: dict[str, Kind] = {"M": "datetime", "f": "numeric", "i": "numeric"}
    columns = {
        name: Column(kind=kinds.get(table[name].dtype.kind, "categorical")) for name in table
    }
    schema = Schema.model_construct(target="target", key=[], columns=columns)
    return [str(pair) for pair in pairs.find(table, schema)]


GIVEN_AWAY: dict[str, tuple[Any, Any, Any, str]] = {
    "seconds": (START, END, LASTS, "second - first"),
    "minutes": (END, START, LASTS / 60, "first - second"),
    "whole minutes": (START, END, (LASTS / 60).round(), "second - first"),
    "minutes begun": (START, END, LASTS // 60, "second - first"),
    "tenths of hours": (START, END, (LASTS / 3600).round(1), "second - first"),
    "days": (START, ON_DAY, DAYS * 1.0, "second - first"),
    "late dates": (START, END, np.where(LASTS > 1800, "late", "ok"), "second - first"),
    "late": (A, A + RANDOM.normal(0, 9, ROWS).round(), None, "first - second"),
    "a sum": (A, B, A + B, "first + second"),
    "a difference": (A, B, B - A, "first - second"),
    "a ratio": (A, B, A / B, "first / second"),
    "a rounded ratio": (A, B, (B / A).round(2), "second / first"),
    "a product": (A, B, A * B, "first * second"),
    "a ratio above a limit": (A, B, np.where(A / B > 0.4, "yes", "no"), "first / second"),
    "won, drawn, lost": (
        RANDOM.poisson(1.5, ROWS),
        RANDOM.poisson(1.2, ROWS),
        None,
        "first - second",
    ),
}


@pytest.mark.parametrize("case", GIVEN_AWAY)
def test_a_pair_that_gives_the_answer_is_found(case: str) -> None:
    first, second, target, expected = GIVEN_AWAY[case]
    if target is None:
        target = np.select([first > second, first < second], ["more", "less"], "equal")
    assert find(first, second, target) == [expected]


def test_a_few_slips_and_gaps_hide_nothing() -> None:
    end = np.where(np.arange(ROWS) % 10 == 0, np.datetime64("NaT", "us"), END.to_numpy())
    lasts = np.where(np.arange(ROWS) % 500 == 5, 1e9, LASTS)
    assert find(START, end, lasts) == ["second - first"]


HONEST: dict[str, tuple[Any, Any, Any]] = {
    "noise": (A, B, RANDOM.normal(0, 1, ROWS)),
    "dates beside noise": (START, END, RANDOM.normal(0, 1, ROWS)),
    "a close duration": (START, END, LASTS + RANDOM.normal(0, 60, ROWS)),
    "a close limit": (START, END, np.where(LASTS > 1800 + 60 * NOISE, "late", "ok")),
    "a close sum": (A, B, A + B + RANDOM.normal(0, 2, ROWS)),
    "a close sum of whole numbers": (A, B, A + B + RANDOM.integers(-2, 3, ROWS)),
    "a close product": (A, B, A * B * np.exp(RANDOM.normal(0, 0.05, ROWS))),
    "more than the pair": (A, B, A + B + NOISE),
    "classes far apart": (
        np.arange(ROWS) % 2 * 9 + RANDOM.normal(0, 1, ROWS),
        RANDOM.normal(0, 1, ROWS),
        np.where(np.arange(ROWS) % 2, "x", "y"),
    ),
    "one class": (A, B, np.full(ROWS, "x")),
    "constants": (np.ones(ROWS), np.ones(ROWS), RANDOM.normal(0, 1, ROWS)),
    "a rare class": (A, B, np.where(np.arange(ROWS) < 5, "x", "y")),
}


@pytest.mark.parametrize("case", HONEST)
def test_a_pair_that_merely_correlates_is_left_alone(case: str) -> None:
    assert find(*HONEST[case]) == []


def test_of_many_columns_the_pair_is_found_and_no_other() -> None:
    numbers = np.random.default_rng(1).normal(0, 1, (600, 400))
    table = pd.DataFrame(numbers, columns=[f"c{place}" for place in range(400)])
    columns = {name: Column(kind="numeric") for name in [*table, "target"]}
    schema = Schema.model_construct(target="target", key=[], columns=columns)
    for target in (table.c7 + table.c300, table.c7 - table.c300):
        (pair,) = pairs.find(table.assign(target=target), schema)
        assert {pair.first, pair.second} == {"c7", "c300"}


def test_what_is_known_later_is_left_out() -> None:
    table = pd.DataFrame({"paid": START, "out": END, "due_date": START, "actual": END[::-1]})
    dates = {"sign": "-", "are_dates": True}
    numbers = {"sign": "+", "are_dates": False}
    for first, second, how, expected in (
        ("paid", "out", dates, ["out"]),
        ("out", "paid", dates, ["out"]),
        ("actual", "due_date", dates, ["actual"]),
        ("paid", "actual", dates, ["actual"]),
        ("planned_cost", "cost", numbers, ["cost"]),
        ("cost", "planned_cost", numbers, ["cost"]),
        ("casual", "registered", numbers, ["casual", "registered"]),
    ):
        assert later_columns(pairs.Pair(first, second, **how), table) == expected  # type: ignore[arg-type]


def test_a_date_after_another_is_asked_about_unless_it_is_known_in_advance() -> None:
    table = pd.DataFrame({"placed": START, "delivered": END, "promised": END, "birthday": ON_DAY})
    table["birthday"] = ON_DAY[::-1]
    assert dates_after_the_event(table, list(table.columns)) == {"delivered": "placed"}


def test_what_comes_after_a_birth_is_not_asked_about() -> None:
    table = pd.DataFrame({"date_of_birth": START, "applied": END})
    assert dates_after_the_event(table, ["date_of_birth", "applied"]) == {}
    renamed = table.rename(columns={"date_of_birth": "seen"})
    assert dates_after_the_event(renamed, ["seen", "applied"]) == {"applied": "seen"}


def inferred(folder: Path, columns: dict[str, Any], target: str) -> Draft:
    """Infer the schema of a CSV file."""
    file = folder / "a.csv"
    pd.DataFrame(columns).to_csv(file, index=False)
    return infer([file], target)


def test_the_date_that_gives_the_duration_is_ignored_and_the_earlier_one_stays(
    tmp_path: Path,
) -> None:
    columns = {"order_time": START, "delivered_time": END, "load": A, "minutes": LASTS / 60}
    draft = inferred(tmp_path, columns, "minutes")
    kinds = {name: column["kind"] for name, column in draft.schema["columns"].items()}
    assert kinds["delivered_time"] == "ignored"
    assert kinds["order_time"] == "datetime"
    assert "LEAK? delivered_time - order_time gives minutes" in draft.warnings[0]
    said = draft.column_reasons["delivered_time"]
    assert "write in schema.yaml, under columns: delivered_time: {kind: datetime}. If" in said
    assert "order_time is not, write in schema.yaml, under columns: order_time: {kind: ig" in said


def test_parts_of_a_sum_are_ignored_unless_they_are_all_there_is(tmp_path: Path) -> None:
    columns = {"casual": A, "registered": B, "cnt": A + B}
    draft = inferred(tmp_path, columns, "cnt")
    assert draft.schema["columns"]["casual"]["kind"] == "numeric"
    assert "there is no other column" in draft.warnings[0]
    draft = inferred(tmp_path, {"weather": NOISE, **columns}, "cnt")
    assert draft.schema["columns"]["casual"] == {"kind": "ignored"}
    assert draft.schema["columns"]["registered"] == {"kind": "ignored"}


def test_a_later_date_is_asked_about_and_used(tmp_path: Path) -> None:
    columns = {"opened": START, "closed": END, "load": A, "sales": RANDOM.normal(0, 1, ROWS)}
    draft = inferred(tmp_path, columns, "sales")
    assert draft.schema["columns"]["closed"]["kind"] == "datetime"
    assert "closed: it is later than opened in nearly all rows" in draft.warnings[0]


def test_a_class_that_follows_two_features_is_asked_about_and_keeps_them(tmp_path: Path) -> None:
    """Without names that say so, neither is known to come later: a rule of two features is real."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"area": random.integers(0, 200, 400)})
    table["rent"] = random.integers(0, 50, 400)
    table["city"] = random.choice(["Oslo", "Ulm"], 400)
    table["sold"] = np.where(table["area"] + table["rent"] > 120, "sold", "open")
    table.to_csv(tmp_path / "homes.csv", index=False)
    draft = infer([tmp_path / "homes.csv"], "sold")
    assert [draft.schema["columns"][name]["kind"] for name in ("area", "rent")] == ["numeric"] * 2
    (asked,) = (one for one in draft.warnings if "LEAK?" in one)
    assert asked.startswith("area, rent: LEAK? area + rent gives sold")
    assert "Are both known before sold is?" in asked


def test_a_target_that_hardly_varies_is_given_by_no_pair() -> None:
    numbers = np.arange(400.0)
    assert pairs.gives_number(numbers, 2 * numbers + 1)
    assert not pairs.gives_number(numbers, np.ones(400))
    assert not pairs.gives_number(np.ones(400), numbers)
    rare = np.where(np.arange(400) == 7, 99.0, 1.0)  # beyond the central values, which are alike
    assert not pairs.gives_number(rare, numbers)
    assert pairs.gives_classes(numbers, numbers > 200)
    assert not pairs.gives_classes(numbers, np.zeros(400))

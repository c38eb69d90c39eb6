"""Both scores are said where a random split promises too much, the honest one first."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Schema
from tabrail.ingest import summary, two_splits
from tabrail.ingest.draft import Draft
from tabrail.ingest.infer import infer

ROWS = 1200
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=ROWS)
THING = RANDOM.permutation(np.repeat(np.arange(120), 10))
NUMBER = (RANDOM.choice(9000, 120, replace=False) + 1000)[THING]
SPENT = (RANDOM.normal(size=120)[THING] * 100 + 5 * NOISE).round(1)
ANSWER = RANDOM.choice(["ja", "nein"], 120)[THING]
DAYS = pd.date_range("2021-01-01", periods=ROWS, freq="D")
WALK = np.cumsum(RANDOM.normal(size=ROWS))


def inferred(folder: Path, target: str, **columns: Any) -> Draft:
    """Infer the schema of a table."""
    path = folder / "table.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return infer([path], target)


def scores(text: str) -> list[float]:
    """Return the two scores that a warning says."""
    number = r"(\d+\.?\d*)"
    words = rf"small model has [A-Za-z ]*{number}; split at random, it has {number}"
    said = re.search(words, text)
    assert said, text
    return [float(number) for number in said.groups()]


@pytest.mark.parametrize("name", ["Kundennummer", "numéro client", "nr", "individual"])
def test_a_named_number_becomes_the_key(name: str, tmp_path: Path) -> None:
    draft = inferred(tmp_path, "y", **{name: NUMBER, "spent": SPENT, "a": NOISE, "y": ANSWER})
    assert draft.schema["key"] == [name]
    assert draft.schema["columns"][name]["kind"] == "identifier"
    assert "stay together" in draft.reasons["key"]


@pytest.mark.parametrize("name", ["ref", "Store"])
def test_another_one_is_warned_of_with_both_scores(name: str, tmp_path: Path) -> None:
    draft = inferred(tmp_path, "y", **{name: NUMBER, "spent": SPENT, "a": NOISE, "y": ANSWER})
    assert "key" not in draft.schema
    (warning,) = [one for one in draft.warnings if one.startswith(f"{name}: ")]
    assert "on both sides of the split" in warning
    assert f"under columns: {name}: {{kind: identifier}}, and key: [{name}]" in warning
    honest, random = scores(warning)
    assert honest < 0.65
    assert random > 0.9


def test_rows_that_follow_each_other_are_warned_of_with_both_scores(tmp_path: Path) -> None:
    for answer in (WALK.round(2), np.where(np.median(WALK) < WALK, "up", "down")):
        draft = inferred(tmp_path, "y", day=DAYS, a=NOISE, y=answer)
        (warning,) = [one for one in draft.warnings if one.startswith("day: ")]
        assert "method: time at prepare.split in params.yaml" in warning
        honest, random = scores(warning)
        assert honest > 2 * random if answer.dtype.kind == "f" else honest < random - 0.2


def test_time_is_seen_behind_the_levels_of_things(tmp_path: Path) -> None:
    level = RANDOM.normal(0, 9, 40)
    shop, week = np.repeat(np.arange(1, 41), 60), np.tile(np.arange(60), 40)
    date = pd.Timestamp("2021-01-04") + pd.to_timedelta(7 * week, unit="D")
    for slope in (0.2, 0.0):
        sales = (level[shop - 1] + slope * week + RANDOM.normal(0, 1.5, 2400)).round(2)
        draft = inferred(tmp_path, "y", shop=shop, week=date, noise=RANDOM.random(2400), y=sales)
        assert any(one.startswith("shop: rows of one shop") for one in draft.warnings)
        assert any(one.startswith("week: rows that are") for one in draft.warnings) is (slope > 0)


def test_rows_in_no_order_are_not_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("there is no suspicion")

    monkeypatch.setattr(two_splits, "by_time", refuse)
    monkeypatch.setattr(two_splits, "by_group", refuse)
    age = np.clip(RANDOM.normal(45, 15, ROWS), 18, 90).round()
    strong = np.where(ANSWER == "ja", 1, -1) + RANDOM.normal(size=ROWS)  # AUC 0.92
    columns = {"age": age, "visits": RANDOM.poisson(30, ROWS), "strong": strong}
    columns |= {"built": RANDOM.integers(1950, 2020, ROWS), "zip": RANDOM.integers(100, 300, ROWS)}
    columns |= {"price": RANDOM.choice([9, 19, 29, 99, 199, 499], ROWS)}
    draft = inferred(tmp_path, "y", day=RANDOM.permutation(DAYS), **columns, y=ANSWER)
    texts = " ".join(draft.warnings)
    assert not any(word in texts for word in ("small model", "nearly", "LEAK?")), texts
    assert "  best alone   strong 0.8" in summary.text(draft, Schema.model_validate(draft.schema))


def test_scores_are_the_same_again_and_of_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"day": DAYS, "a": NOISE, "y": WALK})
    columns = {
        "day": Column(kind="datetime"),
        "a": Column(kind="numeric"),
        "y": Column(kind="numeric"),
    }
    schema = Schema.model_construct(target="y", key=[], columns=columns)
    monkeypatch.setattr(two_splits, "ROWS", 300)
    times = np.arange(ROWS, dtype=np.float64)
    first = two_splits.by_time(table, schema, times)
    assert first
    assert first == two_splits.by_time(table, schema, times)
    assert two_splits.by_time(table[:40], schema, times[:40]) is None


def test_what_nearly_gives_the_answer_away_is_used_and_asked_about(tmp_path: Path) -> None:
    yes = ANSWER == "ja"
    copy = np.where(yes ^ (RANDOM.random(ROWS) < 0.02), "signed", "declined")
    boat = np.where(yes & (RANDOM.random(ROWS) < 0.96), RANDOM.choice(list("ABCD"), ROWS), "")
    body = np.where(
        ~yes & (RANDOM.random(ROWS) < 0.2), RANDOM.integers(1, 300, ROWS).astype(str), ""
    )
    hours = np.where(yes, RANDOM.integers(1, 4000, ROWS), 0)
    columns = {"copy": copy, "boat": boat, "body": body, "hours": hours, "a": NOISE, "y": ANSWER}
    draft = inferred(tmp_path, "y", **columns)
    kinds = {name: column["kind"] for name, column in draft.schema["columns"].items()}
    assert kinds["hours"] == "ignored"
    assert "ignored" not in (kinds["copy"], kinds["boat"], kinds["body"])
    for name, words in (("copy", "nearly perfectly"), ("boat", "nearly"), ("body", "is filled in")):
        (warning,) = [one for one in draft.warnings if one.startswith(f"{name}: ")]
        assert words in warning
        assert f"write in schema.yaml, under columns: {name}: {{kind: ignored}}" in warning
    assert any("hours is ignored. LEAK?" in one for one in draft.warnings)
    text = summary.text(draft, Schema.model_validate(draft.schema))
    assert "  best alone   copy 0.9" in text or "  best alone   boat 0.9" in text
    assert "hours" not in text.partition("best alone")[2].partition("\n")[0]  # it is ignored


def test_parts_of_a_total_are_ignored(tmp_path: Path) -> None:
    food, rent, fun = (RANDOM.gamma(2, 30, ROWS).round(1) for _ in range(3))
    columns = {
        "food": food,
        "rent": rent,
        "fun": fun,
        "a": NOISE,
        "y": (food + rent + fun).round(1),
    }
    draft = inferred(tmp_path, "y", **columns)
    assert [draft.schema["columns"][name]["kind"] for name in columns] == ["ignored"] * 3 + [
        "numeric"
    ] * 2
    assert any("LEAK? food + rent + fun gives y" in one for one in draft.warnings)
    only = {name: columns[name] for name in ("food", "rent", "fun", "y")}
    assert any(
        "no other column to learn from" in one for one in inferred(tmp_path, "y", **only).warnings
    )


def test_recordings_of_one_subject_name_the_line_of_clean(tmp_path: Path) -> None:
    take = [f"S{thing:03}_{row}" for row, thing in enumerate(THING)]
    draft = inferred(tmp_path, "y", take=take, spent=SPENT, a=NOISE, y=ANSWER)
    (warning,) = [one for one in draft.warnings if one.startswith("take: ")]
    assert 'rows["take"] = rows["take"].str.replace(r"[\\W_]*\\d+$", "", regex=True)' in warning
    honest, random = scores(warning)
    assert honest < random - 0.15


def test_a_column_that_alone_stands_out_is_asked_about(tmp_path: Path) -> None:
    copy = np.where((ANSWER == "ja") ^ (RANDOM.random(ROWS) < 0.08), "signed", "declined")
    columns = {"copy": copy, "empty": [""] * ROWS, "same": ["x"] * ROWS, "a": NOISE, "y": ANSWER}
    draft = inferred(tmp_path, "y", **columns)
    (warning,) = [one for one in draft.warnings if one.startswith("copy: ")]
    assert "alone it predicts y far better than any other column" in warning
    assert "If not, write in schema.yaml, under columns: copy: {kind: ignored}" in warning
    text = summary.text(draft, Schema.model_validate(draft.schema))
    line = text.partition("best alone")[2].partition("\n")[0]
    assert "copy" in line
    assert not any(name in line for name in ("empty", "same"))

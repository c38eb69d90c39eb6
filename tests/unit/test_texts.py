"""A text that is unlike those of training warns, and goes to human review."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from serving import body, logged, served, typical
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from stages import evaluate, prepare, train
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.features import words
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.texts import Usual, by_row, measured, unusual, usual
from tabrail.monitoring.monitor import monitor
from tabrail.monitoring.result import Result

LOG = Path("log/predictions.sqlite")
GIBBERISH = "qzxv wkjh blorp fnarg"
NOUNS = ("printer", "password", "invoice", "screen", "account", "mail", "network", "laptop")
VERBS = ("broken", "locked", "lost", "wrong", "slow", "missing", "expired", "blank")


def tickets(rows: int = 400) -> pd.DataFrame:
    """Return tickets of eight nouns and verbs, some without a text."""
    random = np.random.default_rng(1)
    texts = [
        f"my {noun} is {verb} since today"
        for noun, verb in zip(random.choice(NOUNS, rows), random.choice(VERBS, rows), strict=True)
    ]
    return pd.DataFrame({"note": [*texts, ""]}).astype("str")


def fitted(transformer: Any) -> Pipeline:
    """Return a model's columns, fitted on the tickets."""
    table = tickets()
    columns = ColumnTransformer([("text", transformer, "note")])
    y_true = table["note"].str.contains("password").astype(int)
    return Pipeline([("columns", columns)]).fit(table, y_true)


def found_unusual(pipeline: Pipeline, rows: pd.DataFrame, expected: Usual) -> dict[int, list[str]]:
    """Return what is unusual about the texts of rows."""
    return unusual(measured(pipeline, rows, expected, lambda: rows), expected)


def test_no_text_of_training_is_unusual_and_gibberish_is() -> None:
    pipeline, table = fitted(words("binary", 20)), tickets()
    expected = usual(pipeline, table, ["note"])
    assert found_unusual(pipeline, table, expected) == {}
    new = [GIBBERISH, "", "my mail is slow since today", "!!!", "my screen is qzxv since today"]
    found = found_unusual(pipeline, pd.DataFrame({"note": new}).astype("str"), expected)
    told = "note: 0% of its words are known from training, where 50% or more is usual"
    assert found == {0: [told], 3: [told]}


def test_a_text_that_is_much_too_long_is_unusual() -> None:
    pipeline, table = fitted(words("binary", 20)), tickets()
    expected = usual(pipeline, table, ["note"])
    longest = int(expected["note"]["longest"])
    text = ("my mail is slow " * 20)[: 2 * longest]
    new = pd.DataFrame({"note": [text, f"{text}s"]}).astype("str")
    [(place, [told])] = found_unusual(pipeline, new, expected).items()
    assert place == 1
    assert told == f"note: {2 * longest + 1} characters, and the longest text in training has " + (
        f"{longest}"
    )


def test_gibberish_is_unusual_though_most_hashes_are_taken() -> None:
    random = np.random.default_rng(0)
    rare = [f"w{number}" for number in random.integers(0, 10**9, 60_000)]
    texts = [f"my mail is slow {' '.join(rare[20 * n : 20 * n + 20])}" for n in range(3000)]
    table = pd.DataFrame({"note": texts}).astype("str")
    columns = ColumnTransformer([("text", words("binary", 20), "note")])
    pipeline = Pipeline([("columns", columns)]).fit(table, np.arange(len(table)) % 2)
    expected = usual(pipeline, table, ["note"])
    made = [" ".join(f"v{number}" for number in random.integers(0, 10**9, 24)) for _ in range(50)]
    found = found_unusual(pipeline, pd.DataFrame({"note": made}).astype("str"), expected)
    assert len(found) >= 45
    assert len(found_unusual(pipeline, table, expected)) <= 30


def test_another_transformer_has_no_known_words() -> None:
    pipeline = fitted(make_pipeline(CountVectorizer()))
    assert list(usual(pipeline, tickets(), ["note"])["note"]) == ["longest"]


@pytest.mark.parametrize("chosen", [np.array(["number", "other"]), slice(1, 3), ["number"]])
def test_other_columns_are_passed_over(chosen: Any) -> None:
    table = tickets().assign(number=1.0, other=2.0)
    parts = [("number", "passthrough", chosen), ("text", words("binary", 20), "note")]
    pipeline = Pipeline([("columns", ColumnTransformer(parts))])
    pipeline.fit(table, table["note"].str.contains("password").astype(int))
    assert "known" in usual(pipeline, table, ["note"])["note"]


def test_a_column_without_any_text_has_nothing_usual() -> None:
    table = pd.DataFrame({"note": ["", ""]}).astype("str")
    assert usual(fitted(words("binary", 20)), table, ["note"]) == {}


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a trained project of two classes that learns from notes."""
    estimator = "sklearn.linear_model.LogisticRegression"
    edit(Path("params.yaml"), lambda p: p["train"].update(estimator=estimator))
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(resamples=100))
    for stage in (prepare, train, evaluate):
        stage.main()
    return project


def test_every_way_of_scoring_warns(shop: Path) -> None:
    edit(Path("params.yaml"), lambda p: p["serve"].update(review_margin=0.0))
    table = shops(60, seed=7).fillna({"income": 40.0})
    table.loc[3, "note"] = GIBBERISH
    table.to_csv("new.csv", index=False)
    done = CliRunner().invoke(cli.app, ["predict", "new.csv", "out.csv"])
    assert "1 of 60 rows have a text that is unlike those of training" in done.output
    written = pd.read_csv("out.csv", keep_default_na=False)
    assert list(written)[-2:] == ["scored_at", "warnings"]
    assert np.flatnonzero(written["warnings"] != "").tolist() == [3]
    edit(Path("params.yaml"), lambda p: p["monitor"].update(min_rows=1))
    [review] = [one for one in monitor([Path("new.csv")]).series if one.check == "review"]
    assert review.last.value == pytest.approx(1 / 60)

    with served(review_margin=0.0) as client:
        headers = {"content-type": "application/json"}
        rows = [typical() | {"note": note} for note in ("likes tea", GIBBERISH)]
        answer = client.post("/predict", content=body(*rows), headers=headers).json()
        waiting = client.get("/reviews").json()["waiting"]
    usual_one, unknown = answer["predictions"]
    assert (usual_one["warnings"], usual_one["review"]) == ([], False)
    assert unknown["review"]
    assert unknown["warnings"][0].startswith("note: 0% of its words are known from training")
    assert [one["id"] for one in waiting] == [unknown["id"]]
    assert sorted(one["review"] for one in logged()) == [False, True]


def test_texts_are_measured() -> None:
    pipeline, table = fitted(words("binary", 20)), tickets()
    expected = usual(pipeline, table, ["note"])
    new = pd.DataFrame({"note": ["my mail is slow", "", GIBBERISH]}).astype("str")
    found = measured(pipeline, new, expected, lambda: new)
    assert found["note: length"].tolist() == [15, 0, len(GIBBERISH)]
    assert np.array_equal(found["note: known words"], [1, np.nan, 0], equal_nan=True)
    none = measured(pipeline, new[1:2], expected, lambda: new[1:2])  # of empty texts alone
    assert np.isnan(none["note: known words"]).all()
    lengths = {"note: length": 15.0, "note: known words": 1.0}
    assert by_row(found, 3)[:2] == [lengths, {"note: length": 0.0}]
    assert by_row({}, 2) == [{}, {}]


def alerted(result: Result, check: str = "texts") -> dict[str, str]:
    """Return what the alerts and the notes of a check say, by what they are about."""
    return {one.about: one.what for one in (*result.alerts, *result.notes) if one.check == check}


def months(notes: list[str] | None = None) -> pd.DataFrame:
    """Return rows as those of training, with other notes if there are any."""
    table = shops(120, seed=11).fillna({"income": 40.0})
    if notes is None:
        return table
    others = pd.Series(notes * 120)[:120]
    return table.assign(note=others if notes == [""] else others.where(table["note"] != "", ""))


LONGER = [f"likes {what}, and so on" for what in ("tea", "coffee", "milk")]


@pytest.mark.parametrize(
    ("notes", "about", "words"),
    [
        (None, set(), ""),
        ([GIBBERISH], {"note: length", "note: known words"}, "median from 1 "),
        (LONGER, {"note: length", "note: known words"}, "median from 1 "),
        ([""], {"note: length", "note: known words"}, "missing from 31.0% to 100.0%"),
    ],
)
def test_monitor_sees_when_the_texts_of_a_table_change(
    shop: Path, notes: list[str] | None, about: set[str], words: str
) -> None:
    months(notes).to_csv("new.csv", index=False)
    found = alerted(monitor([Path("new.csv")]))
    assert set(found) == about
    assert words in found.get("note: known words", "")


def test_monitor_sees_when_the_texts_in_the_log_change(shop: Path) -> None:
    row, headers = typical(), {"content-type": "application/json"}
    with served() as client:
        rows = [row | {"note": note} for note in months()["note"][:90]]
        assert client.post("/predict", content=body(*rows), headers=headers).is_success
    assert not alerted(monitor([]))
    with PredictionLog() as log:
        [kept] = log.parts(datetime.min, datetime.max)
    names = {"note: length", "note: known words"}
    assert set(map(frozenset, kept["texts"])) == {frozenset(names), frozenset(["note: length"])}
    with sqlite3.connect(LOG) as connection:  # as an earlier version of the library left it
        connection.execute("DELETE FROM texts")
    connection.close()
    assert not [one for one in monitor([]).series if one.check == "texts"]
    with served() as client:
        strange = [row | {"note": GIBBERISH}] * 60
        assert client.post("/predict", content=body(*strange), headers=headers).is_success
    assert set(alerted(monitor([]))) == names


def test_a_model_that_was_evaluated_before_has_no_distribution_of_texts(shop: Path) -> None:
    content = json.loads(paths.EVALUATION.read_text("utf-8"))
    del content["texts"]
    paths.EVALUATION.write_text(json.dumps(content), "utf-8")
    months([GIBBERISH]).to_csv("new.csv", index=False)
    assert not alerted(monitor([Path("new.csv")]))

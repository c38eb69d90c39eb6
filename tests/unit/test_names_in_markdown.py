"""Names and words stay text in every Markdown file, as a reader of Markdown sees it."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA
from markdown_it import MarkdownIt
from markdown_it.token import Token
from runs import evaluation, run
from test_report import HOSTILE

from tabrail import paths
from tabrail.config import Card, Params
from tabrail.data.schema import Schema, Task
from tabrail.evaluation import model_card
from tabrail.evaluation.intervals import Score
from tabrail.ingest import datasheet
from tabrail.ingest.draft import Draft
from tabrail.model.metadata import Metadata
from tabrail.review import checklist
from tabrail.review.base import Base
from tabrail.review.check import Check
from tabrail.review.differences import between
from tabrail.review.report import Report

NAMES = [
    *(name for name in HOSTILE if name),
    *("- item", "+ item", "1. item", "2) item", "---", "===", "| cell |", "@everyone"),
]


def parsed(text: str) -> Iterator[Token]:
    """Return what a reader of Markdown finds: blocks, and what is within them."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or []


def structure(text: str) -> list[tuple[str, str]]:
    """Return all that is found but text; HTML with its content."""
    return [
        (token.type, token.content if token.type.startswith("html") else "")
        for token in parsed(text)
        if token.type != "text"
    ]


def shown(text: str) -> str:
    """Return the text that a reader sees."""
    seen = (token.content for token in parsed(text) if token.type in ("text", "code_inline"))
    return "\n".join(seen).replace("\u200b", "")


def score(value: float = 0.7) -> dict[str, float]:
    """Return a score and the baseline's, as evaluation.json has them."""
    return {
        f"{prefix}{bound}": value
        for prefix in ("", "baseline_")
        for bound in ("value", "low", "high")
    }


def schema(name: str, task: Task) -> Schema:
    """Return a schema in which every word is the name; the model's first column is just that."""
    classes = [f"{name} {i}" for i in range(2 if task == "binary" else 30)]
    target = {"kind": "numeric"} if task == "regression" else {"kind": "categorical"}
    more = {} if task == "regression" else {"categories": classes}
    columns = {
        name: {"kind": "numeric"},
        f"{name} key": {"kind": "identifier"},
        f"{name} weight": {"kind": "numeric", "min": 0},
        f"{name} city": {"kind": "categorical", "categories": [name]},
        f"{name} target": target | more | {"description": f"{name} about", "unit": f"{name} unit"},
    }
    words = {key: f"{name} {key}" for key in ("name", "source", "license", "row", "target")}
    roles = {"key": [f"{name} key"], "weight": f"{name} weight", "slices": [f"{name} city"]}
    positive = {"positive": classes[1]} if task == "binary" else {}
    return Schema.model_validate({"task": task, "columns": columns, **words, **roles, **positive})


def card(name: str, task: Task) -> str:
    """Return the model card of a run in which every name is that name."""
    described = schema(name, task)
    words = {key: f"{name} {key}" for key in PARAMS["card"]}
    metric, classes = f"{name} metric", described.classes or ["mean", "std"]
    scores = {"metrics": {metric: score()}, "slices": {f"{name} city": {name: score(math.nan)}}}
    return model_card.render(
        Params.model_validate(PARAMS | {"card": words}),
        described,
        Metadata(
            estimator="sklearn.tree.DecisionTreeClassifier",
            options={f"{name} option": f"{name} value"},
            search={"method": name, "candidates": 2, "folds": 2, "scoring": name, "score": 0.5},
            task=task,
            target=described.target,
            classes=described.classes,
            columns={name: "numeric"},
            training_rows=9,
            training_data="0123456789abcdef" * 4,
            versions={f"{name} library": f"{name} version"},
        ),
        {
            "rows": {"raw": 9, "dropped": 0, "train": 5, "validation": 2, "test": 2},
            "target": {
                split: dict.fromkeys(classes, 0.5) for split in ("train", "validation", "test")
            },
            "missing_share": {name: 0.5},
        },
        {
            "main_metric": metric,
            "metrics": {metric: {"better": "higher", "unit": "unknown"}},
            "validation": scores,
            "test": scores,
        },
        Score(0.1, 0.0, 0.2),
        {"validation": 30, "test": 100},
        {
            "importance": pd.DataFrame({"column": [name], "loss": [0.1]}),
            "class_scores": pd.DataFrame({"class": classes, "rows": 9, "f1": 0.5}),
        },
    )


def report(name: str) -> str:
    """Return the report of a change in which every name is that name."""
    metric = f"{name} metric"
    before, now = (
        run(
            evaluation=evaluation({metric: value, name: value}, {f"{name} city": 0.9 - value}),
            params={f"{name} param": f"{name} {value}"},
            data={f"{name} data": f"{name} {value}"},
            schema=SCHEMA | {"columns": {f"{name} column": {"kind": f"{name} {value}"}}},
            stages={f"{name} stage": {"cmd": value}, f"{name} {value}": {}},
            packages={f"{name} package": f"{name} {value}"},
        )
        for value in (0.5, 0.6)
    )
    verdicts = [Check("drift", "accepted", f"{name} detail"), Check("schema", "FAILED", name)]
    base = Base(f"{name} branch", "0123abc")
    return Report(base, before, now, between(before, now), verdicts).markdown()


def sheet(name: str) -> str:
    """Return the datasheet of a table in which every name is that name."""
    reasons = {name: f"{name} reason"}
    draft = Draft({}, [f"{name} file"], {}, reasons, [name, f"{name} warning"], 9)
    return datasheet.render(draft, schema(name, "multiclass"))


PAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "card of two classes": (
        partial(card, task="binary"),
        "title owner license intended_use limits name source row target about unit key weight city "
        "metric option value library version 1",
    ),
    "card of many classes": (partial(card, task="multiclass"), "target key city metric 0 19"),
    "card of a regression": (partial(card, task="regression"), "target unit key city metric"),
    "report": (
        report,
        "branch detail metric city param data column stage package 0.5 0.6",
    ),
    "datasheet": (sheet, "name file target key city unit reason warning"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("page", PAGES)
def test_a_name_stays_text(page: str, name: str) -> None:
    render, places = PAGES[page]
    harmless = "h" * len(name)  # for a long text is cut
    usual, text = render(harmless), render(name)
    assert structure(text) == structure(usual)
    line, seen, expected = " ".join(name.split()), shown(text), shown(usual)
    for place in places.split():
        assert seen.count(f"{line} {place}") == expected.count(f"{harmless} {place}") > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_checklist_finds_the_words_of_the_card(project: Path, name: str) -> None:
    paths.MODEL_CARD.parent.mkdir()
    paths.MODEL_CARD.write_text(card(name, "binary"), encoding="utf-8")
    words = {key: f"{name} {key}" for key in PARAMS["card"]}
    assert checklist.card_is_complete(Card(**words)).verdict == "ok"

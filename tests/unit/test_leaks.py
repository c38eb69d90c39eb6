"""What gives the answer away is found, and what only names its rows is not taken for it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.data.schema import Column, Kind, Schema
from tabrail.ingest import leaks

ROWS = 2400
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(0, 1, ROWS)
CLASS = RANDOM.choice(["a", "b", "c"], ROWS)


def find(kind: Kind, values: Any, target: Any, **key: Any) -> dict[str, float]:
    """Look for leaks in a table of one feature."""
    is_number = not isinstance(target[0], str)
    columns = {
        "feature": Column(kind=kind),
        "target": Column(kind="numeric" if is_number else "categorical"),
        **{name: Column(kind="identifier") for name in key},
    }
    schema = Schema.model_construct(target="target", key=list(key), columns=columns)
    table = pd.DataFrame({"feature": values, "target": target, **key})
    return leaks.near_perfect(leaks.alone(table, schema))


CODE = pd.factorize(CLASS)[0]

GIVEN_AWAY: dict[str, tuple[Kind, Any, Any]] = {
    "a copy": ("categorical", CLASS, CLASS),
    "codes": ("numeric", CODE, CLASS),
    "codes in disorder": ("numeric", (CODE * 7) % 5, CLASS),
    "ranges": ("numeric", CODE + RANDOM.random(ROWS), CLASS),
    "many names": ("categorical", [f"{c}{i % 50}" for i, c in enumerate(CLASS)], CLASS),
    "gaps": ("numeric", np.where(CLASS == "a", np.nan, NOISE), np.where(CLASS == "a", "x", "y")),
    "always a gap": ("boolean", np.where(CODE == 0, np.nan, CODE - 1.0), CLASS),
    "huge": ("numeric", 10.0 ** (300 + CODE), CLASS),
    "dates": ("datetime", pd.Timestamp("2024-01-01") + pd.to_timedelta(CODE, unit="D"), CLASS),
    "texts": ("text", np.where(CLASS == "a", "", "some words"), np.where(CLASS == "a", "x", "y")),
    "a rare class": ("numeric", np.arange(ROWS), np.where(np.arange(ROWS) < 30, "x", "y")),
    "0 in a class": (
        "numeric",
        np.where(CODE == 0, 0, np.arange(ROWS)),
        np.where(CODE == 0, "x", "y"),
    ),
    "-1 in a class": (
        "numeric",
        np.where(CODE == 1, -1, abs(NOISE)),
        np.where(CODE == 1, "x", "y"),
    ),
    "a number": ("numeric", NOISE * 3 - 1, NOISE),
    "a number with large ones": ("numeric", np.exp(5 * NOISE), np.exp(9 * NOISE)),
    "a number upside down": ("numeric", -(NOISE**3), NOISE),
}


@pytest.mark.parametrize("case", GIVEN_AWAY)
def test_what_gives_the_answer_away_is_found(case: str) -> None:
    assert find(*GIVEN_AWAY[case])["feature"] > leaks.NEAR_PERFECT


HONEST: dict[str, tuple[Kind, Any, Any]] = {
    "noise": ("numeric", NOISE, CLASS),
    "a strong feature": ("numeric", CODE + RANDOM.normal(0, 0.3, ROWS), CLASS),
    "a strong number": ("numeric", NOISE + RANDOM.normal(0, 0.2, ROWS), NOISE),
    "one value": ("numeric", np.ones(ROWS), CLASS),
    "nothing": ("numeric", np.full(ROWS, np.nan), CLASS),
    "too few rows": ("numeric", CODE[:30], CLASS[:30]),
    "one class": ("numeric", NOISE, ["a"] * ROWS),
    "a class of few rows": ("numeric", [*np.ones(3), *np.zeros(97)], ["x"] * 3 + ["y"] * 97),
}


@pytest.mark.parametrize("case", HONEST)
def test_what_does_not_is_left_alone(case: str) -> None:
    assert find(*HONEST[case]) == {}


@pytest.mark.parametrize("is_number", [False, True])
def test_what_repeats_with_its_customer_is_no_leak(is_number: bool) -> None:
    """A value that names a customer, of whom rows are in both halves, is known again."""
    for customers, with_key in ((200, False), (200, True), (80, True)):
        random = np.random.default_rng(1)
        customer = np.arange(ROWS) % customers
        income = random.normal(50, 9, customers)[customer]
        answers = (
            random.normal(0, 1, customers) if is_number else random.choice(["x", "y"], customers)
        )
        key = {"customer": [f"c{number}" for number in customer]} if with_key else {}
        assert find("numeric", income, answers[customer], **key) == {}


def alone(values: Any, target: Any) -> leaks.Alone:
    """Score a number by itself."""
    columns = {"feature": Column(kind="numeric"), "target": Column(kind="categorical")}
    if not isinstance(target[0], str):
        columns["target"] = Column(kind="numeric")
    schema = Schema.model_construct(target="target", key=[], columns=columns)
    return leaks.alone(pd.DataFrame({"feature": values, "target": target}), schema)["feature"]


def test_a_score_is_nearly_the_best_one_can_have() -> None:
    """By the nearest value alone, a noisy number would seem to say little."""
    noisy = alone(NOISE + RANDOM.normal(0, 1, ROWS), NOISE)  # half of the variance
    assert noisy.score == pytest.approx(0.47, abs=0.05)
    assert noisy.exact < 0.2
    two = np.where(NOISE > 0, "x", "y")
    assert alone(NOISE + RANDOM.normal(0, 0.5, ROWS), two).score == pytest.approx(0.85, abs=0.04)


def test_what_is_likely_a_leak_is_between_the_limits() -> None:
    near = alone(NOISE + RANDOM.normal(0, 0.18, ROWS), NOISE)
    assert near.score >= leaks.LIKELY
    assert near.exact < leaks.NEAR_PERFECT


def test_a_feature_that_cannot_be_judged_is_not_left_out() -> None:
    """All rows of one customer are on one side, and only this customer has the class."""
    customers = np.where(np.arange(ROWS) < 1200, "a", np.arange(ROWS).astype("str"))
    target = np.where(np.arange(ROWS) < 1200, "x", "y")
    assert find("numeric", np.arange(ROWS) % 7, target, customer=customers) == {}


@pytest.mark.parametrize(
    ("scores", "chance", "expected"),
    [
        ({"a": 0.93, "b": 0.6, "c": 0.5}, 0.5, ("a", 0.93, 0.6)),
        ({"b": 0.2, "a": 0.94}, 0.0, ("a", 0.94, 0.2)),
        ({"a": 0.93, "b": 0.8}, 0.5, None),  # two good features
        ({"a": 0.9, "b": 0.1}, 0.0, None),  # a good feature
        ({"a": 0.9}, 0.0, None),  # there is nothing to compare it with
        ({}, 0.0, None),
    ],
)
def test_a_column_stands_out_if_it_is_good_and_no_other_is(
    scores: dict[str, float], chance: float, expected: object
) -> None:
    assert leaks.outstanding(scores, chance) == expected

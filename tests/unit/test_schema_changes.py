"""A schema that allows more than before is told from one that only differs."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from conftest import SCHEMA

from tabrail.review.schema_changes import changes

Change = Callable[[dict[str, Any]], object]
NO_KNOBS: tuple[dict[str, Any], dict[str, Any]] = ({}, {})


def found(change: Change, base: Change = lambda content: None) -> list[tuple[str, str, bool]]:
    """Return what the change of the usual schema is taken for."""
    before = deepcopy(SCHEMA)
    base(before)
    after = deepcopy(before)
    change(after)
    return [(one.where, one.what, one.loosens) for one in changes(before, after, NO_KNOBS)]


def limits(before: dict[str, float], after: dict[str, float]) -> tuple[Any, Any]:
    """Return params.yaml before and after with some tolerances."""
    first, second = ({"prepare": {"tolerance": tolerated}} for tolerated in (before, after))
    return first, second


def of(column: str, **keys: Any) -> Change:
    """Return the change of some keys of a column; None removes one."""

    def change(content: dict[str, Any]) -> None:
        content["columns"][column].update(keys)
        for key in [key for key, value in keys.items() if value is None]:
            del content["columns"][column][key]

    return change


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (of("age", max=150), "age", "max 120 → 150"),
        (of("age", max=None), "age", "max 120 → None"),
        (of("age", min=-1), "age", "min 0 → -1"),
        (of("age", min=None), "age", "min 0 → None"),
        (of("age", nullable=True), "age", "nullable False → True"),
        (of("age", kind="text"), "age", "kind numeric → text"),
        (of("city", categories=["NO", "Oslo", "Ulm", "Rom"]), "city", "+ Rom"),
        (of("city", categories=["NO", "Oslo", "Rom"]), "city", "+ Rom; - Ulm"),
        (of("city", categories=None), "city", "any category"),
        (lambda c: c["columns"].pop("note"), "note", "is no longer described"),
        (lambda c: c.update(slices=["member"]), "slices", "city → member"),
        (lambda c: c.pop("slices"), "slices", "city → None"),
        (lambda c: c.update(duplicates="keep"), "duplicates", "drop → keep"),
    ],
)
def test_what_allows_more(change: Change, where: str, what: str) -> None:
    assert found(change) == [(where, what, True)]


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (of("age", max=100), "age", "max 120 → 100"),
        (of("age", min=18), "age", "min 0 → 18"),
        (of("income", min=0), "income", "min None → 0"),
        (of("income", nullable=None), "income", "nullable True → False"),
        (of("age", sensitive=True), "age", "sensitive False → True"),
        (of("city", categories=["NO", "Oslo"]), "city", "- Ulm"),
        (of("city", categories=["Ulm", "Oslo", "NO"]), "city", "categories in another order"),
        (lambda c: c["columns"].update(new={"kind": "text"}), "new", "new column, text"),
        (lambda c: c.update(slices=["city", "member"]), "slices", "city → city, member"),
    ],
)
def test_what_only_differs(change: Change, where: str, what: str) -> None:
    assert found(change) == [(where, what, False)]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: None,
        of("age", description="In years.", unit="years"),
        lambda c: c.update(name="Stores", source="Us"),
        of("age", nullable=False),
        of("age", sensitive=False),
    ],
)
def test_words_and_defaults_are_no_change(change: Change) -> None:
    assert found(change) == []


def test_no_longer_sensitive_allows_more() -> None:
    assert found(of("age", sensitive=None), of("age", sensitive=True)) == [
        ("age", "sensitive True → False", True)
    ]


def test_limits_of_faults_belong_to_the_contract() -> None:
    before = {"missing": 0.01, "duplicate": 0.5}
    after = {"missing": 0.02, "duplicate": 0.1, "new": 0.1}
    assert [(str(one), one.loosens) for one in changes(SCHEMA, SCHEMA, limits(before, after))] == [
        ("tolerance: missing 0.01 → 0.02", True),
        ("tolerance: duplicate 0.5 → 0.1", False),
        ("tolerance: new None → 0.1", True),
    ]


def test_without_a_contract_before_there_is_nothing_to_say() -> None:
    assert changes({}, SCHEMA, NO_KNOBS) == changes(SCHEMA, {}, NO_KNOBS) == []


def test_without_limits_before_none_is_looser() -> None:
    assert changes(SCHEMA, SCHEMA, limits({}, {"missing": 0.02})) == []


@pytest.mark.parametrize("odd", [{}, {"prepare": 3}, {"prepare": {"tolerance": [1]}}])
def test_odd_params_tolerate_nothing(odd: dict[str, Any]) -> None:
    usual = limits({}, {"missing": 0.02})[1]
    assert changes(SCHEMA, SCHEMA, (odd, usual)) == changes(SCHEMA, SCHEMA, (usual, odd)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(target="member"),
        lambda c: c.update(task="regression"),
        lambda c: c.update(key=[]),
        lambda c: c.update(weight="age"),
        lambda c: c.update(missing=["?"]),
    ],
)
def test_what_asks_another_question_cannot_be_compared(change: Change) -> None:
    assert [loosens for _, _, loosens in found(change)] == [True]


@pytest.mark.parametrize(
    ("section", "knob", "before", "after"),
    [
        ("prepare", "split", {"method": "hash"}, {"method": "time"}),
        ("evaluate", "min_slice_rows", 50, 100_000),
        ("evaluate", "main_metric", "roc_auc", "brier"),
    ],
)
def test_what_is_scored_otherwise_cannot_be_compared(
    section: str, knob: str, before: Any, after: Any
) -> None:
    params = {section: {knob: before}}, {section: {knob: after}}
    assert [one.loosens for one in changes(SCHEMA, SCHEMA, params)] == [True]
    assert changes(SCHEMA, SCHEMA, ({}, params[1])) == []

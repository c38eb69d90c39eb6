"""The gate lets through what is no worse than chance allows, and says what it goes by."""

from collections.abc import Mapping
from typing import Any

import pytest
from conftest import PARAMS, SCHEMA, shops
from runs import GATE, evaluation, run, score

from tabrail.config import Gate
from tabrail.data.distributions import describe
from tabrail.data.schema import Schema
from tabrail.review import gate
from tabrail.review.acceptance import Acceptance
from tabrail.review.check import Check
from tabrail.review.snapshot import Snapshot

ACCEPTED = Acceptance("main_metric", "it is half as large", "Ada", "0123abc")


def params(**changes: Mapping[str, Any]) -> Gate:
    """Return the usual gate with some keys of its checks changed."""
    content = {name: options | changes.get(name, {}) for name, options in PARAMS["gate"].items()}
    return Gate.model_validate(content)


def check(
    name: str,
    base: Snapshot,
    head: Snapshot,
    demanded: Gate = GATE,
    accepted: Mapping[str, Acceptance] | None = None,
) -> Check:
    """Return one verdict."""
    (found,) = (c for c in gate.checks(base, head, demanded, accepted or {}) if c.name == name)
    return found


def scored(*args: Any, **options: Any) -> Snapshot:
    """Return a run with these results."""
    return run(evaluation=evaluation(*args, **options))


def test_an_unchanged_run_passes_every_check() -> None:
    found = gate.checks(run(), run(), GATE, {})
    assert [c.name for c in found] == type(GATE).names()
    assert {c.name: c.verdict for c in found if c.verdict != "ok"} == {"drift": "skipped"}


def test_without_results_there_is_nothing_to_let_through() -> None:
    (found,) = gate.checks(run(), run(evaluation={}), GATE, {"gate": ACCEPTED})
    assert (found.name, found.verdict) == ("gate", "FAILED")
    assert "dvc repro" in found.fix


@pytest.mark.parametrize(
    ("metrics", "baseline", "error", "verdict", "words"),
    [
        ({"roc_auc": 0.7}, 0.5, 0.02, "ok", "roc_auc 0.700 is 10.00 margins of error ahead"),
        ({"roc_auc": 0.519}, 0.5, 0.02, "FAILED", "0.95 margins of error ahead .* at least 1$"),
        ({"roc_auc": 0.4}, 0.5, 0.02, "FAILED", "-5.00 margins"),
        ({"log_loss": 0.4}, 0.5, 0.02, "ok", "5.00 margins"),
        ({"log_loss": 0.6}, 0.5, 0.02, "FAILED", "-5.00 margins"),
        ({"mae": 12.5}, 14.5, 1.0, "ok", "mae 12.500 is 2.00 margins"),
        ({"accuracy": 1.0}, 0.5, 0.0, "ok", "∞ margins"),  # perfect in every draw
        ({"roc_auc": 0.5}, 0.5, 0.0, "FAILED", "0.00 margins"),  # the model is a constant
        ({"roc_auc": None}, 0.5, None, "FAILED", "roc_auc is undefined on validation"),
        ({"r2": 0.5}, None, 0.1, "FAILED", "r2 is undefined on validation"),
        ({"roc_auc": 0.7}, 0.5, None, "skipped", "no interval: too few"),
    ],
)
def test_a_model_beats_the_baseline_by_its_margin_of_error(
    metrics: dict[str, Any], baseline: float | None, error: float | None, verdict: str, words: str
) -> None:
    head = scored(metrics, baseline=baseline, error=error)
    found = check("baseline", Snapshot(), head)
    assert found.verdict == verdict
    assert pytest.RaisesExc(ValueError, match=words).matches(ValueError(found.detail))


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        ({"roc_auc": 0.7}, {"roc_auc": 0.8}, "ok", "roc_auc 0.700 → 0.800, not worse"),
        ({"roc_auc": 0.7}, {"roc_auc": 0.691}, "ok", "worse by 0.45 margins of error; at most 0.5"),
        ({"roc_auc": 0.7}, {"roc_auc": 0.688}, "FAILED", "worse by 0.60 margins of error"),
        ({"log_loss": 0.5}, {"log_loss": 0.4}, "ok", "not worse"),
        ({"log_loss": 0.5}, {"log_loss": 0.6}, "FAILED", "worse by 5.00 margins"),
        ({"rmse": 1e-5}, {"rmse": 9.0}, "FAILED", "rmse 1.00e-05 → 9.000"),
        # The base's main metric counts: another one could be chosen to look well.
        ({"roc_auc": 0.7}, {"log_loss": 0.1, "roc_auc": 0.6}, "FAILED", "roc_auc 0.700 → 0.600"),
        ({"mae": 3.0}, {"roc_auc": 0.7}, "skipped", "there is no mae to compare: the task"),
        ({"roc_auc": 0.7}, {"roc_auc": None}, "FAILED", "was or is undefined"),
        ({"roc_auc": None}, {"roc_auc": 0.7}, "ok", "was or is undefined"),
        (
            {"roc_auc": score(0.7, None, baseline_value=0.5)},
            {"roc_auc": 0.6},
            "skipped",
            "no inter",
        ),
        # A perfect score has an interval without width.
        ({"accuracy": score(1.0, 0.0, baseline_value=0.5)}, {"accuracy": 0.5}, "FAILED", "25.0"),
        ({"accuracy": score(1.0, 0.0, baseline_value=0.5)}, {"accuracy": 0.995}, "ok", "0.25"),
    ],
)
def test_the_main_metric_is_not_worse_than_chance_allows(
    before: dict[str, Any], after: dict[str, Any], verdict: str, words: str
) -> None:
    found = check("main_metric", scored(before), scored(after))
    assert (found.verdict, words in found.detail) == (verdict, True), found.detail


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        ({"A": 0.7, "B": 0.7}, {"A": 0.9, "B": 0.69}, "ok", "none of 2 is worse by more than 1"),
        (
            {"A": 0.7, "B": 0.7},
            {"A": 0.9, "B": 0.6},
            "FAILED",
            "city B 0.700 → 0.600 (5.00); at most 1",
        ),
        ({"A": 0.7}, {"A": 0.67}, "FAILED", "city A 0.700 → 0.670 (1.50); at most 1"),
        # Each by its own margin.
        ({"A": score(0.7, 0.2), "B": 0.7}, {"A": 0.6, "B": 0.7}, "ok", "none of 2"),
        # New, gone, and never scored.
        ({"A": 0.7}, {"A": 0.7, "B": 0.1}, "ok", "none of 1 is"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.7}, "FAILED", "no longer scored: city B"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.7, "B": None}, "FAILED", "no longer scored: city B"),
        ({"A": None}, {"A": 0.7}, "skipped", "no slice has an interval in both"),
        ({}, {}, "skipped", "no slice"),
        ({"A": score(1.0, 0.0)}, {"A": 0.4}, "FAILED", "city A 1.000 → 0.400 (30.00)"),
        ({"A": score(1.0, 0.0)}, {"A": score(0.9, 0.0)}, "FAILED", "city A 1.000 → 0.900 (∞)"),
    ],
)
def test_no_slice_is_worse_than_its_own_margin_allows(
    before: dict[str, Any], after: dict[str, Any], verdict: str, words: str
) -> None:
    found = check("slices", scored(slices=before), scored(slices=after))
    assert found.verdict == verdict
    for part in words.split(".*"):
        assert part in found.detail


def test_many_worse_slices_are_counted() -> None:
    cities = [f"City {i}" for i in range(20)]
    base, head = (scored(slices=dict.fromkeys(cities, value)) for value in (0.7, 0.5))
    assert "and 15 more; at most 1" in check("slices", base, head).detail


def test_slices_by_another_metric_are_not_compared() -> None:
    found = check("slices", scored({"log_loss": 0.5}), scored({"roc_auc": 0.7}))
    assert found.verdict == "skipped"
    assert "by log_loss, not by roc_auc" in found.detail


def test_a_base_without_results_is_not_compared_with() -> None:
    found = {c.name: c.verdict for c in gate.checks(Snapshot(), run(), GATE, {})}
    assert [name for name, verdict in found.items() if verdict == "skipped"] == [
        "main_metric",
        "slices",
        "schema",
        "drift",
    ]


def test_a_looser_contract_fails() -> None:
    looser = SCHEMA | {"columns": SCHEMA["columns"] | {"age": {"kind": "numeric", "max": 120}}}
    found = check("schema", run(), run(schema=looser))
    assert found.verdict == "FAILED"
    assert found.detail == "allows more, or measures otherwise: age: min 0 → None"
    assert check("schema", run(schema=looser), run()).verdict == "ok"
    assert check("schema", run(), run(schema={})).verdict == "FAILED"


def test_a_higher_tolerance_of_faults_is_a_looser_contract() -> None:
    tolerant = {"prepare": {"tolerance": {"missing": 0.5}}}
    strict = {"prepare": {"tolerance": {"missing": 0.1}}}
    found = check("schema", run(params=strict), run(params=tolerant))
    assert found.detail == "allows more, or measures otherwise: tolerance: missing 0.1 → 0.5"


def test_on_other_rows_both_models_err() -> None:
    def on(rows: str, value: float) -> Snapshot:
        outs = [{"path": "data/prepared/validation.parquet", "md5": rows}]
        return run(evaluation=evaluation({"roc_auc": value}), stages={"prepare": {"outs": outs}})

    assert check("main_metric", on("a", 0.7), on("a", 0.688)).verdict == "FAILED"
    assert check("main_metric", on("a", 0.7), on("b", 0.688)).verdict == "ok"


def test_long_lists_of_categories_are_cut() -> None:
    cities = [f"City {i}" for i in range(1000)]
    many = SCHEMA | {
        "columns": SCHEMA["columns"] | {"city": {"kind": "categorical", "categories": cities}}
    }
    assert len(check("schema", run(), run(schema=many)).detail) < 200


def test_drift_is_measured_between_base_and_head() -> None:
    schema = Schema.model_validate(SCHEMA)

    def having(**changes: Any) -> Snapshot:
        rows = shops().astype({"member": float, "bought": float}).assign(**changes)
        return run(distributions=describe(rows, schema))

    assert check("drift", having(), having()).verdict == "ok"
    found = check("drift", having(), having(city="Ulm"))
    assert found.verdict == "FAILED"
    assert found.detail.startswith("population stability index of city ")
    assert check("drift", having(), having(city="Ulm"), params(drift={"psi": 99})).verdict == "ok"
    assert "the base has no distributions" in check("drift", run(), having()).detail
    assert "this run has no distributions" in check("drift", having(), run()).detail
    empty = run(distributions={"rows": 1, "columns": {}})
    assert "no columns to compare" in check("drift", having(), empty).detail


@pytest.mark.parametrize(
    ("name", "model", "verdict", "words"),
    [
        ("model_size", {"bytes": 99_900_000}, "ok", "99.90 MB; at most 100"),
        ("model_size", {"bytes": 2_000_000_000}, "FAILED", "2,000.00 MB; at most 100"),
    ],
)
def test_a_model_is_small_and_quick(
    name: str, model: dict[str, Any], verdict: str, words: str
) -> None:
    found = check(name, run(), scored(**model))
    assert (found.verdict, words in found.detail) == (verdict, True), found.detail


@pytest.mark.parametrize(
    ("state", "accepted", "verdict"),
    [
        ("enabled", None, "FAILED"),
        ("enabled", ACCEPTED, "accepted"),
        ("dry_run", None, "dry run"),
        ("disabled", None, "disabled"),
        ("disabled", ACCEPTED, "disabled"),
    ],
)
def test_a_failure_is_what_params_and_people_make_of_it(
    state: str, accepted: Acceptance | None, verdict: str
) -> None:
    base, head = run(), scored({"roc_auc": 0.6})
    found = check(
        "main_metric",
        base,
        head,
        params(main_metric={"check": state}),
        {"main_metric": accepted} if accepted else {},
    )
    assert found.verdict == verdict
    if verdict == "accepted":
        assert found.detail.endswith("accepted by Ada in 0123abc: it is half as large")
    if verdict == "FAILED":
        assert '--message "Accept-Gate: main_metric: <reason>"' in found.fix


def test_what_passes_needs_no_acceptance() -> None:
    found = check("main_metric", run(), run(), accepted={"main_metric": ACCEPTED})
    assert found.verdict == "ok"

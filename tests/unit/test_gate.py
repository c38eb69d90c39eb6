"""The gate lets through what is no worse than chance allows, and says what it goes by."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import PARAMS, SCHEMA, shops
from runs import GATE, evaluation, replicates, run, score

from tabrail.config import Gate
from tabrail.data import salt as salts
from tabrail.data.distributions import describe
from tabrail.data.identity import row_hashes
from tabrail.data.schema import Schema
from tabrail.evaluation.intervals import Series, drawn
from tabrail.evaluation.metrics import scorer
from tabrail.evaluation.replicates import Replicates, parse, text
from tabrail.evaluation.scored import ScoredSplit
from tabrail.review import gate
from tabrail.review.acceptance import Acceptance
from tabrail.review.check import Check
from tabrail.review.snapshot import Snapshot

ACCEPTED = Acceptance("main_metric", "it is half as large", "Ada", "0123abc")


def params(**changes: Mapping[str, Any]) -> Gate:
    """Return the usual gate with some keys of its checks changed."""
    usual = {"goal": {}, **PARAMS["gate"]}
    content = {name: options | changes.get(name, {}) for name, options in usual.items()}
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
    others = {c.name: c.verdict for c in found if c.verdict != "ok"}
    # Nobody has set a goal or a limit of a gap, and these runs have no distributions.
    assert others == {"goal": "skipped", "drift": "skipped", "max_gap": "disabled"}


def test_without_results_there_is_nothing_to_let_through() -> None:
    (found,) = gate.checks(run(), run(evaluation={}), GATE, {"gate": ACCEPTED})
    assert (found.name, found.verdict) == ("gate", "FAILED")
    assert "dvc repro" in found.fix


@pytest.mark.parametrize(
    ("metrics", "goal", "verdict", "words"),
    [
        ({"roc_auc": 0.7}, {"at_least": 0.65}, "ok", "roc_auc 0.700; at least 0.650"),
        ({"roc_auc": 0.6}, {"at_least": 0.65}, "FAILED", "roc_auc 0.600; at least 0.650"),
        ({"mae": 12.5}, {"at_most": 13}, "ok", "mae 12.500; at most 13.000"),
        ({"mae": 12.5}, {"at_most": 12}, "FAILED", "mae 12.500; at most 12.000"),
        ({"mae": 12.5}, {"at_least": 12}, "FAILED", "mae is better when lower; write at_most in"),
        ({"roc_auc": 0.7}, {"at_most": 1}, "FAILED", "better when higher; write at_least in"),
        ({"roc_auc": None}, {"at_least": 0.5}, "FAILED", "roc_auc is undefined on validation"),
        ({"roc_auc": 0.7}, {"metric": "rocauc", "at_least": 0.5}, "FAILED", "roc_auc"),
        ({"roc_auc": 0.7}, {}, "skipped", "gate: goal: {metric: roc_auc, at_least: <number>}"),
        ({"mae": 12.5}, {}, "skipped", "no success number is set; write it in params.yaml, gate: "),
        ({"mae": 12.5}, {}, "skipped", "goal: {metric: mae, at_most: <number>}"),
    ],
)
def test_the_success_number_has_to_be_reached(
    metrics: dict[str, float | None], goal: dict[str, Any], verdict: str, words: str
) -> None:
    head = scored(metrics)
    found = check("goal", head, head, params(goal=goal))
    assert found.verdict == verdict
    assert words in found.detail


def test_a_run_that_is_compared_with_none_is_told_what_would_fail() -> None:
    found = {c.name: c.verdict for c in gate.alone(scored({"roc_auc": 0.4}), params())}
    assert found["baseline"] == "dry run"
    assert "main_metric" not in found
    assert not gate.alone(Snapshot(), params())


@pytest.mark.parametrize(
    ("metrics", "baseline", "error", "verdict", "words"),
    [
        ({"roc_auc": 0.7}, 0.5, 0.02, "ok", "roc_auc 0.700 is 0.200 ahead of the baseline's 0.500"),
        ({"roc_auc": 0.519}, 0.5, 0.02, "FAILED", "interval -0.001 to 0.039); the whole"),
        ({"roc_auc": 0.4}, 0.5, 0.02, "FAILED", "is -0.100 ahead"),
        ({"log_loss": 0.4}, 0.5, 0.02, "ok", "is 0.100 ahead"),
        ({"log_loss": 0.6}, 0.5, 0.02, "FAILED", "is -0.100 ahead"),
        ({"mae": 12.5}, 14.5, 1.0, "ok", "mae 12.500 is 2.000 ahead"),
        ({"accuracy": 1.0}, 0.5, 0.0, "ok", "interval 0.500 to 0.500"),  # perfect in every draw
        ({"roc_auc": 0.5}, 0.5, 0.0, "FAILED", "is 0.000 ahead"),  # the model is a constant
        ({"roc_auc": None}, 0.5, None, "FAILED", "roc_auc is undefined on validation"),
        ({"r2": 0.5}, None, 0.1, "FAILED", "r2 is undefined on validation"),
        ({"roc_auc": 0.7}, 0.5, None, "skipped", "no interval: too few"),
    ],
)
def test_a_model_is_clearly_ahead_of_the_baseline(
    metrics: dict[str, Any], baseline: float | None, error: float | None, verdict: str, words: str
) -> None:
    head = scored(metrics, baseline=baseline, error=error)
    found = check("baseline", Snapshot(), head)
    assert (found.verdict, words in found.detail) == (verdict, True), found.detail


def test_without_replicates_a_lead_cannot_be_judged() -> None:
    found = check("baseline", Snapshot(), run(replicates=Replicates()))
    assert (found.verdict, found.detail) == (
        "skipped",
        "reports/replicates.json is missing, so the lead over the baseline is unknown",
    )


LIMIT = "; at most 0.02, or 0.01 if the loss is clear"  # a tenth of the lead of 0.2


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        ({"roc_auc": 0.7}, {"roc_auc": 0.8}, "ok", "roc_auc 0.700 → 0.800, not worse"),
        ({"roc_auc": 0.7}, {"roc_auc": 0.691}, "ok", "0.691, worse by 0.009 (95% interval -0.00"),
        ({"roc_auc": 0.7}, {"roc_auc": 0.691}, "ok", LIMIT),
        # Chance explains it, and it is within the limit.
        ({"roc_auc": 0.7}, {"roc_auc": 0.689}, "ok", LIMIT),
        # Chance does not, and it is beyond half of the limit.
        ({"roc_auc": 0.7}, {"roc_auc": 0.685}, "FAILED", "clearly worse by 0.015"),
        # It is clear, but small: it is named.
        (
            {"roc_auc": score(0.7, 0.005, baseline_value=0.5)},
            {"roc_auc": score(0.692, 0.005, baseline_value=0.5)},
            "ok",
            "clearly worse by 0.008",
        ),
        # Beyond the limit, whether or not chance explains it.
        ({"roc_auc": 0.7}, {"roc_auc": 0.675}, "FAILED", "worse by 0.025"),
        # What can be measured, where that is more than a tenth of the lead.
        ({"roc_auc": 0.52}, {"roc_auc": 0.51}, "ok", "at most 0.012"),
        ({"log_loss": 0.5}, {"log_loss": 0.4}, "ok", "not worse"),
        ({"log_loss": 0.4}, {"log_loss": 0.6}, "FAILED", "worse by 0.2"),
        ({"rmse": 1e-5}, {"rmse": 9.0}, "FAILED", "rmse 1.00e-05 → 9.000"),
        # The base's main metric counts: another one could be chosen to look well.
        ({"roc_auc": 0.7}, {"log_loss": 0.1, "roc_auc": 0.6}, "FAILED", "roc_auc 0.700 → 0.600"),
        ({"mae": 3.0}, {"roc_auc": 0.7}, "skipped", "there is no mae to compare, because the task"),
        ({"roc_auc": 0.7}, {"roc_auc": None}, "FAILED", "was or is undefined"),
        ({"roc_auc": None}, {"roc_auc": 0.7}, "ok", "was or is undefined"),
        (
            {"roc_auc": score(0.7, None, baseline_value=0.5)},
            {"roc_auc": 0.6},
            "skipped",
            "no inter",
        ),
        # A perfect score has an interval without width.
        ({"accuracy": score(1.0, 0.0, baseline_value=0.5)}, {"accuracy": 0.5}, "FAILED", "by 0.5"),
        ({"accuracy": score(1.0, 0.0, baseline_value=0.5)}, {"accuracy": 0.995}, "ok", "by 0.005"),
    ],
)
def test_the_main_metric_is_not_worse_than_is_allowed(
    before: dict[str, Any], after: dict[str, Any], verdict: str, words: str
) -> None:
    found = check("main_metric", scored(before), scored(after))
    assert (found.verdict, words in found.detail) == (verdict, True), found.detail


@pytest.mark.parametrize(
    ("most", "after", "verdict"),
    [(0.03, 0.675, "FAILED"), (0.06, 0.675, "ok"), (0.0, 0.699, "FAILED"), (0.0, 0.7, "ok")],
)
def test_a_limit_that_is_given_counts(most: float, after: float, verdict: str) -> None:
    demanded = params(main_metric={"max_loss": most})
    found = check("main_metric", scored({"roc_auc": 0.7}), scored({"roc_auc": after}), demanded)
    assert found.verdict == verdict, found.detail
    base, head = (scored({"roc_auc": score(one, None, baseline_value=0.5)}) for one in (0.7, after))
    expected = "ok" if 0.7 - after <= most else "FAILED"  # without an interval, none is clear
    assert check("main_metric", base, head, demanded).verdict == expected


def test_a_base_without_replicates_is_compared_with_all_the_same() -> None:
    before = run(replicates=Replicates())
    assert check("main_metric", before, scored({"roc_auc": 0.69})).verdict == "ok"
    assert check("main_metric", before, scored({"roc_auc": 0.6})).verdict == "FAILED"
    found = check("slices", before, run())
    assert (found.verdict, "no reports/replicates.json" in found.detail) == ("skipped", True)


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        ({"A": 0.7, "B": 0.7}, {"A": 0.9, "B": 0.69}, "ok", "none of 2 is worse than allowed"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.9, "B": 0.6}, "FAILED", "city B clearly worse by 0.1 ("),
        ({"A": 0.7}, {"A": 0.67}, "FAILED", "city A clearly worse by 0.03 ("),
        # Each by its own error.
        ({"A": score(0.7, 0.2), "B": 0.7}, {"A": 0.66, "B": 0.7}, "ok", "none of 2"),
        # New, gone, and never scored.
        ({"A": 0.7}, {"A": 0.7, "B": 0.1}, "ok", "none of 1 is"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.7}, "FAILED", "no longer scored: city B"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.7, "B": None}, "FAILED", "no longer scored: city B"),
        ({"A": 0.7, "B": 0.7}, {"A": 0.7, "B": score(0.1, None)}, "ok", "not judged: city B"),
        ({"A": None}, {"A": 0.7}, "skipped", "no slice has an interval in both"),
        ({}, {}, "skipped", "no slice"),
        ({"A": score(1.0, 0.0)}, {"A": 0.4}, "FAILED", "city A clearly worse by 0.6"),
        ({"A": score(1.0, 0.0)}, {"A": score(0.9, 0.0)}, "FAILED", "city A clearly worse by 0.1"),
    ],
)
def test_no_slice_is_worse_than_is_allowed(
    before: dict[str, Any], after: dict[str, Any], verdict: str, words: str
) -> None:
    found = check("slices", scored(slices=before), scored(slices=after))
    assert (found.verdict, words in found.detail) == (verdict, True), found.detail


def test_the_limit_that_was_broken_comes_first_and_no_sentence_is_cut() -> None:
    long = "Freie und Hansestadt Hamburg, " * 4
    demanded = params(slices={"max_loss": 0.04})
    base, head = (scored(slices={long: number}) for number in (0.7, 0.67))
    found = check("slices", base, head, demanded)
    assert found.verdict == "FAILED"
    assert found.detail.endswith("); at most 0.02 for a clear loss, else 0.04")
    assert "Hamburg, Freie und Hanse… clearly worse by 0.03 (95%" in found.detail


def test_of_many_slices_some_are_worse_by_chance() -> None:
    """Of 40 slices, one is beyond its own 95% interval every time."""
    cities = {f"City {number}": 0.7 for number in range(40)}
    base = scored(slices=cities)
    loss = 0.0145  # clear, if it were the only slice
    assert check("slices", scored(slices={"A": 0.7}), scored(slices={"A": 0.7 - loss})).verdict == (
        "FAILED"
    )
    assert check("slices", base, scored(slices=cities | {"City 7": 0.7 - loss})).verdict == "ok"
    found = check("slices", base, scored(slices=cities | {"City 7": 0.67}))
    assert (found.verdict, "City 7" in found.detail) == ("FAILED", True)


def test_a_clear_loss_within_the_limit_is_named() -> None:
    cities = {"A": score(0.7, 0.002), "B": score(0.7, 0.002)}
    base = scored(slices=cities)
    found = check("slices", base, scored(slices=cities | {"B": score(0.695, 0.002)}))
    assert found.verdict == "ok"
    assert "worse, within the limit: city B clearly worse by 0.005" in found.detail


def test_slices_that_are_small_or_not_stored_are_named() -> None:
    before, after = evaluation(slices={"A": 0.7, "B": 0.7}), evaluation(slices={"A": 0.6, "B": 0.7})
    small = [replicates(content, groups=25) for content in (before, after)]
    base, head = (
        run(evaluation=content, replicates=replace(known, left_out=[("city", "Rom")]))
        for content, known in zip((before, after), small, strict=True)
    )
    found = check("slices", base, head)
    assert "city A (small: 25 rows or keys) clearly worse" in found.detail
    assert found.detail.endswith("not judged: city Rom")
    assert "none of 2 (2 of them small: fewer than 40 rows or keys)" in (
        check("slices", base, base).detail
    )


def test_many_worse_slices_are_counted() -> None:
    cities = [f"City {i}" for i in range(20)]
    base, head = (scored(slices=dict.fromkeys(cities, value)) for value in (0.7, 0.5))
    assert "and 17 more" in check("slices", base, head).detail


def test_slices_by_another_metric_are_not_compared() -> None:
    found = check("slices", scored({"log_loss": 0.5}), scored({"roc_auc": 0.7}))
    assert found.verdict == "skipped"
    assert "by log_loss, not by roc_auc" in found.detail


def test_a_base_without_results_is_not_compared_with() -> None:
    found = {c.name: c.verdict for c in gate.checks(Snapshot(), run(), GATE, {})}
    assert [name for name, verdict in found.items() if verdict == "skipped"] == [
        "goal",
        "main_metric",
        "slices",
        "rows",
        "schema",
        "drift",
    ]


def with_rows(raw: int | None) -> Snapshot:
    """Return a run that read so many raw rows; None: it does not say."""
    return run(data={"rows": {"train": 400} | ({} if raw is None else {"raw": raw})})


@pytest.mark.parametrize(
    ("before", "after", "verdict", "words"),
    [
        (600, 600, "ok", "600 raw rows, no fewer than in the base"),
        (600, 900, "ok", "900 raw rows, no fewer"),
        (1900, 1600, "FAILED", "1,600 raw rows, 300 fewer than in the base"),
        (None, 600, "skipped", "the base has no number of raw rows"),
        (600, None, "skipped", "this run has no number of raw rows"),
    ],
)
def test_no_raw_rows_get_lost(
    before: int | None, after: int | None, verdict: str, words: str
) -> None:
    found = check("rows", with_rows(before), with_rows(after))
    assert (found.verdict, words in found.detail) == (verdict, True)


def test_a_looser_contract_fails() -> None:
    looser = SCHEMA | {"columns": SCHEMA["columns"] | {"age": {"kind": "numeric", "max": 120}}}
    found = check("schema", run(), run(schema=looser))
    assert found.verdict == "FAILED"
    assert (
        found.detail
        == "the schema allows more, or metrics are measured differently: age: min 0 → None"
    )
    assert check("schema", run(schema=looser), run()).verdict == "ok"
    assert check("schema", run(), run(schema={})).verdict == "FAILED"


def test_a_higher_tolerance_of_faults_is_a_looser_contract() -> None:
    tolerant = {"prepare": {"tolerance": {"missing": 0.5}}}
    strict = {"prepare": {"tolerance": {"missing": 0.1}}}
    found = check("schema", run(params=strict), run(params=tolerant))
    assert (
        found.detail == "the schema allows more, or metrics are measured differently: "
        "tolerance: missing 0.1 → 0.5"
    )


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


LOSING = {
    # what changed: the metric that it loses, and the loss
    "twenty_iterations": ("roc_auc", 0.0164),
    "logistic_regression": ("log_loss", 0.0158),
    "three_leaves": ("roc_auc", 0.0219),
    "many_leaves": ("log_loss", 0.00543),
}


def predicted(name: str, metric: str) -> Snapshot:
    """Return a run of the first edition: its probabilities for the sample's validation rows."""
    table = pd.read_parquet(Path(__file__).with_name("first_edition.parquet"))
    y_true, weights = table["late"].to_numpy().astype(np.int64), np.ones(len(table))
    groups = salts.salted(row_hashes(table, ["day"]), "5a" * 32)

    def found(probability: np.ndarray) -> dict[str, Series]:
        return drawn(scorer("binary", y_true, probability, 0.5), weights, groups, 1000)

    model = found(table[name].to_numpy() / 10_000)
    split = ScoredSplit(model, found(np.full(len(table), y_true.mean())), {})
    content = evaluation({metric: 0.0}) | {"validation": split.content()}
    stored = parse(json.loads(text(metric, split)))
    return run(evaluation=content, replicates=stored)


@pytest.mark.parametrize("change", LOSING)
def test_changes_that_the_first_edition_let_through_are_refused(change: str) -> None:
    """Each is worse beyond chance, by less than half of the interval of a score alone."""
    metric, loss = LOSING[change]
    base, head = predicted("base", metric), predicted(change, metric)
    found = check("main_metric", base, head)
    assert found.verdict == "FAILED"
    assert f"clearly worse by {loss:.3g} (95% interval 0.0" in found.detail
    assert check("main_metric", head, base).verdict == "ok"

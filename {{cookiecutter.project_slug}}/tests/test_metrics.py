"""Scores are scikit-learn's; intervals are the bootstrap's."""

import numpy as np
import pytest
from sklearn import metrics as reference

from {{ cookiecutter.__package }}.metrics import (
    METRICS,
    BinaryScores,
    draw,
    score,
)

THRESHOLD = 0.4
REFERENCE = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "log_loss": reference.log_loss,
    "brier": reference.brier_score_loss,
    "precision": lambda t, p, **w: reference.precision_score(t, p >= THRESHOLD, **w),
    "recall": lambda t, p, **w: reference.recall_score(t, p >= THRESHOLD, **w),
    "f1": lambda t, p, **w: reference.f1_score(t, p >= THRESHOLD, **w),
}


def example(rows: int = 500, digits: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and probability; few digits make ties."""
    random = np.random.default_rng(1)
    probability = random.random(rows).round(digits)
    return (random.random(rows) < probability).astype(np.int64), probability


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("digits", [6, 1], ids=["distinct", "ties"])
def test_scores_are_those_of_scikit_learn_under_any_weights(name: str, digits: int) -> None:
    truth, probability = example(digits=digits)
    weights = np.random.default_rng(2).integers(0, 4, (3, len(truth))).astype(float)
    scores = BinaryScores(truth, probability, THRESHOLD)
    got = scores.under(weights[:, scores.order])[name]
    wanted = [REFERENCE[name](truth, probability, sample_weight=row) for row in weights]
    np.testing.assert_allclose(got, wanted, rtol=1e-9)


def test_an_interval_covers_its_score_and_shrinks_with_more_rows() -> None:
    widths = []
    for rows in (200, 5000):
        scores = BinaryScores(*example(rows), THRESHOLD)
        for found in score(scores, np.arange(rows), 300, seed=0).values():
            assert found.low <= found.value <= found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 3


def test_an_interval_is_as_wide_as_theory_says() -> None:
    # The mean of n Bernoulli draws: Brier's score of a constant 0 is the share of positives.
    truth = (np.random.default_rng(3).random(4000) < 0.3).astype(np.int64)
    scores = BinaryScores(truth, np.zeros(4000), THRESHOLD)
    found = score(scores, np.arange(4000), 2000, seed=0)["brier"]
    expected = 2 * 1.96 * np.sqrt(truth.mean() * (1 - truth.mean()) / 4000)
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_copies_of_a_row_do_not_make_the_interval_narrower() -> None:
    truth, probability = example(400)
    once = score(BinaryScores(truth, probability, 0.4), np.arange(400), 500, 0)
    copies = np.repeat(np.arange(400), 10)
    scores = BinaryScores(truth[copies], probability[copies], 0.4)
    grouped = score(scores, copies, 500, 0)
    assert grouped["roc_auc"].low == pytest.approx(once["roc_auc"].low)
    assert grouped["roc_auc"].high == pytest.approx(once["roc_auc"].high)


def test_rows_of_one_entity_are_drawn_together() -> None:
    entities = np.array([0, 0, 1, 2, 2, 2])
    (weights,) = draw(entities, 50, seed=0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_one_class_has_no_area_under_the_curve() -> None:
    scores = BinaryScores(np.ones(50, dtype=np.int64), np.linspace(0, 1, 50), THRESHOLD)
    found = score(scores, np.arange(50), 100, seed=0)["roc_auc"]
    assert np.isnan([found.value, found.low, found.high]).all()


def test_a_handful_of_entities_gives_no_interval() -> None:
    entities = np.arange(500) % 9
    found = score(BinaryScores(*example(), THRESHOLD), entities, 100, seed=0)["roc_auc"]
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()

"""Replicates are small, pair between commits, and give nothing of a row away without the salt."""

import json

import numpy as np
import pytest

from tabrail.data import salt as salts
from tabrail.data.identity import mixed
from tabrail.evaluation import bootstrap, replicates
from tabrail.evaluation.intervals import Series, drawn
from tabrail.evaluation.metrics import scorer
from tabrail.evaluation.scored import ScoredSplit

SALT = "5a" * 32
ROWS = 200


def groups(rows: int = ROWS, salt: str = SALT) -> np.ndarray:
    """Return the salted hash of each row's group."""
    return salts.salted(mixed(np.arange(1, rows + 1, dtype=np.uint64)), salt)


def model(seed: int, rows: int = ROWS, salt: str = SALT) -> dict[str, Series]:
    """Return the scores of a model's predictions."""
    y_true = (np.arange(rows) % 3 == 0).astype(np.int64)
    random = np.random.default_rng(seed)
    prediction = np.clip(0.3 + 0.2 * y_true + random.normal(0, 0.2, rows), 0.01, 0.99)
    scores = scorer("binary", y_true, prediction, 0.5)
    return drawn(scores, np.ones(rows), groups(rows, salt), 1000)


def stored(metric: str, found: dict[str, Series], slices: int = 0) -> str:
    """Return the file of a model, with some slices, each with fewer groups than the one before."""
    some = Series(0, 0.7, found[metric].replicates)
    column: dict[str, tuple[dict[str, int], Series | None]] = {
        f"slice {place:03d}": ({"rows": 9}, Series(1000 - place, some.value, some.replicates))
        for place in range(slices)
    }
    return replicates.text(metric, ScoredSplit(found, found, {"city": column}))


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_what_is_stored_gives_the_interval_of_a_difference(metric: str) -> None:
    first, second = model(1)[metric], model(2)[metric]
    files = [replicates.parse(json.loads(stored(metric, {metric: one}))) for one in (first, second)]
    read = [one.model for one in files]
    assert read[0] is not None
    assert read[1] is not None
    expected, found = first.less(second).score(), read[0].less(read[1]).score()
    wide = expected.high - expected.low
    assert found.value == pytest.approx(expected.value, abs=1e-5)
    assert found.low == pytest.approx(expected.low, abs=wide / 100)
    assert found.high == pytest.approx(expected.high, abs=wide / 100)


def test_a_difference_on_the_same_rows_has_a_narrower_interval_than_on_others() -> None:
    """Two models that err alike differ by little, whatever rows are drawn."""
    same, other = model(1)["log_loss"], model(1, salt="77" * 32)["log_loss"]
    nearly = Series(same.groups, same.value, same.replicates + 1e-4)
    paired, unpaired = (nearly.less(one).score() for one in (same, other))
    assert (paired.high - paired.low) * 100 < unpaired.high - unpaired.low


@pytest.mark.parametrize("slices", [0, 5, 20, 45, 400])
def test_the_file_is_small_and_names_the_slices_that_it_leaves_out(slices: int) -> None:
    text = stored("roc_auc", model(1), slices)
    assert len(text.encode()) <= 64 * 1024
    found = replicates.parse(json.loads(text))
    assert found.model is not None
    assert len(found.model.replicates) == 1000
    kept = found.slices.get("city", {})
    assert len(kept) + len(found.left_out) == slices
    assert [*kept, *(value for _, value in found.left_out)] == [  # the largest first
        f"slice {place:03d}" for place in range(slices)
    ]
    assert all(len(one.replicates) >= 250 for one in kept.values())
    assert len(kept) >= min(slices, 30)
    if slices == 5:
        assert {len(one.replicates) for one in kept.values()} == {1000}


def test_slices_without_an_interval_are_not_stored() -> None:
    found = model(1)
    few = Series(19, 0.7, np.empty(0))
    undefined = Series(30, np.nan, np.full(1000, np.nan))
    slices: dict[str, tuple[dict[str, int], Series | None]]
    slices = {"few": ({"rows": 9}, few), "none": ({"rows": 9}, None)}
    slices["undefined"] = ({"rows": 9}, undefined)
    text = replicates.text("roc_auc", ScoredSplit(found, found, {"city": slices}))
    assert json.loads(text)["slices"] == {}


def test_undefined_replicates_are_left_out_in_pairs() -> None:
    one, other = model(1)["roc_auc"], model(2)["roc_auc"]
    holes = [one.replicates.copy(), other.replicates.copy()]
    holes[0][:20], holes[1][20:40] = np.nan, np.nan
    first, second = Series(ROWS, one.value, holes[0]), Series(ROWS, other.value, holes[1])
    read = replicates.parse(json.loads(stored("roc_auc", {"roc_auc": first}))).model
    assert read is not None
    assert np.isnan(read.replicates).sum() == 20
    rest = Series(ROWS, one.value, one.replicates[40:])
    expected = rest.less(Series(ROWS, other.value, other.replicates[40:])).score()
    assert read.less(second).score().low == pytest.approx(expected.low, abs=1e-3)
    holes[1][20:60] = np.nan  # 6% of them
    assert np.isnan(read.less(second).score().low)


@pytest.mark.parametrize("value", [1e-9, 1.0, 1e9])
def test_scores_of_any_size_keep_their_digits(value: float) -> None:
    random = np.random.default_rng(0)
    given = Series(100, value, value + 1e-3 * value * random.normal(size=1000))
    read = replicates.parse(json.loads(stored("mae", {"mae": given}))).model
    assert read is not None
    assert read.replicates == pytest.approx(given.replicates, rel=1e-5)


def test_equal_replicates_stay_equal() -> None:
    given = Series(100, 0.5, np.full(1000, 0.5))
    read = replicates.parse(json.loads(stored("roc_auc", {"roc_auc": given}))).model
    assert read is not None
    assert (read.replicates == 0.5).all()


def losses_computed_back(found: Series, salt: str) -> np.ndarray:
    """Attack: solve for the loss of each row, with the weights that a salt would give.

    A replicate of the log loss is Σ w l / Σ w, so Σ w (l - replicate) = 0: with more replicates
    than groups, least squares gives every l.
    """
    weights = bootstrap.weights(groups(salt=salt), 0, len(found.replicates))
    solved, *_ = np.linalg.lstsq(weights, found.replicates * weights.sum(axis=1), rcond=None)
    return np.asarray(solved)


def test_without_the_salt_no_row_s_loss_can_be_computed_back() -> None:
    y_true = (np.arange(ROWS) % 3 == 0).astype(np.int64)
    prediction = np.clip(np.random.default_rng(1).random(ROWS), 0.01, 0.99)
    losses = -np.log(np.where(y_true == 1, prediction, 1 - prediction))
    scores = scorer("binary", y_true, prediction, 0.5)
    series = drawn(scores, np.ones(ROWS), groups(), 1000)
    read = replicates.parse(json.loads(stored("log_loss", series))).model
    assert read is not None
    known = losses_computed_back(read, SALT)
    assert np.corrcoef(known, losses)[0, 1] > 0.99  # the attack works for who has the data
    for salt in ("00" * 32, "5b" + "5a" * 31):
        guessed = losses_computed_back(read, salt)
        assert abs(np.corrcoef(guessed, losses)[0, 1]) < 0.25  # 3.5 standard errors of 200 rows
        assert (np.abs(guessed - losses) < 0.01 * losses).mean() < 0.05

"""The trees that a first look fits are as good as scikit-learn's, and the same again."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error, roc_auc_score

from tabrail.ingest import small_trees

ROWS = 3000
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 5))
X[:, 4] = RANDOM.integers(0, 90, ROWS)  # a number of one of 90 things
THING = RANDOM.normal(size=90)[X[:, 4].astype(int)]
SIGNAL = 2 * X[:, 0] * X[:, 1] + np.where(X[:, 2] > 1, 2.0, 0.0) + THING
Y = SIGNAL + RANDOM.normal(size=ROWS)
LEARNED, HELD = np.arange(0, 2000), np.arange(2000, ROWS)


def gaps(x: np.ndarray) -> np.ndarray:
    """Return features of which some values are missing, more often where the target is high."""
    x = x.copy()
    x[RANDOM.random(ROWS) < np.where(np.median(Y) < Y, 0.4, 0.1), 3] = np.nan
    return x


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("x", [X, gaps(X)], ids=["complete", "with gaps"])
def test_numbers_are_predicted_as_well_as_by_scikit_learn(x: np.ndarray, absolute: bool) -> None:
    loss, error = (
        ("absolute_error", mean_absolute_error)
        if absolute
        else ("squared_error", mean_squared_error)
    )
    model = HistGradientBoostingRegressor(loss=loss, max_iter=40, random_state=0)
    peer = model.fit(x[LEARNED], Y[LEARNED]).predict(x[HELD])
    bins = small_trees.binned(x)
    ours = small_trees.numbers(bins, Y, LEARNED, absolute=absolute)[HELD]
    other = small_trees.numbers(bins, Y**3, LEARNED, absolute=not absolute)[HELD]
    skewed = small_trees.numbers(bins, Y**3, LEARNED, absolute=absolute)[HELD]
    assert error(Y[HELD], ours) < 1.1 * error(Y[HELD], peer)
    assert error(Y[HELD] ** 3, skewed) < error(Y[HELD] ** 3, other)


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("x", [X, gaps(X)], ids=["complete", "with gaps"])
def test_classes_are_predicted_as_well_as_by_scikit_learn(x: np.ndarray, count: int) -> None:
    y_true = pd.qcut(Y, count, labels=False)
    model = HistGradientBoostingClassifier(max_iter=80 // count, random_state=0)
    peer = model.fit(x[LEARNED], y_true[LEARNED]).predict_proba(x[HELD])
    ours = small_trees.classes(small_trees.binned(x), y_true, LEARNED)[HELD]
    assert np.allclose(ours.sum(axis=1), 1)
    aucs = [
        [roc_auc_score(y_true[HELD] == one, shares[:, one]) for one in range(count)]
        for shares in (ours, peer)
    ]
    assert np.mean(aucs[0]) > np.mean(aucs[1]) - 0.03


def test_the_same_rows_give_the_same_in_any_unit() -> None:
    bins = small_trees.binned(X)
    first = small_trees.numbers(bins, Y, LEARNED)
    assert np.array_equal(first, small_trees.numbers(bins, Y, LEARNED))
    for unit in (2.0**-60, 2.0**60):
        scaled = small_trees.numbers(small_trees.binned(X * unit), Y * unit, LEARNED)
        assert np.array_equal(scaled, first * unit)


def test_rows_that_are_held_back_are_not_learned_from() -> None:
    bins, changed = small_trees.binned(X), Y.copy()
    changed[HELD] = 1e6
    before, after = (small_trees.numbers(bins, one, LEARNED) for one in (Y, changed))
    assert np.array_equal(before, after)
    y_true = (Y > 0).astype(int)
    turned = y_true.copy()
    turned[HELD] = 1 - turned[HELD]
    before, after = (small_trees.classes(bins, one, LEARNED) for one in (y_true, turned))
    assert np.array_equal(before, after)


def test_what_says_nothing_is_not_learned() -> None:
    nothing = np.column_stack([np.full(ROWS, np.nan), np.ones(ROWS)])
    found = small_trees.numbers(small_trees.binned(nothing), Y, LEARNED)
    assert np.allclose(found, np.median(Y[LEARNED]))
    same = small_trees.numbers(small_trees.binned(X), np.ones(ROWS), LEARNED)
    assert np.array_equal(same, np.ones(ROWS))
    few = small_trees.numbers(small_trees.binned(X[:5]), Y[:5], np.arange(5))
    assert np.allclose(few, np.median(Y[:5]))  # no leaf has enough rows


def test_a_few_huge_numbers_do_not_decide() -> None:
    huge = Y.copy()
    huge[LEARNED[::100]] *= 1e6
    ours = small_trees.numbers(small_trees.binned(X), huge, LEARNED)[HELD]
    without = small_trees.numbers(small_trees.binned(X), Y, LEARNED)[HELD]
    assert mean_absolute_error(Y[HELD], ours) < 1.2 * mean_absolute_error(Y[HELD], without)


def test_a_first_look_does_not_import_scikit_learn(tmp_path: Path) -> None:
    days = pd.date_range("2021-01-01", periods=600, freq="D")
    walk = np.cumsum(RANDOM.normal(size=600)).round(2)
    table = tmp_path / "table.csv"
    pd.DataFrame({"day": days, "a": X[:600, 0], "y": walk}).to_csv(table, index=False)
    program = (
        "import sys; from pathlib import Path; from tabrail.ingest.infer import infer; "
        "draft = infer([Path(sys.argv[1])], 'y'); "
        "print(any('small model' in one for one in draft.warnings), 'sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, table], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "False"]
